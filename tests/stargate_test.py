"""/v2/keyspaces/gibsey over the wire, as a client of Stargate's REST API v2 would use it: keys, where, parts, writes and refusals."""
import json
import re
import unittest
import urllib.parse

import harness
from nightly_test import finish_run, notes_of

SCRIPT = {"replies": [{"chunks": ["As you like."]}]}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
KEYS = {"root": "gbs_root-key-for-the-stargate-tests", "ann": "gbs_ann-key-for-the-stargate-tests"}
SERVICE = "service-token-of-the-stargate-tests"


class Rest:
    """A client with a token."""

    def __init__(self, case, server, token="any"):
        self.case, self.server, self.token = case, server, token

    def call(self, method, path, status, body=None, keyspace="gibsey", **query):
        target = f"/v2/keyspaces/{keyspace}/{path}"
        if query:
            target += "?" + urllib.parse.urlencode({name.replace("_", "-"): json.dumps(value) if isinstance(value, dict) else value
                                                    for name, value in query.items()})
        headers = {"X-Cassandra-Token": self.token} if self.token else {}
        got, _, text = self.server.request(method, target, body, headers)
        self.case.assertEqual(got, status, f"{method} {target}: {text[:400]}")
        answer = json.loads(text) if text else None
        if status >= 400:
            self.case.assertEqual((answer["code"], sorted(answer)), (status, ["code", "description", "grpcStatus", "internalTxId"]))
        return answer

    def parts(self, path, **query):
        """All rows of a listing, and how many parts they came in."""
        rows, state, count = [], None, 0
        while True:
            answer = self.call("GET", path, 200, **query, **({"page_state": state} if state else {}))
            rows += answer["data"]
            count += 1
            state = answer.get("pageState")
            self.case.assertEqual(answer["count"], len(answer["data"]))
            if not state:
                return rows, count


def compare_notes_and_rows(case, rest, notes):
    """The table `summaries` has the notes of a world, as /v1/notes tells them, and cannot be written."""
    world = notes[0]["world"]
    rows, parts = rest.parts("summaries/rows", world=world, page_size=2)
    case.assertEqual([(row["cluster"], row["version"], row["text"]) for row in rows], [(note["id"], note["version"], note["text"]) for note in notes])
    case.assertEqual(parts, -(-len(notes) // 2))
    note, row = notes[0], rows[0]
    told = {"world": world, "title": note["chapter"], "page_ids": sorted(note["page_ids"]), "extractive": note["kind"] == "extract", "voice": note["voice"],
            "model": note["model"], "run_id": note["run_id"], "reverted_to": note["reverted_to"], "retired": False, "created": note["created"]}
    case.assertEqual({name: row[name] for name in told}, told)
    case.assertEqual(rest.call("GET", f"summaries/{note['id']}/{note['version']}", 200), {"count": 1, "data": [row]})
    case.assertEqual(rest.call("GET", f"summaries/{note['id']}/{note['version']}", 200, world="nowhere")["count"], 0)
    case.assertEqual(rest.call("GET", f"summaries/{note['id']}/{note['version'] + 1}", 200)["count"], 0)
    case.assertIn("version", rest.call("GET", f"summaries/{note['id']}/first", 400)["description"])
    case.assertEqual(rest.call("GET", "summaries/no-such-note", 200), {"count": 0, "data": []})
    of_page, _ = rest.parts("summaries", where={"world": {"$eq": world}, "page_ids": {"$contains": note["page_ids"][0]}}, fields="cluster")
    case.assertEqual([found["cluster"] for found in of_page], [other["id"] for other in notes if note["page_ids"][0] in other["page_ids"]])
    for kind in (True, False):
        found, _ = rest.parts("summaries", where={"world": {"$eq": world}, "extractive": {"$eq": kind}}, fields="cluster")
        case.assertEqual([one["cluster"] for one in found], [other["id"] for other in notes if (other["kind"] == "extract") == kind])
    rest.call("GET", "summaries", 400, where={"extractive": {"$eq": "yes"}})
    for method, path, body in (("POST", "summaries", {"cluster": note["id"], "version": 9, "text": "Mine."}), ("PUT", f"summaries/{note['id']}/1", {"text": "Mine."}),
                               ("PATCH", f"summaries/{note['id']}/1", {"text": "Mine."}), ("DELETE", f"summaries/{note['id']}/1", None)):
        case.assertIn("can only be read", rest.call(method, path, 405, body)["description"])
    case.assertEqual(rest.call("GET", f"summaries/{note['id']}/{note['version']}", 200)["data"], [row])


class OverTheEmbeddedStore(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server(SCRIPT)

    @classmethod
    def tearDownClass(cls):
        harness.end_cleanly(cls.server)

    def setUp(self):
        self.rest = Rest(self, self.server)

    def page(self, page_id):
        return json.loads(self.server.request("GET", f"/pages/{page_id}")[2])

    def test_a_page_is_read_by_its_key(self):
        answer = self.rest.call("GET", "pages/7", 200)
        self.assertEqual(answer["count"], 1)
        self.assertNotIn("pageState", answer)
        row = answer["data"][0]
        self.assertEqual((row["id"], row["text"]), ("007", self.page("007")["text"]))
        self.assertEqual(self.rest.call("GET", "pages/007", 200, raw="true", fields="title,id"), [{"title": row["title"], "id": "007"}])
        self.assertEqual(self.rest.call("GET", "pages/99999", 200), {"count": 0, "data": []})
        self.assertIn("Unknown field name 'nothing'", self.rest.call("GET", "pages/007", 400, fields="nothing")["description"])

    def test_all_rows_come_in_parts_each_once(self):
        listed = []
        after = ""
        while after is not None:
            part = json.loads(self.server.request("GET", f"/pages?world=entrance-way&limit=50&after={after}")[2])
            listed += [page["id"] for page in part["pages"]]
            after = part["next"]
        rows, parts = self.rest.parts("pages/rows", world="entrance-way", page_size=7)
        self.assertEqual([row["id"] for row in rows], listed)
        self.assertEqual(parts, -(-len(listed) // 7))
        everywhere, _ = self.rest.parts("pages/rows", page_size=100)
        self.assertGreater(len({row["world"] for row in everywhere}), 1, "all worlds")
        self.assertEqual(len({(row["world"], row["id"]) for row in everywhere}), len(everywhere))
        self.rest.call("GET", "pages/rows", 400, page_state="bm90aGluZw")
        self.rest.call("GET", "pages/rows", 400, page_size=0)

    def test_where_chooses_rows(self):
        every, _ = self.rest.parts("pages/rows", world="entrance-way")
        chapter = every[10]["chapter"]
        wanted = [row["id"] for row in every if row["chapter"] == chapter]
        found, parts = self.rest.parts("pages", where={"chapter": {"$eq": chapter}, "world": {"$eq": "entrance-way"}}, page_size=3)
        self.assertEqual([row["id"] for row in found], wanted)
        self.assertEqual(parts, -(-len(wanted) // 3))
        middle, _ = self.rest.parts("pages", where={"page_order": {"$gte": "20", "$lt": 25}, "world": {"$eq": "entrance-way"}})
        self.assertEqual([row["page_order"] for row in middle], [20, 21, 22, 23, 24])
        two, _ = self.rest.parts("pages", where={"id": {"$in": ["007", "009"]}, "world": {"$eq": "entrance-way"}})
        self.assertEqual([row["id"] for row in two], ["007", "009"])
        one = self.rest.call("GET", "pages", 200, where={"id": {"$eq": "007"}})
        self.assertEqual(one["count"], 1)
        called, _ = self.rest.parts("characters", where={"aliases": {"$contains": "arieol-owlist"}})
        self.assertEqual([row["char_id"] for row in called], ["arieol"])
        self.assertEqual(self.rest.call("GET", "pages", 400)["description"], "Request invalid: 'where' must be provided.")
        for where in ("{", "[]", '{"id":"007"}', '{"id":{"$near":"007"}}', '{"page_order":{"$lt":"x"}}', '{"id":{"$in":[]}}', '{"id":{"$contains":"0"}}'):
            self.assertIn("where", self.rest.call("GET", "pages", 400, where=where)["description"])
        self.rest.call("GET", "pages", 400, where={"nothing": {"$eq": "x"}})

    def test_a_row_that_is_written_is_a_page(self):
        sent = {"id": "801", "text": "The heron of the weir keeps two keys.", "title": "Heron"}
        self.assertEqual(self.rest.call("POST", "pages", 201, sent), sent)
        self.assertEqual((self.page("801")["text"], self.page("801")["version"]), (sent["text"], 1))
        found = json.loads(self.server.request("GET", "/retrieve?q=" + urllib.parse.quote("the heron of the weir") + "&fresh=801@1")[2])
        self.assertEqual(found[0]["page_id"], "801")
        changed = {"text": "The heron of the weir keeps three keys."}
        self.assertEqual(self.rest.call("PUT", "pages/801", 200, changed), {"data": changed})
        self.assertEqual(self.rest.call("PATCH", "pages/801", 200, {"title": "The heron"}, raw="true"), {"title": "The heron"})
        row = self.rest.call("GET", "pages/801", 200)["data"][0]
        self.assertEqual((row["text"], row["title"], row["version"]), (changed["text"], "The heron", 3))
        self.rest.call("PUT", "pages/801", 200, row)
        self.assertEqual(self.page("801")["version"], 3, "a row written back as it was read changes nothing")
        self.rest.call("POST", "pages", 201, {"id": "801", "text": "Another heron came."})
        self.assertEqual(self.page("801")["version"], 4, "a write of a key that is there is a change of it")
        self.rest.call("DELETE", "pages/801", 204)
        self.assertEqual(self.rest.call("GET", "pages/801", 200)["count"], 0)
        self.rest.call("DELETE", "pages/801", 204)
        self.rest.call("POST", "pages", 400, {"text": "No key."})
        self.rest.call("POST", "pages", 400, {"id": "802"})
        self.rest.call("PUT", "pages/802", 400, {"tittle": "x"})
        status, _, text = self.server.request("PUT", "/v2/keyspaces/gibsey/pages/802", "{", {"X-Cassandra-Token": "t"})
        self.assertEqual((status, json.loads(text)["description"].split(":")[0]), (400, "Invalid JSON payload"))

    def test_a_character_is_a_row_with_its_columns_beside(self):
        answer = self.rest.call("GET", "characters/arieol", 200)
        self.assertEqual((answer["count"], answer["display_name"], answer["data"][0]["display_name"]), (1, "Arieol Owlist", "Arieol Owlist"))
        self.rest.call("GET", "characters/nobody", 404)
        sent = {"char_id": "heron", "display_name": "Heron", "system_prompt": "You are a heron."}
        self.assertEqual(self.rest.call("POST", "characters", 201, sent), sent)
        self.rest.call("PATCH", "characters/heron", 200, {"tone": "dry"})
        row = self.rest.call("GET", "characters/heron", 200)["data"][0]
        self.assertEqual((row["tone"], row["display_name"]), ("dry", "Heron"))
        self.rest.call("PUT", "characters/heron", 200, row)
        every, _ = self.rest.parts("characters/rows", page_size=3)
        self.assertEqual([row["char_id"] for row in every].count("heron"), 1)
        self.assertGreaterEqual(len(every), 10)
        self.rest.call("DELETE", "characters/heron", 204)
        self.rest.call("GET", "characters/heron", 404)

    def test_vectors_are_rows_of_their_pages(self):
        rows = self.rest.call("GET", "page_vectors/007", 200)["data"]
        self.assertGreater(len(rows), 1)
        self.assertEqual([row["passage"] for row in rows], list(range(len(rows))))
        self.assertEqual({len(row["embedding"]) for row in rows}, {384})
        text = self.page("007")["text"]
        self.assertTrue(text[rows[0]["start_offset"]:rows[0]["end_offset"]].strip())
        self.assertEqual(self.rest.call("GET", "page_vectors/007/0", 200)["data"], rows[:1])
        backwards = self.rest.call("GET", "page_vectors/007", 200, sort={"passage": "desc"}, fields="passage")["data"]
        self.assertEqual(backwards, [{"passage": row["passage"]} for row in reversed(rows)])
        every, parts = self.rest.parts("page_vectors/rows", world="entrance-way", fields="page_id,passage", page_size=100)
        keys = [(row["page_id"], row["passage"]) for row in every]
        self.assertEqual((len(set(keys)), keys), (len(keys), sorted(keys)))
        self.assertEqual(parts, -(-len(keys) // 100))
        vector = [1.0] + [0.0] * 383
        self.rest.call("PUT", "page_vectors/007/0", 200, {"embedding": [2.0] + [0.0] * 383})
        self.assertEqual(self.rest.call("GET", "page_vectors/007/0", 200)["data"][0]["embedding"], vector, "of unit length")
        self.rest.call("PUT", "page_vectors/007/0", 200, {"embedding": rows[0]["embedding"]})
        for embedding in ([1.0], [0.0] * 384, "x", ["a"] * 384):
            self.rest.call("PUT", "page_vectors/007/0", 400, {"embedding": embedding})
        self.rest.call("PUT", "page_vectors/007", 400, {"embedding": vector})
        self.rest.call("DELETE", "page_vectors/007/0", 405)

    def test_the_ledger_can_be_read(self):
        self.assertEqual(self.rest.call("GET", "ledger/stargate-reader", 200)["count"], 0)
        self.server.request("POST", "/debit", {"user_id": "stargate-reader", "cost": 5})
        self.assertEqual(self.rest.call("GET", "ledger/stargate-reader", 200)["data"], [{"user_id": "stargate-reader", "credits": 95}])
        self.assertEqual(self.rest.call("GET", "ledger", 200, where={"user_id": {"$eq": "stargate-reader"}})["count"], 1)
        self.rest.call("GET", "ledger/rows", 400)
        self.rest.call("PUT", "ledger/stargate-reader", 405, {"credits": 1000})
        self.rest.call("DELETE", "ledger/stargate-reader", 405)
        self.assertEqual(self.rest.call("GET", "ledger/stargate-reader", 200)["data"][0]["credits"], 95)

    def test_the_notes_can_be_read(self):
        finish_run(self.server, world="chrysopedia")
        notes = notes_of(self.server, world="chrysopedia")
        compare_notes_and_rows(self, self.rest, notes)
        self.server.request("POST", f"/v1/notes/{notes[0]['id']}/revert", {"version": 1})
        both = self.rest.call("GET", f"summaries/{notes[0]['id']}", 200)["data"]
        self.assertEqual([(row["version"], row["reverted_to"], row["text"]) for row in both], [(2, 1, notes[0]["text"]), (1, None, notes[0]["text"])])
        oldest_first = self.rest.call("GET", f"summaries/{notes[0]['id']}", 200, sort={"version": "asc"}, fields="version")["data"]
        self.assertEqual(oldest_first, [{"version": 1}, {"version": 2}])
        by_where = self.rest.call("GET", "summaries", 200, where={"cluster": {"$eq": notes[0]["id"]}, "version": {"$lt": 2}})["data"]
        self.assertEqual(by_where, both[1:])
        compare_notes_and_rows(self, self.rest, notes_of(self.server, world="chrysopedia"))

    def test_what_is_not_there_is_told(self):
        self.assertEqual(self.rest.call("GET", "pages/007", 400, keyspace="other")["description"], "Keyspace 'other' not found")
        self.assertEqual(self.rest.call("GET", "papers/007", 400)["description"], "Table 'papers' not found (in keyspace 'gibsey')")
        self.assertIn("Missing token", Rest(self, self.server, token=None).call("GET", "pages/007", 401)["description"])
        for body, missing in (({}, "username"), ({"username": "u"}, "password")):
            status, _, text = self.server.request("POST", "/v1/auth", body)
            self.assertEqual((status, json.loads(text)), (400, {"description": f"Must provide {missing} in request"}))


class WithSignIn(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server(SCRIPT, environment={"GIBSEY_AUTH": "on", "GIBSEY_SERVICE_TOKEN": SERVICE,
                                                        "GIBSEY_API_KEYS": f"{KEYS['ann']}@ann, {KEYS['root']}@root:admin"})

    @classmethod
    def tearDownClass(cls):
        harness.end_cleanly(cls.server)

    def token(self, user, password, status=201, path="/v1/auth", names=("username", "password")):
        got, headers, text = self.server.request("POST", path, {names[0]: user, names[1]: password})
        self.assertEqual(got, status, text)
        if status == 201:
            self.assertIn("max-age=1790", headers["Cache-Control"])
            return json.loads(text)["authToken"]
        return json.loads(text)

    def test_a_token_is_its_users(self):
        ann = Rest(self, self.server, self.token("ann", KEYS["ann"]))
        self.assertRegex(ann.token, UUID)
        self.assertEqual(ann.call("GET", "pages/007", 200)["count"], 1)
        self.assertEqual(ann.call("PUT", "pages/007", 401, {"title": "Mine"})["grpcStatus"], "PERMISSION_DENIED")
        self.assertEqual(ann.call("GET", "ledger/ann", 200)["count"], 0)
        ann.call("GET", "ledger/ben", 401)
        root = Rest(self, self.server, self.token("root", KEYS["root"], path="/v1/auth/token/generate", names=("key", "secret")))
        root.call("PATCH", "pages/007", 200, {"label": "7"})
        service = Rest(self, self.server, self.token("stargate", SERVICE))
        service.call("GET", "ledger/ben", 200)
        Rest(self, self.server, SERVICE).call("GET", "pages/007", 200)
        refused = self.token("ben", KEYS["ann"], 401)
        self.assertEqual(refused, {"description": "Failed to create token: Provided username ben and/or password are incorrect"})
        unknown = Rest(self, self.server, "0f8fad5b-d9cb-469f-a165-70867728950e").call("GET", "pages/007", 401)
        self.assertEqual(unknown["grpcStatus"], "UNAUTHENTICATED")


if __name__ == "__main__":
    unittest.main()
