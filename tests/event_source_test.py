"""Two clients in a real browser: its EventSource on a turn whose connection breaks in mid-stream, and the WebSocket page at /test."""
import json
import shutil
import unittest

import cutting_relay
import harness
from node_steps import WEB, Steps, chromium

SLOW = [{"text": f"word{i}" if i == 0 else f" word{i}", "delay_ms": 60} for i in range(60)]
# In capitals: the book's lines are in the prompt too.
SCRIPT = {"replies": [
    harness.breaking("BREAKS"),
    {"match": "PLAIN", "chunks": ["A plain ", "answer."]},
    {"match": "LINES", "chunks": [*SLOW[:20], {"text": " first\nsecond\r\n\n  third ", "delay_ms": 60}, *SLOW[20:40]]},
    {"chunks": SLOW},
], "max_running": 16}
WHOLE = " ".join(f"word{i}" for i in range(60))


@unittest.skipUnless(chromium(), "there is no chromium; install it or set CHROMIUM")
@unittest.skipUnless(shutil.which("node") and (WEB / "node_modules/playwright-core").exists(),
                     "node or web/node_modules is missing: run make")
class Browser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server(SCRIPT)

    @classmethod
    def tearDownClass(cls):
        harness.end_cleanly(cls.server)

    def start(self, script, address, **environment):
        return Steps(self, script, CHROMIUM=chromium(), GIBSEY_URL=address, **environment)

    def watch(self, relay, cuts):
        """Asks the questions in `cuts` (question -> Cut or None), and gives (turn ids by question, what EventSource heard)."""
        steps = self.start("event_source", relay.address, QUESTIONS=json.dumps(list(cuts)))
        turns = {question: turn for turn, question in json.loads(steps.line()).items()}
        relay.cuts.update({turns[question]: cut for question, cut in cuts.items() if cut})
        steps.tell("go")
        return turns, steps.result()

    def test_an_event_source_survives_cuts(self):
        relay = cutting_relay.CuttingRelay(self.server.host, self.server.port)
        self.addCleanup(relay.close)
        cuts = {"slow, whole": None, "slow, cut between events": cutting_relay.Cut(10),
                "slow, cut inside an event": cutting_relay.Cut(15, extra=20), "slow, reset": cutting_relay.Cut(7, extra=3, reset=True),
                "LINES, cut before them": cutting_relay.Cut(20)}
        turns, heard = self.watch(relay, cuts)
        self.assertEqual(relay.cuts, {}, "every cut was made")
        for question, turn_id in turns.items():
            with self.subTest(question):
                self.check_stream(turn_id, heard[question], relay.streams[turn_id], cut=cuts[question] is not None)

    def check_stream(self, turn_id, heard, asked, cut):
        record = self.server.get_json("/v1/turns/" + turn_id)
        events = heard["events"]
        text = "".join(event["data"] for event in events if event["type"] == "token")
        self.assertEqual(text, record["reply"].replace("\r\n", "\n"))
        self.assertTrue(record["reply"].startswith("word0 word1 "), record["reply"])
        self.assertEqual("\n  third" in text, "LINES" in record["question"], "line breaks inside a token arrive")
        numbers = [int(event["id"].removeprefix(turn_id + ":")) for event in events]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)), "each event once, none left out")
        kinds = [event["type"] for event in events]
        self.assertEqual([kinds[0], kinds[-1]], ["turn", "done"])
        self.assertNotIn("error", kinds)
        # One stream, or two where it was cut; then one more that is answered with 204, which ends the source.
        self.assertEqual(heard["opened"], 2 if cut else 1)
        self.assertEqual(heard["state"], 2, "closed")
        self.assertEqual(len(asked), heard["opened"] + 1)
        self.assertEqual(asked[0], None)
        self.assertEqual(asked[-1], events[-1]["id"])
        if cut:
            self.assertRegex(asked[1], f"^{turn_id}:\\d+$")
            self.assertLess(int(asked[1].split(":")[1]), numbers[-1])

    def test_the_page_at_test(self):
        told = self.start("socket_page", self.server.address).result()
        self.assertEqual(told["connected"], "connected")
        self.assertEqual(told["chosen"], "london-fox")
        self.assertIn("arieol", told["characters"])
        self.assertIn(WHOLE, told["reply"])
        self.assertGreater(told["steps"], 5, "the reply grows before the reader's eyes")
        self.assertIn("word3", told["stopped"])
        self.assertNotIn("word59", told["stopped"])
        self.assertIn("No reply", told["ended"])
        self.assertIn("'prompt'", told["refused"])
        self.assertIn("the model went away", told["broken"]["data"]["message"])
        self.assertIn("A plain answer.", told["again"])
        self.assertEqual(told["faults"], [])


if __name__ == "__main__":
    unittest.main()
