# make run: set up what is missing, build, serve http://127.0.0.1:8002.   make test: set up, build, run every test.
SHELL := /bin/bash
.DEFAULT_GOAL := build
# make stack-run: the same on Kafka, Cassandra, Debezium and Redis, which it brings up.
.PHONY: run build cuda test smoke fuzz model-servers-test stack-setup stack-build stack-run stack-test up-cdc down-cdc demo lint format setup setup-tests web bench bench-edits bench-chats bench-questions bench-retrieval bench-scale clean

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

# Models on NVIDIA GPUs: the program is build/cuda/gibsey. Needs the CUDA toolkit, which set-up does not bring.
cuda: setup web
	@GIBSEY_CUDA=1 tools/setup/setup.sh
	@tools/setup/build.sh cuda gibsey
	@tools/setup/choose_model.sh

run: build
	@exec build/release/gibsey serve --port $(PORT) --data $(DATA)

# With the real servers of deploy/stack, whose storm has 600 pages here and 3,000 in make stack-test; STACK=0 leaves them out.
STACK ?= 1
CONTRACTS := store_test feed_test
test: setup-tests $(if $(filter 1,$(STACK)),stack-setup) web
	@$(if $(filter 1,$(STACK)),GIBSEY_CASSANDRA=ON )tools/setup/build.sh release gibsey $(if $(filter 1,$(STACK)),$(CONTRACTS))
	@tools/setup/choose_model.sh
	@tools/setup/build.sh dev all
	@GIBSEY_STORM_PAGES=$${GIBSEY_STORM_PAGES:-600} /usr/bin/python3 tools/run_tests.py unit page wire includes $(if $(filter 1,$(STACK)),stack)

# Two readers at once on the bundled model (contracts section 6); part of make test too.
smoke: build setup-tests
	@cd tests && /usr/bin/python3 -m unittest -v model_test.BundledModel.test_two_readers_at_once_get_a_whole_reply_in_time

stack-setup:
	@tools/setup/setup.sh --stack

# The program with its stores on Cassandra: cargo compiles their driver, a minute or two once.
stack-build: stack-setup web
	@GIBSEY_CASSANDRA=ON tools/setup/build.sh release gibsey
	@tools/setup/choose_model.sh

# Kafka, Cassandra with change data capture, Debezium and Redis on free ports, and the program on them; Ctrl-C takes all down.
stack-run: stack-build
	@deploy/stack/up.py --program build/release/gibsey --serve --port $(PORT) --data $(DATA)

# Against the real servers alone.
stack-test: setup-tests stack-build
	@tools/setup/build.sh release $(CONTRACTS)
	@/usr/bin/python3 tools/run_tests.py stack

# Kafka, Cassandra and Debezium alone: by docker compose where that is here, else as processes (docs/01_cdc_setup.md).
up-cdc:
	@deploy/up_cdc.sh

down-cdc:
	@deploy/up_cdc.sh --down

# A recording of how the book learns, at most 90 seconds: build/demo/demo.gif. DEMO=--stack: on Kafka and Cassandra.
DEMO ?=
demo: setup-tests stack-build
	@/usr/bin/python3 tools/demo/demo.py $(DEMO)

# Every parser of foreign bytes on inputs that are made up as it goes, each for so long: five minutes for the event streams and five
# for the lines, 35 in all.
SECONDS_EACH ?= 300
FUZZ_TARGETS ?=
fuzz: setup-tests
	@tools/setup/build.sh fuzz fuzzers
	@nice -n 10 fuzz/run.py --seconds $(SECONDS_EACH) $(FUZZ_TARGETS)

# Live turns through the real servers of llama.cpp and Ollama (docs/model_servers.md), which it builds first, once; no part of make test.
model-servers-test: setup-tests web
	@tools/setup/build_model_servers.sh
	@tools/setup/build.sh dev gibsey
	@cd tests && GIBSEY_MODEL_SERVERS="$${GIBSEY_CACHE:-$$HOME/.cache/gibsey}/model-servers" /usr/bin/python3 -m unittest -v model_servers_test

lint: setup-tests
	@tools/setup/build.sh dev all
	@tools/lint.sh

format:
	@clang-format-19 -i $$(git ls-files 'src/*.cpp' 'src/*.hpp' 'bench/*.cpp' 'fuzz/*.cpp' 'fuzz/*.hpp' 'tools/*.cpp')

bench: build
	@bench/run.sh

# 1,000 edits at 5 a second while readers chat: takes three and a half minutes.
bench-edits: build
	@/usr/bin/python3 bench/page_edits.py

# What 3,000 edits cost 100 chats, against as many chats without: six minutes.
bench-chats: build
	@/usr/bin/python3 bench/edits_during_chats.py

# "Shamrock Stillman" cold and warm, then 1,000 different questions: how long until their lines are found.
bench-questions: build
	@/usr/bin/python3 bench/questions.py

# Search of 1,000,000 made passages: a quarter of an hour for the index, which is kept in build/bench-retrieval.
bench-retrieval: build
	@tools/setup/build.sh release retrieval_bench
	@build/release/bench/retrieval_bench --folder build/bench-retrieval --texts worlds $(wildcard ../shared/data/entrance_way ../shared/data/novel_pages_dev)

# The tail of a question that goes to up to 1,000 memory nodes, simulated (docs/scale.md): seconds.
bench-scale: setup
	@tools/setup/build.sh release scale_sim
	@build/release/bench/scale_sim

clean:
	rm -rf build web/dist
