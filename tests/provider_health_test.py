"""What the program remembers of its providers: one that asks to be left alone is, one that fails again and again is not asked, one that is back
is used again, and what each was chosen for is told."""
import time
import unittest

import harness
from fault_readers import DIALECTS, ask_all, check_charge, record_of, without_epigraph
from upstream_settings import MODELS, providers
from upstreams import Act, Upstream, ok, status

SCRIPT = harness.scripted("The script answers.")
OWN = ok("The first ", "answers.")
OTHER = ok("The other ", "answers.")


class Health(unittest.TestCase):
    number = 0

    def start(self, order, upstreams, seconds=5, **environment):
        server = harness.Server(SCRIPT, environment={**providers(order, upstreams, seconds), **environment})
        self.addCleanup(self.end, server)
        return server

    def end(self, server):
        self.assertNotIn("sk-secret-of", harness.end_cleanly(server))

    def upstream(self, name, plan=(OWN,)):
        upstream = Upstream(list(plan), [MODELS[name]])
        self.addCleanup(upstream.close)
        return upstream

    def ask(self, server, dialect="turns"):
        """(text or error, record, seconds)."""
        Health.number += 1
        user, started = f"reader-{Health.number}", time.monotonic()
        seen = ask_all(server, [(dialect, user, "Why did you climb the tower?")], 60)[0]
        self.assertEqual(seen.problem, "")
        record, ledger = record_of(server, user)
        check_charge(self, dialect, record, ledger, 0 if seen.error else 5)
        return seen.error or without_epigraph(record), record, seen.ended_at - started

    def state(self, server, name):
        return next(state for state in server.get_json("/v1/providers")["providers"] if state["name"] == name)

    def wait_for(self, server, name, wanted, seconds):
        harness.wait_until(lambda: self.state(server, name)["status"] == wanted, seconds, lambda: self.state(server, name))

    def test_one_that_asks_to_be_left_alone_is(self):
        for retry_after, rests in ((3, 3), (-4, 3)):  # a date has whole seconds
            with self.subTest(retry_after=retry_after):
                llm = self.upstream("llm")
                server = self.start("llm,ollama,local", {"llm": llm, "ollama": self.upstream("ollama", [OTHER])})
                llm.plan = [status(429, retry_after=retry_after), OWN]
                text, record, _ = self.ask(server)
                refused = time.monotonic()
                self.assertEqual((text, record["provider"]), ("The other answers.", "ollama"))
                self.assertEqual(self.state(server, "llm")["status"], "resting")
                while time.monotonic() < refused + rests - 1:
                    record = self.ask(server)[1]
                    if time.monotonic() < refused + rests - 0.5:  # else the machine was too slow to tell
                        self.assertEqual((record["provider"], len(llm.requests)), ("ollama", 1), "it asked for peace")
                self.wait_for(server, "llm", "ready", 4)
                self.assertGreater(time.monotonic(), refused + rests - 1)
                text, record, _ = self.ask(server)
                self.assertEqual((text, record["provider"], record["fallback_used"]), ("The first answers.", "llm", False))
                self.assertEqual((len(llm.requests), self.state(server, "llm")["failures"]), (2, {"busy": 1}))

    def test_alone_it_is_waited_for_and_asked_again(self):
        llm = self.upstream("llm")
        server = self.start("llm", {"llm": llm})
        llm.plan = [status(429, retry_after=1), OWN]
        text, _, seconds = self.ask(server)
        self.assertEqual(text, "The first answers.")
        self.assertGreater(seconds, 1)
        llm.plan = [status(500), OWN]
        self.assertEqual(self.ask(server)[0], "The first answers.")
        self.assertEqual(self.state(server, "llm")["choices"]["again"], 2)
        llm.plan = [status(429, retry_after=300)]
        error, record, seconds = self.ask(server)
        self.assertEqual((error["code"], error["retryable"], error["released"]), ("busy", True, True))
        self.assertLess(seconds, 4)
        asked = len(llm.requests)
        self.assertEqual(self.ask(server)[0]["code"], "busy")
        self.assertEqual(len(llm.requests), asked)

    def test_the_breaker_opens_and_closes(self):
        llm = self.upstream("llm", [status(500, "out of order")])
        server = self.start("llm", {"llm": llm})
        while self.state(server, "llm")["status"] != "open":
            self.assertEqual(self.ask(server)[0]["code"], "unavailable")
            self.assertLess(len(llm.requests), 8, "it is asked on and on")
        opened, asked = time.monotonic(), len(llm.requests)
        self.assertIn("out of order", self.state(server, "llm")["last_error"])
        error, _, seconds = self.ask(server)
        self.assertEqual((error["code"], len(llm.requests)), ("unavailable", asked))
        self.assertLess(seconds, 3)
        llm.plan = [OWN]
        text = ""
        while text != "The first answers.":
            self.assertLess(time.monotonic() - opened, 25)
            time.sleep(0.5)
            text = self.ask(server)[0]
        self.assertGreater(time.monotonic() - opened, 5)
        self.assertEqual(len(llm.requests), asked + 1, "nothing was asked while the breaker was open")
        self.assertEqual(self.state(server, "llm")["status"], "ready")

    def test_one_that_is_back_is_used_again(self):
        llm = self.upstream("llm")
        server = self.start("llm,ollama,local", {"llm": llm, "ollama": self.upstream("ollama", [OTHER])})
        self.assertEqual(self.ask(server)[1]["provider"], "llm")
        llm.refuse()
        self.assertEqual([self.ask(server)[1]["provider"] for _ in range(4)], ["ollama"] * 4)
        state = self.state(server, "llm")
        self.assertEqual((state["status"], state["choices"], state["preferred"]), ("down", {"first": 2}, False))
        llm.open()
        self.wait_for(server, "llm", "ready", 15)
        text, record, _ = self.ask(server)
        self.assertEqual((text, record["provider"]), ("The first answers.", "llm"))
        self.assertTrue(self.state(server, "llm")["preferred"])
        self.assertGreater(len(llm.looks), 0, "it was looked at without a generation")

    def test_a_chain_of_broken_ones_ends_at_the_script(self):
        upstreams = {name: self.upstream(name) for name in ("llm", "openai", "ollama", "anthropic", "llm_fallback")}
        upstreams["llm"].refuse()
        for name, how in (("openai", "reset"), ("ollama", "close"), ("anthropic", "stall")):
            upstreams[name].on_accept = how
        upstreams["llm_fallback"].plan = [Act(html=True)]
        server = self.start("llm,openai,ollama,anthropic,llm_fallback,local", upstreams, seconds=1.5)
        text, record, seconds = self.ask(server)
        self.assertEqual((text, record["provider"], record["fallback_used"]), ("The script answers.", "scripted", True))
        self.assertLess(seconds, 8)
        for name in upstreams:
            state = self.state(server, name)
            self.assertEqual((state["status"], sum(state["failures"].values())), ("down", 1), state)
            self.assertTrue(state["last_error"])
        self.assertEqual(set(self.state(server, "anthropic")["failures"]), {"deadline"})
        seen = ask_all(server, [(dialect, f"chain-{dialect}", "Why did you climb the tower?") for dialect in DIALECTS])
        for one in seen:
            self.assertEqual((one.problem, one.error), ("", None))
            self.assertEqual(record_of(server, one.user)[0]["provider"], "scripted")


if __name__ == "__main__":
    unittest.main()
