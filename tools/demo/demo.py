#!/usr/bin/python3
"""Records how the book learns, in at most 90 seconds: a page is changed -> the event -> retrieval -> a character's answer. Each step is really done
and its own words are shown. Result: build/demo/demo.gif. Usage: demo.py [--stack]

--stack: on Kafka, Cassandra and Debezium, the change made by cqlsh and the event seen by kcat; the program has to know them. Without it: on the
embedded default, the change made by PUT /pages/042, the event from the feed of pages, or as the sessions' sockets hear of it."""
import asyncio
import html
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("GIBSEY_PROGRAM", str(ROOT / "build" / "release" / "gibsey"))
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "deploy")]

import websockets  # noqa: E402
from PIL import Image  # noqa: E402

import harness  # noqa: E402
from stack import stack as stacks, tools  # noqa: E402

TARGET = ROOT / "build" / "demo" / "demo.gif"
LONGEST = 90
PAGE = "042"
LINE = "The verdigris heron keeps the ferry's ledger in its left wing."
TEXT = f"Nobody had asked who counts the passengers. {LINE} It has never once been wrong, and it has never once been thanked."
QUESTION = "Who keeps the ferry's ledger, and where?"
READ_SECONDS = 6
FRAME_SECONDS = 0.2
CARD = """<body style="margin:0;background:#10151c;color:#d7dee8;font:17px/1.5 monospace;padding:42px">
<h1 style="font:600 26px sans-serif;color:#8fd3c1">{title}</h1><p style="color:#f2d08a">$ {command}</p><pre style="white-space:pre-wrap;word-break:break-all">{output}</pre></body>"""


class Recording:
    """The browser of web/e2e/recording.mjs."""

    def __init__(self, address, frames):
        self.process = subprocess.Popen(["node", "e2e/recording.mjs"], cwd=ROOT / "web", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, "GIBSEY_URL": address, "FRAMES": str(frames)})

    def show(self, **step):
        self.process.stdin.write(json.dumps(step) + "\n")
        self.process.stdin.flush()
        if self.process.stdout.readline().strip() != "done":
            sys.exit("demo: the browser has ended; what it said stands above")

    def card(self, title, command, output):
        self.show(caption=CARD.format(title=html.escape(title), command=html.escape(command), output=html.escape(output)))
        self.show(rest=READ_SECONDS)

    def end(self):
        self.process.stdin.write('{"end": true}\n')
        self.process.stdin.close()
        self.process.wait(30)


def curl(server, path, *options):
    """(the command as it is shown, what it answered)."""
    command = ["curl", "-s", *options, server.address + path]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
    return shlex.join(command).replace(server.address, "localhost:8002"), answer


def indented(text, keys=()):
    """JSON for people; of its objects only `keys`, where some are given."""
    told = json.loads(text)

    def short(value):
        if isinstance(value, list):
            return [short(entry) for entry in value]
        return {key: value[key] for key in keys if key in value} if keys and isinstance(value, dict) else value

    return json.dumps(short(told), indent=1, ensure_ascii=False)[:1500]


class Embedded:
    """The change and the event where the program is alone."""

    def __init__(self, server):
        self.server = server

    async def _heard(self):
        async with websockets.connect(f"{self.server.socket_address}/ws/demo?user_id=demo") as session:
            shown = await asyncio.to_thread(curl, self.server, f"/pages/{PAGE}", "-X", "PUT", "-H", "Content-Type: application/json", "-d",
                                            json.dumps({"text": TEXT}))
            while (message := json.loads(await asyncio.wait_for(session.recv(), 30)))["type"] != "page_update":
                pass
            return shown, message

    def change(self):
        """((command, answer) of the change, (command, event))."""
        if "/v1/feed/pages" not in self.server.get_json("/openapi.json")["paths"]:
            shown, message = asyncio.run(self._heard())
            return shown, ("(a session listens) ws://localhost:8002/ws/demo", json.dumps(message))
        reader = subprocess.Popen(["curl", "-sN", self.server.address + "/v1/feed/pages?after=end"], stdout=subprocess.PIPE, text=True)
        reader.stdout.readline()
        shown = curl(self.server, f"/pages/{PAGE}", "-X", "PUT", "-H", "Content-Type: application/json", "-d", json.dumps({"text": TEXT}))
        line = ""
        while not line.startswith("data:"):
            line = reader.stdout.readline()
        reader.kill()
        return shown, ("curl -N localhost:8002/v1/feed/pages?after=end", line.removeprefix("data:").strip())


class OnStack:
    """The change by cqlsh, the event from Kafka."""

    def __init__(self, stack):
        self.stack = stack

    def change(self):
        reader = subprocess.Popen(["kcat", "-b", self.stack.kafka, "-t", "cdc.pages", "-C", "-o", "end", "-u", "-q"], stdout=subprocess.PIPE, text=True)
        time.sleep(1)
        title = "What the heron keeps"
        statement = f"INSERT INTO gibsey.pages (world, id, title, text) VALUES ('entrance-way', '{PAGE}', '{title}', '{TEXT.replace(chr(39), chr(39) * 2)}')"
        subprocess.run(tools.cqlsh(self.stack.cassandra, "-e", statement), check=True, capture_output=True)
        line = reader.stdout.readline()
        reader.kill()
        return (f'cqlsh -e "{statement}"', "written"), ("kcat -t cdc.pages -C", self.told(line))

    @staticmethod
    def told(line):
        """Of Debezium's event what tells of the change."""
        event = json.loads(line)
        cells = {name: {"value": cell["value"]} for name, cell in event["after"].items() if name in ("world", "id", "title", "text")}
        return json.dumps({"op": event["op"], "source": {key: event["source"][key] for key in ("connector", "keyspace", "table")}, "after": cells})


def record(server, source, frames):
    recording = Recording(server.address, frames)
    (command, answer), (listener, event) = source.change()
    harness.wait_until(lambda: LINE in curl(server, "/retrieve?" + urllib.parse.urlencode({"q": LINE, "k": 1}))[1], 60, "the page cannot be quoted")
    recording.card("1. A page of the book is changed", command, indented(answer, ("id", "title", "text", "version")) if answer.startswith("{") else answer)
    recording.card("2. The change is an event", listener, indented(event))
    command, answer = curl(server, "/retrieve?" + urllib.parse.urlencode({"q": QUESTION, "k": 2}))
    recording.card("3. Its line is found", command, indented(answer, ("quote", "page_id", "title", "score")))
    recording.show(ask=QUESTION)
    recording.show(rest=READ_SECONDS)
    recording.end()


def kept(times):
    """The numbers of the frames that are shown: a few a second, and what then stands for a while."""
    shown = [0]
    for number in range(1, len(times)):
        stands = number + 1 == len(times) or times[number + 1] - times[number] > FRAME_SECONDS
        if stands or times[number] - times[shown[-1]] >= FRAME_SECONDS:
            shown.append(number)
    return shown


def empty(frame):
    """Whether nothing is on it: a window before its page was drawn."""
    with Image.open(frame) as picture:
        return all(low == high for low, high in picture.getextrema())


def write_gif(frames):
    """Its length in seconds. A frame stands until the next one was drawn."""
    files = [frame for frame in sorted(frames.glob("*.jpg")) if not empty(frame)]
    files = [files[number] for number in kept([float(path.stem) for path in files])]
    times = [float(path.stem) for path in files]
    durations = [round(1000 * (later - earlier)) for earlier, later in zip(times, times[1:])] + [1000 * READ_SECONDS]
    # One palette for all, of a card and of the end: a palette for each frame takes a second each.
    both = Image.new("RGB", (2080, 660))
    for place, path in ((0, files[0]), (1040, files[-1])):
        both.paste(Image.open(path), (place, 0))
    palette = both.quantize(96)
    pictures = [Image.open(path).convert("RGB").quantize(palette=palette, dither=Image.Dither.NONE) for path in files]
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    pictures[0].save(TARGET, save_all=True, append_images=pictures[1:], duration=durations, loop=0, optimize=False)
    return sum(durations) / 1000


def main():
    with tempfile.TemporaryDirectory() as folder:
        frames = pathlib.Path(folder)
        if "--stack" in sys.argv[1:]:
            with stacks.Stack(schema=stacks.migration_of(str(harness.PROGRAM))) as stack, harness.Server(environment=stack.environment()) as server:
                record(server, OnStack(stack), frames)
        else:
            with harness.Server() as server:
                record(server, Embedded(server), frames)
        seconds = write_gif(frames)
    print(f"demo: {TARGET.relative_to(ROOT)}, {seconds:.0f} s, {TARGET.stat().st_size // 1024} KiB")
    return 0 if seconds <= LONGEST else f"demo: it is longer than {LONGEST} s"


if __name__ == "__main__":
    sys.exit(main())
