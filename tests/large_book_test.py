"""A book that is searched from files (GIBSEY_LARGE_BOOK): kill -9 at any moment of indexing, between edits too; afterwards it answers
with what the store has."""
import json
import pathlib
import random
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest
import urllib.parse

import harness

PAGES = 700
KILLS = 20
SETTINGS = {"GIBSEY_LARGE_BOOK": "100", "GIBSEY_EMBEDDER": "off"}
SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu".split()


def name(number):
    """A word that stands on one page alone."""
    letters = []
    for _ in range(4):
        number, rest = divmod(number, len(SYLLABLES))
        letters.append(SYLLABLES[rest])
    return "".join(letters).capitalize() + "x"


def page_text(number, edition):
    rng = random.Random(number * 1000 + edition)
    words = [" ".join(rng.choice("the of tower lamp sea gate clock rain bell stair keeper road salt mirror".split()) for _ in range(12))
             for _ in range(14)]
    line = f"The warden {name(number * 40 + edition)} kept the brass key of room {number} until the tide went out."
    return line + " " + " ".join(sentence.capitalize() + "." for sentence in words)


def write_book(folder):
    book = pathlib.Path(folder) / "library.jsonl"
    rows = [{"id": f"{number:04}", "title": f"Page {number}", "chapter": f"Part {number // 50}", "text": page_text(number, 0)}
            for number in range(PAGES)]
    book.write_text("\n".join(json.dumps(row) for row in rows))
    return book


class LargeBook(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="gibsey-large-")
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        self.data = pathlib.Path(self.folder) / "data"
        self.index = self.data / "index" / "library"
        self.edition = dict.fromkeys(range(PAGES), 0)
        self.removed = set()
        done = subprocess.run([harness.PROGRAM, "ingest", "--world", "library", str(write_book(self.folder)), "--data", str(self.data)],
                              capture_output=True, text=True, timeout=300, env=harness.environment_of(SETTINGS))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.stored = self.page_ids()
        self.assertEqual(len(self.stored), PAGES)

    def page_ids(self):
        with sqlite3.connect(self.data / "pages.db") as db:
            rows = db.execute("SELECT id FROM pages WHERE world = 'library' ORDER BY \"order\", id").fetchall()
        return [row[0] for row in rows]

    def start(self):
        return harness.Server(harness.scripted("Hello."), data=self.data, environment=SETTINGS)

    def found(self, server, number, edition):
        query = f"Who was the warden {name(number * 40 + edition)}?"
        return server.get_json("/retrieve?world=library&q=" + urllib.parse.quote(query))

    def is_quoted(self, server, number, edition):
        return any(name(number * 40 + edition) in hit["quote"] for hit in self.found(server, number, edition))

    def is_as_stored(self, server, number):
        """What is asked for stands on its page, and what was there before is gone."""
        edition = self.edition[number]
        if self.is_quoted(server, number, edition) != (number not in self.removed):
            return False
        return edition == 0 or not self.is_quoted(server, number, edition - 1)

    def check(self, server, numbers):
        wrong = [number for number in numbers if not self.is_as_stored(server, number)]
        self.assertEqual(wrong, [])

    def edit(self, server, number):
        if number in self.removed:
            return
        if number % 5 == 4:
            status, _, text = server.request("DELETE", f"/pages/{self.stored[number]}?world=library")
            self.assertIn(status, (200, 204), text)
            self.removed.add(number)
            return
        edition = self.edition[number] + 1
        status, _, text = server.request("PUT", f"/pages/{self.stored[number]}?world=library", {"text": page_text(number, edition)})
        self.assertIn(status, (200, 201), text)
        self.edition[number] = edition

    def check_no_litter(self):
        """A manifest and the files that it names; nothing of a build that was killed."""
        names = sorted(path.name for path in self.index.iterdir())
        manifest = json.loads((self.index / "manifest.json").read_text())
        self.assertEqual(names, sorted(["manifest.json", manifest["generation"]]))
        kept = sorted(path.name for path in (self.index / manifest["generation"]).iterdir())
        self.assertEqual(kept, sorted(f"{segment}.{kind}" for segment in manifest["segments"] for kind in ("text", "vectors", "passages")))

    def kill_while_starting(self, seconds):
        """Whether it was killed before it was ready."""
        script = pathlib.Path(self.folder) / "script.json"
        script.write_text(json.dumps(harness.scripted("Hello.")))
        process = subprocess.Popen([harness.PROGRAM, "serve", "--port", "0", "--data", str(self.data), "--script", str(script)],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=harness.environment_of(SETTINGS), cwd=self.folder)
        try:
            time.sleep(seconds)
        finally:
            process.send_signal(signal.SIGKILL)
            output, _ = process.communicate()
        return b"ready at" not in output

    def test_kill_9_at_any_moment_of_indexing(self):
        rng = random.Random(8)
        started = time.monotonic()
        with self.start() as server:
            whole_start = time.monotonic() - started
            self.check(server, rng.sample(range(PAGES), 10))
        self.check_no_litter()
        early = 0
        for kill in range(KILLS):
            if kill % 2 == 0:  # every other time the index is to be made from the start
                (self.index / "manifest.json").unlink()
            early += self.kill_while_starting(rng.uniform(0.1, 1.1) * whole_start)
            with self.start() as server:
                self.check(server, rng.sample(range(PAGES), 5))
                edited = rng.sample(range(PAGES), 3)
                for number in edited:
                    self.edit(server, number)
                if kill % 3 == 0:
                    harness.wait_until(lambda: all(self.is_as_stored(server, number) for number in edited), 10)
                server.kill()
            with self.start() as server:
                self.check(server, edited + rng.sample(range(PAGES), 5))
            self.check_no_litter()
        self.assertGreater(early, KILLS // 4, "most came when it was ready: not where it hurts")

    def test_a_line_of_a_page_is_found_word_for_word(self):
        with self.start() as server:
            line = page_text(3, 0).split(". ")[0] + "."
            hits = self.found(server, 3, 0)
            self.assertIn(line, hits[0]["quote"])
            self.assertTrue((self.index / "manifest.json").exists())


class QuotationsOfALargeBook(unittest.TestCase):
    """Nothing of the book is held in memory, so a quotation is looked for in the files and read from the store."""
    INVENTED = "The clockmaker sold his left hand to the sea for eleven tickets."

    def start(self, reply):
        return harness.Server(harness.scripted(reply), environment={"GIBSEY_LARGE_BOOK": "1", "GIBSEY_EMBEDDER": "off"})

    def lines(self, server, query):
        return [hit["quote"] for hit in server.get_json("/retrieve?q=" + urllib.parse.quote(query))]

    def other_line(self, server, question):
        """A line that is not among those that are found for a question."""
        found = self.lines(server, question)
        other = self.lines(server, "How many copies of the visitor's copy were printed?")
        return next(line for line in other if line not in found and '"' not in line and "\u201c" not in line)

    def verify(self, server, claim):
        status, _, text = server.request("POST", "/v1/quotes/verify", {"claim": claim})
        self.assertEqual(status, 200, text)
        return json.loads(text)

    def test_a_model_quotes_what_was_not_found_and_what_nobody_wrote(self):
        question = "Why did you climb the tower?"
        with self.start("Hello.") as server:
            line = self.other_line(server, question)
        with self.start(f'It says "{line}" and also "{self.INVENTED}" so I went.') as server:
            turn = server.ask(question)
            self.assertEqual(turn.status, 200)
            quoted = [quote for quote in turn.all("quote") if quote["text"].strip(".") == line.strip(".")]
            self.assertEqual(len(quoted), 1, turn.all("quote"))
            self.assertIn(f'also {self.INVENTED}', turn.text)
            self.assertFalse(any(self.INVENTED[:20] in quote["text"] for quote in turn.all("quote")))
            self.assertTrue(self.verify(server, line)["verbatim"])
            invented = self.verify(server, self.INVENTED)
            self.assertFalse(invented["verbatim"])
            self.assertIsNotNone(invented["text"], "the nearest line")


if __name__ == "__main__":
    unittest.main()
