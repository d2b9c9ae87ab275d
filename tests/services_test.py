"""Three processes, chat, memory and ledger, answer /ask like one; what happens when one of them is away; Redis hears of turns."""
import json
import socket
import subprocess
import tempfile
import time
import unittest

import harness

SCRIPT = {"replies": [
    {"match": "breaks", "chunks": ["It begins ", "and then"], "error": {"after_chunks": 1, "code": "unavailable", "message": "the model went away"}},
    {"chunks": ["A plain ", "answer."]},
]}
QUESTION = "Why did Arieol climb the tower?"


def until(condition, seconds=15):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


class Services(unittest.TestCase):
    def setUp(self):
        self.ledger = self.start("ledger")
        self.memory = self.start("memory")

    def start(self, roles, script=None, **environment):
        server = harness.Server(script, arguments=["--roles", roles], environment=environment)
        self.addCleanup(server.close)
        return server

    def start_chat(self, **environment):
        return self.start("chat", SCRIPT, RAG_URL=self.memory.address + "/retrieve", LEDGER_URL=self.ledger.address + "/debit", **environment)

    def balance(self, user):
        return self.ledger.get_json(f"/ledger/{user}")["balance"]

    def test_three_processes_answer_like_one(self):
        chat = self.start_chat()
        turn = chat.ask(QUESTION, user="u1")
        self.assertEqual(turn.status, 200)
        self.assertGreater(len(turn.one("sources")), 0)
        self.assertEqual(len(turn.all("quote")), 1)
        quote = turn.all("quote")[0]
        self.assertIn(quote["text"], self.memory.get_json(f"/pages/{quote['page_id']}")["text"])
        self.assertEqual(turn.one("ledger")["charged"], 5)
        self.assertEqual(self.balance("u1"), 95)
        self.assertEqual(chat.ask("it breaks", user="u1").one("error")["released"], True)
        self.assertTrue(until(lambda: self.balance("u1") == 95), "what failed is given back by the outbox")
        for server, path, known in ((self.ledger, "/ledger/u1", True), (self.ledger, "/pages", False), (self.ledger, "/characters", False),
                                    (self.memory, "/pages", True), (self.memory, "/ledger/u1", False), (chat, "/characters", True),
                                    (chat, "/pages", False), (chat, "/ledger/u1", False)):
            self.assertEqual(server.request("GET", path)[0], 200 if known else 404, (server.address, path))
        services = chat.get_json("/health")["dependencies"]
        self.assertEqual({name: s["status"] for name, s in services.items()}, {"ledger": "healthy", "memory_rag": "healthy"})

    def test_credits_run_out_there(self):
        chat = self.start_chat()
        self.ledger.request("POST", "/debit", {"user_id": "poor", "cost": 98})
        turn = chat.ask(QUESTION, user="poor")
        self.assertEqual((turn.status, json.loads(turn.body)), (402, {"needed": 5, "available": 2}))

    def test_without_the_ledger_nothing_is_served(self):
        chat = self.start_chat()
        self.ledger.kill()
        started = time.monotonic()
        turn = chat.ask(QUESTION, user="u2")
        self.assertEqual(turn.status, 503)
        self.assertLess(time.monotonic() - started, 4)
        self.assertIn("ledger", json.loads(turn.body)["detail"])
        for _ in range(6):
            self.assertEqual(chat.ask(QUESTION, user="u2").status, 503)
        started = time.monotonic()
        self.assertEqual(chat.ask(QUESTION, user="u2").status, 503)
        self.assertLess(time.monotonic() - started, 0.5, "at once while the breaker is open")
        self.assertEqual(chat.get_json("/health")["dependencies"]["ledger"]["status"], "unhealthy")
        status, _, _ = chat.request("POST", "/v1/turns", {"user_id": "u2", "character_id": "arieol", "text": "Why?"})
        self.assertEqual(status, 201, "the other dialects use our own")

    def test_without_the_memory_the_character_says_so(self):
        chat = self.start_chat()
        strict = self.start_chat(GIBSEY_PASSAGES_REQUIRED="1")
        self.memory.kill()
        turn = chat.ask(QUESTION, user="u3")
        self.assertEqual(turn.status, 200)
        self.assertTrue(turn.text.startswith("I cannot reach the book just now"), turn.text)
        self.assertEqual(turn.all("quote"), [])
        self.assertEqual(turn.one("done")["finish_reason"], "stop")
        before = self.balance("u3")
        statuses = []
        for _ in range(8):
            turn = strict.ask(QUESTION, user="u3")
            statuses.append(turn.status)
            if turn.status == 200:
                self.assertEqual(turn.one("error")["released"], True)
        self.assertEqual(statuses[0], 200)
        self.assertEqual(statuses[-1], 503, statuses)
        started = time.monotonic()
        strict.ask(QUESTION, user="u3")
        self.assertLess(time.monotonic() - started, 0.5)
        self.assertTrue(until(lambda: self.balance("u3") == before), "everything is given back")


class Redis(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="gibsey-redis-")
        self.addCleanup(folder.cleanup)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.redis = subprocess.Popen(["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", folder.name],
                                      stdout=subprocess.DEVNULL)
        self.addCleanup(self.end_redis)
        self.assertTrue(until(lambda: self.command("PING") == "+PONG"), "redis-server did not start")

    def end_redis(self):
        self.redis.terminate()
        self.redis.wait()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def command(self, *words):
        try:
            with self.connect() as raw:
                raw.sendall((" ".join(words) + "\r\n").encode())
                return raw.recv(65536).decode().strip()
        except OSError:
            return ""

    def test_turns_are_published_and_the_window_is_kept(self):
        subscriber = self.connect()
        subscriber.sendall(b"SUBSCRIBE conversation_turns\r\n")
        with harness.Server(SCRIPT, environment={"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(self.port)}) as server:
            self.assertEqual(server.ask("Hello there", user="listener").status, 200)
            heard = b""
            while b"Hello there" not in heard:
                heard += subscriber.recv(4096)
            message = json.loads(heard[heard.index(b"{"):].split(b"\r\n")[0])
            self.assertEqual((message["user_id"], message["character_id"], message["user_message"]), ("listener", "arieol", "Hello there"))
            self.assertIn("A plain answer.", message["ai_response"])
            self.assertAlmostEqual(message["timestamp"], time.time(), delta=30)
            status, _, text = server.request("POST", "/api/v1/chat", {"query": "What is a slow attack?"})
            self.assertEqual(status, 200)
            conversation = json.loads(text.split("event: done\n")[1].split("data: ")[1].splitlines()[0])["conversation_id"]
            key = f"chrysopedia:chat:{conversation}"
            self.assertTrue(until(lambda: "slow attack" in self.command("GET", key)))
            self.assertGreater(int(self.command("TTL", key)[1:]), 3500)
            self.assertEqual(server.get_json("/health")["services"]["redis"], "connected")
        subscriber.close()


if __name__ == "__main__":
    unittest.main()
