#!/usr/bin/env python3
"""What do edits cost those who chat? 100 chats of five different questions each begin evenly spread over the time that 3,000 page edits take, and as
many without an edit, half of them before and half after.

Usage: edits_during_chats.py [--edits N] [--rate N] [--chats N] [--model]; prints JSON: seconds from the question to the reply's first token. With
--model the bundled model replies in the program itself, one question a chat; otherwise a scripted one of 50 tokens a second. Goal: p95 with the
edits at most 1.5 times p95 without."""
import argparse
import json
import os
import pathlib
import random
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
os.environ.setdefault("GIBSEY_PROGRAM", str(ROOT / "build" / "release" / "gibsey"))
sys.path.insert(0, str(ROOT / "tests"))

import harness  # noqa: E402
from page_edit_load import WORLD, line_of, percentile  # noqa: E402
from questions import mixed_questions  # noqa: E402


class Chats:
    """So many of them, each begun `gap` seconds after the one before."""

    def __init__(self, server, questions, count, gap, questions_each):
        self.first_tokens, self.problems = [], []
        self.begun = time.monotonic()
        self.threads = [threading.Thread(target=self.chat, args=(server, n, [questions.pop() for _ in range(questions_each)], self.begun + n * gap))
                        for n in range(count)]
        for thread in self.threads:
            thread.start()

    def chat(self, server, number, questions, start):
        time.sleep(max(0.0, start - time.monotonic()))
        for question in questions:
            try:
                turn = server.ask(question, user=f"reader {number}")
            except Exception as problem:
                self.problems.append(f"{type(problem).__name__}: {problem}")
                continue
            if turn.status != 200 or turn.first_token_seconds is None:
                self.problems.append(f"{turn.status} {turn.body} {turn.events[-1:]}")
            else:
                self.first_tokens.append(turn.first_token_seconds)

    def join(self):
        for thread in self.threads:
            thread.join()
        return self


class Edits:
    """Each of a page of the book in turn, which gets a line of its own; at a steady rate, on eight connections."""

    def __init__(self, server, count, rate):
        self.server, self.rate, self.left, self.lock = server, rate, iter(range(count)), threading.Lock()
        self.texts = {page["id"]: page["text"] for page in server.get_json(f"/pages?world={WORLD}&limit=500")["pages"]}
        self.pages, self.times, self.problems = list(self.texts), [], []
        self.begun = time.monotonic()
        self.threads = [threading.Thread(target=self.work) for _ in range(8)]
        for thread in self.threads:
            thread.start()

    def work(self):
        chance = random.Random(threading.get_ident())
        while (i := self.take()) is not None:
            time.sleep(max(0.0, self.begun + i / self.rate - time.monotonic()))
            page = self.pages[i % len(self.pages)]
            paragraphs = self.texts[page].split("\n\n")
            paragraphs.insert(chance.randrange(len(paragraphs) + 1), line_of(i))
            started = time.monotonic()
            status, _, body = self.server.request("PUT", f"/pages/{page}?world={WORLD}", {"text": "\n\n".join(paragraphs)})
            if status != 200:
                self.problems.append(f"PUT {page}: {status} {body}")
            self.times.append(time.monotonic() - started)

    def take(self):
        with self.lock:
            return next(self.left, None)

    def join(self):
        for thread in self.threads:
            thread.join()
        self.seconds = time.monotonic() - self.begun
        return self


def told(values):
    return {"n": len(values), "p50_s": round(percentile(values, 0.5), 4), "p95_s": round(percentile(values, 0.95), 4), "max_s": round(max(values), 4)}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--edits", type=int, default=3000)
    options.add_argument("--rate", type=float, default=20, help="edits a second")
    options.add_argument("--chats", type=int, default=100)
    options.add_argument("--model", action="store_true", help="the bundled model replies")
    options = options.parse_args()
    script = None if options.model else {"replies": [{"chunks": [{"text": f"word{i} ", "delay_ms": 20} for i in range(60)]}]}
    each, gap = (1 if options.model else 5), options.edits / options.rate / options.chats
    questions = mixed_questions(2 * options.chats * each + 20)
    random.Random(3).shuffle(questions)
    with harness.Server(script) as server:
        Chats(server, questions, 5, 0.5, 2).join()  # what only the first readers wait for
        before = Chats(server, questions, options.chats // 2, gap, each).join()
        edits = Edits(server, options.edits, options.rate)
        during = Chats(server, questions, options.chats, gap, each)
        edits.join()
        during.join()
        waiting = time.monotonic()
        harness.wait_until(lambda: not any(world["passages_without_vector"] for world in server.get_json("/health")["worlds"]), seconds=120)
        behind = time.monotonic() - waiting
        after = Chats(server, questions, options.chats - options.chats // 2, gap, each).join()
    idle = before.first_tokens + after.first_tokens
    problems = [problem for part in (before, edits, during, after) for problem in part.problems]
    print(json.dumps({"first_token_without_edits": told(idle), "first_token_during_edits": told(during.first_tokens),
                      "p95_ratio": round(percentile(during.first_tokens, 0.95) / percentile(idle, 0.95), 2),
                      "edits": options.edits, "edits_a_second": round(options.edits / edits.seconds, 1), "put": told(edits.times),
                      "vectors_behind_at_the_end_s": round(behind, 2), "problems": problems[:5]}, indent=1))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
