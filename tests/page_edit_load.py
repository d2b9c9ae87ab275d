"""Edits pages at a steady rate while readers chat, and measures when what was written can be quoted. For page_edits_test.py and
bench/page_edits.py."""
import concurrent.futures
import json
import random
import re
import threading
import time
import urllib.parse

WORLD = "entrance-way"


def line_of(i):
    """A line that stands nowhere else."""
    adjectives = ("patient", "narrow", "forgetful", "amber", "reluctant", "feathered", "sunken", "left-handed")
    things = ("lanterns", "ledgers", "thimbles", "oars", "hinges", "matches", "almanacs")
    return f"The {adjectives[i % 8]} keeper of stair {1000 + i} counted {things[i % 7]} until the bell forgot number {5000 + i}."


def script(edits):
    """A model that quotes the line of edit i when it is asked for xxedit<i>, and chats slowly otherwise."""
    quoting = [{"match": f"xxedit{i}xx", "chunks": [f'They say: "{line_of(i)}" ', "and nothing more is known."]} for i in range(edits)]
    chat = {"chunks": [{"text": f"word{i} ", "delay_ms": 20} for i in range(60)]}
    return {"replies": [*quoting, chat], "max_running": 64, "max_queue": 1000}


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Load:
    def __init__(self, server, edits, rate, readers=4, seed=1):
        self.server, self.edits, self.rate, self.readers = server, edits, rate, readers
        self.random = random.Random(seed)
        listed = server.get_json(f"/pages?world={WORLD}&limit=500")["pages"]
        self.originals = {page["id"]: page["text"] for page in listed}
        self.versions = {page["id"]: page["version"] for page in listed}
        self.problems = []
        self.found, self.verified, self.puts, self.turns = [], [], [], 0
        self.done = threading.Event()

    def text_of(self, page_id, i):
        paragraphs = self.originals[page_id].split("\n\n")
        paragraphs.insert(self.random.randrange(len(paragraphs) + 1), line_of(i))
        return "\n\n".join(paragraphs)

    def write(self, i, page_id, text):
        started = time.monotonic()
        status, _, body = self.server.request("PUT", f"/pages/{page_id}?world={WORLD}", {"text": text})
        answered = time.monotonic()
        if status != 200:
            raise AssertionError(f"PUT {page_id}: {status} {body}")
        self.puts.append(answered - started)
        version = json.loads(body)["version"]
        query = urllib.parse.urlencode({"world": WORLD, "q": line_of(i), "k": 3, "fresh": f"{page_id}@{version}"})
        status, _, body = self.server.request("GET", f"/retrieve?{query}")
        if status != 200 or not any(line_of(i) in hit["quote"] and hit["page_id"] == page_id for hit in json.loads(body)):
            raise AssertionError(f"edit {i} of page {page_id} is not found: {status} {body[:600]}")
        self.found.append(time.monotonic() - started)
        turn = self.server.ask(f"xxedit{i}xx what do they say?", user=f"editor {i}")
        # The last edit of a page stands; an earlier one may have been overtaken meanwhile.
        quotes = [quote for quote in turn.all("quote") if line_of(i) in quote["text"] and quote["page_id"] == page_id and quote["verified"]]
        if quotes:
            self.verified.append(time.monotonic() - started)
        elif self.versions[page_id] == version:
            raise AssertionError(f"edit {i} of page {page_id} is not quoted: {turn.text} {turn.events}")

    def attempt(self, *arguments):
        try:
            self.write(*arguments)
        except Exception as problem:  # told by the test
            self.problems.append(f"{type(problem).__name__}: {problem}")

    def read(self, number):
        turn = 0
        while not self.done.is_set():
            turn += 1
            try:
                if self.server.ask("Why did you climb the tower?", user=f"reader {number} {turn}").status != 200:
                    self.problems.append("a reader was refused")
            except Exception as problem:
                self.problems.append(f"reader: {type(problem).__name__}: {problem}")
            self.turns += 1

    def run(self):
        readers = [threading.Thread(target=self.read, args=(n,)) for n in range(self.readers)]
        for reader in readers:
            reader.start()
        pages = list(self.originals)
        begun = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            last = []
            for i in range(self.edits):
                time.sleep(max(0.0, begun + i / self.rate - time.monotonic()))
                # No page twice within a few seconds: its first edit would be gone before it was looked for.
                fresh = [page for page in pages if page not in last]
                page_id = self.random.choice(fresh)
                last = [*last, page_id][-min(len(pages) // 2, 30):]
                self.versions[page_id] += 1
                pool.submit(self.attempt, i, page_id, self.text_of(page_id, i))
            self.seconds = time.monotonic() - begun
        self.done.set()
        for reader in readers:
            reader.join()
        self.wait_for_vectors()
        return self

    def wait_for_vectors(self):
        deadline = time.monotonic() + 120
        while self.without_vector() and time.monotonic() < deadline:
            time.sleep(0.1)

    def without_vector(self):
        return next(w for w in self.server.get_json("/health")["worlds"] if w["name"] == WORLD)["passages_without_vector"]

    def metric(self, name):
        return sum(float(value) for value in re.findall(rf"^{name}(?:\{{[^}}]*\}})? (\S+)$", self.server.request("GET", "/metrics")[2], re.M))

    def quantile(self, histogram, share):
        """The upper bound of the bucket that holds it."""
        text = self.server.request("GET", "/metrics")[2]
        buckets = [(float(bound), float(count)) for bound, count in re.findall(rf'^{histogram}_bucket{{le="([^"]+)"}} (\S+)$', text, re.M)]
        wanted = share * buckets[-1][1]
        return next(bound for bound, count in buckets if count >= wanted)

    def figures(self):
        told = {"edits": self.edits, "edits_per_second": round(self.edits / self.seconds, 2), "readers": self.readers, "turns_of_readers": self.turns}
        for name, values in (("put", self.puts), ("write_to_found", self.found), ("write_to_quoted_in_a_reply", self.verified)):
            told[name] = {"n": len(values), "p50_s": round(percentile(values, 0.5), 4), "p95_s": round(percentile(values, 0.95), 4), "max_s": round(max(values), 4)}
        told["searchable_after_commit"] = {f"p{int(share * 100)}_s_at_most": self.quantile("gibsey_page_searchable_seconds", share) for share in (0.5, 0.95)}
        told["vectors_lag"] = {f"p{int(share * 100)}_s_at_most": self.quantile("gibsey_page_vectors_seconds", share) for share in (0.5, 0.95)}
        told["passages_embedded_per_edit"] = round(self.metric("gibsey_passages_embedded_total") / self.edits, 3)
        return told
