"""The services of docker-compose.yml that are the program itself, run with their commands and settings where no container runs: they find each
other by the names of the sources, sign in to each other, and refuse strangers."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import harness


class Composed(unittest.TestCase):
    def test_the_services_answer_a_reader_together(self):
        if os.geteuid() != 0 or shutil.which("ip") is None:
            self.skipTest("needs root and the ip command")
        with tempfile.TemporaryDirectory(prefix="gibsey-composed-") as folder:
            # Seven at once: the one that starts fast, where it is there.
            program = harness.RELEASE if harness.RELEASE.exists() else harness.PROGRAM
            shutil.copy(harness.prepared_pages(str(program)), folder)
            runner = pathlib.Path(__file__).with_name("composed_run.py")
            done = subprocess.run(["unshare", "-n", "-m", sys.executable, runner, program, folder], capture_output=True, text=True, timeout=900)
            if "unshare failed" in done.stderr:
                self.skipTest("this machine allows no network namespace")
            self.assertEqual(done.returncode, 0, done.stderr[-3000:])
        seen = json.loads(done.stdout)
        status, reply = seen["ask"]
        self.assertEqual(status, 200, reply)
        self.assertIn("event: quote", reply, "memory_rag was asked")
        self.assertIn('"charged":5', reply)
        self.assertEqual(json.loads(seen["ledger"][1])["balance"], 95, "the ledger was asked")
        self.assertEqual(seen["stranger"][0], 401)
        known = json.loads(seen["health"][1])["dependencies"]
        self.assertEqual({name: known[name]["status"] for name in ("ledger", "memory_rag")}, {"ledger": "healthy", "memory_rag": "healthy"})
        self.assertEqual(json.loads(seen["persona"][1])["service"], "persona_engine")
        self.assertEqual((seen["page"][0], json.loads(seen["page"][1])["world"]), (200, "entrance-way"))
        self.assertEqual(set(seen["ended"].values()), {0})


if __name__ == "__main__":
    unittest.main()
