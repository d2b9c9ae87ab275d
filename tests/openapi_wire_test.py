"""openapi.json against the running server: every documented path is asked with its documented example, and every answer, event and message
is checked field by field; then what it refuses. A field that the table does not hold fails."""
import asyncio
import re
import unittest

import websockets

import harness
from documented import Documented, DocumentedSocket
from schema_check import Table

SCRIPT = {"replies": [
    harness.slow(60, 40, match="xxslow"),
    harness.breaking("xxbreaks"),
    {"chunks": ["A plain ", "answer [1]", ".\nOn two lines."]},
], "max_running": 16, "max_queue": 1000}


def wrong_field(refusal):
    """The field of a request that a refusal names, in the words of whichever clients."""
    error = refusal.get("error", refusal)
    if isinstance(error, dict) and ("field" in error or "param" in error):
        return error.get("field") or error["param"]
    return re.search(r"'(\w+)'", error if isinstance(error, str) else error["message"]).group(1)


class EveryPath(unittest.TestCase):
    """Auth is off, as `make run` has it."""

    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server(SCRIPT)
        cls.table = Table()

    @classmethod
    def tearDownClass(cls):
        harness.end_cleanly(cls.server)

    def setUp(self):
        self.client = Documented(self, self.server, self.table)
        self.call, self.stream, self.frames = self.client.call, self.client.stream, self.client.frames

    def test_every_documented_path_answers_as_documented(self):
        # The feed comes well after the last question, whose end it would tell of too.
        for part in (self.turns, self.ask, self.cited, self.characters, self.stargate, self.pages, self.notes, self.credits, self.feed, self.persona, self.sessions, self.sign_in,
                     self.facades, self.operations):
            with self.subTest(part=part.__name__):
                part()
        self.assertEqual(set(self.table.operations) - self.client.done, set(), "documented paths that nobody asked")

    def create(self, text, **fields):
        return self.call("POST", "/v1/turns", 201, fields={"text": text, **fields})

    def follow(self, turn, **request):
        return self.stream("GET", "/v1/turns/{id}/events", values={"id": turn["turn_id"]}, **request)

    def turns(self):
        turn = self.create("Why did you climb the tower?")
        at = {"id": turn["turn_id"]}
        events = self.follow(turn)
        self.assertIn("quote", [name for name, _, _ in events])
        self.assertEqual([name for name, _, _ in events][-1], "done")
        self.assertEqual(self.follow(turn, headers={"Last-Event-ID": events[2][2]}), events[3:])
        self.assertEqual(self.follow(turn, query={"last_event_id": events[2][2]}), events[3:])
        self.call("GET", "/v1/turns/{id}/events", 204, values=at, headers={"Last-Event-ID": events[-1][2]})
        self.assertEqual(self.call("GET", "/v1/turns/{id}", 200, values=at)["status"], "complete")
        self.assertEqual(self.call("POST", "/v1/turns/{id}/stop", 202, values=at)["status"], "ended")
        self.follow(self.call("POST", "/v1/turns/{id}/regenerate", 201, values=at))
        slow = self.create("xxslow: which stair?", conversation_id=turn["conversation_id"])
        running = self.call("GET", "/v1/turns/{id}", 200, values={"id": slow["turn_id"]})
        self.assertEqual((running["status"], running["receipt"]), ("running", None))
        self.follow(slow, most=6)
        self.call("POST", "/v1/turns/{id}/stop", 202, values={"id": slow["turn_id"]})
        self.assertEqual(self.follow(slow)[-1][1]["finish_reason"], "stopped_by_reader")
        broken = self.create("xxbreaks: the mirror", character_id="", personality_weight=0.5, max_tokens=50)
        self.assertEqual(self.follow(broken)[-1][0], "error")
        self.assertEqual(self.call("GET", "/v1/turns/{id}", 200, values={"id": broken["turn_id"]})["error"]["code"], "unavailable")
        listed = self.call("GET", "/v1/conversations", 200, query={"user_id": "reader", "limit": 1})
        self.call("GET", "/v1/conversations", 200, query={"user_id": "reader", "limit": 1, "after": listed["next"]})
        conversation = {"id": turn["conversation_id"]}
        self.assertEqual(len(self.call("GET", "/v1/conversations/{id}", 200, values=conversation)["turns"]), 3)
        self.call("DELETE", "/v1/conversations/{id}", 204, values=conversation)

    def ask(self):
        names = [name for name, _, _ in self.stream("POST", "/ask")]
        self.assertEqual((names[0], names[-1]), ("turn", "done"))
        self.stream("POST", "/ask", fields={"char_id": None, "text": "Who is Shamrock Stillman?", "page_id": "007", "max_tokens": 10})
        self.assertEqual(self.stream("POST", "/ask", fields={"text": "xxbreaks"})[-1][0], "error")

    def characters(self):
        self.assertEqual(self.call("GET", "/characters", 200)[-1]["char_id"], "")
        self.call("GET", "/characters", 200, query={"world": "sarah"})
        self.call("GET", "/characters/{char_id}", 200, query={"world": "entrance-way"})
        made = self.call("POST", "/characters", 201)
        self.assertEqual(self.call("GET", "/characters/user/{user_id}", 200)["characters"], [made])
        self.call("PUT", "/characters/{char_id}", 200, values={"char_id": made["char_id"]})
        self.call("PUT", "/characters/{char_id}", 201, values={"char_id": "new-one"}, fields={"voice_id": "v1", "appearance_seed": "s1", "world": "sarah"})
        self.call("DELETE", "/characters/{char_id}", 204, values={"char_id": "new-one"})

    def stargate(self):
        token = {"X-Cassandra-Token": self.call("POST", "/v1/auth", 201)["authToken"]}
        self.call("POST", "/v1/auth/token/generate", 201)
        base = "/v2/keyspaces/{keyspace}/{table}"
        row = self.call("GET", base + "/{rest}", 200, values={"table": "characters", "rest": "arieol"}, headers=token)
        self.assertEqual(row["data"][0]["char_id"], row["char_id"])
        part = self.call("GET", base + "/rows", 200, query={"page-size": 2, "fields": "id,title", "world": "entrance-way"}, headers=token)
        self.assertEqual([sorted(row) for row in part["data"]], [["id", "title"]] * 2)
        self.call("GET", base + "/rows", 200, query={"page-state": part["pageState"], "raw": "true"}, headers=token)
        self.assertEqual(self.call("GET", base, 200, headers=token)["count"], 1)
        self.call("POST", base, 201, body={"id": "905", "text": "A row is a page."}, headers=token)
        for method in ("PUT", "PATCH"):
            self.call(method, base + "/{rest}", 200, values={"rest": "905"}, headers=token)
        self.call("DELETE", base + "/{rest}", 204, values={"rest": "905"}, headers=token)

    def pages(self):
        first = self.call("GET", "/pages", 200, query={"limit": 2})
        self.call("GET", "/pages", 200, query={"limit": 2, "after": first["next"], "world": first["world"]})
        self.assertIsNone(self.call("GET", "/pages/{id}", 200, values={"id": first["pages"][0]["id"]})["previous"])
        self.call("GET", "/pages/{id}", 200, query={"version": 1, "world": "entrance-way"})
        self.assertEqual(len(self.call("GET", "/retrieve", 200, query={"k": 5, "world": "entrance-way", "character": "arieol", "page": "007"})), 5)
        # Of a process that is no memory node; what nodes answer stands in shards_test.
        self.call("POST", "/v1/shards/{call}", 404, values={"call": "counts"})
        found = self.call("POST", "/v1/quotes/verify", 200, body={"claim": first["pages"][0]["text"][:60].rsplit(" ", 1)[0]})
        self.assertTrue(found["verbatim"])
        self.assertFalse(self.call("POST", "/v1/quotes/verify", 200, body={"claim": "The tower was sold for a herring.", "page_id": "007"})["verbatim"])
        made = self.call("POST", "/pages", 201)
        self.assertEqual(self.call("POST", "/pages", 201, body={"source": "A *page*.", "id": "afterword", "label": "A", "chapter": "", "voice": "arieol"})["label"], "A")
        written = self.call("PUT", "/pages/{id}", 200, values={"id": made["id"]}, fields={"version": 1, "title": "The lamp again"})
        self.assertEqual(written["version"], 2)
        self.call("PUT", "/pages/{id}", 200, values={"id": made["id"]}, fields={"text": "Written once more."}, headers={"If-Match": '"2"'})
        self.call("PUT", "/pages/{id}", 201, values={"id": "800"}, query={"world": "entrance-way"})
        cursor = self.call("POST", "/refresh", 200)["cursor"]
        hits = self.call("GET", "/retrieve", 200, query={"q": "written once more", "fresh": made["id"] + "@3", "cursor": cursor})
        self.assertEqual(hits[0]["page_id"], made["id"])
        for id, query in ((made["id"], {"version": 3}), ("800", {}), ("afterword", {"world": "entrance-way"})):
            self.call("DELETE", "/pages/{id}", 204, values={"id": id}, query=query)
        self.call("GET", "/pages/{id}", 200, values={"id": made["id"]}, query={"version": 1})

    def notes(self):
        at = {"run_id": self.call("POST", "/v1/jobs/nightly/run", 202, fields={"world": "chrysopedia", "force": True})["run_id"]}
        run = harness.wait_until(lambda: (run := self.call("GET", "/v1/jobs/nightly/runs/{run_id}", 200, values=at))["status"] != "running" and run, 120)
        self.assertEqual(run["status"], "done", run)
        self.assertEqual(self.call("GET", "/v1/jobs/nightly/runs", 200, query={"limit": 1})["runs"], [run])
        listed = self.call("GET", "/v1/notes", 200, query={"world": "chrysopedia", "limit": 1})
        self.call("GET", "/v1/notes", 200, query={"world": "chrysopedia", "limit": 200, "after": listed["next"]})
        note = listed["notes"][0]
        at = {"id": note["id"]}
        of_page = self.call("GET", "/v1/notes", 200, query={"world": "chrysopedia", "page_id": note["page_ids"][0]})
        self.assertIn(note["id"], [other["id"] for other in of_page["notes"]])
        self.assertEqual(self.call("POST", "/v1/notes/{id}/revert", 200, values=at, fields={"version": 1})["version"], 2)
        self.assertEqual(len(self.call("GET", "/v1/notes/{id}", 200, values=at)["versions"]), 2)
        self.call("GET", "/v1/notes/{id}/versions/{number}", 200, values={**at, "number": 1})
        self.assertEqual({c["what"] for c in self.call("GET", "/v1/notes/{id}/diff", 200, values=at, query={"from": 1, "to": 2})["changes"]}, {"equal"})

    def credits(self):
        key = {"Idempotency-Key": "k-1"}
        taken = self.call("POST", "/debit", 200, headers=key)
        self.assertEqual(self.call("POST", "/debit", 200, headers=key), taken)
        self.call("POST", "/credit", 200)
        self.call("POST", "/credit", 200, fields={"amount": 5, "ref": taken["entry_id"]})
        statement = self.call("GET", "/ledger/{user_id}", 200, query={"limit": 50})
        self.assertEqual((statement["balance"], statement["known"]), (sum(entry["amount"] for entry in statement["entries"]), True))
        self.assertEqual(self.call("GET", "/ledger/{user_id}", 200, values={"user_id": "nobody-yet"})["opening_grant"], 100)

    def persona(self):
        self.call("POST", "/api/sentiment", 200)
        self.call("POST", "/memory/facts", 201)
        self.call("POST", "/memory/facts", 201, body={"user_id": "user123", "character_id": "sarah", "fact_key": "colour", "fact_value": "green"})
        self.assertEqual(self.call("GET", "/memory/facts/{user_id}/{character_id}", 200)["total"], 2)
        self.assertEqual(len(self.call("POST", "/retrieve-context", 200, fields={"max_facts": 1})["relevant_facts"]), 1)
        asyncio.run(self.persona_socket())

    async def persona_socket(self):
        async with websockets.connect(self.server.socket_address + "/ws/chat") as raw:
            socket = DocumentedSocket(self.client, "/ws/chat", raw)
            question, stop, ping = socket.examples()
            await socket.send(question)
            await socket.until("complete")
            await socket.send(ping)
            await socket.until("pong")
            await socket.send({"message": "xxslow", "character_id": "arieol"})
            await socket.until("token")
            await socket.send(stop)
            self.assertEqual((await socket.until("complete"))[-1]["finish_reason"], "stopped_by_reader")
            for wrong, code in (("{", "invalid_json"), ('{"message": " "}', "invalid_message"), ('{"message": "Hi", "character_id": "nobody"}', "not_found"),
                                ('{"message": "xxbreaks"}', "generation_failed")):
                await raw.send(wrong)
                self.assertEqual((await socket.until("error"))[-1]["code"], code)
            socket.check_all_were_used()

    def cited(self):
        events = self.stream("POST", "/api/v1/chat", fields={"user_id": "logged"})
        self.assertGreater(len(events[0][1]), 1)
        self.stream("POST", "/api/v1/chat", fields={"creator": "Tunde Marrow", "user_id": "logged", "conversation_id": events[-1][1]["conversation_id"]})
        self.assertEqual(self.stream("POST", "/api/v1/chat", fields={"query": "xxbreaks the compressor"})[-1][1]["message"], "LLM generation failed")
        self.stream("POST", "/api/v1/chat", fields={"query": "Who are you?", "world": "sarah"})
        self.call("GET", "/v1/providers", 200)
        rows = self.call("GET", "/v1/usage", 200, query={"limit": 1})
        self.call("GET", "/v1/usage", 200, query={"limit": 1, "before": rows["next"]})

    def feed(self):
        path = "/v1/feed/conversation_turns"
        told = self.stream("GET", path, most=1, while_open=lambda: self.server.ask("Hello feed", user="fed"))
        self.assertEqual(told[0][1]["user_id"], "fed")
        self.assertEqual(self.stream("GET", path, most=1, headers={"Last-Event-ID": str(int(told[0][2]) - 1)}), told)
        pages = self.stream("GET", "/v1/feed/pages", most=2, query={"after": ""})
        self.assertEqual(self.stream("GET", "/v1/feed/pages", most=1, headers={"Last-Event-ID": pages[0][2]}), pages[1:])

    def sessions(self):
        asyncio.run(self.session_socket())
        self.call("GET", "/test", 200)
        self.assertEqual(self.call("GET", "/test-llm-debug", 200)["status"], "success")

    async def session_socket(self):
        async with websockets.connect(self.server.socket_address + "/ws/s-1?user_id=reader") as raw:
            socket = DocumentedSocket(self.client, "/ws/{session_id}", raw)
            self.assertEqual((await socket.receive())["type"], "connection_established")
            question, stop, ping, navigation, selection = socket.examples()
            await socket.send(question)
            while not (await socket.until("ai_response_stream"))[-1]["data"]["is_complete"]:
                pass
            for message, answer in ((stop, "error"), (ping, "pong"), (navigation, "vault_update"), (selection, "prompt_selected")):
                await socket.send(message)
                await socket.until(answer)
            for wrong, code in (("{", "INVALID_JSON"), ('{"type": "dance"}', "UNKNOWN_MESSAGE_TYPE"), ('{"type": "page_navigation"}', "INVALID_MESSAGE"),
                                ('{"type": "ai_chat_request", "data": {"prompt": "Hi", "character_id": "nobody"}}', "NOT_FOUND"),
                                ('{"type": "ai_chat_request", "data": {"prompt": "xxbreaks"}}', "LLM_ERROR")):
                await raw.send(wrong)
                self.assertEqual((await socket.until("error"))[-1]["data"]["code"], code)
            self.assertEqual(self.call("GET", "/v1/sessions", 200)["sessions"][0]["session_id"], "s-1")
            self.call("POST", "/v1/cluster-events", 202)
            await socket.until("cluster_event")
            self.call("PUT", "/pages/{id}", 200, values={"id": "070"})
            await socket.until("page_update")
            socket.check_all_were_used()

    def sign_in(self):
        self.assertEqual(self.call("POST", "/v1/session", 200)["auth"], "off")
        self.call("POST", "/v1/session", 200, body="")
        self.call("GET", "/v1/session", 200)
        self.call("DELETE", "/v1/session", 204)
        self.call("POST", "/v1/session/token", 201)

    def facades(self):
        for path in ("/v1/chat/completions", "/v1/responses", "/v1/messages"):
            self.call("POST", path, 200)
            self.frames("POST", path, fields={"stream": True})
        chunks = self.frames("POST", "/v1/chat/completions", fields={"stream": True, "stream_options": {"include_usage": True}})
        self.assertEqual(chunks[-1]["choices"], [])
        for path in ("/api/chat", "/api/generate"):
            self.assertTrue(self.frames("POST", path)[-1]["done"])
            self.call("POST", path, 200, fields={"stream": False})
            self.call("POST", path, 200, body={"model": "arieol"})
        for path in ("/v1/messages/count_tokens", "/v1/embeddings", "/api/embed", "/api/embeddings", "/api/show"):
            self.call("POST", path, 200)
        self.call("POST", "/v1/embeddings", 200, fields={"encoding_format": "base64"})
        for path in ("/v1/models", "/v1/models/{rest}", "/api/tags", "/api/ps", "/api/version"):
            self.call("GET", path, 200)
        for path in ("/v1/models", "/v1/models/{rest}"):
            self.call("GET", path, 200, headers={"anthropic-version": "2023-06-01"})
        self.call("POST", "/mcp", 200)
        self.call("POST", "/mcp", 200, fields={"method": "tools/list"})
        self.call("POST", "/mcp", 200, fields={"method": "dance"})
        self.call("POST", "/mcp", 202, body={"jsonrpc": "2.0", "method": "notifications/initialized"})
        asked = {"name": "ask_character", "arguments": {"character": "arieol", "text": "Why?"}, "_meta": {"progressToken": 1}}
        self.assertIn("result", self.frames("POST", "/mcp", fields={"params": asked}, headers={"Accept": "application/json, text/event-stream"})[-1])
        # Last: a provider that fails again and again is left alone for a while.
        broken = [{"role": "user", "content": "xxbreaks"}]
        self.assertEqual(self.frames("POST", "/v1/chat/completions", fields={"stream": True, "messages": broken})[-1]["error"]["code"], "unavailable")
        self.assertEqual(self.frames("POST", "/v1/messages", fields={"stream": True, "messages": broken})[-1]["type"], "error")
        self.assertEqual(self.frames("POST", "/v1/responses", fields={"stream": True, "input": "xxbreaks"})[-1]["type"], "response.failed")
        self.assertIn("error", self.frames("POST", "/api/chat", fields={"messages": broken})[-1])

    def operations(self):
        for path in ("/health", "/live", "/ready", "/metrics"):
            self.call("GET", path, 200)
        self.assertEqual(self.call("GET", "/openapi.json", 200), self.table.document)
        self.assertIn("/openapi.json", self.call("GET", "/docs", 200))
        page = self.call("GET", "/", 200)
        etag = self.server.request("GET", "/")[1].get("ETag")
        if etag:
            self.call("GET", "/", 304, headers={"If-None-Match": etag})
        script = re.search(r'src="/assets/([^"]+\.js)"', page)
        self.call("GET", "/assets/{rest}", 200 if script else 404, values={"rest": script.group(1) if script else "none.js"})
        self.call("GET", "/favicon.ico", 404)
        self.call("GET", "/favicon.svg", 200 if script else 404)

    def test_refusals_are_as_documented(self):
        turn = {"id": "0" * 32}
        self.call("POST", "/debit", 200, fields={"user_id": "poor", "cost": 100})
        self.call("POST", "/ask", 402, fields={"user_id": "poor"})
        self.assertEqual(self.server.request("POST", "/ask", {"user_id": "poor", "char_id": "arieol", "text": "Why?"})[2], '{"needed":5,"available":0}')
        self.call("POST", "/debit", 402, fields={"user_id": "poor", "cost": 1})
        self.call("POST", "/v1/turns", 402, fields={"user_id": "poor"})
        self.call("POST", "/debit", 200, fields={"user_id": "keyed"}, headers={"Idempotency-Key": "k-2"})
        self.call("POST", "/debit", 409, fields={"user_id": "keyed", "cost": 6}, headers={"Idempotency-Key": "k-2"})
        self.call("POST", "/credit", 404, fields={"ref": "nothing"})
        self.call("POST", "/characters", 409, fields={"char_id": "arieol"})
        self.call("POST", "/pages", 409, fields={"id": "007"})
        self.call("PUT", "/pages/{id}", 409, fields={"version": 77})
        self.call("DELETE", "/pages/{id}", 404, values={"id": "777"})
        self.call("GET", "/retrieve", 504, query={"fresh": "007@77"})
        for method, path in (("GET", "/v1/turns/{id}"), ("GET", "/v1/turns/{id}/events"), ("POST", "/v1/turns/{id}/stop"), ("POST", "/v1/turns/{id}/regenerate"),
                             ("GET", "/v1/conversations/{id}"), ("DELETE", "/v1/conversations/{id}")):
            self.call(method, path, 404, values=turn)
        for method in ("GET", "DELETE"):
            self.assertEqual(self.call(method, "/characters/{char_id}", 404, values={"char_id": "nobody"})["detail"], "char not found")
        row = "/v2/keyspaces/{keyspace}/{table}/{rest}"
        self.call("GET", row, 401)
        self.call("GET", row, 404, values={"table": "characters", "rest": "nobody"}, headers={"X-Cassandra-Token": "t"})
        self.call("GET", row, 400, values={"table": "nothing"}, headers={"X-Cassandra-Token": "t"})
        for path in ("/characters", "/pages", "/retrieve"):
            self.call("GET", path, 404, query={"world": "nowhere"})
        for path, query in (("/pages", {"limit": 501}), ("/pages/{id}", {"version": 0}), ("/retrieve", {"k": 51}), ("/retrieve", {"fresh": "7"}), ("/retrieve", {"cursor": "x"}), ("/ledger/{user_id}", {"limit": 0}), ("/v1/usage", {"before": "x"}),
                            ("/v1/conversations", {"user_id": ""}), ("/memory/facts/{user_id}/{character_id}", {"limit": 0})):
            self.assertEqual(self.call("GET", path, 422, query=query)["field"], list(query)[0])
        for path in ("/ws/chat", "/ws/{session_id}"):
            self.call("GET", path, 426)
        for (method, path), operation in self.table.operations.items():
            if self.table.request_schema(operation):
                token = {"X-Cassandra-Token": "t"}
                self.call(method, path, 400, body="{", headers=token)
                self.call(method, path, 422 if "422" in operation["responses"] else 400, body="[1]", headers=token)
                self.call(method, path, 413, default="413" not in operation["responses"], body=" " * (operation.get("x-body-limit", 65_536) + 4_000))
        self.call("GET", "/live", 403, default=True, headers={"Host": "elsewhere.example"})

    def test_required_fields_are_required(self):
        required = [(method, path, operation, schema, name) for (method, path), operation in self.table.operations.items()
                    if (schema := self.table.request_schema(operation)) for name in schema.get("required", [])]
        self.assertGreater(len(required), 20)
        for method, path, operation, schema, name in required:
            with self.subTest(method=method, path=path, field=name):
                body = {key: value for key, value in schema["examples"][0].items() if key != name}
                if "422" in operation["responses"]:
                    self.assertEqual(wrong_field(self.call(method, path, 422, body=body)), name)
                else:  # Stargate knows 400 alone
                    self.assertIn(f" {name} ", self.call(method, path, 400, body=body)["description"])

    def test_a_path_that_is_not_there(self):
        for method, path, status in (("GET", "/nowhere", 404), ("PATCH", "/ask", 405)):
            got, fields, text = self.server.request(method, path)
            self.assertEqual(got, status)
            self.client.check_answer(self.table.document["components"]["responses"]["Refusal"], fields, text, path)


if __name__ == "__main__":
    unittest.main()
