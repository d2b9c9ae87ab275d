# make run: set up what is missing, build, serve http://127.0.0.1:8002.   make test: set up, build, run every test.
SHELL := /bin/bash
.DEFAULT_GOAL := build
.PHONY: run build test smoke lint format setup setup-tests web bench clean

PORT ?= 8002
DATA ?= data

setup:
	@tools/setup/setup.sh

setup-tests:
	@tools/setup/setup.sh --tests

web:
	@tools/setup/build_web.sh

build: setup web
	@tools/setup/build.sh release gibsey
	@tools/setup/choose_model.sh

run: build
	@exec build/release/gibsey serve --port $(PORT) --data $(DATA)

test: setup-tests web
	@tools/setup/build.sh release gibsey
	@tools/setup/choose_model.sh
	@tools/setup/build.sh dev all
	@/usr/bin/python3 tools/run_tests.py

# Two readers at once on the bundled model (contracts section 6); part of make test too.
smoke: build setup-tests
	@cd tests && /usr/bin/python3 -m unittest -v model_test.BundledModel.test_two_readers_at_once_get_a_whole_reply_in_time

lint: setup-tests
	@tools/setup/build.sh dev all
	@tools/lint.sh

format:
	@clang-format-19 -i $$(git ls-files 'src/*.cpp' 'src/*.hpp' 'bench/*.cpp' 'tools/*.cpp')

bench: build
	@bench/run.sh

clean:
	rm -rf build web/dist
