"""Starts the real program on a free port with a temporary data folder, and talks to it over HTTP."""
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

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = pathlib.Path(os.environ.get("GIBSEY_PROGRAM", ROOT / "build" / "dev" / "gibsey"))
RELEASE = ROOT / "build" / "release" / "gibsey"
START_SECONDS = 120


_prepared = {}


def prepared_pages(program):
    """A pages.db with the bundled worlds and their vectors, made once a test run: embedding them takes seconds at each start."""
    if program not in _prepared:
        folder = tempfile.TemporaryDirectory(prefix="gibsey-prepared-")
        _prepared[program] = folder
        with Server(scripted("Hello."), data=folder.name, program=program):
            pass
    return pathlib.Path(_prepared[program].name) / "pages.db"


class Server:
    """A running `gibsey serve`. `script`: replies of a scripted model, else the bundled one."""

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
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("OLLAMA_", "LLM_", "OPENAI_", "ANTHROPIC_", "CLAUDE_", "GIBSEY_MODEL", "GIBSEY_SCRIPT", "LOG_LEVEL"))}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, cwd=self._temporary.name,
                                        env={**clean, **(environment or {})})
        self.address = self._wait_until_ready()
        self.host, port = re.match(r"http://([^:]+):(\d+)", self.address).groups()
        self.port = int(port)

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

    def request(self, method, path, body=None, headers=None, timeout=60):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        connection.request(method, path, body, {"Content-Type": "application/json", **(headers or {})})
        response = connection.getresponse()
        text = response.read()
        connection.close()
        return response.status, dict(response.getheaders()), text.decode()

    def get_json(self, path):
        status, _, text = self.request("GET", path)
        assert status == 200, f"{path}: {status} {text}"
        return json.loads(text)

    def ask(self, text="Why did you climb the tower?", character="arieol", user="u1", timeout=120):
        """The whole turn as Turn."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        body = json.dumps({"user_id": user, "char_id": character, "text": text})
        started = time.monotonic()
        connection.request("POST", "/ask", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        turn = Turn(response.status, dict(response.getheaders()))
        if response.status != 200:
            turn.body = response.read().decode()
        else:
            turn.read_events(response, started)
        connection.close()
        return turn

    def follow(self, turn_id, last_event_id=None, headers=None, timeout=60, most=None):
        """GET /v1/turns/{id}/events as (status, [(type, data, id)]). `most`: leave after so many events."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        fields = dict(headers or {})
        if last_event_id is not None:
            fields["Last-Event-ID"] = last_event_id
        connection.request("GET", f"/v1/turns/{turn_id}/events", headers=fields)
        response = connection.getresponse()
        events = read_event_stream(response, most) if response.status == 200 else []
        connection.close()
        return response.status, events

    def open_ask(self, text, character="arieol", user="u1"):
        """A raw socket with the question sent; the caller reads or closes it."""
        body = json.dumps({"user_id": user, "char_id": character, "text": text}).encode()
        raw = socket.create_connection((self.host, self.port), timeout=60)
        raw.sendall(b"POST /ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return raw

    def command(self, *arguments, timeout=120, environment=None):
        return subprocess.run([self.program, *arguments, "--data", str(self.data)], capture_output=True, text=True, timeout=timeout,
                              env={**os.environ, **(environment or {})}, cwd=self._temporary.name)

    def kill(self):
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
            self.process.kill()
            raise AssertionError("gibsey did not stop on SIGTERM: " + self.log_path.read_text()[-2000:])
        if asked and status < 0:
            raise AssertionError(f"gibsey was ended by signal {-status}: " + self.log_path.read_text()[-2000:])
        return status

    def log_text(self):
        return self.log_path.read_text()

    def close(self):
        if self.process.poll() is None:
            self.stop()
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
        kind, data, identity = "message", [], ""
        while True:
            line = response.readline()
            if not line:
                return
            if self.first_byte_seconds is None:
                self.first_byte_seconds = time.monotonic() - started
            line = line.decode().rstrip("\r\n")
            if line.startswith(":"):
                self.comments += 1
            elif line == "":
                if data:
                    self._add(kind, "\n".join(data), identity, time.monotonic() - started)
                kind, data = "message", []
            else:
                field, _, value = line.partition(":")
                value = value[1:] if value.startswith(" ") else value
                if field == "data":
                    data.append(value)
                elif field == "event":
                    kind = value
                elif field == "id":
                    identity = value

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


def read_event_stream(response, most=None):
    """[(type, text, id)] until the stream ends, or the first `most`."""
    events, kind, data, identity = [], "message", [], ""
    while most is None or len(events) < most:
        line = response.readline()
        if not line:
            break
        line = line.decode().rstrip("\r\n")
        if line == "":
            if data:
                events.append((kind, "\n".join(data), identity))
            kind, data = "message", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "event":
            kind = value
        elif field == "id":
            identity = value
    return events


def scripted(*texts, **options):
    """A script whose replies are these texts, cut into words."""
    replies = [{"chunks": [w if i == 0 else " " + w for i, w in enumerate(text.split(" "))]} for text in texts]
    return {"replies": replies, **options}
