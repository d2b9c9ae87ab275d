#!/usr/bin/env python3
"""Runs every test of the project and ends with the line "N passed, N failed".

Suites: the C++ unit tests (build/dev: AddressSanitizer and UndefinedBehaviorSanitizer), the page's unit tests, the tests over
the wire (tests/), the include order, and the program on real Kafka, Cassandra, Debezium, Redis, nginx and Airflow (tests/stack/, with
build/release/gibsey). Usage: run_tests.py [SUITE...]; default: all."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "dev"
ALONE = "--alone"
#: How many tests of a suite are named with their time.
SLOWEST = 12


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, name, passed, failed, skipped, seconds):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped
        tail = f", {skipped} skipped" if skipped else ""
        print(f"{name}: {passed} passed, {failed} failed{tail} ({seconds:.1f} s)", flush=True)


def tests_environment():
    environment = dict(os.environ)
    environment["ASAN_OPTIONS"] = "detect_leaks=1:strict_string_checks=1:check_initialization_order=1"
    environment["UBSAN_OPTIONS"] = "print_stacktrace=1:halt_on_error=1"
    environment.setdefault("GIBSEY_SHARED_DATA", str(ROOT.parent / "shared" / "data"))
    return environment


def run_unit_tests(tally):
    programs = sorted(BUILD.glob("*_test"))
    if not programs:
        print(f"{BUILD} holds no tests: build it first", flush=True)
        tally.add("unit", 0, 1, 0, 0)
    for program in programs:
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            report = pathlib.Path(folder) / "report.json"
            done = subprocess.run([program, "--gtest_brief=1", f"--gtest_output=json:{report}"], cwd=ROOT,
                                  env=tests_environment(), timeout=1800)
            counts = json.loads(report.read_text()) if report.exists() else None
        seconds = time.monotonic() - started
        if counts is None:
            tally.add(program.name, 0, 1, 0, seconds)
            continue
        left_out = [case for suite in counts["testsuites"] for case in suite["testsuite"] if case.get("result") == "SKIPPED"]
        for case in left_out:
            print(f"skipped: {case['classname']}.{case['name']}", flush=True)
        failed = counts["failures"] + counts.get("errors", 0)
        # A sanitizer speaks up at exit, after the tests have passed.
        if done.returncode != 0 and failed == 0:
            failed = 1
        tally.add(program.name, counts["tests"] - counts["failures"] - len(left_out), failed, len(left_out), seconds)


def run_page_tests(tally):
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "report.json"
        done = subprocess.run(["npx", "--no-install", "vitest", "run", "--reporter=default", "--reporter=json", f"--outputFile.json={report}"],
                              cwd=ROOT / "web", env=tests_environment(), timeout=600)
        counts = json.loads(report.read_text()) if report.exists() else {}
    # A file that cannot be loaded has no tests that could fail.
    failed = counts.get("numFailedTests", 0) or int(done.returncode != 0 or not counts)
    tally.add("page", counts.get("numPassedTests", 0), failed, counts.get("numPendingTests", 0), time.monotonic() - started)


class CountingResult(unittest.TextTestResult):
    """Counts what passed: of failures there may be several in one test, and some before any test. Times each test, with what was brought up
    for it or its class."""
    passed = 0

    def __init__(self, *words, **options):
        super().__init__(*words, **options)
        self.seconds, self.ended = {}, time.monotonic()

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1

    def stopTest(self, test):
        super().stopTest(test)
        self.seconds[test.id()], self.ended = time.monotonic() - self.ended, time.monotonic()

    def slowest(self, count):
        return sorted(self.seconds.items(), key=lambda item: -item[1])[:count]


def run_python_tests(tally, name, folder):
    started = time.monotonic()
    sys.path.insert(0, str(ROOT / "tests"))
    os.environ.update(tests_environment())
    suite = unittest.TestLoader().discover(str(folder), pattern="*_test.py")
    # Interrupted, it ends after the test that runs, and says what failed.
    unittest.installHandler()
    result = unittest.TextTestRunner(verbosity=1, stream=sys.stdout, resultclass=CountingResult).run(suite)
    for test, reason in result.skipped:
        print(f"skipped: {test}: {reason}", flush=True)
    for test, seconds in result.slowest(SLOWEST):
        print(f"{seconds:6.1f} s  {test}", flush=True)
    failed = len(result.failures) + len(result.errors)
    tally.add(name, result.passed, failed, len(result.skipped), time.monotonic() - started)


def run_wire_tests(tally):
    run_python_tests(tally, "over the wire", ROOT / "tests")


def run_stack_tests(tally):
    """In a process of its own: these are tests of the program as it is shipped, the others of the one with sanitizers."""
    started = time.monotonic()
    environment = {"GIBSEY_PROGRAM": str(ROOT / "build" / "release" / "gibsey"), "GIBSEY_STACK_REQUIRED": "1", **os.environ}
    process = subprocess.Popen([sys.executable, "-W", "ignore", __file__, ALONE, "stack"], env=environment, stdout=subprocess.PIPE, text=True)
    counts = None
    for line in process.stdout:
        counts = re.match(r"stack: (\d+) passed, (\d+) failed(?:, (\d+) skipped)?", line) or counts
        print(line, end="", flush=True)
    failed = process.wait() != 0
    passed, found, skipped = (int(n or 0) for n in counts.groups()) if counts else (0, 0, 0)
    tally.add("on the stack", passed, found or int(failed), skipped, time.monotonic() - started)


def run_stack_alone(tally):
    run_python_tests(tally, "stack", ROOT / "tests" / "stack")


def run_include_order(tally):
    started = time.monotonic()
    done = subprocess.run([sys.executable, ROOT / "tools" / "include_order.py"])
    tally.add("include order", int(done.returncode == 0), int(done.returncode != 0), 0, time.monotonic() - started)


SUITES = {"unit": run_unit_tests, "page": run_page_tests, "wire": run_wire_tests, "includes": run_include_order, "stack": run_stack_tests}


def main():
    tally = Tally()
    if sys.argv[1:2] == [ALONE]:
        run_stack_alone(tally)
        return 1 if tally.failed or not tally.passed else 0
    for name in sys.argv[1:] or list(SUITES):
        SUITES[name](tally)
    if tally.skipped:
        print(f"{tally.skipped} skipped", flush=True)
    print(f"{tally.passed} passed, {tally.failed} failed", flush=True)
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())
