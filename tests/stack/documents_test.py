"""The commands of docs/01_cdc_setup.md to docs/07_smoke_tests.md, run as they stand against the stack and the program on it.

Blocks are marked: ```sh run``` is run here, block by block in one folder, and has to end with 0; further words name what the program
has to know for it (cassandra, nightly, stargate), without which the block is skipped with that reason. ```sh make``` names targets of the Makefile and
```sh docker``` services of the compose files: that these are there is seen here, what they do in other tests."""
import os
import re
import subprocess
import tempfile
import unittest

import yaml

from airflow_test import server_has_jobs
from running import ROOT, harness, lacks, stack, tools

NAMES = ("01_cdc_setup", "02_stargate_quickstart", "03_faust_worker", "04_memory_rag", "05_character_chat", "06_daily_dag", "07_smoke_tests")
BLOCK = re.compile(r"^```(\S+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TOKEN = "token-of-the-stargate-in-tests"


def blocks(name):
    """[(language, [marks], text)]."""
    return [(language, marks.split(), text) for language, marks, text in BLOCK.findall((ROOT / "docs" / f"{name}.md").read_text())]


class Documents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        known = stack().environment()
        cls.missing = {"cassandra": lacks(harness.PROGRAM)}
        told = known if not cls.missing["cassandra"] else {name: known[name] for name in ("REDIS_HOST", "REDIS_PORT")}
        cls.server = harness.Server(harness.scripted("The tower is high."), environment={**told, "STARGATE_AUTH_TOKEN": TOKEN})
        cls.addClassCleanup(cls.server.close)
        front = stack().front(cls.server.port)
        cls.addClassCleanup(stack().kill, "nginx")
        cls.missing["nightly"] = "" if server_has_jobs(cls.server) else f"{harness.PROGRAM} has no POST /v1/jobs/nightly/run yet"
        paths = cls.server.get_json("/openapi.json")["paths"]
        cls.missing["stargate"] = "" if any(path.startswith("/v2/keyspaces/") for path in paths) else f"{harness.PROGRAM} has no /v2/keyspaces"
        tools.airflow()
        work = tempfile.TemporaryDirectory()
        cls.addClassCleanup(work.cleanup)
        cls.environment = {**os.environ, **known, "GIBSEY_URL": cls.server.address, "NGINX_URL": front, "STARGATE_AUTH_TOKEN": TOKEN, "WORK": work.name,
                           "PYTHONDONTWRITEBYTECODE": "1"}

    def run_block(self, text):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, f"{text}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")

    def check(self, language, marks, text):
        if language != "sh":
            self.assertNotIn(language, ("bash", "shell", "console"), "commands stand in blocks of sh")
            return
        if marks == ["make"]:
            targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
            self.assertEqual([line for line in text.splitlines() if line.split()[0] != "make" or line.split()[1] not in targets], [])
        elif marks == ["docker"]:
            services = {name for file in ("docker-compose.yml", "docker-compose.cdc.yml") for name in yaml.safe_load((ROOT / file).read_text())["services"]}
            for line in text.splitlines():
                self.assertRegex(line, r"^docker compose ")
                self.assertIn(line.split()[-1], services)
        else:
            self.assertEqual(marks[:1], ["run"], f"a block without a mark: {text}")
            if reasons := [self.missing[mark] for mark in marks[1:] if self.missing[mark]]:
                self.skipTest(reasons[0])
            self.run_block(text)


def add_tests():
    """A test for each block, so that each is told apart."""
    for name in NAMES:
        for number, block in enumerate(blocks(name), 1):
            setattr(Documents, f"test_{name}_block_{number}", lambda self, block=block: self.check(*block))


class Table(unittest.TestCase):
    def test_all_seven_are_there_with_their_notes(self):
        for name in NAMES:
            text = (ROOT / "docs" / f"{name}.md").read_text()
            self.assertIn("## Operator's notes\n| symptom or risk | cause | what to do |", text, name)
            self.assertTrue([marks for language, marks, _ in blocks(name) if language == "sh" and marks[:1] == ["run"]], name)


add_tests()

if __name__ == "__main__":
    unittest.main()
