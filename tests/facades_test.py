"""The facades over the wire by the clients that people have: the packages openai, anthropic, ollama and mcp, as they come."""
import asyncio
import base64
import json
import struct
import unittest

import harness
from client_packages import ClientCase

KEY = "gbs_" + "r" * 43
QUESTION = "Why did you climb the tower?"
SCRIPT = {"replies": [
    harness.breaking("xxbreaks"),
    {"match": "xxlong", "chunks": [f"word{i} " for i in range(40)]},
    {"match": "xxstop", "chunks": ["One. ", "Two. ", "END ", "Three."]},
    {"chunks": ["A plain ", "answer.", "\nOn two lines."]},
], "max_running": 16, "max_queue": 1000}


class FacadeCase(ClientCase):
    @classmethod
    def start(cls):
        cls.server = harness.Server(SCRIPT)

    @classmethod
    def finish(cls):
        harness.end_cleanly(cls.server)

    def record(self, gibsey):
        """The turn's record, which every reply of a facade leaves like any other."""
        turn = self.server.get_json(f"/v1/turns/{gibsey['turn_id']}")
        self.assertEqual(turn["trace"]["dialect"], "facade")
        self.assertIsNone(turn["trace"]["sentiment"])
        return turn

    def check_gibsey(self, gibsey, text):
        turn = self.record(gibsey)
        self.assertEqual((turn["status"], turn["reply"]), ("complete", text))
        self.assertEqual(gibsey["quotes"], turn["quotes"])
        self.assertEqual(gibsey["sources"], turn["sources"])
        self.assertEqual(gibsey["receipt"], turn["receipt"])
        self.assertTrue(gibsey["quotes"], "an epigraph stands where the model quoted nothing")
        for quote in gibsey["quotes"]:
            page = self.server.get_json(f"/pages/{quote['page_id']}?world={turn['world']}")
            self.assertEqual(page["text"][quote["start"]:quote["end"]], quote["text"])
        return turn


class OpenAi(FacadeCase):
    def setUp(self):
        import openai
        self.openai = openai
        self.client = openai.OpenAI(base_url=self.server.address + "/v1", api_key="none", max_retries=0)

    def ask(self, text=QUESTION, model="arieol", **more):
        return self.client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}], **more)

    def test_a_completion(self):
        done = self.ask(user="openai-1", temperature=0.3, top_p=0.5)
        choice = done.choices[0]
        self.assertEqual((choice.finish_reason, choice.message.role, done.model), ("stop", "assistant", "arieol"))
        self.assertIn("A plain answer.\nOn two lines.", choice.message.content)
        turn = self.check_gibsey(choice.message.gibsey, choice.message.content)
        self.assertEqual((turn["user_id"], turn["trace"]["temperature"], turn["trace"]["top_p"]), ("openai-1", 0.3, 0.5))
        self.assertEqual(turn["receipt"]["charged"], 5)
        self.assertGreater(done.usage.completion_tokens, 0)

    def test_a_stream(self):
        chunks = list(self.ask(stream=True, stream_options={"include_usage": True}, user="openai-2"))
        self.assertEqual(chunks[0].choices[0].delta.role, "assistant")
        self.assertEqual((chunks[-1].choices, chunks[-1].usage.total_tokens > 0), ([], True))
        self.assertEqual(len({chunk.id for chunk in chunks}), 1)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1])
        self.assertEqual(chunks[-2].choices[0].finish_reason, "stop")
        self.check_gibsey(chunks[-2].gibsey, text)

    def test_a_stream_by_the_helper(self):
        with self.client.chat.completions.stream(model="arieol", messages=[{"role": "user", "content": QUESTION}]) as stream:
            kinds = {event.type for event in stream}
            done = stream.get_final_completion()
        self.assertIn("content.delta", kinds)
        self.assertIn("A plain answer.", done.choices[0].message.content)

    def test_the_clients_system_and_history_reach_the_prompt(self):
        said = [{"role": "system", "content": "Speak of brass."}, {"role": "user", "content": "xxearlier"}, {"role": "assistant", "content": "I said so."},
                {"role": "user", "content": [{"type": "text", "text": QUESTION}]}]
        done = self.client.chat.completions.create(model="entrance-way/arieol", messages=said, user="openai-3")
        turn = self.record(done.choices[0].message.gibsey)
        self.assertEqual(turn["question"], QUESTION)
        self.assertIn("1 earlier exchanges", turn["context"]["included"])

    def test_narrators(self):
        for model, world in (("gibsey", "entrance-way"), ("chrysopedia/narrator", "chrysopedia"), ("entrance-way/", "entrance-way")):
            turn = self.record(self.ask(model=model, user="openai-4").choices[0].message.gibsey)
            self.assertEqual((turn["world"], turn["character_id"], turn["receipt"]["charged"]), (world, "", 1))

    def test_length_and_stop(self):
        done = self.ask("xxlong", max_completion_tokens=5, user="openai-5")
        self.assertEqual(done.choices[0].finish_reason, "length")
        self.assertIn("word0", done.choices[0].message.content)
        self.assertNotIn("word5", done.choices[0].message.content)
        done = self.ask("xxstop", stop=["END"], user="openai-5")
        self.assertIn("Two.", done.choices[0].message.content)
        self.assertNotIn("Three", done.choices[0].message.content)

    def test_refusals_are_the_clients_own_errors(self):
        with self.assertRaises(self.openai.NotFoundError) as refused:
            self.ask(model="nobody")
        self.assertEqual(refused.exception.code, "model_not_found")
        for more in ({"n": 2}, {"logprobs": True}, {"response_format": {"type": "json_object"}},
                     {"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]}):
            with self.assertRaises(self.openai.BadRequestError) as refused:
                self.ask(**more)
            self.assertEqual(refused.exception.param, list(more)[0])
        self.ask(n=1, tools=[], tool_choice="none", user="openai-6")
        with self.assertRaises(self.openai.UnprocessableEntityError):
            self.ask(temperature=2.5)
        self.server.request("POST", "/debit", {"user_id": "openai-poor", "cost": 97})
        with self.assertRaises(self.openai.APIStatusError) as refused:
            self.ask(user="openai-poor")
        self.assertEqual((refused.exception.status_code, refused.exception.code), (402, "insufficient_quota"))
        self.assertEqual(refused.exception.body["gibsey"], {"needed": 5, "available": 3})

    def test_a_failure_costs_nothing(self):
        with self.assertRaises(self.openai.InternalServerError) as failed:
            self.ask("xxbreaks", user="openai-7")
        self.assertEqual(failed.exception.status_code, 503)
        with self.assertRaises(self.openai.APIError) as failed:
            list(self.ask("xxbreaks", stream=True, user="openai-7"))
        self.assertEqual(failed.exception.body["gibsey"]["receipt"]["released"], 5)
        self.assertEqual(self.server.balance("openai-7"), 100)

    def test_a_key_is_one_turn(self):
        key = {"extra_headers": {"Idempotency-Key": "facade-1"}, "user": "openai-8"}
        first, again = self.ask(**key), self.ask(**key)
        self.assertEqual(first.id, again.id)
        self.assertEqual(first.choices[0].message.content, again.choices[0].message.content)
        self.assertEqual(self.server.balance("openai-8"), 95)
        with self.assertRaises(self.openai.ConflictError):
            self.ask("Another question?", **key)

    def test_models(self):
        ids = [model.id for model in self.client.models.list()]
        self.assertEqual(ids[0], "gibsey")
        self.assertLessEqual({"arieol", "london-fox", "chrysopedia/narrator"}, set(ids))
        for name in ("arieol", "entrance-way/arieol"):
            self.assertEqual(self.client.models.retrieve(name).gibsey["character_id"], "arieol")
        with self.assertRaises(self.openai.NotFoundError):
            self.client.models.retrieve("nobody")

    def test_embeddings(self):
        name = "all-minilm-l6-v2"
        coded = self.client.embeddings.create(model=name, input=["the tower", "the brass key"])
        plain = self.client.embeddings.create(model=name, input=["the tower", "the brass key"], encoding_format="float")
        self.assertEqual((len(coded.data), len(plain.data)), (2, 2))
        for one, other in zip(coded.data, plain.data):
            self.assertEqual(len(one.embedding), 384)
            self.assertEqual(len(other.embedding), 384)
            self.assertTrue(all(abs(a - b) < 1e-6 for a, b in zip(one.embedding, other.embedding)))
            self.assertAlmostEqual(sum(a * a for a in one.embedding), 1, places=4)
        raw = self.client.with_raw_response.embeddings.create(model=name, input="the tower", encoding_format="base64")
        numbers = raw.http_response.json()["data"][0]["embedding"]
        self.assertEqual(len(struct.unpack("<384f", base64.b64decode(numbers))), 384)
        with self.assertRaises(self.openai.NotFoundError):
            self.client.embeddings.create(model="arieol", input="x")

    def test_responses(self):
        done = self.client.responses.create(model="arieol", instructions="Be brief.", input=QUESTION, user="openai-9")
        self.assertEqual((done.status, done.output[0].status), ("completed", "completed"))
        self.check_gibsey(done.gibsey, done.output_text)
        after = self.client.responses.create(model="arieol", input="And then?", previous_response_id=done.id, user="openai-9")
        turn = self.record(after.gibsey)
        self.assertEqual((turn["conversation_id"], turn["parent_id"]), (done.gibsey["conversation_id"], done.gibsey["turn_id"]))
        with self.assertRaises(self.openai.NotFoundError):
            self.client.responses.create(model="arieol", input="x", previous_response_id="resp_none")
        cut = self.client.responses.create(model="arieol", input="xxlong", max_output_tokens=5, user="openai-9")
        self.assertEqual((cut.status, cut.incomplete_details.reason), ("incomplete", "max_output_tokens"))

    def test_a_stream_of_responses(self):
        with self.client.responses.stream(model="arieol", input=[{"role": "user", "content": QUESTION}]) as stream:
            deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
            done = stream.get_final_response()
        self.assertEqual("".join(deltas), done.output_text)
        self.assertGreater(len(deltas), 1)
        kinds = [event.type for event in self.client.responses.create(model="arieol", input="xxbreaks", stream=True)]
        self.assertEqual((kinds[0], kinds[-1]), ("response.created", "response.failed"))


class Anthropic(FacadeCase):
    def setUp(self):
        import anthropic
        self.anthropic = anthropic
        self.client = anthropic.Anthropic(base_url=self.server.address, api_key="none", max_retries=0)

    def asked(self, text=QUESTION, **more):
        return {"model": "arieol", "max_tokens": 100, "messages": [{"role": "user", "content": text}], **more}

    def test_a_message(self):
        done = self.client.messages.create(**self.asked(system=[{"type": "text", "text": "Be brief."}], metadata={"user_id": "claude-1"}),
                                           extra_body={"temperature": 0.2})
        self.assertEqual((done.role, done.stop_reason, done.content[0].type), ("assistant", "end_turn", "text"))
        turn = self.check_gibsey(done.gibsey, done.content[0].text)
        self.assertEqual((turn["user_id"], turn["trace"]["temperature"]), ("claude-1", 0.2))
        self.assertGreater(done.usage.output_tokens, 0)

    def test_a_stream(self):
        with self.client.messages.stream(**self.asked(metadata={"user_id": "claude-2"})) as stream:
            text = "".join(stream.text_stream)
            done = stream.get_final_message()
        self.assertEqual(text, done.content[0].text)
        self.assertIn("A plain answer.\nOn two lines.", text)
        self.assertGreater(done.usage.input_tokens, 0)
        events = list(self.client.messages.create(stream=True, **self.asked(metadata={"user_id": "claude-2"})))
        self.assertEqual([events[0].type, events[1].type, events[-2].type, events[-1].type],
                         ["message_start", "content_block_start", "message_delta", "message_stop"])
        self.record(events[-2].gibsey)

    def test_limits_and_stops(self):
        self.assertEqual(self.client.messages.create(**{**self.asked("xxlong"), "max_tokens": 5}).stop_reason, "max_tokens")
        text = self.client.messages.create(**self.asked("xxstop", stop_sequences=["END"])).content[0].text
        self.assertIn("Two.", text)
        self.assertNotIn("Three", text)

    def test_counts(self):
        few = self.client.messages.count_tokens(model="arieol", messages=[{"role": "user", "content": "Why?"}]).input_tokens
        more = self.client.messages.count_tokens(model="arieol", system="Be brief, and kind too.", messages=[{"role": "user", "content": "Why?"}]).input_tokens
        self.assertGreater(more, few)

    def test_models(self):
        models = {model.id: model.display_name for model in self.client.models.list()}
        self.assertEqual(models["arieol"], "Arieol Owlist")
        self.assertEqual(self.client.models.retrieve("arieol").type, "model")

    def test_refusals_are_the_clients_own_errors(self):
        with self.assertRaises(self.anthropic.NotFoundError):
            self.client.messages.create(**{**self.asked(), "model": "nobody"})
        with self.assertRaises(self.anthropic.BadRequestError):
            self.client.messages.create(**self.asked(tools=[{"name": "f", "input_schema": {"type": "object"}}]))
        with self.assertRaises(self.anthropic.APIStatusError) as failed:
            self.client.messages.create(**self.asked("xxbreaks"))
        self.assertEqual(failed.exception.status_code, 503)
        with self.assertRaises(self.anthropic.APIStatusError) as failed:
            list(self.client.messages.create(stream=True, **self.asked("xxbreaks")))
        self.assertIn("went away", str(failed.exception))


class SignedIn(ClientCase):
    """Where sign-in is on, the clients send a key as they send their own."""

    @classmethod
    def start(cls):
        cls.server = harness.Server(SCRIPT, environment={"GIBSEY_AUTH": "on", "GIBSEY_API_KEYS": f"{KEY}@reader"})

    @classmethod
    def finish(cls):
        harness.end_cleanly(cls.server)

    def test_a_key_is_the_reader(self):
        import anthropic
        import openai
        asked = {"model": "arieol", "max_tokens": 50, "messages": [{"role": "user", "content": QUESTION}]}
        by_openai = openai.OpenAI(base_url=self.server.address + "/v1", api_key=KEY, max_retries=0)
        by_anthropic = anthropic.Anthropic(base_url=self.server.address, api_key=KEY, max_retries=0)
        self.assertTrue(by_openai.chat.completions.create(**asked).choices[0].message.content)
        self.assertTrue(by_anthropic.messages.create(**asked).content[0].text)
        _, _, statement = self.server.request("GET", "/ledger/reader", headers={"Authorization": "Bearer " + KEY})
        self.assertEqual(json.loads(statement)["balance"], 90)
        with self.assertRaises(openai.PermissionDeniedError):
            by_openai.chat.completions.create(**asked, user="somebody-else")
        with self.assertRaises(openai.AuthenticationError):
            openai.OpenAI(base_url=self.server.address + "/v1", api_key="gbs_wrong", max_retries=0).models.list()
        with self.assertRaises(anthropic.AuthenticationError):
            anthropic.Anthropic(base_url=self.server.address, api_key="gbs_wrong", max_retries=0).messages.create(**asked)


class Ollama(FacadeCase):
    def setUp(self):
        import ollama
        self.ollama = ollama
        self.client = ollama.Client(host=self.server.address)

    def test_chat(self):
        said = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": QUESTION}]
        done = self.client.chat(model="arieol", messages=said, options={"temperature": 0.2})
        self.assertIn("A plain answer.", done.message.content)
        self.assertEqual((done.done, done.done_reason), (True, "stop"))
        self.assertGreater(done.eval_count, 0)
        self.assertGreater(done.total_duration, 0)
        lines = list(self.client.chat(model="arieol:latest", messages=said, stream=True))
        self.assertEqual([line.done for line in lines], [False] * (len(lines) - 1) + [True])
        self.assertIn("On two lines.", "".join(line.message.content for line in lines))

    def test_generate(self):
        done = self.client.generate(model="arieol", prompt="xxlong", options={"num_predict": 5})
        self.assertEqual(done.done_reason, "length")
        text = "".join(line.response for line in self.client.generate(model="arieol", prompt="xxstop", options={"stop": ["END"]}, stream=True))
        self.assertIn("Two.", text)
        self.assertNotIn("Three", text)
        self.assertEqual(self.client.generate(model="arieol").done_reason, "load")

    def test_models(self):
        names = [model.model for model in self.client.list().models]
        self.assertLessEqual({"gibsey", "arieol"}, set(names))
        self.assertIn("completion", self.client.show("arieol").capabilities)
        self.assertIn("arieol", [model.model for model in self.client.ps().models])

    def test_embeddings(self):
        many = self.client.embed(model="all-minilm-l6-v2", input=["the tower", "the key"]).embeddings
        self.assertEqual([len(vector) for vector in many], [384, 384])
        self.assertEqual(len(self.client.embeddings(model="all-minilm-l6-v2", prompt="the tower").embedding), 384)

    def test_refusals_are_the_clients_own_errors(self):
        for sent, status in (({"model": "nobody", "prompt": "x"}, 404), ({"model": "arieol", "prompt": "x", "format": "json"}, 400),
                             ({"model": "arieol", "prompt": "xxbreaks"}, 503)):
            with self.assertRaises(self.ollama.ResponseError) as refused:
                self.client.generate(**sent)
            self.assertEqual(refused.exception.status_code, status, sent)
        with self.assertRaises(self.ollama.ResponseError) as failed:
            list(self.client.generate(model="arieol", prompt="xxbreaks", stream=True))
        self.assertIn("went away", failed.exception.error)


class Mcp(FacadeCase):
    def talk(self, coroutine, **options):
        from mcp.client.client import Client

        async def connected():
            async with Client(self.server.address + "/mcp", **options) as client:
                return await coroutine(client)
        return asyncio.run(asyncio.wait_for(connected(), 120))

    def test_both_ways_of_connecting(self):
        async def version(client):
            return client.protocol_version, client.server_info.name
        for mode in ("legacy", "auto"):
            self.assertEqual(self.talk(version, mode=mode), ("2025-06-18", "gibsey"))

    def test_the_tools_are_listed(self):
        async def names(client):
            return [tool.name for tool in (await client.list_tools()).tools]
        self.assertEqual(self.talk(names), ["search_book", "quote_page", "verify_quote", "ask_character"])

    def test_a_quotation_is_found_read_and_verified(self):
        async def look(client):
            search = (await client.call_tool("search_book", {"query": QUESTION, "k": 3})).structured_content
            quote = search["quotes"][0]
            page = (await client.call_tool("quote_page", {"page_id": quote["page_id"], "start": quote["start"], "end": quote["end"]})).structured_content
            true = (await client.call_tool("verify_quote", {"claim": quote["quote"], "page_id": quote["page_id"]})).structured_content
            false = (await client.call_tool("verify_quote", {"claim": "no page of this book says these very words"})).structured_content
            return quote, page, true, false
        quote, page, true, false = self.talk(look)
        self.assertEqual(page["text"], quote["quote"])
        self.assertEqual((true["verbatim"], true["page_id"], true["text"]), (True, quote["page_id"], quote["quote"]))
        self.assertFalse(false["verbatim"])
        self.assertTrue(false["text"])

    def test_a_character_is_asked(self):
        told = []

        async def progress(done, _, message):
            told.append((done, message))

        async def ask(client):
            whole = await client.call_tool("ask_character", {"character": "arieol", "text": QUESTION})
            streamed = await client.call_tool("ask_character", {"character": "arieol", "text": QUESTION}, progress_callback=progress)
            failed = await client.call_tool("ask_character", {"character": "nobody", "text": QUESTION})
            return whole, streamed, failed
        whole, streamed, failed = self.talk(ask)
        self.assertIn("A plain answer.", whole.structured_content["reply"])
        self.check_gibsey(whole.structured_content, whole.structured_content["reply"])
        self.assertEqual("".join(message for _, message in told), streamed.structured_content["reply"])
        self.assertEqual([done for done, _ in told], list(range(1, len(told) + 1)))
        self.assertTrue(failed.is_error)

    def test_errors(self):
        import mcp

        async def wrong(client):
            missing = await client.call_tool("quote_page", {"page_id": "nowhere"})
            with self.assertRaises(mcp.MCPError) as refused:
                await client.call_tool("search_book", {})
            return missing, refused.exception.code
        missing, code = self.talk(wrong)
        self.assertTrue(missing.is_error)
        self.assertEqual(code, -32602)


if __name__ == "__main__":
    unittest.main()
