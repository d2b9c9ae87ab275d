"""What the book writes about itself at night: a run over the wire, its notes, edits, versions, crashes, failures and commands."""
import http.server
import json
import re
import sqlite3
import threading
import time
import unittest

import harness

WORLD = "entrance-way"
LIES = ("Gandalf rides an elephant through Paris", "Napoleon counted 7777 umbrellas before breakfast", "Sherlock Holmes sold the moon to a dentist in Vienna")
#: Off, so that nothing runs but what is asked for.
QUIET = {"GIBSEY_NIGHTLY": "off"}


def liar(**more):
    """A model whose every sentence is false."""
    text = " ".join(f"{lie} [p. 1]." for lie in LIES * 5)
    return {"replies": [{"chunks": [text]}], **more}


def page_sentences(text):
    return [s for s in re.findall(r"[A-Z][^.!?\"“”]{25,180}[.]", " ".join(text.split()))]


class Webhook:
    """Takes alerts on a free port."""

    def __init__(self):
        self.alerts = alerts = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                alerts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?key=secret-of-the-hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def start_run(server, expect=202, **body):
    status, fields, text = server.request("POST", "/v1/jobs/nightly/run", body or None)
    assert status == expect, f"{status}: {text}"
    return json.loads(text)


def run_of(server, run_id):
    return server.get_json(f"/v1/jobs/nightly/runs/{run_id}")


def finish_run(server, seconds=300, **body):
    run_id = start_run(server, **body)["run_id"]
    return harness.wait_until(lambda: (run := run_of(server, run_id))["status"] != "running" and run, seconds, lambda: run_of(server, run_id))


def notes_of(server, world=WORLD, **query):
    notes, after = [], ""
    while True:
        more = "".join(f"&{name}={value}" for name, value in query.items())
        part = server.get_json(f"/v1/notes?world={world}&after={after}{more}")
        notes += part["notes"]
        after = part["next"]
        if not after:
            return notes


def words_of(note):
    return sum(len(re.findall(r"\S*\w\S*", sentence["text"])) for sentence in note["sentences"])


class Nightly(unittest.TestCase):
    """One server whose model lies: what is left are the book's own sentences."""

    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server(liar(), environment=QUIET)
        cls.run_told = finish_run(cls.server, world=WORLD)
        cls.notes = notes_of(cls.server)

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def test_a_liars_sentences_are_dropped_and_the_books_own_are_left(self):
        counts = self.run_told["counts"]
        self.assertEqual(self.run_told["status"], "done", self.run_told)
        self.assertGreater(counts["clusters"], 10)
        self.assertEqual((counts["written"], counts["extractive"]), (0, counts["clusters"]))
        self.assertEqual(counts["sentences_kept"], 0)
        self.assertGreater(counts["sentences_dropped"], 3 * counts["clusters"])
        self.assertEqual(len(self.notes), counts["clusters"])
        for note in self.notes:
            self.assertEqual((note["kind"], note["model"], note["version"]), ("extract", "", 1))
            self.assertTrue(100 <= words_of(note) <= 250, (words_of(note), note["text"]))
            for lie in LIES:
                self.assertNotIn(lie, note["text"])

    def test_every_sentence_cites_its_pages_and_stands_there(self):
        texts = {}
        for note in self.notes:
            for sentence in note["sentences"]:
                self.assertTrue(sentence["citations"])
                for citation in sentence["citations"]:
                    self.assertIn(citation["page_id"], note["page_ids"])
                    key = (citation["page_id"], citation["page_version"])  # other tests of this class edit pages
                    if key not in texts:
                        texts[key] = self.server.get_json(f"/pages/{key[0]}?world={WORLD}&version={key[1]}")
                    page = texts[key]
                    self.assertEqual(citation["label"], page["label"])
                    self.assertIn(sentence["text"], page["text"].replace("\n", " "))
                self.assertIn(f"{sentence['text']} [p. {sentence['citations'][0]['label']}", note["text"])

    def test_all_pages_with_enough_text_are_in_a_note(self):
        covered = {page_id for note in self.notes for page_id in note["page_ids"]}
        count = self.server.get_json("/health")["worlds"][0]["pages"]
        self.assertGreater(len(covered), 0.95 * count)
        note = self.notes[0]
        found = notes_of(self.server, page_id=note["page_ids"][0].lstrip("0"))
        self.assertIn(note["id"], [other["id"] for other in found])

    def test_the_table_can_be_counted(self):
        with sqlite3.connect(f"file:{self.server.data}/pages.db?mode=ro", uri=True) as db:
            count = db.execute("select count(*) from summaries where world = ? and retired = 0", (WORLD,)).fetchone()[0]
        self.assertEqual(count, len(notes_of(self.server)))

    def test_a_run_without_changes_writes_nothing(self):
        before = {note["id"]: note["version"] for note in notes_of(self.server)}
        counts = finish_run(self.server, world=WORLD)["counts"]
        self.assertEqual((counts["written"], counts["extractive"], counts["clusters"]), (0, 0, 0))
        self.assertEqual({note["id"]: note["version"] for note in notes_of(self.server)}, before)

    def test_an_edit_changes_one_note_which_has_versions_a_diff_and_a_way_back(self):
        note = next(note for note in self.notes if len(note["sentences"]) > 3)
        page_id = note["sentences"][0]["citations"][0]["page_id"]
        page = self.server.get_json(f"/pages/{page_id}?world={WORLD}")
        before = {other["id"]: other for other in notes_of(self.server)}
        gone = note["sentences"][0]["text"]
        text = " ".join(page["text"].split("\n")).replace(gone, "The brass heron on the weathervane owed money to every wind that came over the sea.")
        status, _, answer = self.server.request("PUT", f"/pages/{page_id}?world={WORLD}", {"text": text})
        self.assertEqual(status, 200, answer)
        counts = finish_run(self.server, world=WORLD)["counts"]
        changed = [other for other in notes_of(self.server) if other["version"] != before[other["id"]]["version"]]
        touching = [other for other in before.values() if page_id in other["page_ids"]]
        self.assertEqual(counts["extractive"], len(changed))
        self.assertLessEqual(len(changed), len(touching))
        self.assertIn(note["id"], [other["id"] for other in changed])
        self.assertEqual(counts["unchanged"], len(before) - len(changed))

        now = self.server.get_json(f"/v1/notes/{note['id']}")
        self.assertEqual((now["version"], [v["version"] for v in now["versions"]]), (2, [1, 2]))
        self.assertNotIn(gone, now["text"])
        old = self.server.get_json(f"/v1/notes/{note['id']}/versions/1")
        self.assertEqual(old["text"], note["text"])
        diff = self.server.get_json(f"/v1/notes/{note['id']}/diff?from=1&to=2")
        self.assertTrue(any(c["what"] == "removed" and gone in c["text"] for c in diff["changes"]), diff)
        for version, what in ((old, "added"), (now, "removed")):
            self.assertEqual(" ".join(c["text"] for c in diff["changes"] if c["what"] != what), version["text"])
        self.assertEqual(self.server.get_json(f"/v1/notes/{note['id']}/diff")["changes"], diff["changes"])

        status, _, answer = self.server.request("POST", f"/v1/notes/{note['id']}/revert", {"version": 1})
        back = json.loads(answer)
        self.assertEqual((status, back["version"], back["text"], back["reverted_to"], back["run_id"]), (200, 3, note["text"], 1, None))
        self.assertEqual(finish_run(self.server, world=WORLD)["counts"]["extractive"], 0, "it stands until a page changes")
        self.assertEqual(self.server.get_json(f"/v1/notes/{note['id']}")["version"], 3)

    def test_wrong_requests_are_told_why(self):
        note = self.notes[0]["id"]
        for method, path, body, status, field in (
                ("GET", "/v1/notes?world=nowhere", None, 404, None), ("GET", "/v1/notes?limit=0", None, 422, "limit"), ("GET", "/v1/notes/none", None, 404, None),
                ("GET", f"/v1/notes/{note}/versions/99", None, 404, None), ("GET", f"/v1/notes/{note}/versions/x", None, 422, "number"),
                ("GET", f"/v1/notes/{note}/diff?from=99", None, 404, None), ("GET", f"/v1/notes/{note}/diff?to=x", None, 422, "to"),
                ("POST", f"/v1/notes/{note}/revert", {}, 422, "version"), ("POST", f"/v1/notes/{note}/revert", {"version": 99}, 404, None),
                ("POST", "/v1/notes/none/revert", {"version": 1}, 404, None), ("POST", "/v1/jobs/nightly/run", {"world": "nowhere"}, 404, None),
                ("POST", "/v1/jobs/nightly/run", {"force": "yes"}, 422, "force"), ("POST", "/v1/jobs/nightly/run", "{", 400, None),
                ("GET", "/v1/jobs/nightly/runs/none", None, 404, None), ("GET", "/v1/jobs/nightly/runs?limit=0", None, 422, "limit")):
            with self.subTest(method=method, path=path):
                got, _, text = self.server.request(method, path, body)
                self.assertEqual((got, json.loads(text).get("field")), (status, field), text)

    def test_the_commands_ask_the_server(self):
        self.assertIn(self.run_told["run_id"], self.server.command("nightly", "list").stdout)
        listed = self.server.command("note", "list", "--world", WORLD)
        self.assertIn(self.notes[0]["id"], listed.stdout, listed.stderr)
        shown = self.server.command("note", "show", self.notes[-1]["id"])
        self.assertIn(self.notes[-1]["sentences"][0]["text"], shown.stdout)
        self.assertIn("an extract of the book", shown.stdout)
        ran = self.server.command("nightly", "run", "--world", "sarah")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn("done", ran.stdout)
        self.assertEqual(self.server.command("note", "show", "none").returncode, 2)


class HonestModel(unittest.TestCase):
    def test_what_a_model_says_of_its_pages_is_kept_and_its_lies_are_not(self):
        with harness.Server(liar(), environment=QUIET) as server:
            finish_run(server, world="chrysopedia")
            seen = server.get_json("/v1/notes?world=chrysopedia")["notes"][0]
            pages = [server.get_json(f"/pages/{page_id}?world=chrysopedia") for page_id in seen["page_ids"]]
            data = server.data
            replies = [{"chunks": [self.honest(pages)]}]
            server.stop()
            with harness.Server({"replies": replies}, data=data, environment=QUIET) as honest:
                run = finish_run(honest, world="chrysopedia", force=True)
                self.assertGreaterEqual(run["counts"]["written"], 1, run)
                note = honest.get_json(f"/v1/notes/{seen['id']}")
                self.assertEqual((note["kind"], note["model"], note["version"]), ("written", "scripted/script", 2))
                self.assertTrue(100 <= words_of(note) <= 250)
                for lie in LIES:
                    self.assertNotIn(lie, note["text"])
                for sentence in note["sentences"]:
                    self.assertTrue(any(sentence["text"] in " ".join(page["text"].split()) for page in pages), sentence)

    @staticmethod
    def honest(pages):
        """True sentences of these pages, with lies between them."""
        said = [(sentence, page["label"]) for page in pages for sentence in page_sentences(page["text"])]
        text = ""
        for i, (sentence, label) in enumerate(said):
            text += f"{sentence[:-1]} [p. {label}]. "
            if i % 3 == 0:
                text += f"{LIES[i % len(LIES)]} [p. {label}]. "
        return text


class Crashes(unittest.TestCase):
    def test_a_run_killed_in_the_middle_goes_on_without_doubling(self):
        slow = {"replies": [{"chunks": [{"text": "Nothing.", "delay_ms": 300}]}]}
        with harness.Server(slow, environment=QUIET) as server:
            run_id = start_run(server, world=WORLD)["run_id"]
            self.assertIn(run_id, json.dumps(start_run(server, expect=409, world=WORLD)), "one at a time")
            harness.wait_until(lambda: len(notes_of(server)) >= 3, 120)
            written = {note["id"]: note for note in notes_of(server)}
            server.kill()
            with harness.Server(slow, data=server.data, environment=QUIET) as again:
                run = harness.wait_until(lambda: (run := run_of(again, run_id))["status"] == "done" and run, 300, lambda: run_of(again, run_id))
                self.assertEqual((run["attempts"], run["counts"]["extractive"]), (2, run["counts"]["clusters"]))
                notes = notes_of(again)
                self.assertEqual(len(notes), run["counts"]["clusters"])
                self.assertEqual({note["version"] for note in notes}, {1})
                members = [page for note in notes for page in note["page_ids"]]
                self.assertLess(len(members), 3 * len(set(members)))
                for note in notes:
                    if note["id"] in written:
                        self.assertEqual(note["created"], written[note["id"]]["created"], "it is not written twice")
                with sqlite3.connect(f"file:{again.data}/pages.db?mode=ro", uri=True) as db:
                    self.assertEqual(db.execute("select count(*) from summary_versions").fetchone()[0], 0)


class Failures(unittest.TestCase):
    def test_a_failed_run_is_tried_again_told_and_seen_in_health(self):
        away = {"replies": [{"chunks": [], "error": {"after_chunks": 0, "code": "unavailable", "message": "the model went away"}}]}
        with Webhook() as hook:
            environment = {**QUIET, "GIBSEY_ALERT_WEBHOOK": hook.url, "GIBSEY_NIGHTLY_RETRY": "1"}
            with harness.Server(away, environment=environment) as server:
                run_id = start_run(server, world=WORLD)["run_id"]
                harness.wait_until(lambda: len(hook.alerts) >= 2, 120, lambda: run_of(server, run_id))
                alert = hook.alerts[0]
                self.assertEqual((alert["event"], alert["run_id"], alert["attempt"], alert["world"]), ("nightly_run_failed", run_id, 1, WORLD))
                self.assertIn("the model went away", alert["error"])
                self.assertEqual(hook.alerts[1]["attempt"], 2)
                health = server.get_json("/health")
                self.assertEqual(health["status"], "degraded")
                self.assertTrue(any("the nightly run failed" in problem for problem in health["problems"]), health["problems"])
                self.assertIn("the model went away", health["nightly"]["last_error"])
                self.assertIn('gibsey_nightly_runs_total{outcome="failed"}', server.request("GET", "/metrics")[2])
                self.assertIn(f"nightly run {run_id} failed", server.log_text())
                self.assertNotIn("secret-of-the-hook", server.log_text())
                data = server.data
                server.stop()
                # A model that is back: the run that failed is done, and nobody is told any more.
                with harness.Server(liar(), data=data, environment=environment) as back:
                    run = harness.wait_until(lambda: (run := run_of(back, run_id))["status"] == "done" and run, 120, lambda: run_of(back, run_id))
                    self.assertGreaterEqual(run["attempts"], 3)
                    self.assertIsNone(run["error"])
                    health = back.get_json("/health")
                    self.assertEqual((health["status"], health["nightly"]["last_error"]), ("healthy", ""))
                    self.assertIsNotNone(health["nightly"]["last_done"])


class Schedules(unittest.TestCase):
    def test_health_tells_when_the_next_run_is_due(self):
        with harness.Server(liar(), environment={"GIBSEY_NIGHTLY": "30 2 * * sun", "GIBSEY_TIME_ZONE": "Asia/Kolkata"}) as server:
            nightly = server.get_json("/health")["nightly"]
            self.assertEqual((nightly["schedule"], nightly["time_zone"]), ("30 2 * * sun", "Asia/Kolkata"))
            self.assertIn("T21:00:00.000Z", nightly["next"])

    def test_a_schedule_or_zone_that_is_none_is_refused_with_its_name(self):
        with harness.Server(liar(), environment=QUIET) as server:
            data = server.data
            server.stop()
            for name, value in (("GIBSEY_NIGHTLY", "0 25 * * *"), ("GIBSEY_TIME_ZONE", "Europe/Atlantis")):
                with self.assertRaises(AssertionError) as refused:
                    harness.Server(liar(), data=data, environment={name: value})
                self.assertIn(name, str(refused.exception))

    def test_a_run_by_command_without_a_server(self):
        with harness.Server(liar(), environment=QUIET) as server:
            server.stop()
            started = time.monotonic()
            ran = server.command("nightly", "run", "--world", "chrysopedia", timeout=300, environment={"GIBSEY_SCRIPT": str(server.log_path.parent / "script.json")})
            self.assertEqual(ran.returncode, 0, ran.stderr)
            self.assertIn("extracts", ran.stdout, f"after {time.monotonic() - started:.0f} s")
            listed = server.command("note", "list", "--world", "chrysopedia").stdout.splitlines()
            self.assertGreater(len(listed), 1)
            note = listed[0].split()[0]
            self.assertIn("[p. ", server.command("note", "show", note).stdout)
            reverted = server.command("note", "revert", note, "1")
            self.assertIn("version 2", reverted.stdout, reverted.stderr)


if __name__ == "__main__":
    unittest.main()
