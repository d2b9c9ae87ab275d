"""Prices by dialect and world over the wire: what they take, how each dialect says that credits are short, and what is wrong with a setting."""
import asyncio
import json
import unittest

import websockets

import harness
from schema_check import Table
from socket_readers import of_type, receive_until

SCRIPT = {"replies": [{"match": "breaks", "chunks": ["It "], "error": {"after_chunks": 1, "code": "unavailable", "message": "gone"}},
                      {"chunks": ["A plain ", "answer [1]."]}]}
COSTS = "persona=2/1, sarah:persona=4/0, cited=3/3, session=7/2, turns=0/0, entrance-way:ask=9/8, nowhere:ask=1/1"


class Costs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server(SCRIPT, environment={"GIBSEY_COSTS": COSTS})
        cls.table = Table()

    @classmethod
    def tearDownClass(cls):
        harness.end_cleanly(cls.server)

    def balance(self, user):
        statement = self.server.get_json(f"/ledger/{user}")
        if statement["known"]:
            self.assertEqual(statement["balance"], sum(entry["amount"] for entry in statement["entries"]))
        return statement["balance"]

    def leave(self, user, credits):
        """The reader has so many credits of the opening 100."""
        status, _, text = self.server.request("POST", "/debit", {"user_id": user, "cost": 100 - credits})
        self.assertEqual(status, 200, text)

    def fits(self, value, schema):
        self.assertEqual(self.table.problems(value, self.table.document["components"]["schemas"][schema]), [], value)

    def cited(self, user, query="What is a slow attack?"):
        status, events = self.server.chat(query, user_id=user)
        self.assertEqual(status, 200, events)
        return events

    def talk(self, path, *messages, last):
        """Sends each message when the one before is answered; the answers that `last` takes for the end of one."""
        async def run():
            ends = []
            async with websockets.connect(self.server.socket_address + path) as socket:
                for message in messages:
                    await socket.send(json.dumps(message))
                    ends.append((await receive_until(socket, last))[-1])
            return ends
        return asyncio.run(run())

    def persona(self, user, *messages):
        return self.talk("/ws/chat", *({"user_id": user, **message} for message in messages), last=of_type("complete", "error"))

    def session(self, user, *prompts):
        ends = lambda m: m["type"] == "error" or m["type"] == "ai_response_stream" and m["data"]["is_complete"]
        return self.talk(f"/ws/s-{user}?user_id={user}", *({"type": "ai_chat_request", "data": {"prompt": prompt}} for prompt in prompts), last=ends)

    def test_each_dialect_has_its_price(self):
        answers = self.persona("p1", {"message": "Hello", "character_id": "arieol"}, {"message": "Hello"})
        self.assertEqual([answer["type"] for answer in answers], ["complete", "complete"])
        self.assertEqual(self.balance("p1"), 100 - 2 - 4, "the world's price for the dialect counts before the dialect's")
        receipt = self.server.get_json(f"/v1/turns/{answers[0]['turn_id']}")["receipt"]
        self.assertEqual(receipt, {"held": 2, "charged": 2, "released": 0, "balance": 98, "rule": "complete: charged in full"})
        self.assertEqual(self.cited("p2")[-1][0], "done")
        self.assertEqual(self.cited("p2", "this breaks")[-1][0], "error")
        self.assertEqual(self.balance("p2"), 97, "what fails is given back here too")
        self.session("p3", "Hello")
        self.assertEqual(self.balance("p3"), 93)
        self.assertEqual(self.server.ask(user="p4").one("ledger")["charged"], 9)
        self.assertEqual(self.server.ask(user="p4", character="").one("ledger")["charged"], 8)
        self.assertEqual(self.server.ask(user="p4", character="sarah").one("ledger")["charged"], 5, "the world's own price")

    def test_what_costs_nothing_holds_nothing(self):
        self.leave("f1", 0)
        made = self.server.create_turn(user="f1")
        self.assertEqual(made["hold"], 0)
        self.server.follow(made["turn_id"])
        receipt = self.server.get_json(f"/v1/turns/{made['turn_id']}")["receipt"]
        self.assertEqual(receipt, {"held": 0, "charged": 0, "released": 0, "balance": 0, "rule": "free of charge"})
        self.server.request("POST", "/credit", {"user_id": "f1", "amount": 30})
        _, events = self.server.follow(self.server.create_turn(user="f1")["turn_id"])
        told = next(json.loads(data) for kind, data, _ in events if kind == "ledger")
        self.assertEqual((told["charged"], told["balance"]), (0, 30), "the reader's balance is told all the same")
        self.assertEqual({entry["kind"] for entry in self.server.get_json("/ledger/f1")["entries"]}, {"grant", "debit"})

    def test_each_dialect_refuses_in_its_own_manner(self):
        self.leave("r1", 1)
        refused, still = self.persona("r1", {"message": "Hello", "character_id": "arieol"}, {"message": " "})
        self.fits(refused, "PersonaError")
        self.assertEqual((refused["code"], refused["content"]), ("insufficient_credits", "This message costs 2 credits and you have 1."))
        self.assertEqual(still["code"], "invalid_message", "the socket lives on")
        refused, _ = self.session("r1", "Hello", "Hello again")
        self.fits(refused, "SessionErrorMessage")
        self.assertEqual((refused["data"]["code"], refused["data"]["message"]), ("INSUFFICIENT_CREDITS", "This question costs 7 credits and you have 1."))
        (kind, data, _), = self.cited("r1")
        self.fits(json.loads(data), "CitedError")
        self.assertEqual((kind, json.loads(data)["code"], json.loads(data)["message"]),
                         ("error", "insufficient_credits", "This question costs 3 credits and you have 1."))
        self.assertEqual(self.server.request("POST", "/ask", {"user_id": "r1", "char_id": "arieol", "text": "Why?"})[2], '{"needed":9,"available":1}')
        self.assertEqual(self.balance("r1"), 1)

    def test_a_wrong_setting_is_told(self):
        for costs, words in (("persona=2", "'persona=2' must be DIALECT=CHARACTER/NARRATOR"), ("chat=2/1", "there are turns, ask, facade, persona, cited, session")):
            done = self.server.command("doctor", environment={"GIBSEY_COSTS": costs})
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("GIBSEY_COSTS", done.stderr)
            self.assertIn(words, done.stderr)
        self.assertIn("there is no world 'nowhere' so far", self.server.log_text())


if __name__ == "__main__":
    unittest.main()
