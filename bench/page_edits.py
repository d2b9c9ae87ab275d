#!/usr/bin/env python3
"""From a page's write to its quotation: 1,000 edits of the bundled book at 5 a second while 4 readers chat with a scripted model.

Usage: page_edits.py [EDITS]; prints JSON. Of every edit: PUT, then GET /retrieve?fresh= until the new line is the answer (found), then a
reply that quotes the line and has it verified. Times count from the moment the PUT is sent. The vectors' lag is the program's own
histogram: the upper bound of the bucket. Goal: write to quotable p95 <= 0.3 s."""
import json
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
os.environ.setdefault("GIBSEY_PROGRAM", str(ROOT / "build" / "release" / "gibsey"))
sys.path.insert(0, str(ROOT / "tests"))

import harness  # noqa: E402
from page_edit_load import Load, script  # noqa: E402


def main():
    edits = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with harness.Server(script(edits)) as server:
        load = Load(server, edits, rate=5).run()
        print(json.dumps({**load.figures(), "problems": load.problems[:5]}, indent=1))
    return 1 if load.problems else 0


if __name__ == "__main__":
    sys.exit(main())
