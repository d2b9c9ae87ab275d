"""The runner of all tests itself (tools/run_tests.py): a failure is counted, and told at the end with its words."""
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import unittest

TOOLS = pathlib.Path(__file__).resolve().parent.parent / "tools"
MODULES = {
    "good_test": '''
        class Good(unittest.TestCase):
            def test_of_the_moon(self):
                print("[2026-01-01 10:00:00.000] [error] the program's own log", flush=True)
                print("a figure: 42", flush=True)
        ''',
    "bad_test": '''
        class Bad(unittest.TestCase):
            def test_of_the_tide(self):
                print("[2026-01-01 10:00:00.000] [error] the program's own log", flush=True)
                self.fail("the tide is out")
        ''',
    "broken_test": "import no_such_module",
    "ending_test": '''
        class Ending(unittest.TestCase):
            def test_of_the_night(self):
                print("last words", flush=True)
                os._exit(0)
        ''',
    "slow_test": '''
        class Slow(unittest.TestCase):
            def test_of_the_glacier(self):
                time.sleep(4)
        '''}
#: Runs the named modules of a folder as jobs.
RUN = '''
import pathlib, sys
sys.path.insert(0, sys.argv[1])
import run_tests
folder = pathlib.Path(sys.argv[2])
jobs = [run_tests.python_job("made up", folder, [name]) for name in sys.argv[4:]]
for job in jobs:
    job.timeout = int(sys.argv[3])
sys.exit(run_tests.run_and_tell(jobs, 2))
'''


class RunTests(unittest.TestCase):
    def run_modules(self, *names, timeout=50):
        with tempfile.TemporaryDirectory() as folder:
            for name in names:
                text = "import os\nimport time\nimport unittest\n" + textwrap.dedent(MODULES[name])
                (pathlib.Path(folder) / f"{name}.py").write_text(text)
            done = subprocess.run([sys.executable, "-c", RUN, TOOLS, folder, str(timeout), *names], capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout, done.stdout.splitlines()[-1]

    def test_what_passes_is_counted_and_keeps_the_log_to_itself(self):
        status, said, last = self.run_modules("good_test")
        self.assertEqual((status, last), (0, "1 passed, 0 failed"), said)
        self.assertIn("a figure: 42", said)
        self.assertNotIn("the program's own log", said)
        self.assertNotIn("FAILED", said)

    def test_what_fails_is_told_at_the_end(self):
        status, said, last = self.run_modules("bad_test", "good_test")
        self.assertEqual((status, last), (1, "1 passed, 1 failed"), said)
        at_the_end = said[said.index("FAILED made up, bad_test: "):]
        self.assertIn("test_of_the_tide", at_the_end)
        self.assertIn("the tide is out", at_the_end)
        self.assertEqual(said.count("the program's own log"), 1, said)

    def test_a_module_that_cannot_be_loaded_is_a_failure(self):
        status, said, last = self.run_modules("broken_test")
        self.assertEqual((status, last), (1, "0 passed, 1 failed"), said)
        self.assertIn("no_such_module", said[said.index("FAILED"):])

    def test_a_job_that_ends_without_a_report_is_a_failure_with_what_it_said(self):
        status, said, last = self.run_modules("ending_test", "good_test")
        self.assertEqual((status, last), (1, "1 passed, 1 failed"), said)
        self.assertIn("last words", said[said.index("FAILED made up, ending_test"):])

    def test_a_job_that_takes_too_long_is_ended_and_a_failure_whatever_passed(self):
        status, said, last = self.run_modules("slow_test", timeout=1)
        self.assertEqual((status, last), (1, "1 passed, 1 failed"), said)
        self.assertIn("slow_test was ended after 1 s", said[said.index("FAILED made up, slow_test"):])


if __name__ == "__main__":
    unittest.main()
