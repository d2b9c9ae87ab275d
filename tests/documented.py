"""Speaks with a running server as openapi.json says: requests are made of the documented examples, and every answer, event and message is
checked against its schema. What the table does not hold fails."""
import json
import urllib.parse

from harness import end_cleanly, events_in, read_event_stream  # noqa: F401 - the first for those who import it from here
from socket_readers import receive

#: Documented headers that an answer may lack: where auth is off, where the wait is not known, where the page is not built,
#: where every shard answered.
MAY_LACK = {"set-cookie", "retry-after", "etag", "x-gibsey-missing-shards"}


class Documented:
    """A client of `server` that holds it to `table`. `done` is what it has used: (method, path)."""

    def __init__(self, case, server, table, headers=None):
        self.case, self.server, self.table = case, server, table
        self.headers = headers or {}
        self.done = set()

    def fits(self, value, schema, where):
        self.case.assertEqual(self.table.problems(value, schema), [], where)

    def target(self, operation, path, values, query):
        """The address: path parameters out of `values` or their examples, required query parameters likewise."""
        query = dict(query or {})
        for parameter in self.table.parameters(operation):
            name = parameter["name"]
            if parameter["in"] == "path":
                value = str((values or {}).get(name, parameter["example"]))
                path = path.replace("{" + name + "}", urllib.parse.quote(value, safe=""))
            elif parameter["in"] == "query" and parameter.get("required"):
                query.setdefault(name, parameter["example"])
        return path + ("?" + urllib.parse.urlencode(query) if query else "")

    def prepare(self, method, path, status, values=None, query=None, fields=None, body=None, headers=None):
        """(operation, target, body, headers) of a request; one that is to succeed must itself be as documented."""
        operation = self.table.operations[method, path]
        self.done.add((method, path))
        known = {p["name"] for p in self.table.parameters(operation)}
        self.case.assertLessEqual(set(values or {}) | set(query or {}), known, path)
        schema = self.table.request_schema(operation)
        if schema and body is None:
            body = {**schema["examples"][0], **(fields or {})}
        if schema and status < 300 and body != "":
            self.fits(body, schema, f"request of {method} {path}")
        return operation, self.target(operation, path, values, query), body, {**self.headers, **(headers or {})}

    def call(self, method, path, status, default=False, **request):
        """The answer's JSON (or text). `default`: the status is not one of the operation's own, but what every path may answer."""
        operation, target, body, headers = self.prepare(method, path, status, **request)
        got, fields, text = self.server.request(method, target, body, headers)
        where = f"{method} {target}"
        self.case.assertEqual(got, status, f"{where}: {text[:500]}")
        self.case.assertEqual(default, str(status) not in operation["responses"], f"{where}: {status} among {list(operation['responses'])}")
        return self.check_answer(self.table.resolve(operation["responses"]["default" if default else str(status)]), fields, text, f"{where} {status}")

    def check_answer(self, response, fields, text, where):
        fields = {name.lower(): value for name, value in fields.items()}
        self.check_headers(response, fields, where)
        content = response.get("content")
        if not content:
            self.case.assertEqual(text, "", where)
            return text
        media = fields.get("content-type", "").split(";")[0]
        self.case.assertTrue(media in content or "*/*" in content, f"{where}: {media!r} among {list(content)}")
        kind = content.get(media)
        if not media.endswith("json") or kind is None:
            return text
        value = json.loads(text)
        self.fits(value, kind["schema"], where)
        return value

    def check_headers(self, response, fields, where):
        for name, node in response.get("headers", {}).items():
            value = fields.get(name.lower())
            if value is None:
                self.case.assertIn(name.lower(), MAY_LACK, f"{where}: the header {name}")
                continue
            schema = self.table.resolve(self.table.resolve(node)["schema"])
            self.fits(int(value) if schema.get("type") == "integer" else value, schema, f"{where}: {name}")

    def stream(self, method, path, most=None, while_open=None, **request):
        """[(event, data, id)] of an event stream. `most`: leave after so many. `while_open` is called when the stream has begun."""
        operation, target, body, headers = self.prepare(method, path, 200, **request)
        with self.server.open(method, target, body, headers) as response:
            fields = {name.lower(): value for name, value in response.getheaders()}
            if response.status != 200:
                self.case.fail(f"{method} {target}: {response.status} {response.read()[:500]}")
            self.case.assertEqual(fields["content-type"], "text/event-stream")
            self.check_headers(self.table.resolve(operation["responses"]["200"]), fields, f"{method} {target}")
            if while_open:
                while_open()
            events = read_event_stream(response, most)
        return self.check_events(operation, events, whole=most is None)

    def frames(self, method, path, **request):
        """The frames of a facade's stream, at least one, each checked: the data of an event stream's events (but for OpenAI's last word), or
        lines of JSON."""
        operation, target, body, headers = self.prepare(method, path, 200, **request)
        status, fields, text = self.server.request(method, target, body, headers)
        where = f"{method} {target}"
        self.case.assertEqual(status, 200, f"{where}: {text[:500]}")
        response = self.table.resolve(operation["responses"]["200"])
        self.check_headers(response, {name.lower(): value for name, value in fields.items()}, where)
        media = fields["Content-Type"]
        texts = [data for _, data, _ in events_in(text)] if media == "text/event-stream" else filter(None, text.split("\n"))
        frames = [json.loads(data) for data in texts if data != "[DONE]"]
        self.case.assertTrue(frames, where)
        for frame in frames:
            self.fits(frame, response["content"][media]["schema"], where)
        return frames

    def check_events(self, operation, events, whole):
        """The events with their data decoded; each is documented, in its place, and not more often than it may be."""
        known = {event["event"]: event for event in operation["x-events"]}
        decoded, seen, place = [], set(), 0
        for name, text, identity in events:
            self.case.assertIn(name, known, "an event that is not in the table")
            event = known[name]
            value = json.loads(text) if event["encoding"] == "json" else text
            self.fits(value, event["data"], f"event {name}")
            self.case.assertGreaterEqual(event["place"], place, f"'{name}' comes too late among {[e[0] for e in events]}")
            self.case.assertTrue(event.get("many") or name not in seen, f"'{name}' comes twice")
            self.case.assertRegex(identity, r"^([0-9a-f]{32}:)?\d+$")
            place = event["place"]
            seen.add(name)
            decoded.append((name, value, identity))
        if whole:
            self.case.assertEqual(place, max(event["place"] for event in known.values()), f"the stream ends with {events[-1:]}")
        return decoded


class DocumentedSocket:
    """A WebSocket whose messages are held to the x-messages of its operation."""

    def __init__(self, documented, path, socket):
        self.documented, self.socket = documented, socket
        table = documented.table
        documented_messages = table.operations["GET", path]["x-messages"]
        documented.done.add(("GET", path))
        self.accepted = [table.resolve(node) for node in documented_messages["in"]]
        self.known = {table.resolve(node)["properties"]["type"]["const"]: table.resolve(node) for node in documented_messages["out"]}
        self.seen, self.sent = set(), set()

    async def send(self, message):
        fitting = [place for place, schema in enumerate(self.accepted) if not self.documented.table.problems(message, schema)]
        self.documented.case.assertEqual(len(fitting), 1, f"{message} is not one documented message")
        self.sent.update(fitting)
        await self.socket.send(json.dumps(message))

    async def receive(self):
        message = await receive(self.socket)
        kind = message.get("type")
        self.documented.case.assertIn(kind, self.known, f"{message} is not in the table")
        self.documented.fits(message, self.known[kind], f"message {kind}")
        self.seen.add(kind)
        return message

    async def until(self, *kinds):
        messages = []
        while not messages or messages[-1]["type"] not in kinds:
            messages.append(await self.receive())
        return messages

    def examples(self):
        """One of each message that the server takes."""
        return [schema["examples"][0] for schema in self.accepted]

    def check_all_were_used(self):
        self.documented.case.assertEqual(self.seen, set(self.known), "messages that the server was to send")
        self.documented.case.assertEqual(self.sent, set(range(len(self.accepted))), "messages that it was to be sent")
