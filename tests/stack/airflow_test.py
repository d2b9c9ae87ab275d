"""The nightly run as others start it: the DAG in a real Airflow (`airflow dags test`), and the script for cron."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from running import ROOT, harness, tools
from nightly_jobs import Mailbox, NightlyJobs

DAGS = ROOT / "deploy" / "airflow" / "dags"
CRON = ROOT / "deploy" / "cron" / "gibsey-nightly.sh"
TOKEN = "gbs_" + "n" * 43


def server_has_jobs(server):
    return "/v1/jobs/nightly/run" in server.get_json("/openapi.json")["paths"]


class Dag(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="gibsey-airflow-")
        cls.addClassCleanup(folder.cleanup)
        cls.airflow = tools.airflow() / "bin" / "airflow"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "GIBSEY_"))}
        cls.environment = {**kept, "PATH": f"{cls.airflow.parent}:{os.environ['PATH']}", "AIRFLOW_HOME": folder.name,
                           "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS), "AIRFLOW__CORE__PARALLELISM": "2",
                           "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False", "GIBSEY_NIGHTLY_POLL": "0.2", "GIBSEY_NIGHTLY_RETRIES": "0",
                           "PYTHONDONTWRITEBYTECODE": "1"}
        done = cls.run_airflow("db", "migrate")
        assert done.returncode == 0, done.stderr[-3000:]

    @classmethod
    def run_airflow(cls, *words, **environment):
        return subprocess.run([cls.airflow, *words], env={**cls.environment, **environment}, capture_output=True, text=True, timeout=300)

    def jobs(self, *outcomes, **options):
        jobs = NightlyJobs(*outcomes, **options)
        self.addCleanup(jobs.close)
        return jobs

    def run_dag(self, **environment):
        """(whether it went well, what it said)."""
        done = self.run_airflow("dags", "test", "gibsey_nightly", **environment)
        told = done.stdout + done.stderr
        return done.returncode == 0 and "state=success" in told, told

    def test_it_is_read_without_errors_and_is_due_at_three(self):
        errors = self.run_airflow("dags", "list-import-errors", "--local", "--output", "json")
        self.assertEqual(json.loads(errors.stdout or "[]"), [], errors.stdout + errors.stderr)
        details = self.run_airflow("dags", "list", "--local", "--output", "json")
        self.assertEqual([dag["dag_id"] for dag in json.loads(details.stdout)], ["gibsey_nightly"])
        self.assertIn('schedule="0 3 * * *"', (DAGS / "gibsey_nightly.py").read_text())

    def test_it_starts_a_run_and_waits_for_its_end(self):
        jobs = self.jobs("done", token=TOKEN)
        well, told = self.run_dag(GIBSEY_URL=jobs.address, GIBSEY_TOKEN=TOKEN)
        self.assertTrue(well, told[-3000:])
        self.assertEqual((jobs.starts, jobs.looks), (1, {"run-1-done": 3}))

    def test_a_connection_of_airflow_says_where(self):
        jobs = self.jobs("done", token=TOKEN)
        known = {"conn_type": "http", "host": "127.0.0.1", "port": jobs.server.server_port, "password": TOKEN}
        well, told = self.run_dag(AIRFLOW_CONN_GIBSEY=json.dumps(known))
        self.assertTrue(well, told[-3000:])
        self.assertEqual(jobs.starts, 1)

    def test_a_failed_run_fails_the_dag_and_is_mailed(self):
        jobs, mailbox = self.jobs("failed"), Mailbox()
        self.addCleanup(mailbox.close)
        server = {"conn_type": "smtp", "host": "127.0.0.1", "port": mailbox.port, "extra": {"disable_ssl": True, "disable_tls": True}}
        well, told = self.run_dag(GIBSEY_URL=jobs.address, GIBSEY_ALERT_EMAIL="operator@example.org", AIRFLOW_CONN_SMTP_DEFAULT=json.dumps(server))
        self.assertFalse(well)
        self.assertIn("the store was away", told)
        mail, = mailbox.mails
        self.assertIn("Subject: Gibsey's nightly run failed", mail)
        self.assertIn("operator@example.org", mail)

    def test_a_refusal_is_told_in_the_words_of_the_server(self):
        well, told = self.run_dag(GIBSEY_URL=self.jobs("done", token=TOKEN).address, GIBSEY_TOKEN="wrong")
        self.assertFalse(well)
        self.assertIn("401", told)
        self.assertIn("sign in first", told)

    def test_against_the_program(self):
        with harness.Server(harness.scripted("A note.")) as server:
            if not server_has_jobs(server):
                self.skipTest(f"{harness.PROGRAM} has no POST /v1/jobs/nightly/run yet")
            well, told = self.run_dag(GIBSEY_URL=server.address)
            self.assertTrue(well, told[-3000:])
            run, = server.get_json("/v1/jobs/nightly/runs")["runs"]
            self.assertEqual((run["status"], run["error"]), ("done", None), run)
            self.assertGreater(len(server.get_json("/v1/notes?world=entrance-way")["notes"]), 0)


class Cron(unittest.TestCase):
    def run_script(self, address, path=None, **environment):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "log"
            kept = {name: value for name, value in os.environ.items() if not name.startswith("GIBSEY_")}
            done = subprocess.run([CRON], env={**kept, "GIBSEY_URL": address, "GIBSEY_NIGHTLY_POLL": "0.05", "GIBSEY_NIGHTLY_PAUSE": "0.05",
                                               "GIBSEY_NIGHTLY_LOG": str(log), **({"PATH": f"{path}:{os.environ['PATH']}"} if path else {}),
                                               **environment}, capture_output=True, text=True, timeout=60)
            return done.returncode, log.read_text()

    def jobs(self, *outcomes, **options):
        jobs = NightlyJobs(*outcomes, **options)
        self.addCleanup(jobs.close)
        return jobs

    def test_done(self):
        jobs = self.jobs("done", token=TOKEN)
        status, log = self.run_script(jobs.address, GIBSEY_TOKEN=TOKEN)
        self.assertEqual((status, jobs.starts), (0, 1))
        self.assertRegex(log, r"^\d{4}-\d\d-\d\dT[\d:]+Z gibsey-nightly: run run-1-done done\n$")

    def test_a_failed_run_is_tried_again(self):
        jobs = self.jobs("failed", 503, "done")
        status, log = self.run_script(jobs.address)
        self.assertEqual((status, jobs.starts), (0, 3))
        self.assertIn("run-1-failed failed: the store was away", log)
        self.assertIn("refused with 503", log)

    def test_when_all_tries_failed_a_mail_is_sent(self):
        jobs = self.jobs("failed")
        with tempfile.TemporaryDirectory() as folder:
            mail = pathlib.Path(folder) / "mail"
            mail.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >{folder}/sent\ncat >>{folder}/sent\n')
            mail.chmod(0o755)
            status, log = self.run_script(jobs.address, folder, MAILTO="operator@example.org", GIBSEY_NIGHTLY_TRIES="2")
            sent = (pathlib.Path(folder) / "sent").read_text()
        self.assertEqual((status, jobs.starts), (1, 2))
        self.assertIn("given up after 2 tries", log)
        self.assertTrue(sent.startswith("-s Gibsey's nightly run failed operator@example.org\n"), sent)
        self.assertIn("the store was away", sent)

    def test_nobody_answers(self):
        port = harness.socket.socket()
        port.bind(("127.0.0.1", 0))
        self.addCleanup(port.close)
        status, log = self.run_script(f"http://127.0.0.1:{port.getsockname()[1]}", GIBSEY_NIGHTLY_TRIES="1")
        self.assertEqual(status, 2)
        self.assertIn("does not answer", log)

    def test_the_token_is_no_argument(self):
        self.assertNotIn('"Authorization: Bearer ${', CRON.read_text())
        jobs = self.jobs("done", token=TOKEN)
        self.assertEqual(self.run_script(jobs.address, GIBSEY_TOKEN="wrong", GIBSEY_NIGHTLY_TRIES="1")[0], 1)

    def test_against_the_program(self):
        with harness.Server(harness.scripted("A note.")) as server:
            if not server_has_jobs(server):
                self.skipTest(f"{harness.PROGRAM} has no POST /v1/jobs/nightly/run yet")
            self.assertEqual(self.run_script(server.address)[0], 0)


if __name__ == "__main__":
    unittest.main()
