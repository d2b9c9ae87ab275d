"""Who may use what, against the running server with auth on: x-access of openapi.json for every path, cookies, signed links, too many questions."""
import asyncio
import json
import unittest

import websockets

import harness
from documented import Documented, DocumentedSocket
from schema_check import Table

SCRIPT = {"replies": [harness.slow(60, 40, match="xxslow"), {"chunks": ["A plain ", "answer."]}]}
READER, ADMIN = "gbs_" + "r" * 43, "gbs_" + "a" * 43


class Access(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server(SCRIPT, environment={"GIBSEY_AUTH": "on", "GIBSEY_API_KEYS": f"{READER}@reader,{ADMIN}@boss:admin", "GIBSEY_MAX_TURNS": "2"})
        cls.table = Table()

    @classmethod
    def tearDownClass(cls):
        harness.end_cleanly(cls.server)

    def client(self, **headers):
        return Documented(self, self.server, self.table, headers)

    def test_access_is_as_documented(self):
        nobody, reader = self.client(), self.client(Authorization="Bearer " + READER)
        for (method, path), operation in self.table.operations.items():
            with self.subTest(method=method, path=path):
                known_by_token = operation["security"] == [{"cassandra": []}]
                if operation["x-access"] != "open" or known_by_token:
                    nobody.call(method, path, 401)
                else:
                    _, target, body, headers = nobody.prepare(method, path, 200)
                    status, _, text = self.server.request(method, target, body, headers)
                    # Whoever asks for a token is known by the password: anybody may ask, and is refused for a wrong one.
                    if path.startswith("/v1/auth"):
                        self.assertEqual((status, json.loads(text)["description"][:23]), (401, "Failed to create token:"))
                        continue
                    self.assertNotIn(status, (401, 403))
                if operation["x-access"] == "admin":
                    reader.call(method, path, 403)

    def test_an_admin_may(self):
        admin = self.client(Authorization="Bearer " + ADMIN)
        admin.call("POST", "/credit", 200)
        admin.call("GET", "/v1/usage", 200)
        self.client(**{"X-Api-Key": ADMIN}).call("POST", "/v1/cluster-events", 202)

    def test_a_cookie_and_signed_links(self):
        reader = self.client(Authorization="Bearer " + READER)
        _, target, body, headers = reader.prepare("POST", "/v1/session", 200)
        _, fields, _ = self.server.request("POST", target, body, headers)
        cookie = fields["Set-Cookie"].split(";")[0]
        signed_in = self.client(Cookie=cookie).call("GET", "/v1/session", 200)
        self.assertEqual((signed_in["auth"], signed_in["user_id"], signed_in["admin"]), ("on", "reader", False))
        turn = reader.call("POST", "/v1/turns", 201, fields={"user_id": "reader"})
        token = turn["events_url"].split("token=")[1]
        self.client().stream("GET", "/v1/turns/{id}/events", values={"id": turn["turn_id"]}, query={"token": token})
        reader.call("POST", "/v1/turns", 403, fields={"user_id": "somebody-else"})
        self.client(Authorization="Bearer " + ADMIN).call("GET", "/v1/turns/{id}", 200, values={"id": turn["turn_id"]})
        asyncio.run(self.socket_by_token(reader.call("POST", "/v1/session/token", 201, fields={"session_id": "s-9"})["token"]))

    async def socket_by_token(self, token):
        base = self.server.socket_address + "/ws/s-9"
        async with websockets.connect(f"{base}?token={token}") as raw:
            socket = DocumentedSocket(self.client(), "/ws/{session_id}", raw)
            self.assertEqual((await socket.receive())["data"]["session_id"], "s-9")
        with self.assertRaises(websockets.exceptions.InvalidStatusCode) as refused:
            await websockets.connect(base)
        self.assertEqual(refused.exception.status_code, 401)

    def test_too_many_questions_are_refused_as_documented(self):
        reader = self.client(Authorization="Bearer " + READER)
        running = [reader.call("POST", "/v1/turns", 201, fields={"user_id": "reader", "text": f"xxslow {n}"}) for n in range(2)]
        for path in ("/ask", "/v1/turns"):
            self.assertIn("ask again", reader.call("POST", path, 429, fields={"user_id": "reader"})["detail"])
        for turn in running:
            reader.call("POST", "/v1/turns/{id}/stop", 202, values={"id": turn["turn_id"]})
            reader.stream("GET", "/v1/turns/{id}/events", values={"id": turn["turn_id"]})


if __name__ == "__main__":
    unittest.main()
