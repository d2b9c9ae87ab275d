"""Runs test cases in a Python of their own with the client packages of tools/setup/python_test_packages.txt: some are newer than those
that the other tests use, and one process cannot hold both."""
import importlib
import json
import os
import pathlib
import subprocess
import sys
import traceback
import unittest

import harness

CLIENTS = harness.CACHE / "clients"
INSIDE = "GIBSEY_CLIENT_TESTS"


class ClientCase(unittest.TestCase):
    """Its tests run in a second process, all of a file in one; each reports its own outcome here. start() and finish() stand for
    setUpClass and tearDownClass."""
    _outcomes = {}

    @classmethod
    def start(cls):
        pass

    @classmethod
    def finish(cls):
        pass

    @classmethod
    def outcomes(cls):
        """{"Class.test": the traceback of its failure, or None}."""
        module = cls.__module__
        if module not in ClientCase._outcomes:
            assert CLIENTS.is_dir(), f"the clients are not installed at {CLIENTS}: run make setup-tests"
            environment = {**os.environ, "PYTHONPATH": str(CLIENTS.resolve()), INSIDE: "1"}
            done = subprocess.run([sys.executable, "-W", "ignore", __file__, module], env=environment, capture_output=True, text=True, timeout=900,
                                  cwd=pathlib.Path(__file__).parent)
            lines = done.stdout.splitlines()
            assert done.returncode == 0 and lines, done.stdout[-3000:] + done.stderr[-3000:]
            ClientCase._outcomes[module] = json.loads(lines[-1])
        return ClientCase._outcomes[module]

    def run(self, result=None):
        if os.environ.get(INSIDE):
            return super().run(result)
        result.startTest(self)
        try:
            failure = self.outcomes()[f"{type(self).__name__}.{self._testMethodName}"]
            assert failure is None, failure
            result.addSuccess(self)
        except AssertionError:
            result.addFailure(self, sys.exc_info())
        except Exception:
            result.addError(self, sys.exc_info())
        finally:
            result.stopTest(self)
        return result


def run_case(case):
    """{test: the traceback of its failure, or None} of a class."""
    names = unittest.defaultTestLoader.getTestCaseNames(case)
    outcomes = dict.fromkeys(names)
    if not names:
        return outcomes
    try:
        case.start()
        for name in names:
            result = unittest.TestResult()
            case(name).run(result)
            wrong = result.failures + result.errors + result.skipped  # a test that is left out must not pass for one that passed
            outcomes[name] = wrong[0][1] if wrong else None
        case.finish()
    except Exception:
        return {name: outcome or traceback.format_exc() for name, outcome in outcomes.items()}
    return outcomes


def run_inside(module):
    sys.path.insert(0, str(pathlib.Path(__file__).parent))
    # This file is __main__ here: its class has a second life under its own name.
    base = importlib.import_module("client_packages").ClientCase
    cases = [case for case in vars(importlib.import_module(module)).values() if isinstance(case, type) and issubclass(case, base)]
    print(json.dumps({f"{case.__name__}.{name}": outcome for case in cases for name, outcome in run_case(case).items()}))


if __name__ == "__main__":
    run_inside(*sys.argv[1:])
