"""Live turns through real model servers, llama.cpp's own and Ollama, in OpenAI's protocol and in Ollama's: whole replies in every
dialect, counts, stop, two at once, a server that is killed, a model that is not there, a context that is too small.
Run by `make model-servers-test`, which builds the servers."""
import datetime
import itertools
import json
import os
import re
import signal
import threading
import time
import unittest

import harness
from fault_readers import COSTS, DIALECTS, ask_all, check_charge, record_of, without_epigraph
from model_server_processes import CHAT_MODEL, EMBEDDING_MODEL, LlamaServer, OllamaServer, chat_ml

MODEL = "smollm2"  # a name without a size: the prompt for large models
QUESTION = "Why did you climb the tower?"
LONG = "Tell the whole story of the tower and of the night, at great length and in many paragraphs."
SCRIPTED = "the script says the rest."
GOES_ON = {"supports_opening": True, "replies": [{"chunks": [SCRIPTED]}]}
COMMON = {"GIBSEY_DEBUG": "1", "LLM_MAX_TOKENS": "400", "OLLAMA_MAX_TOKENS": "400"}


def open_ai(address):
    return {"LLM_API_URL": f"{address}/v1", "LLM_MODEL": MODEL, "LLM_PROVIDERS": "llm"}


def ollama(address):
    return {"OLLAMA_BASE_URL": address, "OLLAMA_MODEL": MODEL, "LLM_PROVIDERS": "ollama"}


def since_epoch(record):
    """Milliseconds, of a turn's beginning."""
    return datetime.datetime.fromisoformat(record["created"].replace("Z", "+00:00")).timestamp() * 1000


class Live(unittest.TestCase):
    """Asks Gibsey, started with `start`, as readers of its own do."""
    number = 0

    @classmethod
    def start(cls, settings, script=None):
        gibsey = harness.Server(script, environment={**COMMON, **settings})
        cls.addClassCleanup(cls.end, gibsey)
        return gibsey

    @staticmethod
    def end(gibsey):
        try:
            assert gibsey.stop() == 0
            log = gibsey.log_text()
            assert not any(bad in log for bad in ("ERROR: AddressSanitizer", "runtime error", "LeakSanitizer")), log[-3000:]
        finally:
            gibsey.close()

    @classmethod
    def started(cls, server):
        cls.addClassCleanup(server.close)
        return server

    def reader(self):
        Live.number += 1
        return f"live-{Live.number}"

    def ask(self, gibsey, dialect, text):
        """What the reader saw, the record, the ledger."""
        user = self.reader()
        seen = ask_all(gibsey, [(dialect, user, text)], 240)[0]
        self.assertEqual(seen.problem, "")
        return seen, *record_of(gibsey, user)

    def begin(self, gibsey, text, **fields):
        """The id of a turn that has been asked for."""
        status, _, body = gibsey.request("POST", "/v1/turns", {"user_id": self.reader(), "character_id": "arieol", "text": text, **fields})
        self.assertEqual(status, 201, body)
        return json.loads(body)["turn_id"]

    def turn(self, gibsey, text, **fields):
        """The record of a turn that has ended."""
        turn_id = self.begin(gibsey, text, **fields)
        gibsey.follow(turn_id, timeout=240)
        return gibsey.get_json(f"/v1/turns/{turn_id}")

    def whole_turn(self, gibsey, text, **fields):
        """The same of one that must not fail."""
        record = self.turn(gibsey, text, **fields)
        self.assertEqual((record["status"], record["receipt"]["charged"]), ("complete", 5), record.get("error"))
        return record

    @staticmethod
    def tokens_told(gibsey):
        """Pieces of replies that the models have sent so far."""
        lines = gibsey.request("GET", "/metrics")[2].splitlines()
        return sum(float(line.split()[1]) for line in lines if re.match(r'gibsey_tokens_total\{(?!.*"scripted")', line))

    def wait_for_tokens(self, gibsey, before, reader=None, count=8):
        deadline = time.monotonic() + 120
        while self.tokens_told(gibsey) < before + count:
            self.assertLess(time.monotonic(), deadline, "the model says nothing")
            self.assertTrue(reader is None or reader.is_alive(), "the reader has gone")
            time.sleep(0.01)

    def wait_until_ready(self, gibsey, name):
        deadline = time.monotonic() + 60
        while next(state for state in gibsey.get_json("/v1/providers")["providers"] if state["name"] == name)["status"] != "ready":
            self.assertLess(time.monotonic(), deadline, gibsey.get_json("/v1/providers"))
            time.sleep(0.1)


class WholeTurns:
    """Of one server in one protocol. `provider`: as LLM_PROVIDERS names it; `counter`: a llama.cpp server with the same model."""

    @classmethod
    def tearDownClass(cls):
        if cls.pace:
            first, rate = (sorted(numbers)[len(numbers) // 2] for numbers in zip(*cls.pace))
            print(f"{cls.__name__}, {cls.server.version()}: first token after {first:.0f} ms, {rate:.0f} tokens/s (medians of {len(cls.pace)})")

    def check_counts(self, record, may_differ=0):
        """The prompt's tokens by the model's own tokenizer."""
        call, = record["trace"]["calls"]
        self.assertEqual((call["usage"], call.get("usage_estimated", False)), (record["usage"], False))
        prompt = self.counter.tokens_in(chat_ml([(message["role"], message["text"]) for message in call["messages"]]))
        self.assertAlmostEqual(record["usage"]["prompt_tokens"], prompt, delta=may_differ)
        self.assertGreater(record["usage"]["completion_tokens"], 0)

    def check_quotes(self, record):
        for quote in record["quotes"]:
            page = self.gibsey.get_json(f"/pages/{quote['page_id']}")
            self.assertEqual(page["text"][quote["start"]:quote["end"]], quote["text"])
            self.assertTrue(quote["verified"])

    def test_a_turn_in_each_dialect(self):
        for dialect in DIALECTS:
            with self.subTest(dialect=dialect):
                seen, record, ledger = self.ask(self.gibsey, dialect, QUESTION)
                self.assertIsNone(seen.error)
                self.assertEqual(seen.text, record["reply"])
                self.assertGreater(len(without_epigraph(record)), 0)
                self.assertEqual((record["status"], record["provider"], record["model"], record["fallback_used"]),
                                 ("complete", self.provider, MODEL, False))
                check_charge(self, dialect, record, ledger, COSTS[dialect])
                self.check_counts(record)
                self.check_quotes(record)
                if dialect in ("turns", "ask"):
                    self.assertGreater(len(record["quotes"]), 0)
                tail = (record["total_ms"] - record["first_token_ms"]) / 1000
                self.pace.append((record["first_token_ms"], record["usage"]["completion_tokens"] / tail))
        state, = self.gibsey.get_json("/v1/providers")["providers"]
        self.assertEqual((state["name"], state["model"], state["status"], state["failures"]), (self.provider, MODEL, "ready", {}))
        self.assertGreaterEqual(state["replies"], len(DIALECTS))

    def test_two_at_once(self):
        """Of four that ask at once, two have their first words before the other's last. A model is free to say little: tried thrice."""
        def overlap():
            readers = [self.reader() for _ in range(4)]
            seen = ask_all(self.gibsey, [("turns", reader, LONG) for reader in readers], 280)
            self.assertEqual([(one.problem, one.error) for one in seen], [("", None)] * 4)
            times = []
            for reader in readers:
                record, ledger = record_of(self.gibsey, reader)
                check_charge(self, "turns", record, ledger, 5)
                times.append((since_epoch(record) + record["first_token_ms"], since_epoch(record) + record["total_ms"]))
            return any(max(one[0], other[0]) < min(one[1], other[1]) for one, other in itertools.combinations(times, 2))
        self.assertTrue(any(overlap() for _ in range(3)))

    def test_a_stop_ends_the_work_and_what_was_not_counted_is_guessed_well(self):
        self.whole_turn(self.gibsey, LONG)
        before = self.tokens_told(self.gibsey)
        turn_id = self.begin(self.gibsey, LONG, max_tokens=400)
        self.wait_for_tokens(self.gibsey, before)
        self.assertEqual(self.gibsey.request("POST", f"/v1/turns/{turn_id}/stop")[0], 202)
        self.gibsey.follow(turn_id)
        time.sleep(0.5)
        self.assertFalse(self.server.works_within(1.5), "the server goes on with a reply that nobody wants")
        record = self.gibsey.get_json(f"/v1/turns/{turn_id}")
        self.assertEqual((record["status"], record["receipt"]["charged"]), ("stopped", 5))
        call, = record["trace"]["calls"]
        self.assertTrue(call["usage_estimated"])
        messages = [(message["role"], message["text"]) for message in call["messages"]]
        counted = self.counter.tokens_in(chat_ml(messages))
        blind = sum(len(text.encode()) for _, text in messages) / 4
        print(f"{type(self).__name__}: {counted} tokens, guessed {record['usage']['prompt_tokens']}, by four bytes each {blind:.0f}")
        self.assertAlmostEqual(record["usage"]["prompt_tokens"], counted, delta=counted * self.guess_within)
        self.whole_turn(self.gibsey, QUESTION)


class LlamaCpp(WholeTurns, Live):
    provider = "llm"
    guess_within = 0.05

    @classmethod
    def setUpClass(cls):
        cls.pace = []
        cls.server = cls.counter = cls.started(LlamaServer(["--ctx-size", "16384", "--parallel", "2"]))
        cls.gibsey = cls.start(open_ai(cls.server.address))

    def test_the_reply_is_counted_as_the_server_counts(self):
        before = self.server.tokens_predicted()
        record = self.whole_turn(self.gibsey, QUESTION)
        self.assertEqual(record["usage"]["completion_tokens"], self.server.tokens_predicted() - before)


class Ollama(WholeTurns, Live):
    provider = "ollama"
    guess_within = 0.15  # this one learns from replies alone: some versions leave cached tokens out of a prompt's count
    settings = staticmethod(ollama)

    @classmethod
    def setUpClass(cls):
        cls.pace = []
        cls.server = cls.started(OllamaServer(OLLAMA_NUM_PARALLEL="2", OLLAMA_CONTEXT_LENGTH="8192"))
        cls.server.create_chat_model(MODEL)
        cls.counter = cls.started(LlamaServer(["--ctx-size", "512", "--parallel", "1"]))
        cls.gibsey = cls.start(cls.settings(cls.server.address))


class OllamaAsOpenAi(Ollama):
    provider = "llm"
    guess_within = 0.05
    settings = staticmethod(open_ai)


class Killed:
    """A server is killed in the middle of a reply, once for each dialect: contracts section 0, `after tokens were sent`."""

    def broken_off(self, gibsey, dialect):
        """What the reader of a reply saw whose server was killed, and the record; the server is back."""
        before, told = self.tokens_told(gibsey), []
        reader = threading.Thread(target=lambda: told.append(self.ask(gibsey, dialect, LONG)))
        reader.start()
        self.wait_for_tokens(gibsey, before, reader)
        self.server.kill()
        reader.join()
        self.server.start()
        self.wait_until_ready(gibsey, self.provider)
        return told[0]

    def test_another_takes_over(self):
        gibsey = self.start({**self.settings(self.server.address), "LLM_PROVIDERS": f"{self.provider},local"}, GOES_ON)
        for dialect in DIALECTS:
            with self.subTest(dialect=dialect):
                seen, record, ledger = self.broken_off(gibsey, dialect)
                self.assertIsNone(seen.error)
                self.assertEqual((record["status"], record["provider"], record["fallback_used"]), ("complete", "scripted", True))
                check_charge(self, dialect, record, ledger, COSTS[dialect])
                self.assertEqual(seen.text, record["reply"])
                text = without_epigraph(record)
                self.assertTrue(text.endswith(SCRIPTED), text)
                if dialect == "turns":
                    self.assertEqual((seen.replaced, text), (1, SCRIPTED))
                    self.assertGreater(len(seen.voided), 0)
                else:
                    self.assertEqual(seen.replaced, 0)
                    self.assertGreater(len(text), len(SCRIPTED), "what the reader had is kept")
                self.assertEqual(self.ask(gibsey, dialect, QUESTION)[1]["provider"], self.provider, "it is used again")

    def test_alone_it_is_an_error_and_costs_nothing(self):
        gibsey = self.start(self.settings(self.server.address))
        for dialect in DIALECTS:
            with self.subTest(dialect=dialect):
                seen, record, ledger = self.broken_off(gibsey, dialect)
                self.assertIsNone(seen.done)
                self.assertIsNotNone(seen.error)
                self.assertEqual((record["status"], record["error"]["code"]), ("failed", "unavailable"))
                check_charge(self, dialect, record, ledger, 0)
                self.assertEqual(self.ask(gibsey, dialect, QUESTION)[1]["status"], "complete", "it is used again")


class LlamaCppKilled(Killed, Live):
    provider = "llm"
    settings = staticmethod(open_ai)

    @classmethod
    def setUpClass(cls):
        cls.server = cls.started(LlamaServer(["--ctx-size", "16384", "--parallel", "2"]))


class OllamaKilled(Killed, Live):
    provider = "ollama"
    settings = staticmethod(ollama)

    @classmethod
    def setUpClass(cls):
        cls.server = cls.started(OllamaServer())
        cls.server.create_chat_model(MODEL)

    def test_the_process_that_holds_the_model_is_killed(self):
        """The server lives on, ends the stream with an error, and starts another process: asked again, it goes on with the reply."""
        gibsey = self.start(ollama(self.server.address))
        self.whole_turn(gibsey, QUESTION)
        runner = self.server.runner()
        before, told = self.tokens_told(gibsey), []
        reader = threading.Thread(target=lambda: told.append(self.ask(gibsey, "ask", LONG)))
        reader.start()
        self.wait_for_tokens(gibsey, before, reader)
        os.kill(runner, signal.SIGKILL)
        reader.join()
        seen, record, ledger = told[0]
        self.assertIsNone(seen.error)
        check_charge(self, "ask", record, ledger, 5)
        broken, whole = record["trace"]["calls"]
        self.assertEqual((broken["outcome"], whole["outcome"] in ("stop", "length")), ("unavailable", True))
        self.assertGreater(len(whole["opening"]), 0)
        self.assertTrue(record["reply"].startswith(whole["opening"]), record)
        state, = gibsey.get_json("/v1/providers")["providers"]
        self.assertEqual((state["failures"], state["choices"]["again"]), ({"unavailable": 1}, 1))


class GoingOn(Live):
    """llama.cpp's server is killed in the middle of a reply on /ask; whether Ollama goes on with it is in its model's template."""

    def killed(self, create):
        server = self.started(OllamaServer())
        create(server)
        first = self.started(LlamaServer(["--ctx-size", "8192", "--parallel", "1"]))
        gibsey = self.start({**ollama(server.address), **open_ai(first.address), "LLM_PROVIDERS": "llm,ollama,local"}, GOES_ON)
        before, told = self.tokens_told(gibsey), []
        reader = threading.Thread(target=lambda: told.append(self.ask(gibsey, "ask", LONG)))
        reader.start()
        self.wait_for_tokens(gibsey, before, reader)
        first.kill()
        reader.join()
        seen, record, ledger = told[0]
        self.assertIsNone(seen.error)
        check_charge(self, "ask", record, ledger, 5)
        return record, next(state for state in gibsey.get_json("/v1/providers")["providers"] if state["name"] == "ollama")

    def test_a_template_that_leaves_the_beginning_open(self):
        record, state = self.killed(lambda server: server.create_chat_model(MODEL))
        self.assertEqual((record["provider"], state["failures"]), ("ollama", {}))
        opening = record["trace"]["calls"][-1]["opening"]
        self.assertGreater(len(opening), 0)
        self.assertTrue(record["reply"].startswith(opening), record)

    def test_a_template_that_closes_it(self):
        """As `ollama create` chooses it for a bare GGUF."""
        record, state = self.killed(lambda server: server.create(MODEL, f"FROM {CHAT_MODEL}"))
        self.assertEqual((record["provider"], state["failures"]), ("scripted", {"unavailable": 1}))
        self.assertTrue(without_epigraph(record).endswith(SCRIPTED), record["reply"])
        self.assertIn("closes the beginning of a reply", state["last_error"])


class Refusals(Live):
    """What the servers refuse or cut, and what readers and operators are told."""

    def told(self, gibsey, provider, text=QUESTION):
        """The record of a turn that one provider was to answer."""
        return self.turn(gibsey, text, provider=provider)

    def test_a_model_that_is_not_there(self):
        server = self.started(OllamaServer())
        models = server.folder / "gguf"
        models.mkdir()
        (models / f"{MODEL}.gguf").symlink_to(CHAT_MODEL)
        router = self.started(LlamaServer(["--models-dir", models], model=None))
        gibsey = self.start({"LLM_PROVIDERS": "llm,llm_fallback,ollama", "LLM_API_URL": server.address, "LLM_MODEL": "nobody",
                             "LLM_FALLBACK_URL": router.address, "LLM_FALLBACK_MODEL": "nobody",
                             "OLLAMA_BASE_URL": server.address, "OLLAMA_MODEL": "nobody"})
        for provider, advice in (("llm", "has no model 'nobody'"), ("llm_fallback", "has no model 'nobody'"), ("ollama", "try `ollama pull nobody`")):
            with self.subTest(provider=provider):
                record = self.told(gibsey, provider)
                self.assertEqual((record["status"], record["receipt"]["charged"]), ("failed", 0))
                self.assertIn(advice, record["error"]["message"])
                state = next(state for state in gibsey.get_json("/v1/providers")["providers"] if state["name"] == provider)
                self.assertEqual(state["failures"], {"not_found": 1})

    def test_a_prompt_longer_than_the_context(self):
        server = self.started(OllamaServer(OLLAMA_CONTEXT_LENGTH="2048"))
        server.create_chat_model(MODEL)
        llama = self.started(LlamaServer(["--ctx-size", "2048", "--parallel", "1"]))
        gibsey = self.start({**open_ai(server.address), **ollama(server.address), "OLLAMA_CONTEXT_TOKENS": "2048",
                             "OPENAI_BASE_URL": llama.address, "OPENAI_MODEL": MODEL, "LLM_PROVIDERS": "llm,openai,ollama"})
        long = "What of the tower? " + "The reader walked on through the rain and thought of the stairs. " * 120
        with self.subTest("llama.cpp's server refuses it"):
            record = self.told(gibsey, "openai", long)
            self.assertEqual((record["status"], record["error"]["code"], record["receipt"]["charged"]), ("failed", "too_large", 0))
            self.assertIn("2048", record["error"]["message"])
        with self.subTest("Ollama's /v1 has a context of its own, and cuts"):
            self.check_cut(self.told(gibsey, "llm", long), 2048)
        with self.subTest("more tokens than the estimate had it, in a writing of which the model knows little"):
            self.check_cut(self.told(gibsey, "ollama", "为什么你要爬上那座塔?" * 80), 2048)
        self.assertIn("num_ctx 2048 was asked for", gibsey.log_text())

    def check_cut(self, record, context):
        self.assertEqual(record["status"], "complete", record.get("error"))
        self.assertLessEqual(record["usage"]["prompt_tokens"], context)
        sent = sum(len(message["text"].encode()) for message in record["trace"]["calls"][0]["messages"])
        self.assertTrue(any("by the model's server" in cut for cut in record["context"]["cut"]), (sent, record["usage"], record["context"]))


class Embeddings(Live):
    """GIBSEY_EMBEDDER: the bundled embedding model, at a real server, finds what it finds in this process."""

    def vector(self, gibsey, model):
        status, _, text = gibsey.request("POST", "/v1/embeddings", {"model": model, "input": "A lamp burnt in the window of the tower."})
        self.assertEqual(status, 200, text)
        return json.loads(text)["data"][0]["embedding"]

    def found(self, gibsey):
        return [hit["page_id"] for hit in gibsey.get_json("/retrieve?q=why+did+you+climb+the+tower&k=3")]

    def check_same(self, embedder, settings):
        here = self.start({}, harness.scripted("Hello."))
        there = self.start({**settings, "LLM_PROVIDERS": "local", "GIBSEY_EMBEDDER": embedder, "GIBSEY_EMBEDDER_TIMEOUT": "10"},
                           harness.scripted("Hello."))
        harness.wait_until(lambda: not there.get_json("/health")["problems"], 240)
        self.assertEqual(there.get_json("/health")["model"]["embedding_model"], embedder)
        one, other = self.vector(here, here.get_json("/health")["model"]["embedding_model"]), self.vector(there, embedder)
        self.assertEqual(len(one), len(other))
        self.assertGreater(sum(a * b for a, b in zip(one, other)), 0.999, "both are of length 1")
        self.assertEqual(self.found(there), self.found(here))

    def test_ollama(self):
        server = self.started(OllamaServer())
        server.create("minilm", f"FROM {EMBEDDING_MODEL}")
        self.check_same("ollama:minilm", {"OLLAMA_BASE_URL": server.address})

    def test_llama_cpp(self):
        server = self.started(LlamaServer(["--embedding"], model=EMBEDDING_MODEL))
        self.check_same("llm:minilm", {"LLM_API_URL": server.address})


if __name__ == "__main__":
    unittest.main()
