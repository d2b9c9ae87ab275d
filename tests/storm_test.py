"""A thousand turns from a hundred readers at once, with stops, lost connections, resumes, keys used twice and a model that fails: every
reply is complete or marked, each is charged by its rule, no event id is missing or given twice. And the same with kill -9."""
import collections
import contextlib
import http.client
import json
import random
import sqlite3
import tempfile
import threading
import time
import unittest

import harness

SCRIPT = {"replies": [
    harness.slow(200, 15, match="xxstop"),  # long enough to be stopped by a machine that is busy
    harness.slow(30, 15, match="long"),
    {"match": "fail early", "chunks": ["x"], "error": {"after_chunks": 0, "code": "unavailable", "message": "the model is away"}},
    {"match": "fail late", "chunks": [{"text": f"word{i} ", "delay_ms": 5} for i in range(20)],
     "error": {"after_chunks": 10, "code": "unavailable", "message": "the model went away"}},
    {"chunks": ["A plain ", "answer ", "of a few ", "words."]},
], "max_running": 64, "max_queue": 4000}
LIMITS = {"GIBSEY_MAX_TURNS": "400", "GIBSEY_OPENING_GRANT": "1000", "LOG_LEVEL": "warning"}
COST = 5
PLANS = ["plain", "long", "stop", "leave", "resume", "twice", "fail early", "fail late", "ask"]


class Reader:
    """One reader's turns, one after the other."""

    def __init__(self, server, name, turns, seed):
        self.server, self.name, self.turns = server, name, turns
        self.random = random.Random(seed)
        self.asked = {}  # turn_id -> what was done with it
        self.problems = []

    def post(self, path, body=None, key=None):
        for _ in range(200):
            status, headers, text = self.server.request("POST", path, body, {"Idempotency-Key": key} if key else None, timeout=60)
            if status != 429:
                return status, json.loads(text)
            time.sleep(0.05)
        raise AssertionError("busy for too long")

    def run(self):
        try:
            for number in range(self.turns):
                self.one(number)
        except Exception as problem:  # noqa: BLE001 - told by the test
            self.problems.append(repr(problem))

    def one(self, number):
        plan = self.random.choice(PLANS)
        kind = {"leave": "long", "resume": "long", "stop": "xxstop"}.get(plan, plan)
        text = f"{kind} {self.name} {number}"
        if plan == "ask":
            turn = self.server.ask(text, user=self.name, timeout=60)
            if turn.status == 429:
                return
            self.asked[turn.one("turn")["turn_id"]] = plan
            return
        key = f"{self.name}-{number}"
        body = {"user_id": self.name, "character_id": "arieol", "text": text}
        status, made = self.post("/v1/turns", body, key)
        assert status == 201, (status, made)
        turn_id = made["turn_id"]
        if plan == "twice":
            assert self.post("/v1/turns", body, key)[1]["turn_id"] == turn_id
        if plan == "leave":
            self.server.follow(turn_id, most=self.random.randrange(1, 8))
        if plan == "stop":
            self.server.follow(turn_id, most=self.random.randrange(1, 10))
            self.post(f"/v1/turns/{turn_id}/stop")
        if plan == "resume":
            self.resume(turn_id)
        self.check_events(turn_id, self.server.follow(turn_id)[1])
        self.asked[turn_id] = plan

    def resume(self, turn_id):
        seen, last = [], None
        while True:
            status, events = self.server.follow(turn_id, last, most=self.random.randrange(1, 12))
            if status == 204:
                break
            assert status == 200 and events, status
            seen += events
            last = events[-1][2]
        self.check_events(turn_id, seen)

    def check_events(self, turn_id, events):
        ids = [identity for _, _, identity in events]
        if ids != [f"{turn_id}:{n}" for n in range(1, len(ids) + 1)]:
            self.problems.append(f"{turn_id}: ids {ids}")
        if not events or events[-1][0] not in ("done", "error"):
            self.problems.append(f"{turn_id}: ends with {events[-1:] or 'nothing'}")


def rows(folder, name, statement):
    with contextlib.closing(sqlite3.connect(f"file:{folder}/{name}?mode=ro", uri=True)) as store:
        return store.execute(statement).fetchall()


def check_books(case, folder):
    """Every turn in the store against the ledger, by the rules. How many turns have each status."""
    turns = rows(folder, "turns.db", "SELECT id, user_id, status, receipt, reply FROM turns")
    counts = collections.Counter(status for _, _, status, _, _ in turns)
    case.assertNotIn("running", counts)
    charged = collections.Counter()
    for turn_id, user, status, receipt, reply in turns:
        receipt = json.loads(receipt)
        expected = {"complete": COST, "failed": 0, "interrupted": 0}.get(status)
        if status == "stopped":
            expected = COST if reply else 0
        case.assertEqual(receipt["charged"], expected, (turn_id, status, receipt))
        case.assertEqual(receipt["charged"] + receipt["released"], receipt["held"])
        if status == "complete":
            case.assertTrue(reply)
        charged[user] += receipt["charged"]
    sums = dict(rows(folder, "ledger.db", "SELECT user_id, sum(amount) FROM entries GROUP BY user_id"))
    balances = dict(rows(folder, "ledger.db", "SELECT user_id, balance FROM accounts"))
    case.assertEqual(sums, balances)
    case.assertLessEqual(set(charged), set(balances))
    for user, balance in balances.items():
        case.assertEqual(1000 - balance, charged[user], user)
    case.assertEqual(rows(folder, "ledger.db", "SELECT count(*) FROM holds WHERE end_entry IS NULL"), [(0,)])
    return counts


class Storm(unittest.TestCase):
    def test_a_thousand_turns_of_a_hundred_readers(self):
        with harness.Server(SCRIPT, environment=LIMITS) as server:
            readers = [Reader(server, f"u{n}", 10, n) for n in range(100)]
            threads = [threading.Thread(target=reader.run) for reader in readers]
            started = time.monotonic()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            seconds = time.monotonic() - started
            self.assertEqual([p for r in readers for p in r.problems], [])
            self.assertEqual(server.command("doctor").returncode, 0)
            self.assertEqual(server.stop(), 0)
            counts = check_books(self, server.data)
            asked = {turn_id: plan for reader in readers for turn_id, plan in reader.asked.items()}
            kept = {turn_id for turn_id, in rows(server.data, "turns.db", "SELECT id FROM turns")}
            self.assertEqual(set(asked), kept, "a key used twice is one turn")
            self.assertEqual(set(asked.values()), set(PLANS))
            self.assertGreater(sum(counts.values()), 950)
            for status in ("complete", "stopped", "failed"):
                self.assertGreater(counts[status], 20, counts)
            print(f"storm: {sum(counts.values())} turns in {seconds:.1f} s: {dict(counts)}")

    def test_killed_ten_times(self):
        with tempfile.TemporaryDirectory() as folder:
            data = folder + "/data"
            seen = collections.defaultdict(list)
            chance = random.Random(7)
            heard = 0
            for life in range(10):
                server = harness.Server(SCRIPT, data=data, environment=LIMITS)
                self.addCleanup(server.close)
                if life:
                    self.go_on(server, seen)
                threads = [threading.Thread(target=self.ask_until_killed, args=(server, f"k{n}", life, seen)) for n in range(12)]
                for thread in threads:
                    thread.start()
                time.sleep(chance.uniform(0.3, 1.2))
                server.kill()
                for thread in threads:
                    thread.join()
                server.close()
                heard += sum(len(events) > 0 for events in seen.values())
            with harness.Server(SCRIPT, data=data, environment=LIMITS) as server:
                self.go_on(server, seen)
                self.assertEqual(server.stop(), 0)
                counts = check_books(self, data)
                self.assertGreater(heard, 20, "turns of which a reader had heard the beginning")
                self.assertGreater(counts["interrupted"], 5, counts)
                print(f"killed ten times: {dict(counts)}")

    def ask_until_killed(self, server, user, life, seen):
        try:
            for number in range(100):
                body = {"user_id": user, "character_id": "arieol", "text": f"long {user} {life} {number}"}
                status, _, text = server.request("POST", "/v1/turns", body, {"Idempotency-Key": f"{life}-{number}"}, timeout=20)
                if status != 201:
                    continue
                turn_id = json.loads(text)["turn_id"]
                seen[turn_id] = []
                with server.open("GET", f"/v1/turns/{turn_id}/events", timeout=20) as response:
                    while events := harness.read_event_stream(response, most=1):
                        seen[turn_id] += events
        except (OSError, http.client.HTTPException):
            return

    def go_on(self, server, seen):
        """Every turn that a reader had begun to hear ends properly, and no id comes twice."""
        for turn_id in list(seen):
            heard = seen.pop(turn_id)
            last = heard[-1][2] if heard else None
            status, rest = server.follow(turn_id, last)
            if status == 204:
                self.assertIn(heard[-1][0], ("done", "error"))
                continue
            self.assertEqual(status, 200, turn_id)
            ids = [int(identity.rsplit(":", 1)[1]) for _, _, identity in heard + rest]
            self.assertEqual(ids, sorted(set(ids)), turn_id)
            self.assertIn(rest[-1][0], ("done", "error"))


if __name__ == "__main__":
    unittest.main()
