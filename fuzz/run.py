#!/usr/bin/env python3
"""Runs the fuzzers of build/fuzz for a bounded time each, and fails where one has found something.

Usage: run.py [--seconds N] [--jobs N] [TARGET...]; default: all, 300 seconds each, one after the other. What they learn is kept in
build/fuzz/corpus/TARGET between runs; what they find is put into build/fuzz/found/TARGET. Seeds: fuzz/seeds and
fuzz/regressions, and for the event streams the shared vectors (GIBSEY_SHARED_DATA) where they are."""
import argparse
import base64
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
BUILD = ROOT / "build" / "fuzz"
TARGETS = [folder.name for folder in sorted((HERE / "seeds").iterdir())]
LONGEST = 8192  # bytes of an input
SHARED = pathlib.Path(os.environ.get("GIBSEY_SHARED_DATA", ROOT.parent / "shared" / "data"))


def write_shared_vectors(corpus):
    """The event streams of the shared vectors, cut as they are there (fuzz/input.hpp says how an input is written)."""
    vectors = SHARED / "sse" / "sse_vectors.jsonl"
    if not vectors.exists():
        print(f"sse: no {vectors} (set GIBSEY_SHARED_DATA to the folder that has it)", flush=True)
        return
    for number, line in enumerate(vectors.read_text(encoding="utf-8").rstrip("\n").split("\n")):
        chunks = [base64.b64decode(chunk) for chunk in json.loads(line)["chunks_b64"]]
        cuts = bytes(min(len(chunk), 255) - 1 for chunk in chunks if chunk)
        (corpus / f"shared-{number:03}").write_bytes(b"".join(chunks) + b"\xff\0" + cuts)


def run(target, seconds):
    """Whether nothing was found."""
    corpus, found = BUILD / "corpus" / target, BUILD / "found" / target
    for folder in (corpus, found):
        folder.mkdir(parents=True, exist_ok=True)
    if target == "sse":
        write_shared_vectors(corpus)
    seeds = [folder / target for folder in (HERE / "seeds", HERE / "regressions") if (folder / target).exists()]
    command = [BUILD / f"{target}_fuzz", f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-timeout=10", "-rss_limit_mb=2048",
               "-print_final_stats=1", f"-dict={HERE / 'dictionaries' / target}", f"-artifact_prefix={found}/", corpus, *seeds]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds + 300)
    log = done.stdout.decode(errors="replace")
    (BUILD / f"{target}_fuzz.log").write_text(log)
    inputs = re.search(r"number_of_executed_units:\s*(\d+)", log)
    coverage = re.findall(r"cov: (\d+) ft: (\d+)", log)
    print(f"{target}: {inputs.group(1) if inputs else 'unknown number of'} inputs in {seconds} s, "
          f"coverage {' / '.join(coverage[-1]) if coverage else 'unknown'}, {'nothing found' if done.returncode == 0 else 'FOUND'}",
          flush=True)
    if done.returncode != 0:
        print(f"  the end of {BUILD / f'{target}_fuzz.log'}:\n{log[-3000:]}\n  Mend it, then keep the input: "
              f"cp {found}/* {HERE / 'regressions' / target}/", flush=True)
    return done.returncode == 0


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=int, default=300)
    options.add_argument("--jobs", type=int, default=1)
    options.add_argument("targets", nargs="*", metavar="TARGET")
    chosen = options.parse_args()
    unknown = set(chosen.targets) - set(TARGETS)
    if unknown:
        options.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    with concurrent.futures.ThreadPoolExecutor(chosen.jobs) as pool:
        outcomes = list(pool.map(lambda target: run(target, chosen.seconds), chosen.targets or TARGETS))
    return 0 if all(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
