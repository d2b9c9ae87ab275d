"""One model goes on where another was broken off: a quotation or a citation that was begun is whole at the end and checked, what the reader was
shown is never said twice, and a model that can be given its own beginning is asked again when nobody else can go on."""
import unittest

import harness
from fault_readers import COSTS, DIALECTS, ask_all, check_charge, record_of, without_epigraph
from upstream_settings import MODELS, providers
from upstreams import Act, Upstream, ok

QUOTED = "I, Arieol, climbed the tower to put out the lamp."  # on page 7
QUESTION = "Why did you climb the tower?"
ANEW = ("From ", "the start ", "it is told.")


def goes_on(rest):
    """Where it is given the beginning of a reply, else it begins itself."""
    return lambda request: ok(rest) if request.body["messages"][-1]["role"] == "assistant" else ok(*ANEW)


class Takeover(unittest.TestCase):
    def serve(self, order, upstreams, **environment):
        for upstream in upstreams.values():
            self.addCleanup(upstream.close)
        server = harness.Server({"replies": [{"chunks": ["The script."]}]}, environment={**providers(order, upstreams, 10), **environment})
        self.addCleanup(harness.end_cleanly, server)
        return server

    def broken_off(self, begun, rest, number):
        """{dialect: (what it saw, its record)}: the first dies after `begun`, the second goes on with `rest`."""
        self.first.plan, self.second.plan = [Act(begun, end="cut")], goes_on(rest)
        self.first.together(len(DIALECTS))
        seen = ask_all(self.server, [(dialect, f"{dialect}-{number}", QUESTION) for dialect in DIALECTS])
        found = {}
        for one in seen:
            self.assertEqual((one.problem, one.error), ("", None))
            record, ledger = record_of(self.server, one.user)
            check_charge(self, one.dialect, record, ledger, COSTS[one.dialect])
            self.assertEqual((one.text, record["provider"]), (record["reply"], "ollama"))
            found[one.dialect] = (one, record)
        self.assertEqual(without_epigraph(found["turns"][1]), "".join(ANEW))
        self.assertEqual([quote["origin"] for quote in found["turns"][1]["quotes"]], ["epigraph"], "those of the first text are void")
        return found

    def open_pair(self):
        self.first, self.second = Upstream([Act()], [MODELS["anthropic"]]), Upstream([Act()], [MODELS["ollama"]])
        self.server = self.serve("anthropic,ollama,local", {"anthropic": self.first, "ollama": self.second})

    def test_a_quotation_cut_in_two_is_whole_and_checked(self):
        self.open_pair()
        found = self.broken_off(("He said ", "“I, Arieol, climbed ", "the tower "), "to put out the lamp.” And so it ends.", 1)
        for dialect in ("ask", "persona", "session"):
            with self.subTest(dialect=dialect):
                seen, record = found[dialect]
                self.assertEqual(seen.text, f'He said "{QUOTED}" (p. 7) And so it ends.')
                self.assertEqual([(q["text"], q["origin"], q["verified"], q["page_id"]) for q in record["quotes"]], [(QUOTED, "model", True, "007")])
        self.assertEqual(found["turns"][0].voided, "He said ")

    def test_a_quotation_that_was_shown_stays_checked(self):
        self.open_pair()
        found = self.broken_off(("It is written: ", f"“{QUOTED}”", " And "), "so it ends.", 2)
        for dialect in ("ask", "persona", "session"):
            with self.subTest(dialect=dialect):
                seen, record = found[dialect]
                self.assertEqual(seen.text, f'It is written: "{QUOTED}" (p. 7) And so it ends.')
                self.assertEqual([(q["text"], q["origin"], q["verified"]) for q in record["quotes"]], [(QUOTED, "model", True)])
                self.assertEqual(record["false_quotes"], 0)
        last = [request.body["messages"][-1] for request in self.second.requests]
        openings = {message["content"] for message in last if message["role"] == "assistant"}
        self.assertIn(f'It is written: "{QUOTED}" (p. 7) And ', openings)

    def test_a_citation_cut_in_two_is_one(self):
        self.open_pair()
        seen, _ = self.broken_off(("It helps ", "[1] and ", "so does ["), "2] but not [77].", 3)["cited"]
        self.assertEqual(seen.text, "It helps [1] and so does [2] but not.")

    def test_it_is_asked_again_with_its_own_beginning(self):
        claude = Upstream(lambda request: goes_on("it went on.")(request) if len(claude.requests) > 1 else Act(("It began ", "and "), end="reset"),
                          [MODELS["anthropic"]])
        server = self.serve("anthropic,local", {"anthropic": claude})
        seen = ask_all(server, [("ask", "again", QUESTION)])[0]
        record, ledger = record_of(server, "again")
        self.assertEqual((seen.error, without_epigraph(record)), (None, "It began and it went on."))
        self.assertEqual((record["provider"], record["fallback_used"]), ("anthropic", False))
        check_charge(self, "ask", record, ledger, 5)
        self.assertEqual(claude.requests[1].body["messages"][-1], {"role": "assistant", "content": "It began and"})

    def test_an_error_tells_a_reader_no_address(self):
        """Where readers sign in, what they are told of a failure names no machine inside the house; the operator has it in the log."""
        broken = Upstream([Act(("It began ",), end="cut")], [MODELS["llm"]])
        key = "gbs_0123456789abcdefghij"
        server = self.serve("llm", {"llm": broken}, GIBSEY_AUTH="on", GIBSEY_API_KEYS=f"{key}@reader")
        headers = {"Authorization": f"Bearer {key}"}
        turn_id = server.create_turn(QUESTION, None, headers)["turn_id"]
        _, events = server.follow(turn_id, headers=headers)
        self.assertEqual(events[-1][0], "error")
        _, _, record = server.request("GET", f"/v1/turns/{turn_id}", headers=headers)
        self.assertIn(str(broken.port), server.log_text())
        for told in (events[-1][1], record):
            self.assertIn("unavailable", told)
            self.assertNotIn(str(broken.port), told)


if __name__ == "__main__":
    unittest.main()
