"""The nightly notes on Cassandra: rows of `summaries` that cqlsh and Stargate's paths show, shared by all programs on the keyspace."""
import concurrent.futures
import json
import unittest

from nightly_test import QUIET, finish_run, liar, notes_of, run_of
from running import KEYSPACE, NeedsTheProgram, cql, harness, run_cqlsh, stack
from stargate_test import Rest, compare_notes_and_rows

WORLD, SMALL_WORLD = "entrance-way", "chrysopedia"
TOKEN = "token-of-the-notes-on-the-stack"
#: A run that is still under way when somebody else asks.
SLOW = {"replies": [{"chunks": [{"text": "Nothing.", "delay_ms": 400}]}]}


def serve(script=None, data=None, **more):
    return harness.Server(script or liar(), data=data, environment={**stack().environment(), **QUIET, "STARGATE_AUTH_TOKEN": TOKEN, **more})


def rows_of(world, columns):
    with cql.Connection(stack().cassandra, timeout=30) as connection:
        return connection.execute(f"SELECT {columns} FROM {KEYSPACE}.summaries WHERE world = '{world}'")


def ask_for_run(server, world):
    """(status, answer)."""
    status, _, text = server.request("POST", "/v1/jobs/nightly/run", {"world": world, "force": True})
    return status, json.loads(text)


class Notes(NeedsTheProgram):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = serve()
        cls.addClassCleanup(lambda: cls.server.close())
        cls.run_told = finish_run(cls.server, world=SMALL_WORLD)
        cls.notes = notes_of(cls.server, world=SMALL_WORLD)

    def test_a_person_reads_them_by_cqlsh(self):
        self.assertEqual(self.run_told["status"], "done", self.run_told)
        self.assertGreater(len(self.notes), 1)
        # All are new, or another test's run wrote them before and nothing has changed.
        self.assertIn(self.run_told["counts"]["extractive"], (0, len(self.notes)))
        told = run_cqlsh(f"SELECT cluster, version, text FROM {KEYSPACE}.summaries WHERE world = '{SMALL_WORLD}'")
        for note in self.notes:
            self.assertIn(note["id"], told)
            self.assertIn(note["sentences"][0]["text"], told)
        count = run_cqlsh(f"SELECT COUNT(*) FROM {KEYSPACE}.summaries WHERE world = '{SMALL_WORLD}'")
        self.assertIn(f" {len(rows_of(SMALL_WORLD, 'cluster'))}\n", count)

    def test_they_are_rows_under_stargates_paths(self):
        compare_notes_and_rows(self, Rest(self, self.server, token=TOKEN), notes_of(self.server, world=SMALL_WORLD))

    def test_a_version_is_a_row_and_another_program_sees_it_at_once(self):
        note = self.notes[-1]
        with serve() as other:
            self.assertEqual(other.get_json(f"/v1/notes/{note['id']}")["text"], note["text"])
            self.assertEqual(run_of(other, self.run_told["run_id"])["status"], "done", "the record of a run is everybody's")
            status, _, text = other.request("POST", f"/v1/notes/{note['id']}/revert", {"version": 1})
            self.assertEqual(status, 200, text)
        now = self.server.get_json(f"/v1/notes/{note['id']}")
        self.assertEqual((now["version"], now["reverted_to"], [version["version"] for version in now["versions"]]), (2, 1, [1, 2]))
        stored = [(row[0].decode(), cql.whole(row[1])) for row in rows_of(SMALL_WORLD, "cluster, version") if row[0].decode() == note["id"]]
        self.assertEqual(stored, [(note["id"], 2), (note["id"], 1)], "newest first")
        self.assertIn(note["id"], [other["id"] for other in notes_of(self.server, world=SMALL_WORLD, page_id=note["page_ids"][0])])


class TwoPrograms(NeedsTheProgram):
    def test_of_two_requests_at_once_one_has_the_run(self):
        with serve(SLOW) as a, serve(SLOW) as b, concurrent.futures.ThreadPoolExecutor(2) as both:
            answers = list(both.map(lambda server: ask_for_run(server, SMALL_WORLD), (a, b)))
            self.assertEqual(sorted(status for status, _ in answers), [202, 409], answers)
            taken = next(answer for status, answer in answers if status == 202)
            for server in (a, b):
                status, refused = ask_for_run(server, SMALL_WORLD)
                self.assertEqual(status, 409)
                self.assertIn(taken["run_id"], json.dumps(refused), "who asks later is told which run it is")
            for server in (a, b):
                run = harness.wait_until(lambda: (run := run_of(server, taken["run_id"]))["status"] != "running" and run, 300, lambda: run_of(server, taken["run_id"]))
                self.assertEqual((run["status"], run["attempts"]), ("done", 1), run)
            notes = notes_of(a, world=SMALL_WORLD)
            self.assertEqual(len(notes), run["counts"]["clusters"])
            self.assertEqual({note["run_id"] for note in notes}, {taken["run_id"]}, "each was written by this run, once")
            self.assertEqual(notes, notes_of(b, world=SMALL_WORLD))
            # The lease is given back: the other may have the next one.
            for server in (b, a):
                run = finish_run(server, world=SMALL_WORLD)
                self.assertEqual((run["status"], run["counts"]["clusters"]), ("done", 0), run)

    def test_a_program_that_was_killed_goes_on_when_it_starts_again_beside_another(self):
        with serve(SLOW) as other:
            killed = serve(SLOW)
            self.addCleanup(killed.close)
            status, answer = ask_for_run(killed, WORLD)
            self.assertEqual(status, 202, answer)
            run_id = answer["run_id"]
            harness.wait_until(lambda: len(written_by(killed, run_id)) >= 3, 120)
            written = {note["id"]: note for note in written_by(killed, run_id)}
            killed.kill()
            self.assertEqual(ask_for_run(other, WORLD)[0], 409, "it may still live")
            again = serve(data=killed.data)
            self.addCleanup(again.close)
            run = harness.wait_until(lambda: (run := run_of(other, run_id))["status"] == "done" and run, 300, lambda: run_of(other, run_id))
            self.assertEqual(run["attempts"], 2)
            notes = notes_of(other)
            self.assertEqual({note["run_id"] for note in notes}, {run_id})
            for note in notes:
                if note["id"] in written:
                    self.assertEqual((note["created"], note["version"]), (written[note["id"]]["created"], written[note["id"]]["version"]), "it is not written twice")


class StoreAway(NeedsTheProgram):
    def test_a_run_whose_store_is_killed_ends_well_and_writes_each_note_once(self):
        with serve(SLOW, GIBSEY_NIGHTLY_RETRY="1") as server:
            before = {note["id"]: note["version"] for note in notes_of(server)}
            status, answer = ask_for_run(server, WORLD)
            self.assertEqual(status, 202, answer)
            run_id = answer["run_id"]
            harness.wait_until(lambda: len(written_by(server, run_id)) >= 3, 120)
            stack().restart("cassandra")
            run = harness.wait_until(lambda: done(server, run_id), 300, lambda: server.log_text()[-3000:])
            self.assertGreaterEqual(run["attempts"], 1)
            notes = notes_of(server)
            self.assertEqual(len(notes), run["counts"]["clusters"])
            self.assertEqual({note["id"]: note["version"] for note in notes}, {note["id"]: before.get(note["id"], 0) + 1 for note in notes})
            stored = [row[0].decode() for row in rows_of(WORLD, "cluster")]
            self.assertEqual(len(stored), sum(note["version"] for note in notes), "a row a version")


def done(server, run_id):
    """The run, once it is done; None while the store cannot be asked."""
    status, _, text = server.request("GET", f"/v1/jobs/nightly/runs/{run_id}")
    return json.loads(text) if status == 200 and json.loads(text)["status"] == "done" else None


def written_by(server, run_id):
    return [note for note in notes_of(server) if note["run_id"] == run_id]


if __name__ == "__main__":
    unittest.main()
