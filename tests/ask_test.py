"""POST /ask over the wire, against a scripted model: events, quotes, credits, errors."""
import concurrent.futures
import json
import re
import unittest
import urllib.parse

import harness


def page_text(server, page_id):
    return server.get_json(f"/pages/{page_id}")["text"]


def a_sentence(server, page_id="007"):
    """A sentence of the page, 6 to 30 words."""
    for sentence in re.findall(r"[A-Z][^.!?\"]+\.", page_text(server, page_id)):
        if 6 <= len(sentence.split()) <= 30:
            return sentence
    raise AssertionError("the page has no such sentence")


class Ask(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # The true line comes from the page itself, so the first server only tells it.
        with harness.Server(harness.scripted("Hello.")) as server:
            cls.true_line = a_sentence(server)
        cls.server = harness.Server({"replies": [
            {"match": "true line", "chunks": ["Here: ", "\"", cls.true_line[:9], cls.true_line[9:], "\"", " That is how it was."]},
            {"match": "false line", "chunks": ["Mind: \"", "The moon is made of ", "yesterday's cheese and rope.", "\" So it is."]},
            harness.slow(60, 60, match="slow"),
            {"match": "stall", "first_token_ms": 700, "chunks": ["late."]},
            harness.breaking("breaks"),
            {"chunks": ["A plain ", "answer", ".\nOn two lines."]},
        ], "max_running": 4, "max_queue": 1000})

    @classmethod
    def tearDownClass(cls):
        harness.end_cleanly(cls.server)

    def test_events_come_in_order_with_ids(self):
        turn = self.server.ask("Tell me the true line about the tower", user="order")
        self.assertEqual(turn.status, 200)
        self.assertTrue(turn.headers["Content-Type"].startswith("text/event-stream"))
        self.assertEqual(turn.headers["Cache-Control"], "no-cache, no-transform")
        self.assertEqual(turn.headers["X-Accel-Buffering"], "no")
        self.assertGreaterEqual(turn.comments, 1)
        names = [name for name, *_ in turn.events]
        self.assertEqual(names[0], "turn")
        self.assertLess(names.index("sources"), names.index("message"))
        self.assertLess(names.index("message"), names.index("quote"))
        self.assertEqual(names[-2:], ["ledger", "done"])
        turn_id = turn.one("done")["turn_id"]
        numbers = [identity.rpartition(":") for *_, identity, _ in turn.events]
        self.assertEqual({owner for owner, _, _ in numbers}, {turn_id})
        self.assertEqual([int(n) for *_, n in numbers], sorted({int(n) for *_, n in numbers}), "ids only grow")

    def test_a_true_quotation_stands_on_its_page(self):
        turn = self.server.ask("Tell me the true line about the tower", user="true")
        quote = turn.one("quote")
        self.assertEqual(quote["origin"], "model")
        self.assertTrue(quote["verified"])
        self.assertEqual(quote["text"], self.true_line)
        self.assertEqual(page_text(self.server, quote["page_id"])[quote["start"]:quote["end"]], quote["text"])
        self.assertEqual(turn.text[quote["reply_start"]:quote["reply_end"]], f'"{self.true_line}"')
        self.assertIn(f'"{self.true_line}" (p. {quote["label"]})', turn.text)

    def test_a_false_quotation_loses_its_marks_and_an_epigraph_is_added(self):
        turn = self.server.ask("Why did Arieol climb the tower? Use the false line", user="false")
        self.assertNotIn('"The moon', turn.text)
        self.assertIn("The moon is made of yesterday's cheese and rope. So it is.", turn.text)
        quote = turn.one("quote")
        self.assertEqual(quote["origin"], "epigraph")
        self.assertEqual(page_text(self.server, quote["page_id"])[quote["start"]:quote["end"]], quote["text"])
        self.assertLess(len(quote["text"].split()), 40)

    def test_line_breaks_inside_tokens_arrive(self):
        turn = self.server.ask("What colour is zzyzx?", user="lines")
        self.assertIn("A plain answer.\nOn two lines.", turn.text)

    def test_credits_are_charged_once_and_told(self):
        first = self.server.ask("Hello", user="payer").one("ledger")
        self.assertEqual((first["held"], first["charged"], first["released"], first["balance"]), (5, 5, 0, 95))
        narrator = self.server.ask("Hello", user="payer", character="").one("ledger")
        self.assertEqual((narrator["charged"], narrator["balance"]), (1, 94))

    def test_without_credits_402_and_no_model_call(self):
        for _ in range(20):
            self.server.ask("Hello", user="poor")
        before = self.server.request("GET", "/metrics")[2]
        turn = self.server.ask("Hello", user="poor")
        self.assertEqual(turn.status, 402)
        self.assertEqual(turn.body, '{"needed":5,"available":0}')
        after = self.server.request("GET", "/metrics")[2]
        tokens = lambda text: [line for line in text.splitlines() if line.startswith("gibsey_tokens_total")]
        self.assertGreater(len(tokens(before)), 0)
        self.assertEqual(tokens(before), tokens(after))

    def test_a_failed_turn_is_released(self):
        turn = self.server.ask("It breaks here", user="unlucky")
        error = turn.one("error")
        self.assertEqual(error["code"], "unavailable")
        self.assertTrue(error["released"])
        ledger = turn.one("ledger")
        self.assertEqual((ledger["charged"], ledger["released"], ledger["balance"]), (0, 5, 100))

    def test_bad_requests(self):
        cases = [
            (404, {"user_id": "u", "char_id": "nobody-here", "text": "Hello"}),
            (422, {"char_id": "arieol", "text": "Hello"}),
            (422, {"user_id": "u", "char_id": "arieol"}),
            (422, {"user_id": "u", "char_id": "arieol", "text": "   "}),
            (422, {"user_id": "u", "char_id": 7, "text": "Hello"}),
            (422, {"user_id": "u", "char_id": "arieol", "text": "x" * 9000}),
            (413, {"user_id": "u", "char_id": "arieol", "text": "x" * 70000}),
        ]
        for status, body in cases:
            got, headers, text = self.server.request("POST", "/ask", body)
            self.assertEqual(got, status, text)
            problem = json.loads(text)
            self.assertEqual(headers["Content-Type"], "application/problem+json")
            self.assertTrue(problem["detail"])
        self.assertIn("char not found", self.server.request("POST", "/ask", cases[0][1])[2])
        self.assertIn("user_id", self.server.request("POST", "/ask", cases[1][1])[2])
        for broken in ("{", "", "[]]", '{"user_id":"u"'):
            self.assertEqual(self.server.request("POST", "/ask", broken)[0], 400, broken)

    def test_foreign_pages_are_kept_out(self):
        body = {"user_id": "u", "char_id": "arieol", "text": "Hello"}
        self.assertEqual(self.server.request("POST", "/ask", body, {"Origin": "https://evil.example"})[0], 403)
        self.assertEqual(self.server.request("POST", "/ask", body, {"Host": "evil.example"})[0], 403)
        self.assertEqual(self.server.request("GET", "/characters", headers={"Origin": f"http://localhost:{self.server.port}"})[0], 200)

    def test_a_lost_connection_does_not_lose_the_reply(self):
        raw = self.server.open_ask("Something slow, please", user="leaver")
        raw.recv(2000)
        raw.close()
        kinds = lambda: [entry["kind"] for entry in self.server.get_json("/ledger/leaver")["entries"]]
        harness.wait_until(lambda: "settle" in kinds(), 30, kinds)
        self.assertEqual(self.server.balance("leaver"), 95)
        self.assertEqual(kinds().count("settle"), 1)

    def test_the_first_bytes_come_before_the_model_answers(self):
        turn = self.server.ask("Please stall", user="early")
        self.assertLess(turn.first_byte_seconds, 0.5)
        self.assertGreater(turn.first_token_seconds, 0.6)

    def test_two_hundred_questions_at_once(self):
        def one(i):
            turn = self.server.ask("Something slow", user=f"crowd{i}")
            return turn.status, turn.headers, turn.body
        with concurrent.futures.ThreadPoolExecutor(200) as pool:
            outcomes = list(pool.map(one, range(200)))
        refused = [(h, b) for s, h, b in outcomes if s == 429]
        self.assertGreaterEqual(len(refused), 100)
        self.assertGreaterEqual(sum(s == 200 for s, *_ in outcomes), 32)
        self.assertEqual({s for s, *_ in outcomes}, {200, 429})
        headers, body = refused[0]
        self.assertGreaterEqual(int(headers["Retry-After"]), 1)
        self.assertIn("ask again", json.loads(body)["detail"])
        self.assertEqual(self.server.get_json("/health")["status"], "healthy")


class Other(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server(harness.scripted("Hello there, reader."))

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def test_characters(self):
        cast = {c["char_id"]: c for c in self.server.get_json("/characters")}
        for char_id in ("arieol", "london-fox", "shamrock-stillman", "todd-fishbone", "princhetta", "new-natalie-weissman",
                        "old-natalie-weissman", "jack-parlance", ""):
            self.assertIn(char_id, cast)
        self.assertEqual(cast["arieol"]["color_hex"], "#5F9EA0")
        for alias, char_id in (("arieol-owlist", "arieol"), ("new-natalie", "new-natalie-weissman")):
            self.assertEqual(self.server.get_json(f"/characters/{alias}")["char_id"], char_id)
        self.assertEqual(self.server.request("GET", "/characters/nobody")[0], 404)

    def test_pages(self):
        page = self.server.get_json("/pages/007")
        self.assertEqual(page["id"], "007")
        self.assertEqual(self.server.get_json("/pages/7")["text"], page["text"])
        self.assertEqual(self.server.request("GET", "/pages/9999")[0], 404)

    def test_retrieve(self):
        hits = self.server.get_json("/retrieve?q=Why+did+Arieol+climb+the+tower%3F&k=5")
        self.assertEqual(len(hits), 5)
        for hit in hits:
            text = page_text(self.server, hit["page_id"])
            self.assertEqual(text[hit["start"]:hit["end"]], hit["quote"])
            self.assertLess(len(hit["quote"].split()), 40)
        self.assertEqual(self.server.request("GET", "/retrieve")[0], 422)

    def test_the_shipped_questions_find_their_page(self):
        questions = [json.loads(line) for line in (harness.ROOT / "worlds/entrance-way/questions.jsonl").read_text().splitlines()]
        missed = []
        for question in questions:
            hits = self.server.get_json(f"/retrieve?k=20&q={urllib.parse.quote(question['question'])}")
            pages = list(dict.fromkeys(hit["page_id"] for hit in hits))
            if question["page_id"] not in pages[:5]:
                missed.append(question["question"])
        self.assertGreaterEqual(len(questions), 100)
        self.assertLessEqual(len(missed) / len(questions), 0.10, missed)

    def test_health_and_metrics(self):
        health = self.server.get_json("/health")
        self.assertEqual(health["status"], "healthy")
        self.assertEqual(health["worlds"][0]["name"], "entrance-way")
        self.assertGreaterEqual(health["worlds"][0]["pages"], 60)
        self.server.ask("Hello", user="metric")
        metrics = self.server.request("GET", "/metrics")[2]
        for name in ("gibsey_turns_total", "gibsey_turn_phase_seconds", "gibsey_http_requests_total", "gibsey_tokens_total"):
            self.assertIn(name, metrics)

    def test_the_page_is_served(self):
        status, headers, text = self.server.request("GET", "/")
        self.assertEqual(status, 200)
        self.assertIn('<div id="root">', text)
        script = re.search(r'src="(/assets/[^"]+\.js)"', text).group(1)
        self.assertEqual(self.server.request("GET", script)[0], 200)
        self.assertEqual(self.server.request("GET", "/assets/../../etc/passwd")[0], 404)

    def test_commands_talk_to_the_running_server(self):
        done = self.server.command("ask", "arieol", "Hello", "--user", "typist")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Arieol Owlist: ", done.stdout)
        self.assertIn("Hello there, reader.", done.stdout)
        self.assertIn("5 credits, 95 left", done.stdout)
        self.assertIn("95", self.server.command("credit", "balance", "typist").stdout)
        self.assertEqual(self.server.command("credit", "grant", "typist", "7").returncode, 0)
        self.assertIn("102", self.server.command("credit", "balance", "typist").stdout)
        self.assertIn("grant", self.server.command("credit", "statement", "typist").stdout)
        self.assertIn("arieol", self.server.command("character", "list").stdout)
        self.assertIn("p. ", self.server.command("retrieve", "Why did Arieol climb the tower?").stdout)
        wrong = self.server.command("ask", "nobody-here", "Hello")
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("nobody-here", wrong.stderr + wrong.stdout)


if __name__ == "__main__":
    unittest.main()
