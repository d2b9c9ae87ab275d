#!/usr/bin/env python3
"""Runs modules of unittest that lie in one folder, in one process, and writes what became of them as JSON: passed, failed, skipped, the
seconds of each test with what was brought up for it or its class, and each failure's words. A job of run_tests.py.

Usage: python_tests.py FOLDER REPORT MODULE..."""
import json
import pathlib
import sys
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent


class TimedResult(unittest.TextTestResult):
    """Counts what passed: of failures there may be several in one test, and some before any test."""
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


def main():
    folder, report, *modules = sys.argv[1:]
    sys.path[:0] = [folder, str(ROOT / "tests")]
    # Interrupted, it ends after the test that runs, and says what failed.
    unittest.installHandler()
    suite = unittest.TestLoader().loadTestsFromNames(modules)
    result = unittest.TextTestRunner(stream=sys.stdout, resultclass=TimedResult).run(suite)
    for test, reason in result.skipped:
        print(f"skipped: {test}: {reason}")
    failures = [(str(test), words) for test, words in (*result.failures, *result.errors)]
    failures += [(str(test), "was expected to fail, and passed") for test in result.unexpectedSuccesses]
    pathlib.Path(report).write_text(json.dumps({"passed": result.passed, "failed": len(failures), "skipped": len(result.skipped),
                                                "seconds": result.seconds, "failures": failures}))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
