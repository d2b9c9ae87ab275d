#!/usr/bin/env python3
"""How long a question takes to find its lines, over HTTP, on the bundled world: "Shamrock Stillman" as the first question after a start
(goal: a quote in under 150 ms) and again (under 20 ms), then 1,000 different questions one after the other (goal: 95 % under 20 ms). Each
of those is asked once.

Usage: questions.py [QUESTIONS] [STARTS]; prints JSON, times in ms."""
import http.client
import json
import os
import pathlib
import random
import re
import sys
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
os.environ.setdefault("GIBSEY_PROGRAM", str(ROOT / "build" / "release" / "gibsey"))
sys.path.insert(0, str(ROOT / "tests"))

import harness  # noqa: E402

WORLD = ROOT / "worlds" / "entrance-way"
NAME = "Shamrock Stillman"


def mixed_questions(count):
    """Questions of the world's own files, lines as a reader half remembers them, names."""
    chance = random.Random(17)
    asked = [json.loads(line)["question"] for file in ("questions.jsonl", "unanswerable.jsonl") for line in (WORLD / file).open()]
    asked += [question for questions in json.loads((WORLD / "evaluation_questions.json").read_text()).values() for question in questions]
    pages = [page.read_text() for page in sorted((WORLD / "pages").glob("*.md"))]
    found = dict.fromkeys(asked)
    while len(found) < count:
        words = re.findall(r"[\w'-]+", chance.choice(pages))
        start = chance.randrange(max(1, len(words) - 14))
        line = [word for word in words[start:start + chance.randrange(5, 14)] if chance.random() > 0.15]
        found[" ".join(line)] = None
        names = [word for word in words if word[:1].isupper() and len(word) > 4]
        if names:
            found[f"{chance.choice(('Who is', 'What does', 'Where was', 'Tell me about'))} {chance.choice(names)} {chance.choice(words)}?"] = None
    return list(found)[:count]


class Asker:
    def __init__(self, server):
        self.connection = http.client.HTTPConnection(server.host, server.port, timeout=30)

    def ask(self, question):
        """(milliseconds, hits)"""
        path = "/retrieve?" + urllib.parse.urlencode({"q": question, "world": "entrance-way"})
        started = time.perf_counter()
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - started) * 1000
        if answer.status != 200:
            raise AssertionError(f"{question}: {answer.status} {body[:200]}")
        return took, json.loads(body)


def percentile(values, share):
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 2)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    starts = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    first, again = [], []
    for start in range(starts):
        with harness.Server(harness.scripted("Hello.")) as server:
            asker = Asker(server)
            took, hits = asker.ask(NAME)
            assert hits and any(NAME.split()[0] in hit["quote"] for hit in hits), hits
            first.append(took)
            again += [asker.ask(NAME)[0] for _ in range(10)]
            if start == starts - 1:
                times = [asker.ask(question)[0] for question in mixed_questions(count)]
    print(json.dumps({
        "name, first question after a start": {"n": len(first), "max": round(max(first), 2)},
        "name, again": {"n": len(again), "p50": percentile(again, 0.5), "max": round(max(again), 2)},
        "mixed questions": {"n": len(times), "p50": percentile(times, 0.5), "p95": percentile(times, 0.95), "max": round(max(times), 2),
                            "under 20 ms": round(sum(t < 20 for t in times) / len(times), 4)}}, indent=1))


if __name__ == "__main__":
    main()
