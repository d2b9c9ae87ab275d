"""Readers of the five dialects, many at once: each asks one question and says what it saw."""
import asyncio
import dataclasses
import json
import time

import websockets

from event_stream import EventParser


@dataclasses.dataclass
class Seen:
    """What one reader saw. `text`: what stands on the screen at the end; `voided`: what a `replace` took back."""
    dialect: str
    user: str
    text: str = ""
    voided: str = ""
    replaced: int = 0
    error: dict | None = None
    done: dict | None = None
    problem: str = ""  # the stream itself was not as it should be
    ended_at: float = 0.0


class Response:
    """An answer over a connection of its own, its body unchunked line by line."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    @classmethod
    async def ask(cls, server, method, path, body=None):
        reader, writer = await asyncio.open_connection(server.host, server.port)
        raw = json.dumps(body).encode() if body is not None else b""
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
                     f"Content-Length: {len(raw)}\r\n\r\n".encode() + raw)
        response = cls(reader, writer)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        response.status = int(head.split(" ")[1])
        response.chunked = "transfer-encoding: chunked" in head.lower()
        return response

    async def piece(self):
        if not self.chunked:
            return await self.reader.read(65536)
        size = int(await self.reader.readline(), 16)
        data = await self.reader.readexactly(size)
        await self.reader.readexactly(2)
        return data

    async def json(self):
        data = b""
        while piece := await self.piece():
            data += piece
        self.writer.close()
        return json.loads(data)

    async def events(self):
        """(type, text) of each server-sent event."""
        parser, rest = EventParser(), b""
        while piece := await self.piece():
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                if event := parser.take(line):
                    yield event[:2]
        self.writer.close()


async def read_events(seen, response, token):
    async for kind, text in response.events():
        if kind == token:
            seen.text += text
        elif kind == "replace":
            seen.voided, seen.text = seen.text, ""
            seen.replaced += 1
        elif kind in ("done", "error"):
            setattr(seen, kind, json.loads(text))
    return seen


async def turns(server, user, text):
    seen = Seen("turns", user)
    made = await Response.ask(server, "POST", "/v1/turns", {"user_id": user, "character_id": "arieol", "text": text})
    body = await made.json()
    if made.status != 201:
        seen.problem = f"{made.status} {body}"
        return seen
    return await read_events(seen, await Response.ask(server, "GET", f"/v1/turns/{body['turn_id']}/events"), "token")


async def posted(seen, server, path, body, token):
    response = await Response.ask(server, "POST", path, body)
    if response.status != 200:
        seen.problem = f"{response.status} {await response.json()}"
        return seen
    return await read_events(seen, response, token)


async def ask(server, user, text):
    return await posted(Seen("ask", user), server, "/ask", {"user_id": user, "char_id": "arieol", "text": text}, "message")


async def cited(server, user, text):
    return await posted(Seen("cited", user), server, "/api/v1/chat", {"user_id": user, "query": text}, "token")


async def persona(server, user, text):
    seen = Seen("persona", user)
    async with websockets.connect(server.socket_address + "/ws/chat", open_timeout=60, ping_interval=None) as socket:
        await socket.send(json.dumps({"message": text, "user_id": user, "character_id": "arieol"}))
        while not seen.done and not seen.error:
            message = json.loads(await socket.recv())
            if message["type"] == "token":
                seen.text += message["content"]
            elif message["type"] == "complete":
                seen.done = message
            elif message["type"] == "error":
                seen.error = message
    return seen


async def session(server, user, text):
    seen = Seen("session", user)
    address = f"{server.socket_address}/ws/s-{user}?user_id={user}"
    async with websockets.connect(address, open_timeout=60, ping_interval=None) as socket:
        await socket.recv()
        await socket.send(json.dumps({"type": "ai_chat_request", "data": {"prompt": text, "character_id": "arieol"}}))
        while not seen.done and (seen.error or {"code": "LLM_ERROR"})["code"] == "LLM_ERROR":
            message = json.loads(await socket.recv())
            if message["type"] == "ai_response_stream":
                seen.text += message["data"]["token"]
                seen.done = message["data"] if message["data"]["is_complete"] else None
            elif message["type"] == "error":
                seen.error = message["data"]
    if seen.error:
        seen.done = None
    return seen


DIALECTS = {"turns": turns, "ask": ask, "persona": persona, "cited": cited, "session": session}
COSTS = {"turns": 5, "ask": 5, "persona": 0, "cited": 0, "session": 0}
PATHS = {"turns": "/v1/turns", "ask": "/ask", "persona": "/ws/chat", "cited": "/api/v1/chat", "session": "/ws/{session_id}"}


async def timed(server, dialect, user, text, limit):
    try:
        seen = await asyncio.wait_for(DIALECTS[dialect](server, user, text), limit)
    except Exception as problem:  # noqa: BLE001 - told by the test
        seen = Seen(dialect, user, problem=repr(problem))
    seen.ended_at = time.monotonic()
    return seen


def ask_all(server, questions, limit=60):
    """All at once; `questions`: [(dialect, user, text)]. Gives what each saw, in their order."""
    async def gather():
        return await asyncio.gather(*(timed(server, dialect, user, text, limit) for dialect, user, text in questions))
    return asyncio.run(gather())


def record_of(server, user):
    """The one turn of this reader, and the balance with the ledger's entries."""
    conversations = server.get_json(f"/v1/conversations?user_id={user}")["conversations"]
    assert len(conversations) == 1, (user, conversations)
    turns_kept = server.get_json(f"/v1/conversations/{conversations[0]['conversation_id']}")["turns"]
    assert len(turns_kept) == 1, (user, turns_kept)
    return turns_kept[0], server.get_json(f"/ledger/{user}")


def without_epigraph(record):
    """The reply up to the quotation that the program puts at the end of one that quotes nothing."""
    starts = [quote["reply_start"] for quote in record["quotes"] if quote["origin"] == "epigraph"]
    return record["reply"][:min(starts)].rstrip(' \n"“') if starts else record["reply"]


def check_charge(case, dialect, record, ledger, charged):
    """Once, or not at all: by the receipt, the ledger's entries and the balance."""
    held, receipt = COSTS[dialect], record["receipt"]
    case.assertEqual((receipt["held"], receipt["charged"], receipt["released"]), (held, charged, held - charged))
    kinds = sorted(entry["kind"] for entry in ledger["entries"])
    if held == 0:
        return case.assertNotIn("hold", kinds)
    case.assertEqual(kinds, ["grant", "hold", "settle"] if charged else ["grant", "hold", "release"])
    case.assertEqual(ledger["balance"], 100 - charged)
