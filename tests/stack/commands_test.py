"""deploy/up_cdc.sh, up.py and down.py as one calls them."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

from running import ROOT, cql, harness, process

UP, DOWN = ROOT / "deploy" / "stack" / "up.py", ROOT / "deploy" / "stack" / "down.py"


def running_in(folder):
    """The ids of the processes that the stack in `folder` has recorded and that still run."""
    state = json.loads((folder / "stack.json").read_text())
    return [record["pid"] for record in state["parts"].values() if process.Process(record["pid"], record["started"]).alive()]


class Commands(unittest.TestCase):
    def setUp(self):
        parent = tempfile.TemporaryDirectory()
        self.addCleanup(parent.cleanup)
        self.folder = pathlib.Path(parent.name) / "stack"
        self.addCleanup(lambda: subprocess.run([DOWN, self.folder], capture_output=True) if self.folder.exists() else None)

    def test_up_prints_where_they_are_and_down_ends_them(self):
        up = subprocess.run([UP, "--dir", self.folder], capture_output=True, text=True, timeout=400)
        self.assertEqual(up.returncode, 0, up.stderr[-3000:])
        told = dict(line.split("=", 1) for line in up.stdout.splitlines())
        self.assertEqual(set(told), {"KAFKA_BROKERS", "CASSANDRA_CONTACT_POINTS", "REDIS_HOST", "REDIS_PORT", "GIBSEY_STACK"})
        self.assertTrue(cql.answers(told["CASSANDRA_CONTACT_POINTS"]))
        pids = running_in(self.folder)
        self.assertEqual(len(pids), 4)
        connector = json.loads((self.folder / "debezium" / "connector.json").read_text())["pid"]
        down = subprocess.run([DOWN, self.folder], capture_output=True, text=True, timeout=60)
        self.assertEqual((down.returncode, down.stderr), (0, ""))
        self.assertFalse(self.folder.exists())
        for pid in [*pids, connector]:
            self.assertIsNone(process.start_time(pid))
        again = subprocess.run([DOWN, self.folder], capture_output=True, text=True, timeout=60)
        self.assertEqual(again.returncode, 1)
        self.assertIn("is not the folder of a stack", again.stderr)

    def test_serve_ends_all_at_its_end(self):
        """What `make stack-run` does, and Ctrl-C."""
        with tempfile.TemporaryDirectory() as data:
            script = pathlib.Path(data) / "script.json"
            script.write_text(json.dumps(harness.scripted("Hello.")))
            command = [UP, "--dir", self.folder, "--program", harness.PROGRAM, "--serve", "--port", "0", "--data", data, "--script", script]
            up = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True)
            line = ""
            while "ready at" not in line:
                line = up.stdout.readline()
                self.assertTrue(line, "it ended before it was ready")
            pids = running_in(self.folder)
            self.assertEqual(len(pids), 4)
            os.killpg(up.pid, signal.SIGINT)
            self.assertEqual(up.wait(60), 0)
            up.stdout.close()
        self.assertFalse(self.folder.exists())
        self.assertEqual([pid for pid in pids if process.start_time(pid)], [])

    def test_a_schema_that_fails_leaves_nothing_behind(self):
        up = subprocess.run([UP, "--dir", self.folder, "--schema-command", "sh -c 'echo no such table >&2; exit 3'"],
                            capture_output=True, text=True, timeout=400)
        self.assertEqual(up.returncode, 1)
        self.assertIn("the tables could not be made by sh: no such table", up.stderr)
        self.assertFalse(self.folder.exists())


if __name__ == "__main__":
    unittest.main()
