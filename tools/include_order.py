#!/usr/bin/env python3
"""Fails on an #include that goes up the line of layers, on a backend folder seen by anyone but app/, and on two classes of one name.

Usage: include_order.py [ROOT]; prints each offence as file:line and exits 1, or a one-line summary and exits 0. No sources are an offence."""
import pathlib
import re
import sys

LAYERS = ["base", "model", "net", "store", "feed", "provider", "retrieval", "ingest", "chat", "jobs", "server", "app"]
# Folders behind an interface: only app/, which builds the object graph, and their own tests may include them.
BACKENDS = ["store/sqlite", "store/cassandra", "store/memory", "store/http", "retrieval/http", "store/redis", "feed/log", "feed/kafka",
            "provider/llama", "provider/ollama", "provider/openai", "provider/anthropic", "provider/scripted",
            "provider/redis"]
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')


def is_test(path):
    return path.name.endswith("_test.cpp") or "testing" in path.parts


def lines_of(source):
    """(path, its lines) of every source."""
    return [(path, path.read_text(encoding="utf-8").splitlines()) for path in sorted(source.rglob("*.[ch]pp"))]


def offences(source, files):
    for path, lines in files:
        inside = path.relative_to(source)
        if inside.parts[0] not in LAYERS:
            yield f"{path}:1: '{inside.parts[0]}' is no layer; the layers are {' '.join(LAYERS)}"
            continue
        rank = LAYERS.index(inside.parts[0])
        for number, line in enumerate(lines, 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            target = match.group(1)
            top = target.split("/")[0]
            if top not in LAYERS:
                yield f"{path}:{number}: \"{target}\" is no header of a layer; write it as \"layer/name.hpp\""
            elif LAYERS.index(top) > rank:
                yield f"{path}:{number}: {inside.parts[0]}/ must not include {top}/"
            if not (source / target).exists():
                yield f"{path}:{number}: \"{target}\" does not exist"
            for backend in BACKENDS:
                own = str(inside).startswith(backend + "/") or inside.parts[0] == "app"
                if target.startswith(backend + "/") and not own and not is_test(path):
                    yield f"{path}:{number}: only app/ may see {backend}/"


def twins(files):
    """Classes that two files of a namespace define: the linker would take the functions of either (one definition rule)."""
    places = {}
    for path, lines in files:
        namespace, unnamed = "", False
        for number, line in enumerate(lines, 1):
            if match := re.match(r"namespace ([\w:]+) \{", line):
                namespace, unnamed = match.group(1), False
            elif line in ("namespace {", "}  // namespace"):
                unnamed = line == "namespace {"
            elif (match := re.match(r"(?:class|struct) (\w+)(?: final)?(?: :|(?: final)? ?\{)", line)) and not unnamed:
                places.setdefault((namespace, match.group(1)), []).append(f"{path}:{number}")
    for (namespace, name), found in places.items():
        if len(found) > 1:
            yield f"{found[1]}: {namespace}::{name} is defined at {found[0]} too; give one of them another name"


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent
    files = lines_of(root / "src")
    found = [*offences(root / "src", files), *twins(files)] if files else [f"{root / 'src'}: there are no sources"]
    for line in found:
        print(line)
    if found:
        return 1
    print(f"include order: {len(files)} files follow the line of layers")
    return 0


if __name__ == "__main__":
    sys.exit(main())
