"""Three processes, chat, memory and ledger, answer /ask like one; what happens when one of them is away; Redis hears of turns."""
import asyncio
import http.server
import json
import re
import socket
import sqlite3
import subprocess
import tarfile
import tempfile
import threading
import time
import unittest
import urllib.parse

import websockets

import harness
from harness import wait_until
from socket_readers import of_type, receive_until

SCRIPT = {"replies": [harness.breaking("breaks"), {"chunks": ["A plain ", "answer."]}]}
QUESTION = "Why did Arieol climb the tower?"


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

    def test_three_processes_answer_like_one(self):
        chat = self.start_chat()
        turn = chat.ask(QUESTION, user="u1")
        self.assertEqual(turn.status, 200)
        self.assertGreater(len(turn.one("sources")), 0)
        self.assertEqual(len(turn.all("quote")), 1)
        quote = turn.all("quote")[0]
        self.assertIn(quote["text"], self.memory.get_json(f"/pages/{quote['page_id']}")["text"])
        self.assertEqual(turn.one("ledger")["charged"], 5)
        self.assertEqual(self.ledger.balance("u1"), 95)
        self.assertEqual(chat.ask("it breaks", user="u1").one("error")["released"], True)
        wait_until(lambda: self.ledger.balance("u1") == 95, told="what failed is given back by the outbox")
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
        chat.create_turn(user="u2")  # the other dialects use our own

    def test_without_the_memory_the_character_says_so(self):
        chat = self.start_chat()
        strict = self.start_chat(GIBSEY_PASSAGES_REQUIRED="1")
        self.memory.kill()
        turn = chat.ask(QUESTION, user="u3")
        self.assertEqual(turn.status, 200)
        self.assertTrue(turn.text.startswith("I cannot reach the book just now"), turn.text)
        self.assertEqual(turn.all("quote"), [])
        self.assertEqual(turn.one("done")["finish_reason"], "stop")
        before = self.ledger.balance("u3")
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
        wait_until(lambda: self.ledger.balance("u3") == before, told="everything is given back")

    def test_backup_and_doctor_know_what_the_ledger_is_owed(self):
        chat = self.start_chat()
        self.assertEqual(chat.ask(QUESTION, user="u4").status, 200)
        self.ledger.request("POST", "/debit", {"user_id": "u4", "cost": 1})
        chat.ask("it breaks", user="u4")
        wait_until(lambda: self.ledger.balance("u4") == 94)
        done = chat.command("doctor")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for line in ("outbox.db is intact", "every ended hold of the ledger elsewhere has one ending", "0 give-backs wait for the ledger elsewhere",
                     "the ledger elsewhere took every give-back"):
            self.assertIn(f"ok       {line}\n", done.stdout)
        with tempfile.TemporaryDirectory() as folder:
            done = chat.command("backup", folder + "/copy.tar")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("holds ledger.db, outbox.db, turns.db, pages.db", done.stdout)
            with tarfile.open(folder + "/copy.tar") as archive:
                archive.extractall(folder + "/data")
            with sqlite3.connect(folder + "/data/outbox.db") as copy:
                self.assertEqual(copy.execute("SELECT kind, given_back, delivery FROM endings").fetchall(), [("settle", 0, "nothing"), ("release", 5, "given")])
                copy.execute("UPDATE endings SET delivery = 'refused' WHERE kind = 'release'")
            copy.close()
            done = subprocess.run([chat.program, "doctor", "--data", folder + "/data"], capture_output=True, text=True, timeout=120)
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn("PROBLEM  the ledger elsewhere took every give-back: it would not take 1 of them", done.stdout)

    def test_a_folder_without_an_outbox_has_none_in_its_backup(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(self.ledger.command("backup", folder + "/copy.tar").returncode, 0)
            with tarfile.open(folder + "/copy.tar") as archive:
                self.assertEqual(archive.getnames(), ["ledger.db", "turns.db", "pages.db"])
        self.assertNotIn("outbox", self.ledger.command("doctor").stdout)


class CharacterManager(http.server.BaseHTTPRequestHandler):
    """The Character Manager of seed 001, with one character; who asked is kept."""
    asked = []

    def do_GET(self):
        type(self).asked.append((self.path, self.headers.get("X-User-ID")))
        known = self.path == "/characters/lamp-keeper"
        row = {"character_id": "lamp-keeper", "user_id": "u7", "name": "The Keeper", "persona_prompt": "You keep the lamp.", "voice_id": None,
               "appearance_seed": None, "created_at": "2024-01-01T00:00:00", "updated_at": "2024-01-01T00:00:00"}
        body = json.dumps(row if known else {"detail": "Character not found"}).encode()
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Characters(unittest.TestCase):
    def test_the_character_manager_is_told_who_asks(self):
        manager = http.server.ThreadingHTTPServer(("127.0.0.1", 0), CharacterManager)
        self.addCleanup(manager.server_close)
        threading.Thread(target=manager.serve_forever, daemon=True).start()
        self.addCleanup(manager.shutdown)
        with harness.Server(SCRIPT, environment={"CHARACTER_MANAGER_URL": f"http://127.0.0.1:{manager.server_address[1]}"}) as server:
            ends = asyncio.run(self.talk(server, [{"user_id": "u7", "character_id": "lamp-keeper"}, {"user_id": "u8", "character_id": "lamp-keeper"},
                                                  {"character_id": "lamp-keeper"}, {"user_id": "evil\r\nX-User-ID: u7", "character_id": "lamp-keeper"}]))
        self.assertEqual([end["type"] for end in ends], ["complete", "complete", "complete", "error"])
        self.assertEqual(ends[-1]["code"], "invalid_message")
        self.assertEqual(CharacterManager.asked, [("/characters/lamp-keeper", user) for user in ("u7", "u8", "anonymous")])

    async def talk(self, server, messages):
        ends = []
        async with websockets.connect(server.socket_address + "/ws/chat") as socket:
            for message in messages:
                await socket.send(json.dumps({"message": "Hello", **message}))
                ends.append((await receive_until(socket, of_type("complete", "error")))[-1])
        return ends


def sent_texts(record):
    """What the model was sent."""
    return [message["text"] for message in record["trace"]["calls"][0]["messages"]]


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
        wait_until(lambda: self.command("PING") == "+PONG", told="redis-server did not start")

    def end_redis(self):
        self.redis.terminate()
        self.redis.wait()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def command(self, *words):
        try:
            with self.connect() as raw:
                raw.sendall(f"*{len(words)}\r\n".encode() + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in map(str.encode, words)))
                return raw.recv(65536).decode().strip()
        except OSError:
            return ""

    def test_turns_are_published_and_the_window_is_kept(self):
        subscriber = self.connect()
        subscriber.sendall(b"SUBSCRIBE conversation_turns\r\n")
        with harness.Server(SCRIPT, environment={"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(self.port)}) as server:
            self.assertEqual(server.ask("Hello there", user="listener").status, 200)
            with subscriber.makefile("rb") as lines:
                message = json.loads(next(line for line in lines if b"Hello there" in line))
            self.assertEqual((message["user_id"], message["character_id"], message["user_message"]), ("listener", "arieol", "Hello there"))
            self.assertIn("A plain answer.", message["ai_response"])
            self.assertAlmostEqual(message["timestamp"], time.time(), delta=30)
            status, events = server.chat("What is a slow attack?")
            self.assertEqual((status, events[-1][0]), (200, "done"))
            key = f"chrysopedia:chat:{json.loads(events[-1][1])['conversation_id']}"
            wait_until(lambda: "slow attack" in self.command("GET", key))
            self.assertGreater(int(self.command("TTL", key)[1:]), 3500)
            self.assertEqual(server.get_json("/health")["services"]["redis"], "connected")
        subscriber.close()

    def start(self, *arguments):
        server = harness.Server(SCRIPT, arguments=arguments, environment={"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(self.port)})
        self.addCleanup(server.close)
        return server

    def from_redis(self, server):
        """How many questions' vectors came from there."""
        found = re.search(r'^gibsey_query_vectors_total\{from="redis"\} (\S+)', server.request("GET", "/metrics")[2], re.MULTILINE)
        return float(found.group(1)) if found else 0

    def test_a_question_is_embedded_once_for_all_processes(self):
        one, other = self.start(), self.start()
        self.assertEqual(one.get_json("/health")["status"], "healthy", "Redis is asked before any reader is")
        question = "Who climbed the lighthouse that nobody had built?"
        first = one.get_json("/retrieve?" + urllib.parse.urlencode({"q": question}))
        wait_until(lambda: "gibsey:query_vector:" in self.command("KEYS", "gibsey:query_vector:*"))
        self.assertEqual(self.from_redis(other), 0)
        self.assertEqual(other.get_json("/retrieve?" + urllib.parse.urlencode({"q": question})), first)
        self.assertEqual(self.from_redis(other), 1)

    def test_a_whole_reply_takes_less_than_a_second(self):
        """Seed 004: "vector cache to Redis, push p95 < 1 s"."""
        server = self.start()
        seconds = []
        for turn in range(60):
            started = time.monotonic()
            self.assertEqual(server.ask(f"Why did you climb the tower on day {turn % 30}?", user=f"hurried{turn}").status, 200)
            seconds.append(time.monotonic() - started)
        self.assertLess(sorted(seconds)[56], 1)
        self.assertGreaterEqual(self.from_redis(server), 30)

    def cited(self, server, query, conversation):
        """The record of the turn, when it is in the window too."""
        status, events = server.chat(query, conversation_id=conversation, user_id="u1")
        self.assertEqual(status, 200, events)
        wait_until(lambda: query in self.command("GET", f"chrysopedia:chat:{conversation}"))
        return server.get_json(f"/v1/conversations/{conversation}")["turns"][-1]

    def test_a_window_that_another_process_kept_is_the_history(self):
        kept = [{"role": "user", "content": "What is a compressor?"}, {"role": "assistant", "content": "A hand on a fader."}]
        self.command("SET", "chrysopedia:chat:moved-here", json.dumps(kept), "EX", "3600")
        one = self.start("--debug")
        record = self.cited(one, "And a limiter?", "moved-here")
        self.assertEqual(record["parent_id"], "", "nothing of it is recorded here")
        self.assertIn("1 earlier exchanges", record["context"]["included"])
        self.assertEqual(sent_texts(record)[1:3], [m["content"] for m in kept])
        other = self.start("--debug")
        record = self.cited(other, "And a gate?", "moved-here")
        self.assertEqual([text for text in sent_texts(record) if text.endswith("?")], ["What is a compressor?", "And a limiter?", "And a gate?"])
        record = self.cited(one, "And a clipper?", "moved-here")
        self.assertEqual([text for text in sent_texts(record) if text.endswith("?")],
                         ["What is a compressor?", "And a limiter?", "And a gate?", "And a clipper?"],
                         "what the other process added is known to the one that has a record")

    def test_a_removed_conversation_leaves_the_window_too(self):
        server = self.start()
        self.cited(server, "What is a slow attack?", "to-forget")
        self.cited(server, "What is a fast one?", "to-keep")
        self.assertEqual(server.request("DELETE", "/v1/conversations/to-forget")[0], 204)
        self.assertEqual(self.command("EXISTS", "chrysopedia:chat:to-forget"), ":0")
        self.assertEqual(self.command("EXISTS", "chrysopedia:chat:to-keep"), ":1")
        self.end_redis()
        self.assertEqual(server.request("DELETE", "/v1/conversations/to-keep")[0], 204, "trouble with Redis is logged, never raised")
        wait_until(lambda: "its window stays" in server.log_text())


if __name__ == "__main__":
    unittest.main()
