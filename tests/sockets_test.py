"""The two sockets over the wire, by the Python package websockets: /ws/chat (seed 001) and /ws/{session_id} (seed 003)."""
import asyncio
import json
import unittest

import websockets
import websockets.exceptions

import harness
from socket_readers import of_type, receive, receive_until

SCRIPT = {"replies": [
    harness.slow(40, 40, match="slow"),
    harness.breaking("breaks"),
    {"match": "second", "chunks": ["The second", " answer."]},
    {"chunks": ["A plain ", "answer."]},
], "max_running": 16}


class Sockets(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server(SCRIPT, environment={"WS_PING_INTERVAL": "1", "WS_PING_TIMEOUT": "2"})
        cls.base = cls.server.socket_address

    @classmethod
    def tearDownClass(cls):
        harness.end_cleanly(cls.server)

    async def until(self, socket, *kinds):
        return await receive_until(socket, of_type(*kinds))

    # Seed 001

    async def test_a_chat_message_is_answered_with_status_tokens_and_complete(self):
        async with websockets.connect(self.base + "/ws/chat") as socket:
            await socket.send(json.dumps({"message": "I'm really excited about this!", "user_id": "user123", "preferences": {"mood": "warm"}, "extra": 1}))
            messages = await self.until(socket, "complete")
            self.assertEqual([m.get("task") for m in messages[:2]], ["processing_message", "generating_response"])
            self.assertEqual("".join(m["content"] for m in messages if m["type"] == "token"), "A plain answer.")
            self.assertGreater(messages[-1]["sentiment"]["compound"], 0.3)
            turn = self.server.get_json("/v1/turns/" + messages[-1]["turn_id"])
            self.assertEqual(turn["character_id"], "sarah")
            self.assertEqual(turn["receipt"]["charged"], 0)
            self.assertGreaterEqual(turn["trace"]["temperature"], 0.7)

    async def test_messages_are_answered_in_order_and_stop_interrupts(self):
        async with websockets.connect(self.base + "/ws/chat") as socket:
            await socket.send(json.dumps({"message": "slow, please", "character_id": "arieol"}))
            await socket.send(json.dumps({"message": "the second one", "character_id": "arieol"}))
            messages = await self.until(socket, "complete") + await self.until(socket, "complete")
            text = "".join(m["content"] for m in messages if m["type"] == "token")
            self.assertLess(text.index("word39"), text.index("The second answer"))
            await socket.send(json.dumps({"message": "slow again", "character_id": "arieol"}))
            while (await receive(socket))["type"] != "token":
                pass
            await socket.send(json.dumps({"type": "stop"}))
            last = (await self.until(socket, "complete"))[-1]
            self.assertEqual(last["finish_reason"], "stopped_by_reader")

    async def test_errors_leave_the_socket_alive(self):
        async with websockets.connect(self.base + "/ws/chat") as socket:
            for bad, code in (("not json", "invalid_json"), (json.dumps({"message": "  "}), "invalid_message"), (json.dumps({}), "invalid_message"),
                              (json.dumps({"message": "hello", "character_id": "nobody"}), "not_found"),
                              (json.dumps({"message": "it breaks", "character_id": "arieol"}), "generation_failed")):
                await socket.send(bad)
                self.assertEqual((await self.until(socket, "error"))[-1]["code"], code)
            await socket.send(json.dumps({"message": "hello"}))
            await self.until(socket, "complete")

    async def test_too_many_waiting_messages_are_refused(self):
        async with websockets.connect(self.base + "/ws/chat") as socket:
            for _ in range(12):
                await socket.send(json.dumps({"message": "slow", "character_id": "arieol"}))
            self.assertEqual((await self.until(socket, "error"))[-1]["code"], "busy")

    async def test_pings_keep_a_socket_that_answers_them(self):
        async with websockets.connect(self.base + "/ws/chat", ping_interval=None) as socket:
            pongs = self.count_pongs(socket)
            await asyncio.sleep(4)  # longer than both WS_PING_INTERVAL and WS_PING_TIMEOUT
            self.assertGreaterEqual(len(pongs), 2)
            await socket.send(json.dumps({"message": "still there?"}))
            await self.until(socket, "complete")

    @staticmethod
    def count_pongs(socket):
        """A list that grows with each ping of the server that the package answers."""
        answered, answer = [], socket.pong

        async def pong(told=b""):
            answered.append(told)
            await answer(told)
        socket.pong = pong
        return answered

    async def test_a_persona_remembers(self):
        async with websockets.connect(self.base + "/ws/chat") as socket:
            await socket.send(json.dumps({"message": "My grandmother grew enormous dahlias in Leith.", "user_id": "rememberer"}))
            await self.until(socket, "complete")
        status, _, body = self.server.request("POST", "/memory/facts", {"user_id": "rememberer", "character_id": "sarah", "fact": "Likes dahlias."})
        self.assertEqual(status, 201, body)

        def remembered():
            status, _, body = self.server.request("POST", "/retrieve-context", {"message": "What flowers did my grandmother grow?",
                                                                                "user_id": "rememberer", "character_id": "sarah"})
            self.assertEqual(status, 200, body)
            return json.loads(body)
        harness.wait_until(lambda: remembered()["conversation_snippets"])  # kept after its reader has heard the end
        found = remembered()
        self.assertEqual(found["relevant_facts"], [{"fact": "Likes dahlias."}])
        self.assertTrue(any("Leith" in snippet for snippet in found["conversation_snippets"]), found)
        self.assertIn("Leith", found["context"])
        async with websockets.connect(self.base + "/ws/chat") as socket:
            await socket.send(json.dumps({"message": "Which flowers did my grandmother grow?", "user_id": "rememberer"}))
            last = (await self.until(socket, "complete"))[-1]
        self.assertIn("what is remembered of the reader", self.server.get_json("/v1/turns/" + last["turn_id"])["context"]["included"])

    async def test_the_feed_tells_of_turns(self):
        reader, writer = await asyncio.open_connection(self.server.host, self.server.port)
        writer.write(b"GET /v1/feed/conversation_turns HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await asyncio.wait_for(reader.readuntil(b": ok"), 5)
        async with websockets.connect(self.base + "/ws/chat") as socket:
            await socket.send(json.dumps({"message": "hello feed", "user_id": "fed"}))
            await self.until(socket, "complete")
        text = (await asyncio.wait_for(reader.readuntil(b"hello feed"), 5)).decode()
        self.assertIn("event: conversation_turn", text)
        writer.close()

    # Seed 003

    async def test_a_session_streams_to_all_its_sockets(self):
        async with websockets.connect(self.base + "/ws/s-1?user_id=u1") as first, websockets.connect(self.base + "/ws/s-1") as second:
            hello = await receive(first)
            self.assertEqual(hello["type"], "connection_established")
            self.assertEqual(hello["data"]["session_id"], "s-1")
            self.assertRegex(hello["data"]["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
            await receive(second)
            await first.send(json.dumps({"type": "ai_chat_request", "data": {"prompt": "slow: what is consciousness?", "character_id": "london-fox"}}))
            for _ in range(5):
                await receive(second)
            async with websockets.connect(self.base + "/ws/s-1") as late:
                await receive(late)
                texts = []
                for socket in (first, late):
                    text = ""
                    while True:
                        message = await receive(socket)
                        self.assertEqual(message["type"], "ai_response_stream")
                        text += message["data"]["token"]
                        if message["data"]["is_complete"]:
                            self.assertEqual(message["data"]["token"], "")
                            break
                    texts.append(text)
                self.assertEqual(texts[0], texts[1], "a late joiner gets the reply from its start")
                self.assertIn("word39", texts[0])

    async def test_session_messages(self):
        async with websockets.connect(self.base + "/ws/s-2") as socket:
            await receive(socket)
            await socket.send(json.dumps({"type": "ping", "data": {"timestamp": "then"}}))
            self.assertEqual(await receive(socket), {"type": "pong", "data": {"timestamp": "then"}})
            await socket.send(json.dumps({"type": "page_navigation", "data": {"page_index": 7}}))
            self.assertEqual((await receive(socket))["data"]["vault_data"], {"current_page_index": 7, "session_id": "s-2"})
            await socket.send(json.dumps({"type": "prompt_selection", "data": {"prompt_id": "p1"}}))
            self.assertEqual((await receive(socket))["type"], "prompt_selected")
            await socket.send(json.dumps({"type": "dance"}))
            self.assertEqual((await receive(socket))["data"]["code"], "UNKNOWN_MESSAGE_TYPE")
            await socket.send("{")
            wrong = await receive(socket)
            self.assertEqual((wrong["type"], wrong["data"]["code"]), ("error", "INVALID_JSON"))
            sessions = {s["session_id"]: s for s in self.server.get_json("/v1/sessions")["sessions"]}
            self.assertEqual(sessions["s-2"]["page_index"], 7)
            status, _, _ = self.server.request("POST", "/v1/cluster-events", {"event_type": "node_joined", "event_data": {"node": 3}})
            self.assertEqual(status, 202)
            self.assertEqual((await receive(socket))["type"], "cluster_event")

    async def test_a_session_reply_can_be_stopped(self):
        async with websockets.connect(self.base + "/ws/s-3") as socket:
            await receive(socket)
            await socket.send(json.dumps({"type": "ai_chat_request", "data": {"prompt": "slow"}}))
            message = await receive(socket)
            await socket.send(json.dumps({"type": "ai_chat_stop", "data": {"response_id": message["data"]["response_id"]}}))
            count = 0
            while not message["data"]["is_complete"]:
                message = await receive(socket)
                count += 1
            self.assertLess(count, 30)

    async def test_foreign_pages_and_bad_handshakes_are_refused(self):
        with self.assertRaises(websockets.exceptions.InvalidStatusCode) as refused:
            await websockets.connect(self.base + "/ws/chat", origin="https://elsewhere.example")
        self.assertEqual(refused.exception.status_code, 403)
        status, headers, _ = self.server.request("GET", "/ws/chat")
        self.assertEqual((status, headers["Sec-WebSocket-Version"]), (426, "13"))


if __name__ == "__main__":
    unittest.main()
