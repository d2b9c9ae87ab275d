"""`gibsey eval`: a small set in BEIR layout and one of claims, and folders that are none."""
import json
import pathlib
import re
import subprocess
import tempfile
import unittest

import harness

PAGES = {
    "a#1": ("a", "The lamp in the tower went out at ten. Arieol carried the owl down the stair and set it on the sill."),
    "a#2": ("a", "Shamrock drank his scotch by the window. He listened to the ice, and the barometer fell while he waited."),
    "b#1": ("b", "The baker rose before the sun and kneaded the dough. Nobody in the village owned a finer oven than he did."),
    "b#2": ("b", "At noon the miller's daughter came for her bread. She paid with a silver button and would not say whose."),
}
QUERIES = [("q1", "Who carried the owl down the stair?", "a", "a#1"), ("q2", "What did Shamrock drink by the window?", "a", "a#2"),
           ("q3", "Who kneaded the dough before the sun rose?", "b", "b#1"), ("q4", 'Where is "paid with a silver button"?', "b", "b#2")]


def lines(objects):
    return "".join(json.dumps(one) + "\n" for one in objects)


class Eval(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.set = pathlib.Path(self.folder.name) / "tales"
        self.set.mkdir()
        (self.set / "corpus.jsonl").write_text(lines({"_id": id, "title": book, "text": text} for id, (book, text) in PAGES.items()))
        (self.set / "queries.jsonl").write_text(
            lines({"_id": id, "text": text, "metadata": {"story": book}} for id, text, book, _ in QUERIES))
        (self.set / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(f"{id}\t{page}\t1\n" for id, _, _, page in QUERIES))

    def eval(self, *arguments, status=0):
        done = subprocess.run([harness.PROGRAM, "--data", self.folder.name + "/data", "eval", *map(str, arguments)],
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout if status == 0 else done.stdout + done.stderr

    def test_a_small_set_by_text(self):
        out = self.eval("retrieval", "--text", self.set)
        self.assertIn("tales: 4 questions, 2 books, 4 pages", out)
        for signal in ("BM25, passage", "BM25, page", "word pairs, page", "text", "lines"):
            row = re.search(rf"^  {signal} +([\d.]+) +([\d.]+) +([\d.]+) +(\d+) of (\d+)$", out, re.M)
            self.assertIsNotNone(row, signal + "\n" + out)
            self.assertEqual(row[4], row[5], "a quotation that does not stand: " + row[0])
        self.assertRegex(out, r"text +1\.0000 +1\.0000 +1\.0000")
        self.assertRegex(out, r"fused less the best single signal \(.*\): [+-]\d\.\d{4}, 95 % interval [+-]\d\.\d{4} to [+-]\d\.\d{4}")
        self.assertRegex(out, r"asked of their own book +1\.000 \(4 of 4\)")
        self.assertRegex(out, r"asked of another book +0\.000 \(0 of 4\)")
        self.assertEqual(out.splitlines()[:-1], self.eval("retrieval", "--text", self.set).splitlines()[:-1], "the seed is fixed")

    def test_halves_part_the_books(self):
        found = [int(re.search(r"(\d+) questions", text)[1]) if text.startswith("tales") else 0
                 for text in (self.eval("retrieval", "--text", "--half", half, self.set) for half in ("first", "second"))]
        self.assertEqual(sum(found), 4)

    def test_without_a_shared_title_all_pages_are_one_book(self):
        (self.set / "queries.jsonl").write_text(lines({"_id": id, "text": text} for id, text, _, _ in QUERIES))
        self.assertIn("4 questions, 1 books, 4 pages", self.eval("retrieval", "--text", self.set))

    def test_the_bundled_world_is_a_set(self):
        out = self.eval("retrieval", "--text", "--limit", "30", harness.ROOT / "worlds/entrance-way")
        self.assertIn("30 questions, 1 books, 74 pages", out)
        self.assertRegex(out, r"questions without an answer +[\d.]+ \(\d+ of 50\)")

    def test_folders_that_are_none(self):
        self.assertIn("is no folder", self.eval("retrieval", "--text", self.set / "absent", status=2))
        (self.set / "qrels.tsv").unlink()
        self.assertIn("it has no qrels.tsv", self.eval("retrieval", "--text", self.set, status=2))
        self.assertIn("it has no claims.jsonl", self.eval("quotes", self.set, status=2))

    def test_a_line_that_cannot_be_read_is_named(self):
        (self.set / "queries.jsonl").write_text('{"_id": "q1", "text": "owl"}\n{"_id": \n')
        self.assertRegex(self.eval("retrieval", "--text", self.set, status=2), r"queries\.jsonl:2: no JSON object")
        (self.set / "claims.jsonl").write_text('{"claim": "x", "novel": "a", "mode": "exact"}\n')
        self.assertRegex(self.eval("quotes", self.set, status=2), r"claims\.jsonl:1: does not say whether")

    def test_claims_by_kind(self):
        claims = pathlib.Path(self.folder.name) / "claims"
        claims.mkdir()
        rows = [{"novel": "a", "page": "a#1", "claim": "The lamp in the tower went out", "mode": "fragment", "verbatim": True},
                {"novel": "a", "page": "a#1", "claim": "The lamp in the tower went off", "mode": "altered", "verbatim": False}]
        (claims / "claims.jsonl").write_text(lines(rows))
        out = self.eval("quotes", claims)
        self.assertRegex(out, r"altered +1 +0 +0 +0\n  fragment +1 +0 +0 +0\n  all +2 +0 +0 +0\n")
        rows[1]["verbatim"] = True
        (claims / "claims.jsonl").write_text(lines(rows))
        self.assertIn("wrong: altered: The lamp in the tower went off", self.eval("quotes", claims, status=1))
        rows[0]["novel"] = "c"
        (claims / "claims.jsonl").write_text(lines(rows))
        self.assertIn("has the books of its claims", self.eval("quotes", claims, status=2))


if __name__ == "__main__":
    unittest.main()
