"""Model servers are killed in mid-stream, one after the other, each while twenty readers of every dialect listen to it: five hundred replies
are broken off, and every reader gets what the dialect promises, from the next provider in the order, in character, charged once or not at all."""
import collections
import random
import re
import threading
import time
import unittest

import harness
from fault_readers import COSTS, DIALECTS, ask_all, check_charge, record_of, without_epigraph
from upstream_process import UpstreamProcess
from upstream_protocols import normal_prompt
from upstream_settings import CAN_BE_BEGUN, MODELS, providers
from upstreams import ok

ORDER = ("llm", "openai", "anthropic", "ollama", "llm_fallback")
READERS = 20  # of a dialect, at each server that is killed
SPOKEN = ("The ", "tower ", "stood ", "dark ", "that ", "night ", "and ", "nobody ", "came ", "home ")
SCRIPTED = "the script says the rest."


def whole_reply(name):
    return ("as ", "it ", f"is told by {name}, ", "to the ", "end.")


def text_of(name):
    return SCRIPTED if name == "scripted" else "".join(whole_reply(name))


def tag_in(request):
    return re.findall(r"tag-\d+-\d+", str(request))[-1]


class Killed(unittest.TestCase):
    def test_killed_in_mid_stream(self):
        upstreams = {name: UpstreamProcess([ok(*whole_reply(name))], [MODELS[name]]) for name in ORDER}
        environment = {**providers(",".join((*ORDER, "local")), upstreams, 40), "GIBSEY_MAX_TURNS": "500", "GIBSEY_PROVIDER_IDLE_TIMEOUT": "40"}
        script = {"supports_opening": True, "replies": [{"chunks": [SCRIPTED]}]}
        started = time.monotonic()
        try:
            with harness.Server(script, environment=environment) as server:
                for place in range(len(ORDER)):
                    self.kill_one(server, upstreams, place)
                self.assertEqual(server.command("doctor").returncode, 0)
                harness.end_cleanly(server)
        finally:
            for upstream in upstreams.values():
                upstream.kill()
        print(f"killed in mid-stream: {len(ORDER) * READERS * len(DIALECTS)} replies of {len(ORDER)} servers in {time.monotonic() - started:.1f} s")

    def kill_one(self, server, upstreams, place):
        name = ORDER[place]
        upstream = upstreams[name]
        questions = [(dialect, f"{name}-{dialect}-{n}", f"Why did you climb the tower? (tag-{place}-{n * len(DIALECTS) + m})")
                     for n in range(READERS) for m, dialect in enumerate(DIALECTS)]
        chance = random.Random(place)
        heard = [chance.randrange(1, len(SPOKEN) + 1) for _ in questions]
        upstream.set_plan([ok(*SPOKEN[:count], end="stall") for count in heard])
        before = upstream.stalled
        killer = threading.Thread(target=self.kill_when_all_listen, args=(upstream, before + len(questions)))
        killer.start()
        seen = ask_all(server, questions, 60)
        killer.join()
        self.assertEqual(upstream.stalled - before, len(questions), "replies that were broken off")
        heard_by_readers = []
        for question, one in zip(questions, seen):
            with self.subTest(killed=name, dialect=one.dialect, question=question[2]):
                heard_by_readers.append(self.check(server, upstreams, place, question[2], one))
        self.assertEqual(collections.Counter(heard_by_readers), collections.Counter("".join(SPOKEN[:count]) for count in heard))
        states = {state["name"]: state for state in server.get_json("/v1/providers")["providers"]}
        self.assertIn(states[name]["status"], ("open", "down"))
        self.assertEqual(states[name]["failures"], {"unavailable": len(questions)})

    @staticmethod
    def kill_when_all_listen(upstream, count):
        deadline = time.monotonic() + 40
        while upstream.stalled < count and time.monotonic() < deadline:
            time.sleep(0.02)
        upstream.kill()

    def check(self, server, upstreams, place, question, seen):
        """What the reader had heard of the one that was killed."""
        self.assertEqual((seen.problem, seen.error), ("", None))
        record, ledger = record_of(server, seen.user)
        after = (*ORDER[place + 1:], "scripted")
        goes_on = seen.dialect != "turns"
        heir = next(name for name in after if not goes_on or name in CAN_BE_BEGUN or name == "scripted")
        self.assertEqual((record["provider"], record["fallback_used"], record["status"]), (heir, True, "complete"))
        self.assertEqual(seen.text, record["reply"])
        text = without_epigraph(record)
        self.assertTrue(text.endswith(text_of(heir)), text)
        heard = seen.voided if seen.replaced else text.removesuffix(text_of(heir))
        self.assertEqual(seen.replaced, 0 if goes_on else 1)
        if not goes_on:
            self.assertEqual(text, text_of(heir))
        check_charge(self, seen.dialect, record, ledger, COSTS[seen.dialect])
        if heir != "scripted":
            self.check_prompt(upstreams, ORDER[place], heir, record, question, heard if goes_on else "")
        return heard

    def check_prompt(self, upstreams, killed, heir, record, question, heard):
        tag = tag_in(question)
        first, second = ([normal_prompt(request) for request in upstreams[name].requests if tag_in(request) == tag] for name in (killed, heir))
        self.assertEqual((len(first), len(second)), (1, 1))
        first, second = first[0], second[0]
        if heard:
            self.assertEqual(second.pop(), {"role": "assistant", "content": heard.rstrip()})
        self.assertEqual(second, first)
        self.assertEqual(second[0]["role"], "system")
        told = "\n".join(message["content"] for message in second)
        if record["trace"]["dialect"] in ("turns", "ask", "session"):
            self.assertTrue(any(source["quote"] in told for source in record["sources"]), record["sources"])


if __name__ == "__main__":
    unittest.main()
