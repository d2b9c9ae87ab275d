"""Anybody's claim that words stand in the book: over HTTP and from the command line."""
import unittest

import harness


class QuoteVerify(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server(script=harness.scripted("Well."))
        cls.page = cls.server.get_json("/pages/007")
        cls.line = cls.server.get_json("/retrieve?q=Why+did+you+climb+the+tower")[0]

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def verify(self, claim, status=200, **more):
        answered, _, text = self.server.request("POST", "/v1/quotes/verify", {"claim": claim, **more})
        self.assertEqual(answered, status, text)
        return harness.json.loads(text)

    def test_claims_true_and_false(self):
        for claim in (self.line["quote"], f'"{self.line["quote"]}"', self.line["quote"].replace(" ", "\n  ").replace("'", "\u2019")):
            found = self.verify(claim)
            self.assertTrue(found["verbatim"], claim)
            page = self.server.get_json(f"/pages/{found['page_id']}")
            self.assertEqual(page["text"][found["start"]:found["end"]], found["text"])
        false = self.verify(self.line["quote"].replace(" ", " never ", 1))
        self.assertFalse(false["verbatim"])
        self.assertEqual(false["page_id"], self.line["page_id"], "the nearest line is the one that was changed")
        page = self.server.get_json(f"/pages/{false['page_id']}")
        self.assertEqual(page["text"][false["start"]:false["end"]], false["text"])

    def test_bad_input_is_told(self):
        self.assertIn("claim", self.verify("", 422)["detail"])
        self.assertIn("no world 'nowhere'", self.verify("The tower", 404, world="nowhere")["detail"])
        self.assertIn("has no book", self.verify("The tower", 404, world="sarah")["detail"])

    def test_the_command(self):
        done = self.server.command("quote", "verify", self.line["quote"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"p. {self.line['label']}", done.stdout)
        done = self.server.command("quote", "verify", "The tower was sold for a herring and a song.", "--world", "entrance-way")
        self.assertEqual(done.returncode, 1)
        self.assertIn("stands on no page", done.stdout)


if __name__ == "__main__":
    unittest.main()
