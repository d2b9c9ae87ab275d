"""Starts the real program on a free port with a temporary data folder, and talks to it over HTTP."""
import contextlib
import fcntl
import hashlib
import http.client
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from event_stream import EventParser, events_in, read_event_stream  # noqa: F401 - for those who import them from here

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = pathlib.Path(os.environ.get("GIBSEY_PROGRAM", ROOT / "build" / "dev" / "gibsey"))
RELEASE = ROOT / "build" / "release" / "gibsey"
TOOLS = pathlib.Path(os.environ.get("GIBSEY_TOOLS", ROOT / "build" / "dev" / "tools"))
CACHE = pathlib.Path(os.environ.get("GIBSEY_CACHE", pathlib.Path.home() / ".cache" / "gibsey"))
START_SECONDS = 300  # a first start embeds the bundled worlds, under a sanitizer and beside other work
#: What the developer has set for a server of their own.
NOT_PASSED_ON = ("OLLAMA_", "LLM_", "OPENAI_", "ANTHROPIC_", "CLAUDE_", "GIBSEY_MODEL", "GIBSEY_SCRIPT", "LOG_LEVEL", "KAFKA_",
                 "CASSANDRA_", "REDIS_")
_prepared = {}


def prepared_pages(program):
    """A pages.db with the bundled worlds and their vectors, made once a test run: embedding them takes seconds at each start. The processes of
    a run that names a folder with GIBSEY_PREPARED share it."""
    if program not in _prepared:
        _prepared[program] = _prepare(program)
    return _prepared[program]


def _prepare(program):
    shared = os.environ.get("GIBSEY_PREPARED")
    if not shared:
        # Lives as long as its finalizer, which is as long as this process.
        _prepared[program, "folder"] = folder = tempfile.TemporaryDirectory(prefix="gibsey-prepared-")
        shared = folder.name
    name = hashlib.sha256(str(program).encode()).hexdigest()[:16]
    made = pathlib.Path(shared) / name
    with open(made.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            with tempfile.TemporaryDirectory(dir=shared) as data:
                with Server(scripted("Hello."), data=data, program=program):
                    pass
                made.mkdir()
                shutil.move(pathlib.Path(data) / "pages.db", made)
    return made / "pages.db"


def environment_of(more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_PASSED_ON)}
    return {**kept, **(more or {})}


class Server:
    """A running `gibsey serve`. `script`: replies of a scripted model, else the bundled one. It is closed at the end, and that fails where
    the program did not end well (but by kill()) or a sanitizer has spoken up."""

    def __init__(self, script=None, data=None, arguments=(), environment=None, program=None):
        self.program = str(program or PROGRAM)
        self._temporary = tempfile.TemporaryDirectory(prefix="gibsey-test-")
        self.data = pathlib.Path(data) if data else pathlib.Path(self._temporary.name) / "data"
        if data is None:
            self.data.mkdir()
            shutil.copy(prepared_pages(self.program), self.data)
        self.log_path = pathlib.Path(self._temporary.name) / "log"
        command = [self.program, "serve", "--port", "0", "--data", str(self.data), *arguments]
        if script is not None:
            path = pathlib.Path(self._temporary.name) / "script.json"
            path.write_text(json.dumps(script))
            command += ["--script", str(path)]
        self.log = open(self.log_path, "ab")
        self.killed = False
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, cwd=self._temporary.name,
                                        env=environment_of(environment))
        try:
            self._live_at(self._wait_until_ready())
        except BaseException:
            self.kill()
            self._clear_away()
            raise

    def _live_at(self, address):
        self.address = address
        self.host, port = re.match(r"http://([^:]+):(\d+)", address).groups()
        self.port = int(port)
        self.socket_address = f"ws://{self.host}:{self.port}"

    def _wait_until_ready(self):
        deadline = time.monotonic() + START_SECONDS
        line = b""
        while time.monotonic() < deadline:
            ready, _, _ = select.select([self.process.stdout], [], [], 0.2)
            if ready:
                line = self.process.stdout.readline()
                match = re.search(rb"ready at (http://\S+)", line)
                if match:
                    return match.group(1).decode()
            if self.process.poll() is not None:
                raise AssertionError(f"gibsey ended with {self.process.returncode}: {self.log_path.read_text()[-2000:]}")
        raise AssertionError(f"gibsey was not ready in {START_SECONDS} s: {self.log_path.read_text()[-2000:]}")

    @contextlib.contextmanager
    def open(self, method, path, body=None, headers=None, timeout=60):
        """The answer as it comes in, over a connection of its own."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            connection.request(method, path, json.dumps(body) if isinstance(body, (dict, list)) else body, headers or {})
            yield connection.getresponse()
        finally:
            connection.close()

    def request(self, method, path, body=None, headers=None, timeout=60):
        with self.open(method, path, body, {"Content-Type": "application/json", **(headers or {})}, timeout) as response:
            return response.status, dict(response.getheaders()), response.read().decode()

    def get_json(self, path):
        status, _, text = self.request("GET", path)
        assert status == 200, f"{path}: {status} {text}"
        return json.loads(text)

    def balance(self, user):
        return self.get_json(f"/ledger/{user}")["balance"]

    def ask(self, text="Why did you climb the tower?", character="arieol", user="u1", timeout=120):
        """The whole turn as Turn."""
        body = {"user_id": user, "char_id": character, "text": text}
        started = time.monotonic()
        with self.open("POST", "/ask", body, {"Content-Type": "application/json"}, timeout) as response:
            turn = Turn(response.status, dict(response.getheaders()))
            if response.status != 200:
                turn.body = response.read().decode()
            else:
                turn.read_events(response, started)
            return turn

    def create_turn(self, text="Why?", user="u1", headers=None, expect=201, **fields):
        """POST /v1/turns, which is to answer with the status `expect`; the answer's JSON. `user` None: who is signed in."""
        body = {"character_id": "arieol", "text": text, **({"user_id": user} if user else {}), **fields}
        status, _, answer = self.request("POST", "/v1/turns", body, headers)
        assert status == expect, f"{status}, not {expect}: {answer}"
        return json.loads(answer)

    def follow(self, turn_id, last_event_id=None, headers=None, timeout=60, most=None):
        """GET /v1/turns/{id}/events as (status, [(type, data, id)]). `most`: leave after so many events."""
        fields = dict(headers or {})
        if last_event_id is not None:
            fields["Last-Event-ID"] = last_event_id
        with self.open("GET", f"/v1/turns/{turn_id}/events", headers=fields, timeout=timeout) as response:
            return response.status, read_event_stream(response, most) if response.status == 200 else []

    def finish_turn(self, text="Why?", user="u1", headers=None, **fields):
        """The record of a new turn that has ended."""
        turn_id = self.create_turn(text, user, headers, **fields)["turn_id"]
        status, events = self.follow(turn_id, headers=headers)
        assert status == 200 and events and events[-1][0] in ("done", "error"), (status, events)
        return json.loads(self.request("GET", f"/v1/turns/{turn_id}", headers=headers)[2])

    def chat(self, query, **fields):
        """POST /api/v1/chat as (200, [(type, data, id)]), or (status, the JSON of the refusal)."""
        with self.open("POST", "/api/v1/chat", {"query": query, **fields}, {"Content-Type": "application/json"}) as response:
            if response.status != 200:
                return response.status, json.loads(response.read())
            assert response.getheader("Content-Type") == "text/event-stream", response.getheaders()
            return 200, read_event_stream(response)

    def open_ask(self, text, character="arieol", user="u1"):
        """A raw socket with the question sent; the caller reads or closes it."""
        body = json.dumps({"user_id": user, "char_id": character, "text": text}).encode()
        raw = socket.create_connection((self.host, self.port), timeout=60)
        raw.sendall(b"POST /ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return raw

    def command(self, *arguments, timeout=120, environment=None):
        return subprocess.run([self.program, *arguments, "--data", str(self.data)], capture_output=True, text=True, timeout=timeout,
                              env=environment_of(environment), cwd=self._temporary.name)

    def kill(self):
        """SIGKILL."""
        self.killed = True
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds=30):
        """SIGTERM; the exit status."""
        asked = self.process.poll() is None
        if asked:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("gibsey did not stop on SIGTERM: " + self.log_path.read_text()[-2000:])
        if asked and status < 0:
            raise AssertionError(f"gibsey was ended by signal {-status}: " + self.log_path.read_text()[-2000:])
        return status

    def log_text(self):
        return self.log_path.read_text()

    def close(self):
        """Stops it where it still runs, and removes what it wrote."""
        if self.log.closed:
            return
        try:
            if self.process.poll() is None:
                self.stop()
            log = self.log_text()
        finally:
            self._clear_away()
        assert self.killed or self.process.returncode == 0, f"gibsey ended with {self.process.returncode}: {log[-3000:]}"
        check_log(log)

    def _clear_away(self):
        self.process.stdout.close()
        self.log.close()
        self._temporary.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Turn:
    """What a client of POST /ask sees."""

    def __init__(self, status, headers):
        self.status, self.headers = status, headers
        self.body = ""
        self.text = ""
        self.events = []  # (type, data, id, seconds since the question)
        self.comments = 0
        self.first_byte_seconds = self.first_token_seconds = None

    def read_events(self, response, started):
        parser = EventParser()
        while line := response.readline():
            if self.first_byte_seconds is None:
                self.first_byte_seconds = time.monotonic() - started
            if event := parser.take(line):
                self._add(*event, time.monotonic() - started)
        self.comments = parser.comments

    def _add(self, kind, data, identity, seconds):
        if kind == "message":
            if self.first_token_seconds is None:
                self.first_token_seconds = seconds
            self.text += data
            self.events.append((kind, data, identity, seconds))
        else:
            self.events.append((kind, json.loads(data), identity, seconds))

    def all(self, kind):
        return [data for name, data, _, _ in self.events if name == kind]

    def one(self, kind):
        found = self.all(kind)
        assert len(found) == 1, f"{len(found)} events '{kind}' in {[e[0] for e in self.events]}: {self.body}"
        return found[0]

    def own_text(self):
        """The reply without the quotations and their pages."""
        text = self.text
        for quote in sorted(self.all("quote"), key=lambda quote: -quote["reply_start"]):
            text = text[:quote["reply_start"]] + " " + text[quote["reply_end"]:]
        return re.sub(r"\(p\. \w+\)", " ", text)


def check_log(log):
    """Fails where a sanitizer has spoken up in it."""
    for words in ("ERROR: AddressSanitizer", "LeakSanitizer", "runtime error"):
        assert words not in log, log[log.index(words):][:3000]


def end_cleanly(server):
    """Stops it, and fails where it does not stop well or a sanitizer has spoken up. Its whole log."""
    status = server.stop()
    log = server.log_text()
    server.close()
    assert status == 0, log[-3000:]
    return log


def wait_until(condition, seconds=15, told=""):
    """What `condition()` gives, once that is true. Fails after so many seconds with `told`, or what that gives where it is a function."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not so after {seconds} s: {told() if callable(told) else told}"
        time.sleep(0.05)
    return found


def scripted(*texts, **options):
    """A script whose replies are these texts, cut into words."""
    replies = [{"chunks": [w if i == 0 else " " + w for i, w in enumerate(text.split(" "))]} for text in texts]
    return {"replies": replies, **options}


def slow(count, delay_ms, **more):
    """A reply of a script: so many words, word0 and on, each after its delay. `more`: its `match` and the like."""
    return {"chunks": [{"text": f"word{number} ", "delay_ms": delay_ms} for number in range(count)], **more}


def breaking(match):
    """A reply of a script that begins and then fails."""
    return {"match": match, "chunks": ["It begins ", "and then"],
            "error": {"after_chunks": 1, "code": "unavailable", "message": "the model went away"}}
