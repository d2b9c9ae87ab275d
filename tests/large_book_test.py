"""A book that is searched from files (GIBSEY_LARGE_BOOK): kill -9 at any moment of indexing, between edits too; afterwards it answers
with what the store has."""
import json
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest
import urllib.parse

import harness

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


def write_book(folder, pages):
    book = pathlib.Path(folder) / "library.jsonl"
    rows = [{"id": f"{number:04}", "title": f"Page {number}", "chapter": f"Part {number // 50}", "text": page_text(number, 0)}
            for number in range(pages)]
    book.write_text("\n".join(json.dumps(row) for row in rows))
    return book


class OnFiles:
    """A book that is searched from files; what was done to it, and whether it answers so."""
    pages = 700
    settings = {"GIBSEY_LARGE_BOOK": "100", "GIBSEY_EMBEDDER": "off"}

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="gibsey-large-")
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        self.data = pathlib.Path(self.folder) / "data"
        self.index = self.data / "index" / "library"
        self.edition = dict.fromkeys(range(self.pages), 0)
        self.removed = set()
        done = subprocess.run([harness.PROGRAM, "ingest", "--world", "library", str(write_book(self.folder, self.pages)), "--data", str(self.data)],
                              capture_output=True, text=True, timeout=300, env=harness.environment_of(self.settings))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.stored = self.page_ids()
        self.assertEqual(len(self.stored), self.pages)

    def page_ids(self):
        with sqlite3.connect(self.data / "pages.db") as db:
            rows = db.execute("SELECT id FROM pages WHERE world = 'library' ORDER BY \"order\", id").fetchall()
        return [row[0] for row in rows]

    def start(self):
        return harness.Server(harness.scripted("Hello."), data=self.data, environment=self.settings)

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

    def index_told(self, server):
        return next(world for world in server.get_json("/health")["worlds"] if world["name"] == "library").get("index")

    def check_no_litter(self):
        """A manifest and the files that it names; nothing of a build that was killed."""
        names = sorted(path.name for path in self.index.iterdir())
        manifest = json.loads((self.index / "manifest.json").read_text())
        self.assertEqual(names, sorted(["manifest.json", manifest["generation"]]))
        kept = sorted(path.name for path in (self.index / manifest["generation"]).iterdir())
        self.assertEqual(kept, sorted(f"{segment}.{kind}" for segment in manifest["segments"] for kind in ("text", "vectors", "passages")))

    def kill_while_starting(self, wait):
        """Starts it, waits by `wait()`, kills it. Whether it was killed before it was ready."""
        script = pathlib.Path(self.folder) / "script.json"
        script.write_text(json.dumps(harness.scripted("Hello.")))
        process = subprocess.Popen([harness.PROGRAM, "serve", "--port", "0", "--data", str(self.data), "--script", str(script)],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=harness.environment_of(self.settings), cwd=self.folder)
        try:
            wait()
        finally:
            process.send_signal(signal.SIGKILL)
            output, _ = process.communicate()
        return b"ready at" not in output


class LargeBook(OnFiles, unittest.TestCase):
    KILLS = 20

    def test_kill_9_at_any_moment_of_indexing(self):
        rng = random.Random(8)
        started = time.monotonic()
        with self.start() as server:
            whole_start = time.monotonic() - started
            self.check(server, rng.sample(range(self.pages), 10))
        self.check_no_litter()
        early = 0
        for kill in range(self.KILLS):
            if kill % 2 == 0:  # every other time the index is to be made from the start
                (self.index / "manifest.json").unlink()
            seconds = rng.uniform(0.1, 1.1) * whole_start
            early += self.kill_while_starting(lambda: time.sleep(seconds))
            with self.start() as server:
                self.check(server, rng.sample(range(self.pages), 5))
                edited = rng.sample(range(self.pages), 3)
                for number in edited:
                    self.edit(server, number)
                if kill % 3 == 0:
                    harness.wait_until(lambda: all(self.is_as_stored(server, number) for number in edited), 10)
                server.kill()
            with self.start() as server:
                self.check(server, edited + rng.sample(range(self.pages), 5))
            self.check_no_litter()
        self.assertGreater(early, self.KILLS // 4, "most came when it was ready: not where it hurts")

    def test_a_line_of_a_page_is_found_word_for_word(self):
        with self.start() as server:
            line = page_text(3, 0).split(". ")[0] + "."
            hits = self.found(server, 3, 0)
            self.assertIn(line, hits[0]["quote"])
            self.assertTrue((self.index / "manifest.json").exists())
            kept = sum(path.stat().st_size for path in self.index.glob("*/*.*"))
            self.assertEqual(self.index_told(server), {"bytes": kept, "passages_since": 0, "rebuilding": False})
            for number in range(3):
                self.edit(server, number)
            harness.wait_until(lambda: self.index_told(server)["passages_since"] > 0)
            metrics = server.request("GET", "/metrics")[2]
            self.assertIn(f'gibsey_index_passages_since{{world="library"}} {self.index_told(server)["passages_since"]}', metrics)
            self.assertIn('gibsey_index_rebuilding{world="library"} 0', metrics)


class GraphOfALargeBook(OnFiles, unittest.TestCase):
    """With the vectors of the real embedder: kill -9 while their graph is made, which comes last of a segment."""
    pages = 300
    settings = {"GIBSEY_LARGE_BOOK": "100"}
    KILLS = 5

    def graph_is_made(self):
        """The text of a segment of a generation that no manifest names is written."""
        manifest = self.index / "manifest.json"
        valid = json.loads(manifest.read_text())["generation"] if manifest.exists() else ""
        return any(path.parent.name != valid for path in self.index.glob("*/000.text"))

    @staticmethod
    def watch(condition):
        """The graph of so small a book takes some milliseconds."""
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline, "no index is made"
            time.sleep(0.0002)

    def without_vector(self, server):
        return next(world for world in server.get_json("/health")["worlds"] if world["name"] == "library")["passages_without_vector"]

    def test_kill_9_while_the_graph_is_made(self):
        rng = random.Random(9)
        seconds = []
        # How long the graph takes: from its text's file to the manifest.
        def whole():
            self.watch(self.graph_is_made)
            begun = time.monotonic()
            self.watch((self.index / "manifest.json").exists)
            seconds.append(time.monotonic() - begun)
        self.kill_while_starting(whole)
        early = 0
        for _ in range(self.KILLS):
            shutil.rmtree(self.index)
            def partly():
                self.watch(self.graph_is_made)
                time.sleep(rng.uniform(0, 0.9) * seconds[0])
            self.kill_while_starting(partly)
            early += not (self.index / "manifest.json").exists()
            with self.start() as server:
                harness.wait_until(lambda: not self.without_vector(server), 60, lambda: self.without_vector(server))
                self.check(server, rng.sample(range(self.pages), 5))
                edited = rng.sample(range(self.pages), 3)
                for number in edited:
                    self.edit(server, number)
                server.kill()
            with self.start() as server:
                self.check(server, edited)
                harness.wait_until(lambda: not self.without_vector(server), 60, lambda: self.without_vector(server))
        self.assertGreater(early, 0, "all came when the index was made: not where it hurts")
        self.check_no_litter()
        self.check_against_memory(rng.sample(range(self.pages), 12))

    def check_against_memory(self, numbers):
        """The same first line as of a book that is held in memory, for what is asked for in other words, too."""
        def answers():
            with self.start() as server:
                return [[(hit["page_id"], hit["quote"]) for hit in self.found(server, number, self.edition[number])[:1]] for number in numbers] + [
                    server.get_json("/retrieve?world=library&k=1&q=" + urllib.parse.quote(f"Who was in charge of chamber {number} while the water was high?"))[0]["page_id"]
                    for number in numbers]
        from_files = answers()
        self.settings = {"GIBSEY_LARGE_BOOK": "0"}
        in_memory = answers()
        same = sum(a == b for a, b in zip(from_files, in_memory))
        self.assertGreaterEqual(same, len(in_memory) - 2, list(zip(from_files, in_memory)))


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
