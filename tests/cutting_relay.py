"""A TCP relay between a client and a server that breaks chosen event streams once, in their middle."""
import re
import select
import socket
import struct
import threading

EVENTS_OF = re.compile(rb"GET /v1/turns/([0-9a-f]+)/events[^ ]* HTTP/1.1\r\n(.*?)\r\n\r\n", re.S)
LAST_EVENT_ID = re.compile(rb"^Last-Event-ID: *(\S+)", re.M | re.I)


class Cut:
    """Where a turn's stream breaks: after `tokens` token events, `extra` bytes into the next one; `reset`: by RST, else by FIN."""

    def __init__(self, tokens, extra=0, reset=False):
        self.tokens, self.extra, self.reset = tokens, extra, reset


class CuttingRelay:
    """Each connection to it is one to the server. `cuts`: turn id -> Cut, taken once each. `streams`: turn id -> the Last-Event-ID of
    each request for its events, None where it had none."""

    def __init__(self, host, port):
        self.target = (host, port)
        self.cuts, self.streams = {}, {}
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=Connection(self, client).run, daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Connection:
    """One thread for both directions: a socket that another thread still reads is not closed by close()."""

    def __init__(self, relay, client):
        self.relay, self.client = relay, client
        self.server = socket.create_connection(relay.target)
        self.asked = b""
        self.turn = None  # whose events are being sent
        self.answered = b""

    def run(self):
        with self.client, self.server:
            try:
                while self.pass_on():
                    pass
            except OSError:
                pass

    def pass_on(self):
        """Whether the connection stays."""
        ready, _, _ = select.select([self.client, self.server], [], [])
        if self.client in ready:
            chunk = self.client.recv(65536)
            self.notice(chunk)
            self.server.sendall(chunk)
            if not chunk:
                return False
        if self.server in ready:
            chunk = self.server.recv(65536)
            return bool(chunk) and self.pass_answer(chunk)
        return True

    def notice(self, chunk):
        self.asked += chunk
        for request in EVENTS_OF.finditer(self.asked):
            self.asked = b""
            self.answered = b""
            self.turn = request.group(1).decode()
            last = LAST_EVENT_ID.search(request.group(2))
            self.relay.streams.setdefault(self.turn, []).append(last.group(1).decode() if last else None)

    def pass_answer(self, chunk):
        """Whether it was passed on whole."""
        cut = self.relay.cuts.get(self.turn)
        self.answered += chunk
        if cut is None or self.answered.count(b"event: token") <= cut.tokens:
            self.client.sendall(chunk)
            return True
        del self.relay.cuts[self.turn]
        already = len(self.answered) - len(chunk)
        place = [match.start() for match in re.finditer(b"event: token", self.answered)][cut.tokens] + cut.extra
        self.client.sendall(self.answered[already:max(place, already)])
        if cut.reset:
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
