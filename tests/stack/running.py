"""One stack for all tests of this folder, brought up by the first that wants it, and what they say to it."""
import atexit
import json
import os
import pathlib
import select
import subprocess
import sys
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "deploy")]

import harness  # noqa: E402
from stack import cql, parts, process, stack as stacks, tools  # noqa: E402,F401 - for those who import them from here

KEYSPACE = "gibsey"
_stack = None


def stack():
    """The running stack. Its parts are all there: a test that ends one starts it again."""
    global _stack
    if _stack is None:
        _stack = stacks.Stack(schema=stacks.migration_of(str(harness.PROGRAM)))
        atexit.register(_stack.close)
        _stack.up()
        print("stack up: " + ", ".join(f"{step} {seconds} s" for step, seconds in _stack.seconds.items()), flush=True)
    return _stack


def insert(world, page_id, text, title="By hand", **more):
    """The statement that writes a page as another hand would: no version, no candidates, no passages."""
    row = {"world": world, "id": str(page_id), "title": title, "text": text, **more}
    values = ", ".join(cql.text(value) if isinstance(value, str) else str(value) for value in row.values())
    return f"INSERT INTO {KEYSPACE}.pages ({', '.join(row)}) VALUES ({values})"


def forget_worlds(*worlds):
    """Removes their pages; whoever follows the feed finds none for the events."""
    with cql.Connection(stack().cassandra) as connection:
        for world in worlds:
            connection.execute(f"DELETE FROM {KEYSPACE}.pages WHERE world = {cql.text(world)}")


def vector_versions(keyspace=KEYSPACE, world="entrance-way"):
    """{page id: (its version, the versions of its vectors)} of a world's pages."""
    with cql.Connection(stack().cassandra, timeout=60) as connection:
        found = {page.decode(): (cql.whole(version), []) for page, version in
                 connection.execute(f"SELECT id, version FROM {keyspace}.pages WHERE world = {cql.text(world)}")}
        for of, page, version in connection.execute(f"SELECT world, page_id, page_version FROM {keyspace}.page_vectors"):
            if of.decode() == world:
                found.setdefault(page.decode(), (0, []))[1].append(cql.whole(version))
    return found


def wrong_vectors(pages, **where):
    """What vector_versions() tells of those of the pages that have not one vector, of their version."""
    found = vector_versions(**where)
    told = {page: found.get(page, (0, [])) for page in pages}
    return {page: (version, vectors) for page, (version, vectors) in told.items() if vectors != [version]}


def run_cqlsh(*statements):
    done = subprocess.run(tools.cqlsh(stack().cassandra, "-e", "; ".join(statements)), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Topic:
    """What arrives on a topic from now on (or `offset`): a kcat that runs until close()."""

    def __init__(self, name="cdc.pages", offset="end"):
        command = [parts.installed("kcat"), "-b", stack().kafka, "-C", "-t", name, "-o", offset, "-u", "-q", "-X", "fetch.wait.max.ms=20"]
        self.reader = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.events = []  # (seconds of time.monotonic(), event)
        self._rest = b""
        time.sleep(0.5)  # until it has found the end

    def read(self, seconds):
        """Takes what comes within so many seconds; whether anything came."""
        if not select.select([self.reader.stdout], [], [], seconds)[0]:
            return False
        piece = os.read(self.reader.stdout.fileno(), 1 << 20)
        assert piece, "kcat has ended"
        *lines, self._rest = (self._rest + piece).split(b"\n")
        self.events += [(time.monotonic(), json.loads(line)) for line in lines if line.strip()]
        return True

    def wait_for(self, condition, seconds, told=""):
        """Until `condition(self)`."""
        deadline = time.monotonic() + seconds
        while not condition(self):
            assert time.monotonic() < deadline, f"not so after {seconds} s: {told() if callable(told) else told}"
            self.read(0.1)

    def pages(self, world):
        """{page id: [(seconds, event)]} of the pages of a world."""
        found = {}
        for seconds, event in self.events:
            if cell(event, "world") == world:
                found.setdefault(cell(event, "id"), []).append((seconds, event))
        return found

    def close(self):
        self.reader.kill()
        self.reader.wait()
        self.reader.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def cell(event, column):
    """The value of a column of the event; None where it is null or not in the event."""
    found = (event.get("after") or {}).get(column)
    return found["value"] if found else None


def percentiles(values):
    """"p50 0.12 s, p95 0.20 s, max 0.21 s"."""
    ordered = sorted(values)
    at = {share: ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.95)}
    return f"p50 {at[0.5]:.3f} s, p95 {at[0.95]:.3f} s, max {ordered[-1]:.3f} s"


def p95(values):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


def lacks(program):
    """What of the stack the program cannot use, as a sentence; "" where it can use all. With GIBSEY_STACK_REQUIRED=1 always ""."""
    if os.environ.get("GIBSEY_STACK_REQUIRED") == "1":
        return ""
    binary = pathlib.Path(program).read_bytes()
    missing = [name for name in ("CASSANDRA_CONTACT_POINTS", "KAFKA_BROKERS") if name.encode() not in binary and name.lower().encode() not in binary]
    if missing or not stacks.migration_of(str(program)):
        return f"{program} was built without Cassandra and Kafka (it knows no {' and no '.join(missing or ['command `migrate`'])})"
    return ""


class NeedsTheProgram(unittest.TestCase):
    """Tests of the program on Cassandra and Kafka; skipped, with the reason, while it cannot use them."""

    @classmethod
    def setUpClass(cls):
        if reason := lacks(harness.PROGRAM):
            raise unittest.SkipTest(reason)
