"""The cited chat of seed 002 over the wire."""
import json
import unittest

import harness

SCRIPT = {"replies": [
    {"match": "numbers", "chunks": ["It adds sustain [1", "], keeps transients [2][9", "9] and costs nothing [", "0]."]},
    {"match": "breaks", "chunks": ["It ", "begins"], "error": {"after_chunks": 1, "code": "unavailable", "message": "gone"}},
    {"chunks": ["Use a [1] slow attack."]},
]}


class Cited(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server(SCRIPT)

    @classmethod
    def tearDownClass(cls):
        harness.end_cleanly(cls.server)

    def test_sources_tokens_and_done(self):
        status, events = self.server.chat("How does parallel compression work in numbers?")
        self.assertEqual(status, 200)
        self.assertEqual(events[0][0], "sources")
        sources = json.loads(events[0][1])
        self.assertGreater(len(sources), 1)
        self.assertLessEqual(len(sources), 10)
        for number, source in enumerate(sources, 1):
            self.assertEqual(set(source), {"number", "title", "slug", "creator_name", "topic_category", "summary", "section_anchor", "section_heading",
                                           "source_video_id", "start_time", "end_time", "video_filename", "page_id"})
            self.assertEqual(source["number"], number)
            self.assertLessEqual(len(source["summary"]), 200)
            page = self.server.get_json(f"/pages/{source['page_id']}?world=chrysopedia")
            self.assertIn(source["summary"], page["text"])
        text = "".join(data for kind, data, _ in events if kind == "token")
        self.assertEqual(text, "It adds sustain [1], keeps transients [2] and costs nothing.")
        self.assertEqual(events[-1][0], "done")
        done = json.loads(events[-1][1])
        self.assertEqual((done["cascade_tier"], done["fallback_used"]), ("hybrid", False))
        self.assertRegex(done["conversation_id"], r"^[0-9a-f]{32}$")

    def test_a_creator_filters_the_search_and_an_unknown_one_does_not(self):
        creators = [c for c in self.server.get_json("/characters?world=chrysopedia") if c["char_id"]]
        self.assertEqual(len(creators), 3)
        for creator in creators:
            _, events = self.server.chat("How do I use compression on drums?", creator=creator["display_name"], personality_weight=0.9)
            self.assertEqual({s["creator_name"] for s in json.loads(events[0][1])}, {creator["display_name"]})
        _, events = self.server.chat("How do I use compression on drums?", creator="Nobody At All")
        self.assertGreater(len(json.loads(events[0][1])), 0)
        self.assertEqual(events[0][1], self.server.chat("How do I use compression on drums?")[1][0][1])

    def test_errors_are_events(self):
        _, events = self.server.chat("this breaks the compressor")
        self.assertEqual(events[-1][0], "error")
        self.assertEqual(json.loads(events[-1][1])["message"], "LLM generation failed")
        self.assertEqual(self.server.chat("x", personality_weight=1.5)[0], 422)
        self.assertEqual(self.server.chat("")[0], 422)

    def test_usage_is_logged_and_history_kept(self):
        _, events = self.server.chat("What is a slow attack?", user_id="logged")
        conversation = json.loads(events[-1][1])["conversation_id"]
        self.server.chat("And a fast one?", user_id="logged", conversation_id=conversation)
        record = self.server.get_json(f"/v1/conversations/{conversation}")["turns"][1]
        self.assertIn("1 earlier exchanges", record["context"]["included"])
        self.assertAlmostEqual(record["trace"]["temperature"], 0.3)
        logged = lambda: [row for row in self.server.get_json("/v1/usage")["rows"] if row["user_id"] == "logged"]
        harness.wait_until(lambda: len(logged()) >= 2, told=logged)  # a row is written after its reader has heard the end
        rows = logged()
        self.assertEqual([r["query"] for r in rows], ["And a fast one?", "What is a slow attack?"])
        self.assertGreater(rows[0]["total_tokens"], 0)
        self.assertEqual(rows[0]["client_ip"], "127.0.0.1")


if __name__ == "__main__":
    unittest.main()
