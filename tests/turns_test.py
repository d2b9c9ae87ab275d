"""The turns API over the wire: replay and resume, stop, siblings, idempotency, conversations, a crash."""
import contextlib
import json
import sqlite3
import tarfile
import tempfile
import threading
import unittest

import harness

SCRIPT = {"replies": [
    harness.slow(50, 40, match="slow"),
    harness.breaking("breaks"),
    {"chunks": ["A plain ", "answer", ".\nOn two lines."]},
], "max_running": 16, "max_queue": 1000}


def numbers(events):
    return [int(identity.rsplit(":", 1)[1]) for _, _, identity in events]


def text_of(events):
    return "".join(data for kind, data, _ in events if kind == "token")


class Turns(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server(SCRIPT)

    @classmethod
    def tearDownClass(cls):
        harness.end_cleanly(cls.server)

    def setUp(self):
        self.create, self.balance = self.server.create_turn, self.server.balance

    def test_events_are_replayed_then_followed(self):
        made = self.create("slow one", user="replay")
        self.assertEqual(made["hold"], 5)
        status, live = self.server.follow(made["turn_id"])
        self.assertEqual(status, 200)
        self.assertEqual(numbers(live), list(range(1, len(live) + 1)))
        kinds = [kind for kind, _, _ in live]
        self.assertEqual(kinds[:3], ["turn", "sources", "context"])
        self.assertEqual(kinds[-3:], ["usage", "ledger", "done"])
        self.assertIn("word49", text_of(live))
        status, again = self.server.follow(made["turn_id"])
        self.assertEqual(again, live, "the replay is what was sent")
        record = self.server.get_json(f"/v1/turns/{made['turn_id']}")
        self.assertEqual(record["reply"], text_of(live))
        self.assertEqual(record["receipt"]["charged"], 5)
        self.assertEqual(record["trace"]["dialect"], "turns")
        self.assertIsNotNone(record["trace"]["sentiment"])

    def test_a_resumed_stream_goes_on_after_the_last_event(self):
        made = self.create("slow two", user="resume")
        seen, last = [], None
        while True:
            status, events = self.server.follow(made["turn_id"], last, most=9)
            if status == 204:
                break
            self.assertEqual(status, 200)
            seen += events
            last = events[-1][2]
        self.assertEqual(numbers(seen), list(range(1, len(seen) + 1)), "none twice, none missing")
        self.assertEqual(seen[-1][0], "done")
        self.assertEqual(text_of(seen), self.server.get_json(f"/v1/turns/{made['turn_id']}")["reply"])
        self.assertEqual(self.server.follow(made["turn_id"], "0" * 32 + ":3")[0], 422)
        self.assertEqual(self.server.follow("0" * 32)[0], 404)

    def test_a_lost_connection_loses_nothing_and_stop_is_another_thing(self):
        made = self.create("slow three", user="left")
        self.server.follow(made["turn_id"], most=6)
        kept = self.create("slow four", user="stopped")
        self.server.follow(kept["turn_id"], most=8)
        status, _, body = self.server.request("POST", f"/v1/turns/{kept['turn_id']}/stop")
        self.assertEqual((status, json.loads(body)["status"]), (202, "stopping"))
        _, events = self.server.follow(kept["turn_id"])
        self.assertEqual(json.loads(events[-1][1])["finish_reason"], "stopped_by_reader")
        record = self.server.get_json(f"/v1/turns/{kept['turn_id']}")
        self.assertEqual((record["status"], record["receipt"]["charged"]), ("stopped", 5))
        self.assertNotIn("word49", record["reply"])
        _, events = self.server.follow(made["turn_id"])
        self.assertIn("word49", text_of(events))
        self.assertEqual(self.balance("left"), 95)
        status, _, body = self.server.request("POST", f"/v1/turns/{kept['turn_id']}/stop")
        self.assertEqual((status, json.loads(body)["status"]), (202, "ended"))

    def test_a_failure_is_released_and_told(self):
        made = self.create("it breaks", user="failed")
        _, events = self.server.follow(made["turn_id"])
        self.assertEqual(events[-1][0], "error")
        self.assertEqual(json.loads(events[-1][1])["released"], True)
        record = self.server.get_json(f"/v1/turns/{made['turn_id']}")
        self.assertEqual((record["status"], record["error"]["code"], record["receipt"]["charged"]), ("failed", "unavailable", 0))
        self.assertEqual(self.balance("failed"), 100)

    def test_the_same_key_is_the_same_turn(self):
        key = {"Idempotency-Key": "k-1"}
        results = []
        threads = [threading.Thread(target=lambda: results.append(self.create("slow five", user="twice", headers=key))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(results), 8)
        self.assertEqual(len({made["turn_id"] for made in results}), 1)
        self.server.follow(results[0]["turn_id"])
        self.assertEqual(self.create("slow five", user="twice", headers=key)["turn_id"], results[0]["turn_id"], "also when it has ended")
        self.assertEqual(self.balance("twice"), 95, "charged once")
        self.create("another text", user="twice", headers=key, expect=409)
        self.assertNotEqual(self.create("slow five", user="somebody", headers=key)["turn_id"], results[0]["turn_id"], "a key is its user's")
        asked = [self.server.request("POST", "/ask", {"user_id": "twice", "char_id": "arieol", "text": "Why?"}, key) for _ in range(2)]
        self.assertEqual(asked[0][2], asked[1][2], "on /ask the stream itself is replayed")
        self.assertEqual(self.balance("twice"), 90)

    def test_a_refused_request_leaves_its_key_free(self):
        key = {"Idempotency-Key": "k-2"}
        self.create("Why?", user="nobody-there", headers=key, character_id="nobody", expect=404)
        self.create("Why?", user="nobody-there", headers=key)

    def test_regenerate_makes_a_sibling(self):
        first = self.create("Why the tower?", user="again")
        self.server.follow(first["turn_id"])
        status, _, body = self.server.request("POST", f"/v1/turns/{first['turn_id']}/regenerate")
        self.assertEqual(status, 201, body)
        second = json.loads(body)
        self.server.follow(second["turn_id"])
        self.assertEqual(second["conversation_id"], first["conversation_id"])
        third = self.create("And then?", user="again", conversation_id=first["conversation_id"])
        self.server.follow(third["turn_id"])
        turns = self.server.get_json(f"/v1/conversations/{first['conversation_id']}")["turns"]
        self.assertEqual([t["parent_id"] for t in turns], ["", "", second["turn_id"]])
        self.assertEqual(turns[0]["question"], turns[1]["question"])

    def test_an_edited_question_is_a_branch(self):
        def ask(text, **fields):
            made = self.create(text, user="edits", **fields)
            self.server.follow(made["turn_id"])
            return made, self.server.get_json(f"/v1/turns/{made['turn_id']}")
        first, _ = ask("Why the tower?")
        at = {"conversation_id": first["conversation_id"]}
        second, _ = ask("And then?", **at)
        edited, branch = ask("And the goat?", parent_id=first["turn_id"], **at)
        again, beginning = ask("Why the lamp?", parent_id="", **at)
        newest, last = ask("And now?", parent_id=None, **at)
        made = [first, second, edited, again, newest]
        self.assertEqual([m["parent_id"] for m in made], ["", first["turn_id"], first["turn_id"], "", again["turn_id"]])
        self.assertEqual({m["conversation_id"] for m in made}, {first["conversation_id"]})
        turns = self.server.get_json(f"/v1/conversations/{first['conversation_id']}")["turns"]
        self.assertEqual([t["parent_id"] for t in turns], [m["parent_id"] for m in made])
        earlier = lambda record: [part for part in record["context"]["included"] if "earlier" in part]
        self.assertEqual((earlier(branch), earlier(beginning), earlier(last)), (["1 earlier exchanges"], [], ["1 earlier exchanges"]))
        self.assertEqual(self.create("Alone?", user="edits", parent_id="")["parent_id"], "", "a new conversation begins at its beginning")

    def test_only_a_turn_of_the_conversation_can_be_followed(self):
        mine, other = self.create("Why?", user="chooser"), self.create("Why else?", user="chooser")
        theirs = self.create("Why?", user="chosen")
        for made in (mine, other, theirs):
            self.server.follow(made["turn_id"])
        key = {"Idempotency-Key": "k-parent"}
        for parent, conversation in ((other["turn_id"], mine), (theirs["turn_id"], mine), (theirs["turn_id"], theirs), ("0" * 32, mine), (7, mine),
                                     (mine["turn_id"], None), (mine["turn_id"], {"conversation_id": "not-begun-yet"})):
            fields = {"conversation_id": conversation["conversation_id"]} if conversation else {}
            body = self.create("Where?", user="chooser", headers=key, expect=422, parent_id=parent, **fields)
            self.assertEqual(body["field"], "parent_id")
        self.assertEqual(self.balance("chooser"), 90, "a refusal costs nothing")
        made = self.create("Where?", user="chooser", headers=key, parent_id=mine["turn_id"], conversation_id=mine["conversation_id"])
        twice = self.create("Where?", user="chooser", headers=key, parent_id=mine["turn_id"], conversation_id=mine["conversation_id"])
        self.assertEqual(made, twice, "the same key is the same turn")
        self.create("Where?", user="chooser", headers=key, parent_id="", conversation_id=mine["conversation_id"], expect=409)

    def test_conversations_are_listed_read_and_removed(self):
        made = [self.create(f"Question {i}", user="lists") for i in range(3)]
        for one in made:
            self.server.follow(one["turn_id"])
        first = self.server.get_json("/v1/conversations?user_id=lists&limit=2")
        self.assertEqual(len(first["conversations"]), 2)
        rest = self.server.get_json(f"/v1/conversations?user_id=lists&limit=2&after={first['next']}")
        self.assertEqual({c["conversation_id"] for c in first["conversations"] + rest["conversations"]}, {m["conversation_id"] for m in made})
        self.assertIsNone(rest["next"])
        path = f"/v1/conversations/{made[0]['conversation_id']}"
        self.assertEqual(self.server.request("DELETE", path)[0], 204)
        self.assertEqual(self.server.request("GET", path)[0], 404)
        self.assertEqual(self.server.request("GET", f"/v1/turns/{made[0]['turn_id']}")[0], 404)
        self.create(user="thief", conversation_id=made[1]["conversation_id"], expect=404)

    def test_bad_input_is_named(self):
        for fields, field in (({"text": ""}, "text"), ({"personality_weight": 2}, "personality_weight"), ({"provider": "none"}, "provider"),
                              ({"max_tokens": 0}, "max_tokens")):
            body = self.create(**{"text": "Why?", **fields}, expect=422)
            self.assertEqual(body["field"], field)
        self.create(headers={"Idempotency-Key": "x" * 201}, expect=422)

    def test_debit_and_give_back(self):
        def post(path, body, key=None):
            status, _, text = self.server.request("POST", path, body, {"Idempotency-Key": key} if key else None)
            return status, json.loads(text)
        status, first = post("/debit", {"user_id": "meter", "cost": 30}, "t-1")
        self.assertEqual((status, first["balance"]), (200, 70))
        self.assertEqual(post("/debit", {"user_id": "meter", "cost": 30}, "t-1"), (200, first))
        self.assertEqual(post("/debit", {"user_id": "meter", "cost": 31}, "t-1")[0], 409)
        self.assertEqual(post("/debit", {"user_id": "meter", "cost": 71}), (402, {"needed": 71, "available": 70}))
        self.assertEqual(post("/credit", {"user_id": "meter", "amount": 31, "ref": first["entry_id"]})[0], 409)
        for _ in range(2):
            self.assertEqual(post("/credit", {"user_id": "meter", "amount": 30, "ref": "t-1"})[1]["balance"], 100)
        self.assertEqual(post("/credit", {"user_id": "meter", "amount": 3, "ref": "nothing"})[0], 404)
        self.assertEqual(sum(e["amount"] for e in self.server.get_json("/ledger/meter")["entries"]), 100)

    def test_doctor_and_backup_beside_the_server(self):
        self.server.follow(self.create("Why?", user="care")["turn_id"])
        done = self.server.command("doctor")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("every balance is the sum", done.stdout)
        with tempfile.TemporaryDirectory() as folder:
            done = self.server.command("backup", folder + "/copy.tar.gz")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertEqual(self.server.command("backup", folder + "/copy.tar.gz").returncode, 1, "an old copy is not overwritten")
            with tarfile.open(folder + "/copy.tar.gz") as archive:
                archive.extractall(folder + "/data")
            with harness.Server(harness.scripted("Hello."), data=folder + "/data") as second:
                self.assertEqual(second.get_json("/ledger/care")["balance"], 95)


def log_in_store(folder):
    """What is kept of the only turn's events so far."""
    with contextlib.closing(sqlite3.connect(f"file:{folder}/turns.db?mode=ro", uri=True)) as turns:
        return "".join(events for events, in turns.execute("SELECT events FROM turn_events"))


class Crash(unittest.TestCase):
    def test_a_turn_that_a_kill_cut_is_marked_and_its_ids_go_on(self):
        with tempfile.TemporaryDirectory() as folder:
            first = harness.Server(SCRIPT, data=folder + "/data")
            self.addCleanup(first.close)
            turn_id = first.create_turn("slow")["turn_id"]
            _, seen = first.follow(turn_id, most=20)
            harness.wait_until(lambda: "word0" in log_in_store(first.data), told="the text so far is not kept")
            first.kill()
            first.close()
            with harness.Server(SCRIPT, data=folder + "/data") as second:
                status, rest = second.follow(turn_id, seen[-1][2])
                self.assertEqual(status, 200)
                self.assertEqual([kind for kind, _, _ in rest][-2:], ["ledger", "error"])
                self.assertEqual(json.loads(rest[-1][1])["code"], "interrupted")
                ids = numbers(seen) + numbers(rest)
                self.assertEqual(ids, sorted(set(ids)), "no id twice")
                self.assertEqual(second.follow(turn_id, rest[-1][2])[0], 204)
                record = second.get_json(f"/v1/turns/{turn_id}")
                self.assertEqual((record["status"], record["receipt"]["charged"]), ("interrupted", 0))
                self.assertTrue(record["reply"].startswith("word0 "))
                self.assertEqual(second.get_json("/ledger/u1")["balance"], 100)


if __name__ == "__main__":
    unittest.main()
