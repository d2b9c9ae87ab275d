"""What a model is really sent, read at the other end of the wire: a talk of 200 turns within its 6,000 tokens, the layers of a persona's
prompt in order, and the cited chat's history that ends after an idle hour."""
import asyncio
import json
import pathlib
import random
import re
import shutil
import sqlite3
import tempfile
import unittest

import websockets

import harness
import recording_ollama

MOST_TOKENS = 6000  # contracts section 5
TURNS = 200
WORDS = ("tower turnstile lantern visitor ticket bell salt clock key ladder window flume booth rain witness letter Nacht Brücke façade "
         "ночь башня φῶς 灯").split(" ")


def some_words(chance, count):
    return " ".join(chance.choice(WORDS) for _ in range(count))


def talk_reply(messages):
    """Another text each time, so that it can be told which exchange stands where."""
    chance = random.Random(messages[-1]["content"])
    return some_words(chance, chance.randint(15, 60))


def question(number):
    """Mostly as long as people write them, some of pages, a few of the most that is allowed."""
    chance = random.Random(number)
    length = 7900 if number % 50 == 49 else chance.choice((40, 200, 700, 2400))
    text = f"Number {number}. Why did Arieol climb the tower?"
    while len(text) < length - 12:
        text += " " + chance.choice(WORDS)
    return text


def counted(lines, pattern):
    """The sum of the numbers in the lines that are wholly `pattern`."""
    return sum(int(match.group(1)) for line in lines if (match := re.fullmatch(pattern, line)))


def start(ollama, data=None, arguments=(), **environment):
    return harness.Server(data=data, arguments=arguments, environment={
        "OLLAMA_BASE_URL": ollama.address, "LLM_PROVIDERS": "ollama", "GIBSEY_OPENING_GRANT": "1000000", **environment})


def exchanges_in(messages, persona_messages):
    """The (question, reply) pairs between the persona's own messages and the question."""
    between = [message["content"] for message in messages[persona_messages:-1]]
    return list(zip(between[::2], between[1::2]))


class Exchange:
    def __init__(self, text, reply, context, request):
        self.text, self.reply, self.context, self.request = text, reply, context, request


class LongTalk(unittest.TestCase):
    """One talk of 200 turns; each test looks at another side of it."""

    @classmethod
    def setUpClass(cls):
        cls.talk = []
        with recording_ollama.RecordingOllama(talk_reply) as ollama, start(ollama) as server:
            cls.character = server.get_json("/characters/arieol")
            conversation = None
            for number in range(TURNS):
                text = question(number)
                body = {"user_id": "talker", "character_id": "arieol", "text": text, "conversation_id": conversation}
                status, _, answer = server.request("POST", "/v1/turns", {name: value for name, value in body.items() if value})
                assert status == 201, answer
                turn = json.loads(answer)
                conversation = turn["conversation_id"]
                events = {kind: data for kind, data, _ in server.follow(turn["turn_id"])[1]}
                assert len(ollama.asked) == number + 1, events
                reply = server.get_json("/v1/turns/" + turn["turn_id"])["reply"]
                cls.talk.append(Exchange(text, reply, json.loads(events["context"]), ollama.asked[-1]))

    def test_prompt_and_reply_stay_within_the_budget(self):
        sizes = [recording_ollama.tokens(one.request) + one.request["options"]["num_predict"] for one in self.talk]
        self.assertLess(max(sizes), MOST_TOKENS)
        self.assertGreater(max(sizes), 0.9 * MOST_TOKENS, "the talk was long enough to need cutting")
        print(f"long talk: {TURNS} turns, prompt and reply at most {max(sizes)} tokens")

    def test_persona_and_question_are_whole(self):
        for one in self.talk:
            messages = one.request["messages"]
            self.assertEqual([m["role"] for m in messages[:1] + messages[-1:]], ["system", "user"])
            self.assertIn(self.character["system_prompt"].strip(), messages[0]["content"])
            self.assertIn(one.text, messages[-1]["content"])

    def test_quotes_are_kept_before_history(self):
        for number, one in enumerate(self.talk):
            self.assertEqual(counted(one.context["included"], r"(\d+) quotes"), 6, f"turn {number}: {one.context}")
            self.assertEqual(one.request["messages"][-1]["content"].count("\n- [[q"), 6)

    def test_the_newest_exchanges_stand_word_for_word(self):
        kept = []
        for number, one in enumerate(self.talk):
            count = counted(one.context["included"], r"(\d+) earlier exchanges")
            sent = [message["content"] for message in one.request["messages"][-1 - 2 * count:-1]]
            newest = self.talk[number - count:number]
            self.assertEqual(sent, [text for past in newest for text in (past.text, past.reply)], f"turn {number}")
            kept.append(count)
        self.assertEqual(max(kept), 10)
        self.assertLess(min(kept[10:]), 10, "a long question leaves room for fewer")

    def test_older_questions_are_summed_up_in_front_of_the_question(self):
        for number, one in enumerate(self.talk):
            summed_up = counted(one.context["included"], r"(\d+) older exchanges, summed up")
            recent = counted(one.context["included"], r"(\d+) earlier exchanges")
            older = self.talk[number - recent - summed_up:number - recent]
            for past in older:
                self.assertIn(f"\"{past.text[:80]}", one.request["messages"][-1]["content"], f"turn {number}")

    def test_what_was_cut_is_told(self):
        """Every exchange of the talk so far is sent, summed up, or said to be cut."""
        for number, one in enumerate(self.talk):
            told = (counted(one.context["included"], r"(\d+) earlier exchanges")
                    + counted(one.context["included"], r"(\d+) older exchanges, summed up")
                    + counted(one.context["cut"], r"(\d+) older exchanges"))
            self.assertEqual(told, number, f"turn {number}: {one.context}")


class Layers(unittest.IsolatedAsyncioTestCase):
    """Section 3 of the contracts: mandate, persona, what is remembered; then the talk; then the message."""

    MANDATE = "Speak of nobody's weight. This line is the operator's."

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="gibsey-mandate-")
        self.addCleanup(folder.cleanup)
        world = pathlib.Path(folder.name) / "sarah"
        shutil.copytree(harness.ROOT / "worlds" / "sarah", world)
        described = (world / "world.toml").read_text()
        self.assertNotIn("[prompt]", described)
        (world / "world.toml").write_text(described.replace("[costs]", f"[prompt]\nmandate = \"{self.MANDATE}\"\n\n[costs]"))
        self.ollama = recording_ollama.RecordingOllama(lambda messages: f"Reply to {messages[-1]['content'][:40]}")
        self.addCleanup(self.ollama.close)
        self.server = start(self.ollama, arguments=["--world", str(world)], MAX_TOKENS="300")
        self.addCleanup(self.server.close)

    async def say(self, socket, text):
        """The request that the model was sent for a message."""
        before = len(self.ollama.asked)
        await socket.send(json.dumps({"message": text, "user_id": "layered"}))
        while True:
            message = json.loads(await asyncio.wait_for(socket.recv(), 30))
            self.assertNotEqual(message["type"], "error", message)
            if message["type"] == "complete":
                break
        self.assertEqual(len(self.ollama.asked), before + 1)
        return self.ollama.asked[-1]

    async def test_mandate_first_persona_second_context_third(self):
        character = self.server.get_json("/characters/sarah")
        fact = {"user_id": "layered", "character_id": "sarah", "fact": "Her dog is called Pepper."}
        status, _, body = self.server.request("POST", "/memory/facts", fact)
        self.assertEqual(status, 201, body)
        async with websockets.connect(f"ws://{self.server.host}:{self.server.port}/ws/chat") as socket:
            first = await self.say(socket, "What is my dog called?")
            second = await self.say(socket, "And is it a good one?")
        system = first["messages"][0]
        self.assertEqual(system["role"], "system")
        layers = (self.MANDATE, character["system_prompt"].strip(), fact["fact"])
        places = [system["content"].find(part) for part in layers]
        self.assertEqual(places[0], 0, "the mandate begins the prompt")
        self.assertEqual(places, sorted(places), system["content"])
        self.assertNotIn(-1, places, system["content"])
        self.assertEqual([m["role"] for m in first["messages"]].count("system"), 1)
        self.assertEqual(first["messages"][-1], {"role": "user", "content": "What is my dog called?"}, "the bare message comes last")
        persona_messages = len(first["messages"]) - 1
        self.assertEqual(second["messages"][1:persona_messages], first["messages"][1:persona_messages])
        self.assertEqual(exchanges_in(second["messages"], persona_messages),
                         [("What is my dog called?", "Reply to What is my dog called?")])

    async def test_the_tone_and_the_limit_reach_the_model(self):
        async with websockets.connect(f"ws://{self.server.host}:{self.server.port}/ws/chat") as socket:
            glad = await self.say(socket, "This is wonderful, I love it, I am so happy!")
            sad = await self.say(socket, "This is horrible, I hate it, I am miserable.")
            plain = await self.say(socket, "The train leaves at nine.")
        sampling = [(round(one["options"]["temperature"], 6), round(one["options"]["top_p"], 6)) for one in (glad, sad, plain)]
        self.assertEqual(sampling, [(0.9, 0.95), (0.5, 0.8), (0.7, 0.9)])
        self.assertEqual({one["options"]["num_predict"] for one in (glad, sad, plain)}, {300})


class CitedHistory(unittest.TestCase):
    """Section 4 of the contracts: the last ten pairs, an hour idle. Time passes by making the record older while the server is down."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="gibsey-idle-")
        cls.addClassCleanup(folder.cleanup)
        cls.data = pathlib.Path(folder.name)

    def setUp(self):
        self.ollama = recording_ollama.RecordingOllama(lambda messages: f"Said of {messages[-1]['content']}.")
        self.addCleanup(self.ollama.close)

    def query(self, server, text):
        """The exchanges that the model was sent with it."""
        status, _, body = server.request("POST", "/api/v1/chat", {"query": text, "conversation_id": self.id(), "user_id": "asker"})
        self.assertEqual(status, 200, body)
        self.assertIn("event: done", body)
        messages = self.ollama.asked[-1]["messages"]
        self.assertEqual(messages[-1]["content"], text)
        return exchanges_in(messages, 1)

    def make_older(self, minutes):
        with sqlite3.connect(self.data / "turns.db") as turns:
            changed = turns.execute("UPDATE turns SET created = created - ?1, updated = updated - ?1", (minutes * 60_000,)).rowcount
        turns.close()
        self.assertGreater(changed, 0)

    def talk_of_three(self):
        """One, Two and, 58 minutes later, Three; then 61 minutes pass."""
        with start(self.ollama, data=self.data) as server:
            self.assertEqual(self.query(server, "One"), [])
            self.assertEqual(self.query(server, "Two"), [("One", "Said of One.")])
        self.make_older(58)
        with start(self.ollama, data=self.data) as server:
            self.assertEqual(self.query(server, "Three"), [("One", "Said of One."), ("Two", "Said of Two.")])
        self.make_older(61)

    def test_a_talk_begins_anew_after_an_idle_hour(self):
        self.talk_of_three()
        with start(self.ollama, data=self.data) as server:
            self.assertEqual(self.query(server, "Four"), [])

    def test_what_an_idle_hour_ended_stays_away(self):
        """The source's key in Redis is gone by then: the next query does not bring it back."""
        self.talk_of_three()
        with start(self.ollama, data=self.data) as server:
            self.query(server, "Four")
            self.assertEqual(self.query(server, "Five"), [("Four", "Said of Four.")])

    def test_ten_pairs_are_kept(self):
        with start(self.ollama, data=self.data) as server:
            for number in range(12):
                sent = self.query(server, f"Query {number}")
        self.assertEqual([q for q, _ in sent], [f"Query {number}" for number in range(1, 11)])


if __name__ == "__main__":
    unittest.main()
