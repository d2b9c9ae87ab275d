"""A model server that speaks the protocols of three real ones (upstream_protocols.py) and misbehaves by a plan: it refuses, resets, stalls,
dies in mid-stream, sends rubbish. It keeps every request that it gets."""
import asyncio
import dataclasses
import email.utils
import json
import socket
import struct
import threading
import time

from upstream_protocols import REPLIES, OpenAiReply, dump, embeddings_body, models_body

ENDLESS_BYTES = 4 * 1024 * 1024
HTML = b"<!doctype html><html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
GARBAGE = {"lines": b"data: {{{ this is no JSON\n\n{{{ nor is this\n\n", "binary": bytes(range(256)) * 16}


@dataclasses.dataclass(frozen=True)
class Act:
    """What is done with one request. `end`, after the pieces: "whole"; "closed" (the body ends without the protocol's own end), "cut" (in the
    middle of a chunk), "reset", "stall", "error" (an error event), "lines" and "binary" (no protocol at all), "endless" (one line of megabytes)."""
    pieces: tuple = ()
    end: str = "whole"
    head: bool = True  # False: it ends before the head of an answer
    thoughts: tuple = ()
    status: int = 200
    message: str = ""
    headers: tuple = ()
    html: bool = False
    delay: float = 0.0  # before each piece
    bytewise: bool = False
    usage: str = "true"
    finish: str = "stop"
    content_type: str = ""


def ok(*pieces, **more):
    return Act(pieces, **more)


def status(code, message="it was refused", retry_after=None, **more):
    """`retry_after`: seconds, or a date so many seconds away when it is negative (dates have whole seconds)."""
    if retry_after is None:
        return Act(status=code, message=message, **more)
    text = str(retry_after) if retry_after >= 0 else email.utils.formatdate(time.time() - retry_after, usegmt=True)
    return Act(status=code, message=message, headers=(("Retry-After", text),), **more)


@dataclasses.dataclass
class Request:
    method: str
    path: str
    headers: dict  # names in small letters
    body: dict
    time: float = dataclasses.field(default_factory=time.monotonic)

    def text(self):
        """The whole prompt, to find a question in."""
        return json.dumps(self.body, ensure_ascii=False)


class Upstream:
    """`plan`: a list of Acts, one a request for a reply, the last one again and again; or a function of the Request that gives one. `models`:
    what it says it has. `on_accept`: "serve", "reset", "close" or "stall" every new connection."""

    def __init__(self, plan=(), models=("big-70b",), key="", notify=None):
        self.plan, self.models, self.key = plan, list(models), key
        self.on_accept = "serve"
        self.requests = []  # those for a reply or an embedding
        self.looks = []     # the others: is it there, what has it got
        self.opened_at = None
        self.notify = notify or (lambda event: None)
        self._together, self._arrived = 0, 0
        self._loop = asyncio.new_event_loop()
        self._gate = asyncio.Event()
        self._connections = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = 0
        self.open()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def open(self):
        """Listens, on the same port as before."""
        async def start():
            self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port, backlog=1024)
            self.port = self._server.sockets[0].getsockname()[1]
        self._call(start())

    def refuse(self):
        """Nobody listens any more: connections are refused, and those that were kept open are closed."""
        async def stop():
            self._server.close()
            for task in list(self._connections):
                task.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)
        self._call(stop())

    def together(self, count):
        """Nothing is answered before so many requests are there: what then happens, happens to all of them at once."""
        self._together, self._arrived = count, 0
        self._gate.clear()

    def close(self):
        self.refuse()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    async def _connected(self, reader, writer):
        task = asyncio.current_task()
        self._connections.add(task)
        try:
            if self.on_accept == "stall":
                await asyncio.sleep(600)
            elif self.on_accept == "reset":
                reset(writer)
            elif self.on_accept == "serve":
                while await self._exchange(reader, writer):
                    pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client left, or the test is over
        finally:
            self._connections.discard(task)
            writer.close()

    async def _exchange(self, reader, writer):
        """One request and its answer; whether another may follow on this connection."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        raw = await reader.readexactly(int(headers.get("content-length", 0)))
        request = Request(method, path.partition("?")[0], headers, json.loads(raw) if raw else {})
        keep = headers.get("connection", "").lower() != "close"
        if method == "GET" or request.path not in (*REPLIES, "/v1/embeddings", "/api/embed"):
            self.looks.append(request)
            body = models_body(request.path, headers, self.models)
            await answer_json(writer, 404 if body is None else 200, body or {"error": "there is no such path"})
            return keep
        self.requests.append(request)
        self.notify({"request": {"path": request.path, "headers": headers, "body": request.body}})
        if self.key and self.key not in (headers.get("authorization", "").removeprefix("Bearer "), headers.get("x-api-key")):
            await answer_json(writer, 401, REPLIES.get(request.path, OpenAiReply).refusal(401, "there is no such key"))
            return keep
        if request.path not in REPLIES:
            await answer_json(writer, 200, embeddings_body(request.path, request.body))
            return keep
        act = self._next_act(request)
        await self._wait_for_the_others()
        return await Answer(writer, request, act, self.notify).give() and keep

    def _next_act(self, request):
        if callable(self.plan):
            return self.plan(request)
        return self.plan.pop(0) if len(self.plan) > 1 else self.plan[0]

    async def _wait_for_the_others(self):
        self._arrived += 1
        if self._arrived == self._together or not self._together:
            self.opened_at = self.opened_at or time.monotonic()
            self._gate.set()
        await self._gate.wait()


def reset(writer):
    """The connection ends with a RST."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def answer_json(writer, code, body, headers=(), content_type="application/json"):
    data = body if isinstance(body, bytes) else dump(body)
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers)
    writer.write(f"HTTP/1.1 {code} x\r\nContent-Type: {content_type}\r\nContent-Length: {len(data)}\r\n{fields}\r\n".encode() + data)
    await writer.drain()


class Answer:
    """One act, played on a connection."""

    def __init__(self, writer, request, act, notify):
        self.writer, self.request, self.act, self.notify = writer, request, act, notify
        self.reply = REPLIES[request.path](request.body, act.usage)

    async def give(self):
        """Whether the connection can be used again."""
        act = self.act
        if not act.head:
            return await self.end()
        if act.html or act.status != 200:
            body = HTML if act.html else self.reply.refusal(act.status, act.message)
            await answer_json(self.writer, act.status, body, act.headers, "text/html" if act.html else "application/json")
            return True
        self.writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: " + (act.content_type or self.reply.content_type).encode()
                          + b"\r\nTransfer-Encoding: chunked\r\nCache-Control: no-store\r\n\r\n")
        if act.thoughts or act.pieces or act.end == "whole":
            await self.write(self.reply.begin())
        for thought in act.thoughts:
            await self.write(self.reply.thought(thought))
        for piece in act.pieces:
            await asyncio.sleep(act.delay)
            await self.write(self.reply.piece(piece))
        return await self.end()

    async def write(self, data):
        """A chunk of its own, or one for each byte."""
        parts = [data[at:at + 1] for at in range(len(data))] if self.act.bytewise else [data] if data else []
        for part in parts:
            self.writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            await self.writer.drain()

    async def end(self):
        end = self.act.end
        if end == "whole":
            for pause, data in self.reply.end(self.act.finish):
                await asyncio.sleep(pause)
                await self.write(data)
        elif end == "error":
            await self.write(self.reply.error(self.act.message or "the model runner has died"))
        elif end in GARBAGE:
            await self.write(GARBAGE[end])
        elif end == "endless":
            await self.endless()
        elif end != "closed" or not self.act.head:
            return await self.break_off()
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()
        return True

    async def break_off(self):
        if self.act.pieces:
            await asyncio.sleep(0.1)  # what was sent is read before the connection breaks
        if self.act.end == "reset":
            reset(self.writer)
        elif self.act.end == "cut":
            self.writer.write(b"4000\r\ndata: {")
            await self.writer.drain()
        elif self.act.end == "stall":
            self.notify({"stalled": True})
            await asyncio.sleep(600)
        return False

    async def endless(self):
        await self.write(b"data: {" if self.reply.content_type.startswith("text/event-stream") else b"{")
        for _ in range(ENDLESS_BYTES // 65536):
            await self.write(b"x" * 65536)
