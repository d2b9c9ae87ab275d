"""The program behind nginx and beside Redis: tokens pass as they come, turns are told, and kill -9 of either is survived."""
import asyncio
import json
import socket
import time
import unittest

import websockets

from running import harness, stack

DELAY = 0.15
TOKENS = 12
SCRIPT = {"replies": [harness.slow(TOKENS, DELAY * 1000, match="slowly"), {"chunks": ["A plain ", "answer."]}]}


class Channel:
    """A subscription of Redis."""

    def __init__(self, name):
        host, port = stack().redis.split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=20)
        self.lines = self.socket.makefile("rb")
        self.socket.sendall(f"SUBSCRIBE {name}\r\n".encode())
        self.read_one()

    def read_one(self):
        """[kind, channel, text or number]."""
        count = int(self.lines.readline()[1:])
        return [self._element() for _ in range(count)]

    def _element(self):
        head = self.lines.readline()
        return self.lines.read(int(head[1:]) + 2)[:-2] if head.startswith(b"$") else int(head[1:])

    def close(self):
        self.lines.close()
        self.socket.close()


class Front(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        known = stack().environment()
        cls.server = harness.Server(SCRIPT, environment={name: known[name] for name in ("REDIS_HOST", "REDIS_PORT")})
        cls.addClassCleanup(cls.server.close)
        cls.address = stack().front(cls.server.port)
        cls.addClassCleanup(stack().kill, "nginx")

    def behind_nginx(self):
        """The server as it is seen through nginx."""
        front = object.__new__(harness.Server)
        front._live_at(self.address)
        return front

    def test_tokens_come_one_by_one_through_nginx(self):
        turn = self.behind_nginx().ask("Say it slowly", character=None)
        self.assertEqual(turn.status, 200, turn.body)
        self.assertIn("text/event-stream", turn.headers["Content-Type"])
        arrivals = [seconds for kind, _, _, seconds in turn.events if kind == "message"]
        self.assertGreaterEqual(len(arrivals), TOKENS)
        gaps = [later - earlier for earlier, later in zip(arrivals, arrivals[1:])]
        self.assertGreater(arrivals[-1] - arrivals[0], DELAY * (TOKENS - 2), "they came in one heap")
        self.assertLess(max(gaps), DELAY * 8, gaps)
        self.assertLess(turn.first_byte_seconds, arrivals[0])

    def test_a_browser_that_takes_gzip_gets_tokens_as_they_come(self):
        front = self.behind_nginx()
        body = {"user_id": "zip", "char_id": None, "text": "Say it slowly"}
        started, seen = time.monotonic(), []
        with front.open("POST", "/ask", body, {"Content-Type": "application/json", "Accept-Encoding": "gzip, br"}) as response:
            self.assertIsNone(response.getheader("Content-Encoding"))
            while line := response.readline():
                if line.startswith(b"data: word"):
                    seen.append(time.monotonic() - started)
        self.assertGreater(seen[-1] - seen[0], DELAY * (TOKENS - 2))

    def test_a_socket_passes_nginx(self):
        async def chat():
            async with websockets.connect(self.address.replace("http", "ws") + "/ws/chat") as connection:
                await connection.send(json.dumps({"message": "Hello", "user_id": "ws"}))
                while (message := json.loads(await asyncio.wait_for(connection.recv(), 30)))["type"] != "complete":
                    self.assertNotEqual(message["type"], "error", message)
                return message

        self.assertIn("sentiment", asyncio.run(chat()))

    def test_redis_hears_of_turns(self):
        channel = Channel("conversation_turns")
        self.addCleanup(channel.close)
        self.server.ask("What is told to Redis?", user="heard")
        kind, name, text = channel.read_one()
        told = json.loads(text)
        self.assertEqual((kind, name), (b"message", b"conversation_turns"))
        self.assertEqual((told["user_id"], told["character_id"], told["user_message"]), ("heard", "arieol", "What is told to Redis?"))
        self.assertIn("answer", told["ai_response"])

    def test_redis_is_killed_and_comes_back(self):
        stack().kill("redis")
        self.assertEqual(self.server.ask("Without Redis?", user="away").status, 200)
        stack().start("redis")
        channel = Channel("conversation_turns")
        self.addCleanup(channel.close)

        def heard():
            self.server.ask("Once more?", user="again", character=None)
            channel.socket.settimeout(2)
            try:
                return json.loads(channel.read_one()[2])["user_id"] == "again"
            except TimeoutError:
                return False

        harness.wait_until(heard, 30, "Redis hears of turns again")

    def test_nginx_is_restarted_and_a_turn_is_read_to_its_end(self):
        """What a reader's page does when its stream is cut: it asks for the rest."""
        turn = self.server.create_turn("Say it slowly", user="cut", character_id=None)
        front = self.behind_nginx()
        _, begun = front.follow(turn["turn_id"], headers={"X-User-ID": "cut"}, most=4)
        stack().restart("nginx")
        _, rest = front.follow(turn["turn_id"], last_event_id=begun[-1][2])
        self.assertEqual(rest[-1][0], "done")
        self.assertFalse({event[2] for event in begun} & {event[2] for event in rest})


if __name__ == "__main__":
    unittest.main()
