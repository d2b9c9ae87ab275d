"""Every fault of a model's server, at each kind of provider, in each dialect: what the reader sees, what it costs, who answers, and how long
it takes. GIBSEY_FAULT_TABLE=docs/provider_faults.md writes that page anew out of what was measured."""
import dataclasses
import json
import os
import re
import time
import unittest

import harness
from fault_readers import COSTS, DIALECTS, PATHS, ask_all, check_charge, record_of, without_epigraph
from upstream_protocols import normal_prompt
from upstream_settings import KEY, MODELS, providers, settings
from upstreams import Act, Upstream, ok, status

FIRST_SECONDS, IDLE_SECONDS = 9, 1.5
SLACK_SECONDS = 12  # a hundred and more turns end at once, under a sanitizer, beside other work
SPOKEN = ("The ", "tower ", "was ", "dark ", "that ")
CONTINUED = "and another hand wrote on."


@dataclasses.dataclass(frozen=True)
class Fault:
    """`shows`: "whole" (the provider's own text all the same), "before" (it fails before a word of it is heard), "after" (words were heard)."""
    name: str
    shows: str
    act: object  # a function of the question's tag and the key that gives the Act
    seconds: float = 0
    kinds: tuple = ("llm", "ollama", "anthropic")


def own_text(tag):
    return (*SPOKEN, "night, ", "says ", "the first ", f"voice to {tag}: ", "née Żółć ", "雪 ", "🐻 ", "and that is all.")


def before(name, act, seconds=0.0):
    return Fault(name, "before", lambda tag, key: act if isinstance(act, Act) else act(tag, key), seconds)


def refused(code, **more):
    return before(f"status {code}" + (f", {more.pop('told')}" if "told" in more else ""),
                  lambda tag, key: status(code, f"no answer for the key {key}", **more))


def after(name, end, seconds=0.0):
    return Fault(name, "after", lambda tag, key: Act(SPOKEN, end=end, message=f"broken off, key {key}"), seconds)


def whole(name, kinds=("llm", "ollama", "anthropic"), thinks=(), **more):
    return Fault(name, "whole", lambda tag, key: ok(*thinks, *own_text(tag), **more), 0, kinds)


FAULTS = (
    whole("none"),
    whole("each byte in a chunk of its own", bytewise=True),
    whole("usage comes half a second late", usage="late"),
    whole("usage never comes", usage="never"),
    whole("usage is nonsense", usage="wrong"),
    whole("reasoning in a field of its own", thoughts=("I must ", "not show ", "this SECRET thought.")),
    whole("reasoning in the text, tags cut", ("llm", "ollama"), ("<th", "ink>I must not show ", "this SECRET thought.</th", "ink>\n\n")),
    whole("the wrong content type", content_type="text/plain"),
    before("connection reset before the head", Act(end="reset", head=False)),
    before("connection closed before the head", Act(end="closed", head=False)),
    refused(400), refused(401), refused(403), refused(404), refused(500),
    refused(429, retry_after=20, told="Retry-After in seconds"), refused(429, retry_after=-20, told="Retry-After as a date"),
    refused(503), refused(503, html=True, told="a proxy's page"), refused(529),
    before("stall before the head", Act(end="stall", head=False), FIRST_SECONDS),
    before("stall before the first token", Act(end="stall"), FIRST_SECONDS),
    before("a page of HTML with status 200", Act(html=True)),
    before("lines that are no protocol", Act(end="lines")),
    before("binary", Act(end="binary")),
    before("an error event before the first token", lambda tag, key: Act(end="error", message=f"no memory, key {key}")),
    before("nothing at all with status 200", Act(end="closed")),
    before("a whole reply without a word", ok()),
    before("thoughts and no reply", ok(thoughts=("I wonder. ",))),
    before("a line without an end", Act(end="endless")),
    after("reset in mid-stream", "reset"),
    after("end of the body in mid-stream", "closed"),
    after("connection cut within a chunk", "cut"),
    after("stall in mid-stream", "stall", IDLE_SECONDS),
    after("an error event in mid-stream", "error"),
    after("lines that are no protocol, in mid-stream", "lines"),
    after("binary in mid-stream", "binary"),
    after("a line without an end, in mid-stream", "endless"),
)


@dataclasses.dataclass(frozen=True)
class House:
    """A server's providers. `begun`: what becomes of a reply that was begun, in the dialects that go on: "error", or who goes on with it."""
    order: str
    fallback: str
    begun: str
    opening: bool = False
    environment: dict = dataclasses.field(default_factory=dict)


HOUSES = {
    "llm": House("llm,llm_fallback,local", "llm_fallback", "error"),
    "ollama": House("ollama,llm_fallback,local", "llm_fallback", "scripted", opening=True),
    "anthropic": House("anthropic,ollama,local", "ollama", "ollama"),
}
AFTERWARDS = {"error": "no other provider here can be given the beginning of a reply, so that one that was begun ends as an error where "
                       "it may not be replaced.",
              "scripted": "of the others only the last, a script, can be given the beginning of a reply.",
              "ollama": "Ollama, the next, can be given the beginning of a reply."}


def tag_of(request):
    return re.findall(r"tag-\d+", request.text())[-1]


class Wave:
    """All faults in all dialects at one house, at once: the provider answers nobody before all have asked, so that none of them finds it
    known as failed."""

    def __init__(self, kind):
        self.kind, self.house = kind, HOUSES[kind]
        self.cases = [(fault, dialect) for fault in FAULTS if kind in fault.kinds for dialect in DIALECTS]
        self.questions = [(dialect, f"{kind}-reader-{n}", f"Why did you climb the tower? (tag-{n})") for n, (_, dialect) in enumerate(self.cases)]

    def first(self, request):
        fault = self.cases[int(tag_of(request).removeprefix("tag-"))][0]
        return fault.act(tag_of(request), KEY.format(self.kind))

    def second(self, request):
        """Goes on where it is given the beginning of its reply."""
        if request.body["messages"][-1]["role"] == "assistant":
            return ok(CONTINUED)
        return ok(*self.second_text(tag_of(request)))

    @staticmethod
    def second_text(tag):
        return ("Another ", "voice ", f"tells {tag} ", "all ", "of it.")

    def run(self):
        script = {"supports_opening": self.house.opening, "replies": [{"chunks": [CONTINUED]}]}
        fallback = self.house.fallback
        with Upstream(self.first, [MODELS[self.kind]], KEY.format(self.kind)) as self.upstream, \
                Upstream(self.second, [MODELS[fallback]], KEY.format(fallback)) as self.other:
            environment = {"GIBSEY_MAX_TURNS": "1000", "LOG_LEVEL": "debug", "GIBSEY_PROVIDER_IDLE_TIMEOUT": str(IDLE_SECONDS),
                           **providers(self.house.order, {self.kind: self.upstream}, FIRST_SECONDS), **settings(fallback, self.other.address, 30)}
            with harness.Server(script, environment=environment) as self.server:
                self.upstream.together(len(self.cases))
                started = time.monotonic()
                self.seen = ask_all(self.server, self.questions, 60)
                self.opened_after = (self.upstream.opened_at or started + 99) - started
                # At once: what is resting or down is not so for long.
                self.providers = self.server.get_json("/v1/providers")["providers"]
                self.records = [record_of(self.server, user) for _, user, _ in self.questions]
                self.log = harness.end_cleanly(self.server)
        return self


class ProviderFaults(unittest.TestCase):
    measured = []

    def faults_at(self, kind):
        wave = Wave(kind).run()
        self.assertLess(wave.opened_after, FIRST_SECONDS - 1, "too slow a machine: the waiting ones give up before the last has asked")
        for number, (fault, dialect) in enumerate(wave.cases):
            with self.subTest(fault=fault.name, dialect=dialect, provider=kind):
                self.check(wave, number, fault, dialect)
        self.check_prompts(wave)
        self.check_states(wave)
        self.check_secrets(wave)
        self.measure(wave)

    def check(self, wave, number, fault, dialect):
        seen, (record, ledger) = wave.seen[number], wave.records[number]
        self.assertEqual(seen.problem, "")
        self.assertLess(seen.ended_at - wave.upstream.opened_at, fault.seconds + SLACK_SECONDS)
        self.assertEqual(seen.text, record["reply"], "what is kept is what the reader has")
        text, tag = without_epigraph(record), f"tag-{number}"
        own, other = "".join(own_text(tag)).rstrip(), "".join(wave.second_text(tag))
        begun = fault.shows == "after" and dialect != "turns"
        if begun and wave.house.begun == "error":
            self.assertIsNotNone(seen.error)
            self.assertEqual((record["status"], text.rstrip()), ("failed", "".join(SPOKEN).rstrip()))
            return check_charge(self, dialect, record, ledger, 0)
        self.assertIsNone(seen.error)
        answered_by = wave.kind if fault.shows == "whole" else wave.house.begun if begun else wave.house.fallback
        self.assertEqual(text, own if fault.shows == "whole" else "".join(SPOKEN) + CONTINUED if begun else other)
        replaced = fault.shows == "after" and dialect == "turns"
        self.assertEqual((seen.replaced, seen.voided), (1, "".join(SPOKEN)) if replaced else (0, ""))
        told = (record["provider"], record["fallback_used"])
        self.assertEqual((record["status"], *told), ("complete", answered_by, fault.shows != "whole"))
        if dialect in ("turns", "ask"):
            self.assertEqual((seen.done["provider"], seen.done["fallback_used"]), told)
            self.assertEqual(seen.done["model"], record["model"])
        if dialect == "cited":
            self.assertEqual(seen.done["fallback_used"], record["fallback_used"])
        for count in record["usage"].values():
            self.assertTrue(0 <= count < 100_000, record["usage"])
        self.assertGreater(record["usage"]["completion_tokens"], 0)
        check_charge(self, dialect, record, ledger, COSTS[dialect])

    def check_prompts(self, wave):
        """The fallback was given the same persona, history, quotes and question; and the words that the reader has where it goes on."""
        asked = {tag_of(request): normal_prompt(request.body) for request in wave.upstream.requests}
        gone_on = 0
        for request in wave.other.requests:
            prompt = normal_prompt(request.body)
            if prompt[-1]["role"] == "assistant":
                gone_on += 1
                self.assertEqual(prompt.pop()["content"], "".join(SPOKEN).rstrip())
            self.assertEqual(prompt, asked[tag_of(request)])
        self.assertEqual(gone_on > 0, wave.house.begun == wave.house.fallback)
        self.assertGreater(len(wave.other.requests), len(DIALECTS) * 20)

    def check_states(self, wave):
        states = {state["name"]: state for state in wave.providers}
        first, second = states[wave.kind], states[wave.house.fallback]
        self.assertEqual(first["choices"]["first"], len(wave.cases))
        self.assertIn(first["status"], ("down", "open", "resting"))
        self.assertLessEqual({"unavailable", "forbidden", "not_found", "busy", "deadline"}, set(first["failures"]))
        self.assertEqual(second["status"], "ready")
        self.assertEqual(second["failures"], {})
        self.assertEqual(second["choices"], {"fallback": len(wave.other.requests)})

    def check_secrets(self, wave):
        request = wave.upstream.requests[0]
        self.assertIn(KEY.format(wave.kind), (request.headers.get("authorization", "").removeprefix("Bearer "), request.headers.get("x-api-key")))
        told = {"log": wave.log, "records": json.dumps(wave.records), "providers": json.dumps(wave.providers),
                "readers": "".join(map(repr, wave.seen))}
        for place, text in told.items():
            self.assertNotIn("sk-secret-of", text, place)
            self.assertNotIn("SECRET thought", text, place)
        if wave.kind == "llm":
            self.assertIs(request.body["stream_options"]["include_usage"], True)

    def measure(self, wave):
        for fault in FAULTS:
            numbers = [n for n, case in enumerate(wave.cases) if case[0] is fault]
            if numbers:
                self.measured.append((fault, wave, [(wave.cases[n][1], wave.seen[n], wave.records[n][0]) for n in numbers]))

    def test_openai_compatible(self):
        self.faults_at("llm")

    def test_ollama(self):
        self.faults_at("ollama")

    def test_anthropic(self):
        self.faults_at("anthropic")

    @classmethod
    def tearDownClass(cls):
        if os.environ.get("GIBSEY_FAULT_TABLE"):
            assert {wave.kind for _, wave, _ in cls.measured} == set(HOUSES), "the page tells of all three: run the whole file, until it passes"
            (harness.ROOT / os.environ["GIBSEY_FAULT_TABLE"]).write_text(table(cls.measured))


def outcome(seen, record):
    text = without_epigraph(record)
    if seen.error:
        return "the words so far, then `error`" if seen.text else "`error`"
    if seen.replaced:
        return "`replace`, then the whole reply of the next"
    if not text:
        return "nothing"
    if text == "".join(SPOKEN) + CONTINUED:
        return "the words so far, and the next goes on"
    return "the whole reply"


def grouped(values):
    """{dialect: value} in few words."""
    if len(set(values.values())) == 1:
        return str(next(iter(values.values())))
    others = {value for dialect, value in values.items() if dialect != "turns"}
    if len(others) == 1:
        return f"{values['turns']} (`/v1/turns`); {others.pop()} (the others)"
    return "; ".join(f"{value} (`{PATHS[dialect]}`)" for dialect, value in values.items())


def table(measured):
    dialects = ", ".join(f"`{path}`" for path in PATHS.values())
    lines = ["# What a reader sees when a model's server fails", "",
             "Measured: `GIBSEY_FAULT_TABLE=docs/provider_faults.md python3 -m unittest provider_faults_test`, in `tests/`, writes this page, "
             "and holds each line of it to the rule of its dialect.",
             f"Each fault is met in five dialects ({dialects}), and all faults of a provider at once:",
             "the seconds are those of a busy server with the sanitizers in it, the longest of the five, from the moment at which the faults "
             "begin to the end of the reader's stream.",
             f"`LLM_TIMEOUT` and its like are {FIRST_SECONDS} s, `GIBSEY_PROVIDER_IDLE_TIMEOUT` is {IDLE_SECONDS} s. Charged: of the "
             f"{COSTS['turns']} credits that `/v1/turns` and `/ask` cost; the others are free of charge."]
    for kind, house in HOUSES.items():
        lines += ["", f"## `LLM_PROVIDERS={house.order}`", "", f"`{kind}` fails; {AFTERWARDS[house.begun]}", "",
                  "| fault | the reader saw | charged | answered by | seconds |", "|---|---|---|---|---|"]
        for fault, wave, rows in measured:
            if wave.kind != kind:
                continue
            saw = grouped({dialect: outcome(seen, record) for dialect, seen, record in rows})
            charged = grouped({dialect: record["receipt"]["charged"] for dialect, _, record in rows if COSTS[dialect]})
            by = grouped({dialect: record["provider"] if not seen.error else "nobody" for dialect, seen, record in rows})
            seconds = max(seen.ended_at for _, seen, _ in rows) - wave.upstream.opened_at
            lines.append(f"| {fault.name} | {saw} | {charged} | {by} | {seconds:.1f} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    unittest.main()
