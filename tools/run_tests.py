#!/usr/bin/env python3
"""Runs every test of the project, several jobs side by side, and ends with what failed and the line "N passed, N failed".

Suites: the C++ unit tests (build/dev: AddressSanitizer and UndefinedBehaviorSanitizer), the page's unit tests, the tests over
the wire (tests/), the include order, and the program on real Kafka, Cassandra, Debezium, Redis, nginx and Airflow (tests/stack/, with
build/release/gibsey). A program of unit tests, or a module of Python, is a job; what a job says is printed when it ends, without the
program's own log where all of it passed.

Usage: run_tests.py [--lanes N] [SUITE...]; default: all suites, as many lanes as there are processors, eight at most."""
import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import typing

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "dev"
WIRE, STACK = ROOT / "tests", ROOT / "tests" / "stack"
MOST_LANES = 8
#: How many tests are named with their time.
SLOWEST = 25
SECONDS_TO_END = 120  # of a job that took too long
#: Of what a failed test says, so many characters stand at the end too.
MOST_OF_A_FAILURE = 6000
LINE_OF_A_LOG = re.compile(r"^\[\d{4}-\d\d-\d\d \d\d:.*\n", re.MULTILINE)
#: Their bounds of time are for a program that has the processors to itself: these run one by one, after all others.
ALONE = {"ask_test", "model_test"}
#: What takes minutes begins first, so that no lane is left with it at the end.
LONG = ("chat_test", "storm_test", "page_edits_test", "facades_test", "shards_test", "crash_test", "nightly_test")
#: These need no stack, or bring up their own; all others of tests/stack share one.
WITHOUT_THE_STACK = ("contracts_test", "commands_test", "airflow_test")


@dataclasses.dataclass
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: dict = dataclasses.field(default_factory=dict)  # of each test, where that is known
    failures: list = dataclasses.field(default_factory=list)  # (test, what it says)

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else "")


@dataclasses.dataclass
class Job:
    suite: str
    name: str
    command: typing.Callable  # of the file for its report
    read: typing.Callable     # Counts of the report's JSON ({} where there is none) and the exit status
    folder: pathlib.Path = ROOT
    environment: dict = dataclasses.field(default_factory=dict)
    timeout: int = 1800
    alone: bool = False


def environment_of_tests():
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:check_initialization_order=1",
                   "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"}
    environment.setdefault("GIBSEY_SHARED_DATA", str(ROOT.parent / "shared" / "data"))
    return environment


def unit_jobs():
    programs = sorted(BUILD.glob("*_test"))
    assert programs, f"{BUILD} holds no tests: build it first"
    return [Job("unit", program.name, lambda report, program=program: [program, "--gtest_brief=1", f"--gtest_output=json:{report}"], counts_of_gtest)
            for program in programs]


def counts_of_gtest(told, _):
    cases = [case for suite in told["testsuites"] for case in suite["testsuite"]]
    left_out = [case for case in cases if case.get("result") == "SKIPPED"]
    for case in left_out:
        print(f"skipped: {case['classname']}.{case['name']}")
    failed = told["failures"] + told.get("errors", 0)
    return Counts(told["tests"] - told["failures"] - len(left_out), failed, len(left_out),
                  {f"{case['classname']}.{case['name']}": float(case["time"].rstrip("s")) for case in cases},
                  [(f"{case['classname']}.{case['name']}", failure["failure"]) for case in cases for failure in case.get("failures", [])])


def counts_of_vitest(told, _):
    """A file that cannot be loaded has no tests that could fail: the exit status tells."""
    files = told.get("testResults", [])
    failures = [(case["fullName"], "\n".join(case["failureMessages"])) for file in files for case in file["assertionResults"] if case["status"] == "failed"]
    failures += [(file["name"], file["message"]) for file in files if file["status"] == "failed" and not file["assertionResults"]]
    return Counts(told.get("numPassedTests", 0), told.get("numFailedTests", 0), told.get("numPendingTests", 0), failures=failures)


def page_jobs():
    return [Job("page", "vitest", lambda report: ["npx", "--no-install", "vitest", "run", "--reporter=default", "--reporter=json", f"--outputFile.json={report}"],
                counts_of_vitest, folder=ROOT / "web", timeout=600)]


def python_job(suite, folder, modules, **more):
    command = [sys.executable, "-W", "ignore", ROOT / "tools" / "python_tests.py", folder]
    return Job(suite, modules[0] if len(modules) == 1 else f"{modules[0]} to {modules[-1]}", lambda report: [*command, report, *modules],
               lambda told, _: Counts(**told), folder=folder, timeout=3000, **more)


def modules_in(folder):
    return sorted(path.stem for path in folder.glob("*_test.py"))


def wire_jobs():
    return [python_job("over the wire", WIRE, [module], alone=module in ALONE) for module in modules_in(WIRE)]


def stack_jobs():
    """These are tests of the program as it is shipped, the others of the one with sanitizers."""
    environment = {"GIBSEY_PROGRAM": os.environ.get("GIBSEY_PROGRAM", str(ROOT / "build" / "release" / "gibsey")), "GIBSEY_STACK_REQUIRED": "1"}
    together = [module for module in modules_in(STACK) if module not in WITHOUT_THE_STACK]
    return [python_job("on the stack", STACK, modules, environment=environment) for modules in [together, *([module] for module in WITHOUT_THE_STACK)]]


def include_jobs():
    return [Job("include order", "include_order", lambda _: [sys.executable, ROOT / "tools" / "include_order.py"],
                lambda _, status: Counts(passed=int(status == 0), failed=int(status != 0)))]


SUITES = {"stack": stack_jobs, "unit": unit_jobs, "page": page_jobs, "wire": wire_jobs, "includes": include_jobs}


class Runner:
    """Runs jobs and adds up what they tell."""

    def __init__(self, shared):
        self.shared = pathlib.Path(shared)
        self.printing = threading.Lock()
        self.total = Counts()
        self.suites = {}  # name: (Counts, seconds of its jobs)
        self.failures = []  # what is said of each at the end

    def run(self, job):
        started = time.monotonic()
        with tempfile.TemporaryDirectory(dir=self.shared) as folder:
            report, said = pathlib.Path(folder) / "report.json", pathlib.Path(folder) / "said"
            status = self.execute(job, report, said)
            told = said.read_text(errors="replace")
            with self.printing:
                counts = self.counts(job, report, status)
                seconds = time.monotonic() - started
                self.add(job, counts, seconds)
                if not counts.failed:
                    told = LINE_OF_A_LOG.sub("", told)
                elif not counts.failures:
                    counts.failures.append((job.name, told))
                self.failures += [f"{job.suite}, {job.name}: {test}\n{words[-MOST_OF_A_FAILURE:].strip()}" for test, words in counts.failures]
                sys.stdout.write(told if told.endswith("\n") or not told else told + "\n")
                print(f"{job.suite}, {job.name}: {counts} ({seconds:.1f} s)", flush=True)

    def execute(self, job, report, said):
        """Its exit status; what it says is in the file `said`."""
        environment = {**environment_of_tests(), **job.environment, "GIBSEY_PREPARED": str(self.shared)}
        with open(said, "wb") as output:
            process = subprocess.Popen([str(word) for word in job.command(report)], cwd=job.folder, env=environment, stdin=subprocess.DEVNULL,
                                       stdout=output, stderr=subprocess.STDOUT)
            try:
                return process.wait(job.timeout)
            except subprocess.TimeoutExpired:
                output.write(f"\n{job.name} was ended after {job.timeout} s\n".encode())
                return self.end(process)

    def end(self, process):
        """Asked first, so that tests take down the servers that they brought up; with a failure either way."""
        process.send_signal(signal.SIGINT)
        try:
            return process.wait(SECONDS_TO_END) or 1
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def counts(self, job, report, status):
        """Whoever ends badly without a word of a failure has failed all the same: a sanitizer speaks up at the end."""
        try:
            counts = job.read(json.loads(report.read_text()) if report.exists() else {}, status)
        except (ValueError, KeyError, TypeError):
            counts = Counts()
        if not counts.passed and not counts.skipped or status != 0:
            counts.failed = counts.failed or 1
        return counts

    def add(self, job, counts, seconds):
        of_suite, before = self.suites.get(job.suite, (Counts(), 0))
        for sum_of in (self.total, of_suite):
            sum_of.passed += counts.passed
            sum_of.failed += counts.failed
            sum_of.skipped += counts.skipped
        self.total.seconds |= {f"{job.name}: {test}": taken for test, taken in counts.seconds.items()}
        self.suites[job.suite] = (of_suite, before + seconds)


def run_all(jobs, lanes, runner):
    begins_first = sorted((job for job in jobs if not job.alone), key=lambda job: job.suite != "on the stack" and job.name not in LONG)
    for some, beside in ((begins_first, lanes), ([job for job in jobs if job.alone], 1)):
        with concurrent.futures.ThreadPoolExecutor(beside) as pool:
            running = [pool.submit(runner.run, job) for job in some]
            try:
                for job in running:
                    job.result()
            except KeyboardInterrupt:
                # It has reached the jobs too, which end after the test that runs; no further one begins.
                pool.shutdown(cancel_futures=True)
                raise


def run_and_tell(jobs, lanes):
    """The exit status: 0 where all passed."""
    started, interrupted = time.monotonic(), False
    with tempfile.TemporaryDirectory(prefix="gibsey-tests-") as shared:
        runner = Runner(shared)
        try:
            run_all(jobs, lanes, runner)
        except KeyboardInterrupt:
            interrupted = True
            print("interrupted: not all tests were run", flush=True)
    for test, seconds in sorted(runner.total.seconds.items(), key=lambda item: -item[1])[:SLOWEST]:
        print(f"{seconds:6.1f} s  {test}")
    for suite, (counts, seconds) in runner.suites.items():
        print(f"{suite}: {counts} ({seconds:.0f} s of {lanes} lanes)")
    print(f"{time.monotonic() - started:.0f} s")
    for failure in runner.failures:
        print(f"\nFAILED {failure}\n")
    if runner.total.skipped:
        print(f"{runner.total.skipped} skipped")
    print(f"{runner.total.passed} passed, {runner.total.failed} failed", flush=True)
    return 1 if interrupted or runner.total.failed or not runner.total.passed else 0


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--lanes", type=int, default=min(os.cpu_count() or 1, MOST_LANES))
    options.add_argument("suites", nargs="*", metavar="SUITE", help=", ".join(SUITES))
    given = options.parse_args()
    if unknown := [name for name in given.suites if name not in SUITES]:
        options.error(f"there is no suite {unknown[0]}: {', '.join(SUITES)}")
    jobs = [job for name in SUITES if name in (given.suites or SUITES) for job in SUITES[name]()]
    return run_and_tell(jobs, given.lanes)


if __name__ == "__main__":
    sys.exit(main())

