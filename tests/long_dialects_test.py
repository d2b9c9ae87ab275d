"""A long talk in each of the other dialects with a history, as long_talk_test has it for /v1/turns: what the model is sent stays within
6,000 tokens with persona and question whole, and the turn's record tells what of the talk was sent, summed up or cut. 100 turns
of twice the length, because each costs a tenth of a second under the sanitizers; GIBSEY_TALK_TURNS=200 for more."""
import asyncio
import json
import os
import random
import unittest

import websockets

import long_talk_test as long_talk
import recording_ollama

TURNS = int(os.environ.get("GIBSEY_TALK_TURNS", "100"))
CITED_PAIRS = 10  # contracts section 4


def question(number):
    """From a few lines to pages, and some of the most that is allowed."""
    chance = random.Random(number)
    length = 7900 if number % 25 == 24 else chance.choice((80, 400, 1400, 4800))
    text = f"Number {number}. Why did Arieol climb the tower?"
    while len(text) < length - 12:
        text += " " + chance.choice(long_talk.WORDS)
    return text


class Checks:
    """What holds in every dialect; `talk` are its turns."""

    turns = TURNS
    talk = []

    @classmethod
    def setUpClass(cls):
        cls.talk = []
        with recording_ollama.RecordingOllama(long_talk.talk_reply) as cls.ollama, long_talk.start(cls.ollama) as cls.server:
            cls.prepare()
            asyncio.run(cls.hold_talk())

    @classmethod
    def prepare(cls):
        cls.persona = cls.server.get_json("/characters/arieol")["system_prompt"].strip()

    @classmethod
    async def hold_talk(cls):
        for number in range(cls.turns):
            text = question(number)
            cls.keep(text, await cls.say(text))

    @classmethod
    def keep(cls, text, turn_id):
        assert len(cls.ollama.asked) == len(cls.talk) + 1, f"turn {len(cls.talk)}: the model was asked {len(cls.ollama.asked)} times"
        record = cls.server.get_json("/v1/turns/" + turn_id)
        cls.talk.append(long_talk.Exchange(text, record["reply"], record["context"], cls.ollama.asked[-1]))

    def earlier(self, number):
        """How many exchanges before it a turn knows of."""
        return number

    def test_prompt_and_reply_stay_within_the_budget(self):
        sizes = [recording_ollama.tokens(one.request) + one.request["options"]["num_predict"] for one in self.talk]
        self.assertEqual(len(sizes), self.turns)
        self.assertLess(max(sizes), long_talk.MOST_TOKENS)
        self.assertGreater(max(sizes), 0.9 * long_talk.MOST_TOKENS, "the talk was long enough to need cutting")
        print(f"long talk, {type(self).__name__}: {self.turns} turns, prompt and reply at most {max(sizes)} tokens")

    def test_persona_and_question_are_whole(self):
        for number, one in enumerate(self.talk):
            messages = one.request["messages"]
            self.assertEqual([m["role"] for m in messages[:1] + messages[-1:]], ["system", "user"], f"turn {number}")
            self.assertIn(self.persona, messages[0]["content"], f"turn {number}")
            self.assertIn(one.text, messages[-1]["content"], f"turn {number}")

    def test_the_newest_exchanges_stand_word_for_word(self):
        kept = []
        for number, one in enumerate(self.talk):
            count = long_talk.counted(one.context["included"], r"(\d+) earlier exchanges")
            sent = [message["content"] for message in one.request["messages"][-1 - 2 * count:-1]]
            newest = self.talk[number - count:number]
            self.assertEqual(sent, [text for past in newest for text in (past.text, past.reply)], f"turn {number}")
            kept.append(count)
        self.assertLess(min(kept[10:]), 10, "a long question leaves room for fewer")
        self.assertGreater(max(kept), 4)

    def test_what_was_cut_is_told(self):
        """Every exchange that the turn knows of is sent, summed up, or said to be cut."""
        cut = 0
        for number, one in enumerate(self.talk):
            told = {name: long_talk.counted(one.context[kind], pattern) for name, kind, pattern in (
                ("sent", "included", r"(\d+) earlier exchanges"),
                ("summed up", "included", r"(\d+) older exchanges, summed up"),
                ("cut", "cut", r"(\d+) older exchanges"))}
            self.assertEqual(sum(told.values()), self.earlier(number), f"turn {number}: {one.context}")
            summed_up = self.talk[number - told["sent"] - told["summed up"]:number - told["sent"]]
            for past in summed_up:
                self.assertIn(f"\"{past.text[:80]}", one.request["messages"][-1]["content"], f"turn {number}")
            cut += told["cut"]
        self.assertGreater(cut, 0, "something had to be cut")


class Ask(Checks, unittest.TestCase):
    """POST /ask with a conversation."""

    @classmethod
    async def say(cls, text):
        body = {"user_id": "talker", "char_id": "arieol", "text": text, "conversation_id": "a-long-talk"}
        status, headers, answer = await asyncio.to_thread(cls.server.request, "POST", "/ask", body)
        assert status == 200 and "event: done" in answer, answer[-500:]
        return headers["X-Gibsey-Turn"]

    def test_quotes_are_kept_before_history(self):
        for number, one in enumerate(self.talk):
            self.assertEqual(long_talk.counted(one.context["included"], r"(\d+) quotes"), 6, f"turn {number}: {one.context}")


class PersonaSocket(Checks, unittest.TestCase):
    """/ws/chat: one socket, whose talk with a character goes on."""

    @classmethod
    async def hold_talk(cls):
        async with websockets.connect(f"ws://{cls.server.host}:{cls.server.port}/ws/chat") as cls.socket:
            await super().hold_talk()

    @classmethod
    async def say(cls, text):
        await cls.socket.send(json.dumps({"message": text, "character_id": "arieol", "user_id": "talker"}))
        while True:
            message = json.loads(await asyncio.wait_for(cls.socket.recv(), 60))
            assert message["type"] != "error", message
            if message["type"] == "complete":
                return message["turn_id"]

    def test_the_limit_of_the_reply_is_the_dialects(self):
        self.assertEqual({one.request["options"]["num_predict"] for one in self.talk}, {2048})


class CitedChat(Checks, unittest.TestCase):
    """POST /api/v1/chat: the last ten pairs, the source's rules and the creator's manner around the sources."""

    @classmethod
    def prepare(cls):
        creators = [one for one in cls.server.get_json("/characters?world=chrysopedia") if one["char_id"]]
        cls.creator = creators[0]["display_name"]
        cls.persona = "- Use ONLY the numbered sources below. Do not invent facts.\n"

    @classmethod
    async def say(cls, text):
        body = {"query": text, "conversation_id": "a-long-talk", "user_id": "talker", "creator": cls.creator, "personality_weight": 0.9}
        status, headers, answer = await asyncio.to_thread(cls.server.request, "POST", "/api/v1/chat", body)
        assert status == 200 and "event: done" in answer, answer[-500:]
        return headers["X-Gibsey-Turn"]

    def earlier(self, number):
        return min(number, CITED_PAIRS)

    def test_the_rules_and_the_manner_are_whole(self):
        systems = [one.request["messages"][0]["content"] for one in self.talk]
        rules, _, _ = systems[0].partition("Sources:\n")
        manner = os.path.commonprefix([text[::-1] for text in systems])[::-1]
        self.assertIn(self.creator, manner)
        self.assertGreater(len(manner), 200)
        for number, one in enumerate(self.talk):
            self.assertTrue(systems[number].startswith(rules + "Sources:\n["), f"turn {number}: {systems[number][:200]}")
            self.assertIn("the rules and the creator's manner", one.context["included"], f"turn {number}")
            self.assertTrue(one.request["messages"][-1]["content"].endswith(one.text), f"turn {number}")


class SessionSocket(Checks, unittest.TestCase):
    """/ws/{session_id}: a session's conversation, over sockets that come and go."""

    @classmethod
    async def hold_talk(cls):
        for first in range(0, cls.turns, 50):
            async with websockets.connect(f"ws://{cls.server.host}:{cls.server.port}/ws/a-long-talk?user_id=talker") as cls.socket:
                for number in range(first, min(first + 50, cls.turns)):
                    text = question(number)
                    cls.keep(text, await cls.say(text))

    @classmethod
    async def say(cls, text):
        await cls.socket.send(json.dumps({"type": "ai_chat_request", "data": {"prompt": text, "character_id": "arieol"}}))
        while True:
            message = json.loads(await asyncio.wait_for(cls.socket.recv(), 60))
            assert message["type"] != "error", message
            if message["type"] == "ai_response_stream" and message["data"]["is_complete"]:
                return message["data"]["response_id"]

    def test_quotes_are_kept_before_history(self):
        for number, one in enumerate(self.talk):
            self.assertEqual(long_talk.counted(one.context["included"], r"(\d+) quotes"), 6, f"turn {number}: {one.context}")


if __name__ == "__main__":
    unittest.main()
