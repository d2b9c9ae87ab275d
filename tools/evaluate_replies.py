#!/usr/bin/env python3
"""Asks a running server many questions, keeps every reply in a file and counts what is wrong with them.

Usage: evaluate_replies.py ADDRESS QUESTIONS OUT.jsonl [--replies N] [--world NAME] [--parallel N]
QUESTIONS: {"character id": ["question", ...], ...}, or lines of {"question": ...}, which are put to the characters in turn. With --replies each
question goes to one character after another until there are so many. The checks are made here from the pages alone, apart from the server's own code:
a quoted span of four words or more that is on no page and not in the question is a false quotation."""
import argparse
import concurrent.futures
import json
import pathlib
import re
import statistics
import sys
import unicodedata
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
import harness  # noqa: E402

SPANS = [re.compile(p, re.S) for p in (r'"([^"]*)"', "\u201c([^\u201d]*)\u201d", "\u00ab([^\u00bb]*)\u00bb", r"(?<![\w'])'([^']{12,})'(?!\w)")]
PROGRAM_TALK = re.compile(r"\b(an? ai\b|language model|chatbot|virtual assistant|as an assistant|ai assistant|openai|how can i (help|assist))", re.I)
DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-")
QUOTES = {ord(c): "'" for c in "\u2018\u2019\u201a\u201b"} | {ord(c): '"' for c in "\u201c\u201d\u201e\u201f"}


def normalize(text):
    return " ".join(unicodedata.normalize("NFKC", text).translate(DASHES).translate(QUOTES).replace("--", "-").split())


def words(text):
    return re.findall(r"[\w'\u2019-]+", text.lower())


def grams(sequence, n):
    return [tuple(sequence[i:i + n]) for i in range(len(sequence) - n + 1)]


class Client(harness.Server):
    """The harness's client half, for a server that runs already."""

    def __init__(self, address):
        self._live_at(address)


def load_book(client, world):
    pages, after = [], ""
    while after is not None:
        batch = client.get_json(f"/pages?limit=200&after={urllib.parse.quote(after)}&world={urllib.parse.quote(world)}")
        pages += batch["pages"]
        after = batch["next"]
    return pages


def judge(turn, question, book, prompt_grams, names):
    own = turn.own_text()
    own_words = words(own)
    spans = [m for p in SPANS for m in p.findall(turn.text)]
    false = [s for s in spans if len(words(s)) >= 4 and normalize(s).strip(" ,.;:!?") not in book and normalize(s) not in normalize(question)]
    eights = grams(own_words, 8)
    threes = grams(own_words, 3)
    label = re.search(r"(?:^|\n)\s*(%s|User|Reader|Assistant):" % "|".join(map(re.escape, names)), own)
    return {
        "own_words": len(own_words),
        "false_quotes": false,
        "repeated_8gram": len(set(eights)) < len(eights),
        "copied_8gram": any(g in prompt_grams for g in eights),
        "low_distinct3": len(threes) > 5 and len(set(threes)) / len(threes) < 0.8,
        "speaker_label": bool(label),
        "unfinished": not re.search(r"[.!?\u2026][\"'\u201d\u2019)]*$", turn.text.strip()) and not turn.text.strip().endswith(")"),
        "program_talk": bool(PROGRAM_TALK.search(own)),
        "too_short": len(own_words) < 15,
    }


def is_in_book(client, character, question, world):
    """Whether the question is above the retrieval's bar, asked apart from the turn."""
    path = "/retrieve?" + urllib.parse.urlencode({"q": question, "character": character, "world": world})
    status, fields, _ = client.request("GET", path)
    return status == 200 and fields["X-Gibsey-Above-Threshold"] == "true"


def ask_one(client, character, question, world, book, prompt_grams, names, number):
    turn = client.ask(question, character=character, user=f"evaluation-{number}")
    if turn.status != 200:
        return {"character": character, "question": question, "status": turn.status, "body": turn.body}
    errors = turn.all("error")
    sources = turn.one("sources")
    quotes = turn.all("quote")
    for quote in quotes:
        quote["rank"] = next((s["n"] for s in sources if s["page_id"] == quote["page_id"] and s["start"] == quote["start"]), None)
    done = turn.all("done")
    return {"character": character, "question": question, "status": 200, "error": errors[0] if errors else None,
            "in_book": is_in_book(client, character, question, world), "reply": turn.text,
            "quotes": quotes, "pages_found": [s["page_id"] for s in sources], "first_token_s": turn.first_token_seconds,
            "total_s": turn.events[-1][3], "tokens": sum(name == "message" for name, *_ in turn.events),
            "usage": turn.all("usage"), "done": done[0] if done else None, **judge(turn, question, book, prompt_grams, names)}


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def summary(rows):
    ok = [r for r in rows if r["status"] == 200 and not r["error"]]
    quotes = [q for r in ok for q in r["quotes"]]
    count = lambda key: sum(bool(r[key]) for r in ok)
    result = {"questions": len(rows), "answered": len(ok), "not_answered": len(rows) - len(ok),
              "replies_quoting": {o: sum(any(q["origin"] == o for q in r["quotes"]) for r in ok) for o in ("model", "lock", "opening", "epigraph")},
              "replies_without_quote": sum(not r["quotes"] for r in ok),
              "in_book": sum(r["in_book"] for r in ok),
              "in_book_without_quote": sum(r["in_book"] and not r["quotes"] for r in ok),
              "not_in_book_with_quote": sum(not r["in_book"] and bool(r["quotes"]) for r in ok),
              "false_quotes": sum(len(r["false_quotes"]) for r in ok),
              "two_sentence_quotes": sum(len(re.findall(r"[.!?]['\"\u201d\u2019]?(?:\s|$)", q["text"])) >= 2 for q in quotes),
              "quotes": len(quotes), "longest_quote_words": max((len(q["text"].split()) for q in quotes), default=0),
              "mean_rank_of_quote": round(statistics.mean([q["rank"] for q in quotes if q["rank"]] or [0]), 2),
              "own_words_median": statistics.median([r["own_words"] for r in ok] or [0])}
    for key in ("repeated_8gram", "copied_8gram", "low_distinct3", "speaker_label", "unfinished", "program_talk", "too_short"):
        result[key] = count(key)
    times = [r["first_token_s"] for r in ok if r["first_token_s"] is not None]
    result["first_token_ms_p50_p95"] = [round(1000 * percentile(times, p)) for p in (0.5, 0.95)] if times else None
    totals = [r["total_s"] for r in ok]
    result["reply_s_p50_p95"] = [round(percentile(totals, p), 2) for p in (0.5, 0.95)] if totals else None
    return result


def read_jobs(path, characters, replies):
    """(character, question) of each reply that is asked for; no pair twice."""
    if path.suffix == ".jsonl":
        questions = [json.loads(line)["question"] for line in path.open(encoding="utf-8")]
        jobs = [(characters[i % len(characters)], question) for i, question in enumerate(questions)]
    else:
        jobs = [(character, question) for character, some in json.loads(path.read_text()).items() for question in some]
    if not replies:
        return jobs
    place = {character: i for i, character in enumerate(characters)}
    turned = [(characters[(place.get(character, 0) + turn) % len(characters)], question) for turn in range(len(characters)) for character, question in jobs]
    distinct = list(dict.fromkeys(turned))
    if len(distinct) < replies:
        raise SystemExit(f"{path} gives {len(distinct)} different replies, not {replies}")
    return distinct[:replies]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("questions")
    parser.add_argument("out")
    parser.add_argument("--replies", type=int, default=0)
    parser.add_argument("--world", default="entrance-way")
    parser.add_argument("--parallel", type=int, default=1)
    options = parser.parse_args()
    client = Client(options.address)
    pages = load_book(client, options.world)
    book = normalize("\n".join(page["text"] for page in pages))
    # Another world's character quotes another book.
    cast = {c["char_id"]: c for c in client.get_json("/characters") if c["world"] == options.world}
    names = [c["display_name"] for c in cast.values()]
    jobs = read_jobs(pathlib.Path(options.questions), sorted(cast), options.replies)
    # What a reply may not copy outside quotes: the persona, and the lines of the book.
    book_grams = set(g for page in pages for g in grams(words(page["text"]), 8))

    def run(job):
        number, (character, question) = job
        prompt = set(grams(words(cast[character].get("system_prompt", "")), 8)) if character in cast else set()
        return ask_one(client, character, question, options.world, book, book_grams | prompt, names, number)

    with concurrent.futures.ThreadPoolExecutor(options.parallel) as pool:
        rows = list(pool.map(run, enumerate(jobs)))
    with open(options.out, "w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(json.dumps(summary(rows), indent=1))


if __name__ == "__main__":
    main()
