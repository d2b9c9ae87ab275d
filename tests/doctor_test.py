"""`gibsey doctor` asks every server that the configuration names, and says in one sentence what is wrong and what to do. Ledger, memory and
characters are real processes of ours, Redis the real server, models a server of the tests' own that speaks each protocol."""
import json
import socket
import subprocess
import tempfile
import unittest

import harness
import upstreams
from harness import wait_until

SCRIPT = {"replies": [{"chunks": ["As you like."]}]}
SERVICE = "service-token-of-the-doctor-tests"


def closed_port():
    """One that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Doctor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        token = {"GIBSEY_AUTH": "on", "GIBSEY_SERVICE_TOKEN": SERVICE}
        cls.here = harness.Server(SCRIPT, environment=token)

    @classmethod
    def tearDownClass(cls):
        harness.end_cleanly(cls.here)

    def doctor(self, status, **environment):
        """(what, finding) by line, of the servers alone."""
        done = self.here.command("doctor", environment=environment)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        lines = [line for line in done.stdout.splitlines() if " at http" in line or "redis" in line or "(" in line or "embedder" in line]
        return lines

    def problem(self, told, **environment):
        lines = self.doctor(1, **environment)
        self.assertEqual(len(lines), 1, lines)
        self.assertTrue(lines[0].startswith("PROBLEM  "), lines)
        for words in told:
            self.assertIn(words, lines[0])
        self.assertTrue(lines[0].endswith("."), lines)

    def services(self, base, **more):
        return {"LEDGER_URL": base + "/debit", "RAG_URL": base + "/retrieve", "STARGATE_URL": base, "CHARACTER_MANAGER_URL": base,
                "MEMORY_SUBSYSTEM_URL": base, **more}

    def test_servers_that_do_their_work_are_found_well(self):
        base = self.here.address
        lines = self.doctor(0, **self.services(base, GIBSEY_SERVICE_TOKEN=SERVICE, STARGATE_AUTH_TOKEN=SERVICE))
        self.assertEqual(lines, [f"ok       {what} at {base}{path}" for what, path in (
            ("the ledger", "/debit"), ("the memory", "/retrieve"), ("the Stargate", ""), ("the character manager", ""), ("the memory subsystem", ""))])
        _, _, statement = self.here.request("GET", "/ledger/doctor", headers={"Authorization": "Bearer " + SERVICE})
        self.assertEqual(json.loads(statement)["entries"], [], "nothing was changed")

    def test_each_fault_is_told_with_what_to_do(self):
        base, away = self.here.address, f"http://127.0.0.1:{closed_port()}"
        token = {"GIBSEY_SERVICE_TOKEN": SERVICE}
        for setting, path in (("LEDGER_URL", "/debit"), ("RAG_URL", "/retrieve"), ("STARGATE_URL", ""), ("CHARACTER_MANAGER_URL", ""), ("MEMORY_SUBSYSTEM_URL", "")):
            with self.subTest(setting=setting):
                self.problem([away.removeprefix("http://"), "start that server", setting], **{setting: away + path}, **token)
                self.problem(["does not take our token"], **{setting: base + path}, GIBSEY_SERVICE_TOKEN="another-service-token-0123456789", STARGATE_AUTH_TOKEN="x")
        self.problem(["404", "LEDGER_URL must be the whole address of POST /debit"], LEDGER_URL=base + "/v1/debit", **token)
        self.problem(["RAG_URL must be the whole address of GET /retrieve"], RAG_URL=base, **token)

    def test_redis(self):
        with tempfile.TemporaryDirectory() as folder:
            port = closed_port()
            self.problem([f"127.0.0.1:{port}", "start Redis", "REDIS_HOST"], REDIS_HOST="127.0.0.1", REDIS_PORT=str(port))
            redis = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder, "--requirepass", "open"],
                                     stdout=subprocess.DEVNULL)
            try:
                def listens():
                    with socket.socket() as probe:
                        return probe.connect_ex(("127.0.0.1", port)) == 0
                wait_until(listens, told="redis-server did not start")
                self.problem(["REDIS_PASSWORD"], REDIS_HOST="127.0.0.1", REDIS_PORT=str(port))
                self.assertEqual(self.doctor(0, REDIS_HOST="127.0.0.1", REDIS_PORT=str(port), REDIS_PASSWORD="open"), [f"ok       redis at 127.0.0.1:{port}"])
            finally:
                redis.kill()
                redis.wait()

    def test_models(self):
        with upstreams.Upstream(models=("big-70b",)) as upstream:
            served = {"LLM_PROVIDERS": "llm", "LLM_API_URL": upstream.address + "/v1/chat/completions", "LLM_MODEL": "big-70b"}
            self.assertEqual(self.doctor(0, **served), ["ok       big-70b (llm)"])
            self.assertEqual(self.doctor(0, LLM_PROVIDERS="ollama", OLLAMA_BASE_URL=upstream.address, OLLAMA_MODEL="big-70b"), ["ok       big-70b (ollama)"])
            self.problem(["small-1b", "LLM_PROVIDERS"], LLM_PROVIDERS="ollama", OLLAMA_BASE_URL=upstream.address, OLLAMA_MODEL="small-1b")
        away = f"http://127.0.0.1:{closed_port()}"
        self.problem(["start it", "'llm'"], LLM_PROVIDERS="llm", LLM_API_URL=away + "/v1/chat/completions", LLM_MODEL="m")
        lines = self.doctor(1, LLM_PROVIDERS="ollama", OLLAMA_BASE_URL=away, GIBSEY_EMBEDDER="ollama:nomic-embed-text")
        self.assertEqual([line[:8] for line in lines], ["PROBLEM ", "PROBLEM "])
        self.assertIn("GIBSEY_EMBEDDER", lines[1])

    def test_a_folder_without_data_still_tells_of_the_servers(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([self.here.program, "doctor", "--data", folder + "/none"], capture_output=True, text=True, timeout=60,
                                  env=harness.environment_of({"LEDGER_URL": f"http://127.0.0.1:{closed_port()}/debit"}), cwd=folder)
        self.assertEqual(done.returncode, 2)
        self.assertIn("PROBLEM  the ledger at", done.stdout)
        self.assertIn("there is no data", done.stderr)


if __name__ == "__main__":
    unittest.main()
