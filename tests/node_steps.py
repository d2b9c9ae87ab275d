"""Runs the scripts of web/e2e: browsers, and clients that are written for Node."""
import json
import os
import shutil
import subprocess

import harness

WEB = harness.ROOT / "web"


def chromium():
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


def run_to_the_end(case, script, seconds, **environment):
    """A script that asserts by itself; the test `case` fails where it does."""
    done = subprocess.run(["node", f"e2e/{script}.mjs"], cwd=WEB, capture_output=True, text=True, timeout=seconds, env={**os.environ, **environment})
    case.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Steps:
    """A script that says what it saw, and waits for a word where the test has something to do meanwhile."""

    def __init__(self, case, script, command=("node",), **environment):
        self.case = case
        self.process = subprocess.Popen([*command, f"e2e/{script}.mjs"], cwd=WEB, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, env={**os.environ, **environment})
        case.addCleanup(self.kill)

    def line(self):
        """The next line that it prints; the test fails where it ends first."""
        line = self.process.stdout.readline().strip()
        if not line:
            self.process.kill()
            self.case.fail(f"it has ended: {self.process.communicate()[1]}")
        return line

    def tell(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def result(self, seconds=50):
        """The last line that it prints, which is JSON."""
        try:
            printed, complaints = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.case.fail(f"not done after {seconds} s: {self.process.communicate()}")
        self.case.assertEqual(self.process.returncode, 0, complaints)
        return json.loads(printed.splitlines()[-1])

    def kill(self):
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()
