"""How near a true sentence about some pages is to them, and how near a false one: the figures behind jobs::NoteBars (docs/decisions/0017).

    python3 bench/note_bar.py --server http://127.0.0.1:8002 --squality SHARED_DATA/squality/dev.jsonl.xz [--stories 12]

Own: sentences of people's summaries (squality) with the six passages of their story that fit best, and sentences of the bundled pages with the
rest of their own page. Foreign: the same sentences with six passages in a row of another story, or another page. Cosines are the server's
embedder's (POST /v1/embeddings); support is the share of content words whose stems the passages have. Needs snowballstemmer and numpy."""
import argparse
import json
import lzma
import pathlib
import random
import re
import unicodedata
import urllib.request

import numpy
import snowballstemmer

ROOT = pathlib.Path(__file__).resolve().parent.parent
STEM = snowballstemmer.stemmer("english")
STOP = set(re.findall(r"[a-z]+", (ROOT / "src/retrieval/words.cpp").read_text().split("kEnglishStopWords", 1)[-1].split(";", 1)[0]))


def embed(server, texts):
    vectors = []
    for first in range(0, len(texts), 64):
        body = json.dumps({"model": "all-minilm-l6-v2", "input": texts[first:first + 64]}).encode()
        request = urllib.request.Request(server + "/v1/embeddings", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=600) as answer:
            vectors += [entry["embedding"] for entry in json.load(answer)["data"]]
    return numpy.array(vectors)


def sentences(text):
    return [s.strip() for s in re.split(r"(?<=[.!?])[\"”']?\s+", " ".join(text.split())) if len(s.split()) >= 5]


def passages(text, words=100):
    made = [[]]
    for sentence in sentences(text):
        if sum(len(s.split()) for s in made[-1]) >= words:
            made.append([])
        made[-1].append(sentence)
    return [" ".join(p) for p in made if p]


def stems(text):
    plain = unicodedata.normalize("NFKD", text.lower().replace("’", "'"))
    words = [re.sub(r"'s?$", "", w).replace("'", "") for w in re.findall(r"[a-z0-9']+", plain)]
    return [STEM.stemWord(w) for w in words if w and w not in STOP]


def support(sentence, text):
    there, wanted = set(stems(text)), stems(sentence)
    return sum(w in there for w in wanted) / len(wanted) if wanted else 1.0


def window(cosines, size=6):
    """The passages in a row that fit best."""
    starts = range(max(1, len(cosines) - size + 1))
    best = max(starts, key=lambda i: numpy.sort(cosines[i:i + size])[-1])
    return best, best + size


def squality(options, rows):
    stories = []
    with lzma.open(options.squality, "rt") as file:
        for line, _ in zip(file, range(options.stories)):
            story = json.loads(line)
            summary = story["questions"][0]["responses"][0]["response_text"]
            stories.append((passages(story["document"]), sentences(summary)[:15]))
    vectors = [embed(options.server, texts) for texts, _ in stories]
    for i, (texts, summary) in enumerate(stories):
        other = (i + 1) % len(stories)
        for sentence, vector in zip(summary, embed(options.server, summary)):
            first, last = window(vectors[i] @ vector)
            rows.append(("summaries", "own", float((vectors[i][first:last] @ vector).max()), support(sentence, " ".join(texts[first:last]))))
            at = random.randrange(max(1, len(stories[other][0]) - 6))
            rows.append(("summaries", "foreign", float((vectors[other][at:at + 6] @ vector).max()), support(sentence, " ".join(stories[other][0][at:at + 6]))))


def bundled(options, rows):
    texts = [path.read_text() for path in sorted((ROOT / "worlds/entrance-way/pages").glob("*.md"))]
    pages = [passages(text) for text in texts]
    vectors = [embed(options.server, page) for page in pages]
    for i, page in enumerate(pages):
        if len(page) < 2:
            continue
        for j, passage in enumerate(page[:2]):
            sentence = random.choice(sentences(passage) or [passage])
            vector = embed(options.server, [sentence])[0]
            rest = [k for k in range(len(page)) if k != j]
            rows.append(("bundled, the rest of the page", "own", float((vectors[i][rest] @ vector).max()), support(sentence, " ".join(page[k] for k in rest))))
            other = (i + len(pages) // 2) % len(pages)
            rows.append(("bundled, the rest of the page", "foreign", float((vectors[other] @ vector).max()), support(sentence, " ".join(pages[other]))))


def told(rows, bars):
    for name in sorted({row[0] for row in rows}):
        for kind in ("own", "foreign"):
            cosines, supports = (numpy.array([row[column] for row in rows if row[:2] == (name, kind)]) for column in (2, 3))
            quantiles = lambda values: " ".join(f"{numpy.quantile(values, q):.2f}" for q in (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95))
            print(f"{name}, {kind} ({len(cosines)}): cosine at 5 10 25 50 75 90 95 %: {quantiles(cosines)}; support: {quantiles(supports)}")
            passed = [f"{cosine:.2f}/{least:.2f}: {numpy.mean((cosines >= cosine) & (supports >= least)):.3f}" for cosine in bars for least in (0.0, 0.25, 0.34, 0.5)]
            print("   kept at cosine/support " + "  ".join(passed))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="http://127.0.0.1:8002")
    parser.add_argument("--squality", required=True)
    parser.add_argument("--stories", type=int, default=12)
    options = parser.parse_args()
    random.seed(1)
    rows = []
    squality(options, rows)
    bundled(options, rows)
    told(rows, (0.25, 0.30, 0.35, 0.40))


if __name__ == "__main__":
    main()
