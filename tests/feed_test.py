"""The feed of pages over the wire: order, resuming, two readers, the worker's vectors, and kill -9 in the middle of writing."""
import json
import os
import pathlib
import sqlite3
import tempfile
import threading
import time
import unittest

import harness

WORLD = "entrance-way"


class FeedReader(threading.Thread):
    """Reads /v1/feed/pages until it is closed: changes as (id, data)."""

    def __init__(self, server, after="", last_event_id=None):
        super().__init__(daemon=True)
        self.changes, self.comments, self.status = [], 0, None
        self.server, self.after = server, after
        self.headers = {"Last-Event-ID": last_event_id} if last_event_id is not None else {}
        self.start()

    def run(self):
        try:
            with self.server.open("GET", "/v1/feed/pages" + (f"?after={self.after}" if self.after else ""), headers=self.headers, timeout=30) as response:
                self.status = response.status
                fields = {}
                for raw in response:
                    line = raw.decode().rstrip("\n")
                    if line.startswith(":"):
                        self.comments += 1
                    elif line:
                        name, _, value = line.partition(": ")
                        fields[name] = value
                    elif fields:
                        assert fields["event"] == "page_change", fields
                        self.changes.append((fields["id"], json.loads(fields["data"])))
                        fields = {}
        except OSError:
            pass  # the server was killed

    def wait_for(self, wanted, seconds=60):
        """Until `wanted(changes)`; the changes."""
        harness.wait_until(lambda: wanted(self.changes), seconds)
        return list(self.changes)


def versions(changes, page):
    return [(change["op"], change["version"]) for _, change in changes if change["page_id"] == page]


class Feed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server(harness.scripted("A plain answer."))

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def put(self, page, text):
        status, _, answer = self.server.request("PUT", f"/pages/{page}", {"text": text})
        self.assertIn(status, (200, 201), answer)
        return json.loads(answer)["version"]

    def test_pages_appear_in_order_and_a_reader_resumes(self):
        live = FeedReader(self.server, after="end")
        harness.wait_until(lambda: live.comments)
        written = [self.put("700", f"The lamp was lit {number} times and never once by the same hand.") for number in range(5)]
        self.assertEqual(self.server.request("DELETE", "/pages/700")[0], 204)
        wanted = [("i", 1), *(("u", version) for version in written[1:]), ("d", written[-1])]
        changes = live.wait_for(lambda changes: versions(changes, "700")[-1:] == wanted[-1:])
        self.assertEqual(versions(changes, "700"), wanted)
        own = [(id, change) for id, change in changes if change["page_id"] == "700"]
        self.assertEqual({change["world"] for _, change in own}, {WORLD})
        self.assertEqual([change["seq"] for _, change in own], sorted(change["seq"] for _, change in own))
        for place in (0, 3):
            for how in ({"after": own[place][0]}, {"last_event_id": own[place][0]}):
                again = FeedReader(self.server, **how).wait_for(lambda changes: versions(changes, "700")[-1:] == wanted[-1:])
                self.assertEqual([event for event in again if event[1]["page_id"] == "700"], own[place + 1:])
        whole = FeedReader(self.server).wait_for(lambda changes: versions(changes, "700")[-1:] == wanted[-1:])
        self.assertEqual(versions(whole, "700"), wanted)
        self.assertGreater(len({change["page_id"] for _, change in whole}), 70, "the bundled pages are there from the start")

    def test_what_is_no_position_is_refused(self):
        for path, headers in (("?after=soon", {}), ("", {"Last-Event-ID": "x:y"})):
            status, _, text = self.server.request("GET", "/v1/feed/pages" + path, None, headers)
            self.assertEqual((status, json.loads(text)["field"]), (422, "after"))

    def test_the_lag_is_told(self):
        harness.wait_until(lambda: self.server.get_json("/health")["feed"]["lag_events"] == 0, 60)
        health = self.server.get_json("/health")
        self.assertEqual((health["feed"]["backend"], health["status"]), ("log", "healthy"))
        before = self.counted("worked")
        self.put("701", "Nobody had counted the lamps of the harbour before that winter.")
        harness.wait_until(lambda: self.counted("worked") > before)
        harness.wait_until(lambda: self.server.get_json("/health")["feed"]["lag_events"] == 0, 60)
        self.assertIn("gibsey_feed_lag_seconds 0", self.server.request("GET", "/metrics")[2])

    def counted(self, what):
        text = self.server.request("GET", "/metrics")[2]
        found = [line for line in text.splitlines() if line.startswith(f'gibsey_feed_events_total{{what="{what}"}}')]
        return float(found[0].split()[-1]) if found else 0

    def test_the_bundled_pages_are_as_they_were(self):
        harness.wait_until(lambda: self.server.get_json("/health")["feed"]["lag_events"] == 0, 60)
        self.assertEqual({page["version"] for page in self.server.get_json("/pages?limit=50")["pages"][:20] if page["id"] < "070"}, {1}, "the worker finds nothing to cut in them")


class Kills(unittest.TestCase):
    PAGES, ROUNDS = 40, 3

    def write(self, server, acknowledged, killed):
        """Writes pages in turn until the server is gone; notes each version that was acknowledged."""
        number = 0
        while not killed.is_set():
            page = f"{800 + number % self.PAGES}"
            text = f"Round {number}: the tide table of page {page} was printed on the back of an older one. " * 3
            try:
                status, _, answer = server.request("PUT", f"/pages/{page}", {"text": text}, timeout=10)
            except OSError:
                return
            if status in (200, 201):
                acknowledged.setdefault(page, set()).add(json.loads(answer)["version"])
            number += 1

    def test_a_kill_in_mid_write_loses_nothing(self):
        acknowledged = {}
        with tempfile.TemporaryDirectory() as folder:
            data = pathlib.Path(folder) / "data"
            data.mkdir()
            (data / "pages.db").write_bytes(harness.prepared_pages(str(harness.PROGRAM)).read_bytes())
            for number in range(self.ROUNDS):
                server = harness.Server(harness.scripted("Hello."), data=data)
                killed = threading.Event()
                writer = threading.Thread(target=self.write, args=(server, acknowledged, killed))
                writer.start()
                harness.wait_until(lambda: sum(map(len, acknowledged.values())) > 60 * (number + 1), 120)
                server.kill()
                killed.set()
                writer.join()
            written = sum(map(len, acknowledged.values()))
            self.assertGreater(written, 180)
            with harness.Server(harness.scripted("Hello."), data=data) as server:
                last = {page: server.get_json(f"/pages/{page}")["version"] for page in acknowledged}
                reader = FeedReader(server)
                reader.wait_for(lambda changes: all(versions(changes, page)[-1:] and versions(changes, page)[-1][1] == last[page] for page in last))
                for page, known in acknowledged.items():
                    told = [version for _, version in versions(reader.changes, page)]
                    self.assertEqual(set(range(1, last[page] + 1)), set(told), page)
                    self.assertLessEqual(known, set(told), page)
                    self.assertEqual(told[-1], last[page])
                harness.wait_until(lambda: server.get_json("/health")["feed"]["lag_events"] == 0, 120)
            # Every passage has one vector, and it is of the passage as it is.
            with sqlite3.connect(data / "pages.db") as database:
                missing = database.execute("SELECT count(*) FROM passages p LEFT JOIN page_vectors v ON v.page = p.page AND v.passage = p.number WHERE v.page IS NULL").fetchone()
                stale = database.execute("SELECT count(*) FROM page_vectors v LEFT JOIN passages p ON v.page = p.page AND v.passage = p.number WHERE p.page IS NULL").fetchone()
            self.assertEqual((missing, stale), ((0,), (0,)))


@unittest.skipUnless(os.environ.get("GIBSEY_KAFKA"), "GIBSEY_KAFKA=host:port names no broker")
class OnKafka(unittest.TestCase):
    def test_pages_and_turns_are_on_kafka_and_vectors_come(self):
        name = f"t{int(time.time() * 1000)}"
        with harness.Server(harness.scripted("A plain answer."), environment={
                "KAFKA_BROKERS": os.environ["GIBSEY_KAFKA"], "KAFKA_TOPIC_PAGES": f"{name}.pages", "KAFKA_TOPIC_DEAD": f"{name}.dead",
                "KAFKA_TOPIC_TURNS": f"{name}.turns", "KAFKA_GROUP": name}) as server:
            reader = FeedReader(server)
            status, _, text = server.request("PUT", "/pages/900", {"text": "The pilot kept the harbour's only honest clock under his coat."})
            self.assertEqual(status, 201, text)
            changes = reader.wait_for(lambda changes: versions(changes, "900"))
            self.assertEqual(versions(changes, "900"), [("i", 1)])
            place = next(id for id, change in changes if change["page_id"] == "900")
            server.request("PUT", "/pages/900", {"text": "The pilot has sold it."})
            again = FeedReader(server, last_event_id=place).wait_for(lambda changes: versions(changes, "900"))
            self.assertEqual(versions(again, "900"), [("u", 2)])
            harness.wait_until(lambda: server.get_json("/health")["feed"]["lag_events"] == 0, 60)
            server.ask("Hello feed", user="fed")
            health = server.get_json("/health")
            self.assertEqual((health["feed"]["backend"], health["services"]["kafka"]), ("kafka", "connected"))
            hit = server.get_json("/retrieve?q=the+pilot+has+sold+it")[0]
            self.assertEqual(hit["page_id"], "900")
            harness.wait_until(lambda: server.get_json("/retrieve?q=the+pilot+has+sold+it")[0]["vector_score"] > 0, 30)


if __name__ == "__main__":
    unittest.main()
