"""Sign-in over the wire: API keys, JWT and its attacks, cookies, signed links, ownership on every path, and no secret in the log."""
import asyncio
import functools
import hashlib
import json
import time
import unittest

import websockets
import websockets.exceptions

import harness
import signed_tokens
from signed_tokens import part
from socket_readers import receive

SECRET = "a-test-secret-of-more-than-thirty-two-bytes"
SERVICE = "service-token-for-the-test-0123456789"
KEYS = {"ann": "gbs_" + "a" * 40, "ben": "gbs_" + "b" * 40, "root": "gbs_" + "r" * 40}
SCRIPT = {"replies": [harness.slow(30, 40, match="slow"), {"chunks": ["A plain ", "answer."]}]}
token = functools.partial(signed_tokens.token, SECRET)


def altered(text):
    """One character inside its last part is another one: no other spelling of the same bytes."""
    return text[:-6] + ("A" if text[-6] != "A" else "B") + text[-5:]


class Auth(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        hashed = "sha256:" + hashlib.sha256(KEYS["ben"].encode()).hexdigest()
        cls.server = harness.Server(SCRIPT, environment={
            "GIBSEY_AUTH": "on", "GIBSEY_JWT_ALGORITHM": "HS256", "GIBSEY_JWT_KEY": SECRET, "GIBSEY_JWT_AUDIENCE": "gibsey",
            "GIBSEY_API_KEYS": f"{KEYS['ann']}@ann, {hashed}@ben, {KEYS['root']}@root:admin", "GIBSEY_SERVICE_TOKEN": SERVICE,
            "STARGATE_AUTH_TOKEN": "stargate-token-0123456789abcdef", "LOG_LEVEL": "debug"})

    @classmethod
    def tearDownClass(cls):
        log = harness.end_cleanly(cls.server)
        for secret in (SECRET, SERVICE, *KEYS.values(), "stargate-token", "eyJ"):
            assert secret not in log, f"the log holds a secret: {secret[:6]}..."

    def request(self, method, path, body=None, who=None, headers=None):
        fields = dict(headers or {})
        if who:
            fields["Authorization"] = "Bearer " + (KEYS.get(who) or who)
        return self.server.request(method, path, body, fields)

    def create(self, who, text="Why?", **fields):
        return self.server.create_turn(text, None, {"Authorization": "Bearer " + KEYS[who]}, **fields)

    def test_without_a_credential_only_the_open_paths_answer(self):
        for path in ("/health", "/live", "/ready", "/metrics", "/test"):
            self.assertEqual(self.request("GET", path)[0], 200, path)
        for method, path in (("POST", "/ask"), ("POST", "/v1/turns"), ("GET", "/characters"), ("GET", "/ledger/ann"), ("GET", "/v1/conversations"),
                             ("POST", "/api/v1/chat"), ("GET", "/v1/sessions"), ("POST", "/credit"), ("GET", "/v1/usage")):
            status, headers, _ = self.request(method, path, {} if method == "POST" else None)
            self.assertEqual(status, 401, path)
            self.assertTrue(headers["WWW-Authenticate"].startswith("Bearer"), path)

    def test_keys_and_tokens_are_taken(self):
        for who in ("ann", "ben", token()):
            self.assertEqual(self.request("GET", "/characters", who=who)[0], 200)
        self.assertEqual(self.request("GET", "/characters", headers={"X-Api-Key": KEYS["ben"]})[0], 200)

    def test_attacks_on_tokens_are_refused(self):
        good = token()
        head, body, _ = good.split(".")
        attacks = {
            "alg none": f"{part({'alg': 'none'})}.{body}.",
            "alg None with signature": token(header={"alg": "None"}),
            "another algorithm": token(header={"alg": "RS256"}),
            "expired": token({"exp": int(time.time()) - 120}),
            "no expiry": token({"exp": None}),
            "not yet": token({"nbf": int(time.time()) + 600}),
            "wrong audience": token({"aud": "elsewhere"}),
            "no subject": token({"sub": ""}),
            "wrong secret": signed_tokens.token("another-secret-of-more-than-thirty-two-bytes"),
            "empty signature": f"{head}.{body}.",
            "flipped signature": token(signature=b"\0" * 32),
            "oversized": token({"pad": "x" * 9000}),
            "not a token": "a.b.c",
            "unknown key": "gbs_" + "z" * 40,
        }
        for name, attack in attacks.items():
            status, _, text = self.request("GET", "/characters", who=attack)
            self.assertIn(status, (401, 431) if name == "oversized" else (401,), name)

    def test_nobody_acts_for_another(self):
        status, _, _ = self.request("POST", "/ask", {"user_id": "ben", "char_id": "arieol", "text": "Why?"}, "ann")
        self.assertEqual(status, 403)
        self.assertEqual(self.request("GET", "/ledger/ben", who="ann")[0], 403)
        self.assertEqual(self.request("GET", "/ledger/ben", who="root")[0], 200)
        self.assertEqual(self.request("POST", "/credit", {"user_id": "ann", "amount": 5}, "ann")[0], 403)
        self.assertEqual(self.request("POST", "/credit", {"user_id": "ann", "amount": 5}, SERVICE)[0], 200)
        self.assertEqual(self.request("POST", "/debit", {"user_id": "ben", "cost": 5}, "ann")[0], 403)
        mine = self.create("ann")
        for method, path in (("GET", ""), ("GET", "/events"), ("POST", "/stop"), ("POST", "/regenerate")):
            self.assertEqual(self.request(method, f"/v1/turns/{mine['turn_id']}{path}", who="ben")[0], 404, path)
        self.assertEqual(self.request("GET", f"/v1/conversations/{mine['conversation_id']}", who="ben")[0], 404)
        self.assertEqual(self.request("DELETE", f"/v1/conversations/{mine['conversation_id']}", who="ben")[0], 404)
        status, _, _ = self.request("POST", "/v1/turns", {"character_id": "arieol", "text": "And?", "conversation_id": mine["conversation_id"]}, "ben")
        self.assertEqual(status, 404)
        self.assertEqual(self.request("GET", f"/v1/turns/{mine['turn_id']}", who="ann")[0], 200)
        self.assertEqual(self.request("PUT", "/characters/arieol", {"tone": "rude"}, "ann")[0], 403)
        self.assertEqual(self.request("GET", "/v1/feed/conversation_turns", who="ann")[0], 403)

    def test_a_reader_makes_and_keeps_a_character(self):
        status, _, body = self.request("POST", "/characters", {"name": "Mira", "persona_prompt": "You are Mira.", "voice_id": "v1"}, "ann")
        self.assertEqual(status, 201, body)
        made = json.loads(body)
        self.assertEqual((made["user_id"], made["name"], made["voice_id"]), ("ann", "Mira", "v1"))
        path = "/characters/" + made["character_id"]
        self.assertEqual(self.request("PUT", path, {"tone": "dry"}, "ben")[0], 403)
        self.assertEqual(json.loads(self.request("PUT", path, {"tone": "dry"}, "ann")[2])["tone"], "dry")
        self.assertEqual(json.loads(self.request("GET", "/characters/user/ann", who="ann")[2])["total"], 1)
        self.assertEqual(self.request("DELETE", path, who="ben")[0], 403)
        self.assertEqual(self.request("DELETE", path, who="ann")[0], 204)
        self.assertEqual(self.request("GET", path, who="ann")[0], 404)

    def test_a_signed_link_opens_one_turn_for_a_browser(self):
        made = self.create("ann", "slow")
        self.assertIn("token=", made["events_url"])
        status, _, text = self.request("GET", made["events_url"])
        self.assertEqual(status, 200)
        self.assertIn("event: done", text)
        other = self.create("ben")
        stolen = made["events_url"].replace(made["turn_id"], other["turn_id"])
        self.assertEqual(self.request("GET", stolen)[0], 401)
        self.assertEqual(self.request("GET", altered(made["events_url"]))[0], 401)
        self.assertEqual(self.request("GET", "/ledger/ann?" + made["events_url"].split("?")[1])[0], 401, "and nothing else")

    def test_a_cookie_is_a_session(self):
        status, headers, body = self.request("POST", "/v1/session", {}, "ann")
        self.assertEqual(status, 200, body)
        cookie = headers["Set-Cookie"].split(";")[0]
        self.assertIn("HttpOnly", headers["Set-Cookie"])
        origin = f"http://{self.server.host}:{self.server.port}"
        self.assertEqual(self.request("GET", "/ledger/ann", headers={"Cookie": cookie})[0], 200)
        self.assertEqual(self.request("POST", "/v1/turns", {"character_id": "arieol", "text": "Why?"}, headers={"Cookie": cookie})[0], 403)
        self.assertEqual(self.request("POST", "/v1/turns", {"character_id": "arieol", "text": "Why?"}, headers={"Cookie": cookie, "Origin": origin})[0], 201)
        self.assertEqual(self.request("GET", "/ledger/ann", headers={"Cookie": altered(cookie)})[0], 401)

    def test_sockets_need_a_token(self):
        async def talk():
            base = self.server.socket_address
            for path in ("/ws/chat", "/ws/s-9"):
                with self.assertRaises(websockets.exceptions.InvalidStatusCode) as refused:
                    await websockets.connect(base + path)
                self.assertEqual(refused.exception.status_code, 401)
            status, _, body = self.request("POST", "/v1/session/token", {"session_id": "s-9"}, "ann")
            self.assertEqual(status, 201, body)
            mine = json.loads(body)["token"]
            async with websockets.connect(f"{base}/ws/s-9?token={mine}") as socket:
                self.assertEqual((await receive(socket))["type"], "connection_established")
                with self.assertRaises(websockets.exceptions.InvalidStatusCode) as refused:
                    await websockets.connect(base + "/ws/s-9", extra_headers={"Authorization": "Bearer " + KEYS["ben"]})
                self.assertEqual(refused.exception.status_code, 404, "a session is its reader's")
            async with websockets.connect(base + "/ws/chat", extra_headers={"Authorization": "Bearer " + KEYS["ben"]}) as socket:
                await socket.send(json.dumps({"message": "hello", "user_id": "ann"}))
                self.assertEqual((await receive(socket))["code"], "forbidden")
        asyncio.run(talk())

    def test_the_cassandra_shaped_path_has_its_own_token(self):
        path = "/v2/keyspaces/gibsey/characters/arieol"
        self.assertEqual(self.request("GET", path)[0], 401)
        status, _, body = self.request("GET", path, headers={"X-Cassandra-Token": "stargate-token-0123456789abcdef"})
        self.assertEqual(status, 200, body)
        row = json.loads(body)
        self.assertEqual((row["count"], row["data"][0]["char_id"], row["char_id"]), (1, "arieol", "arieol"))
        self.assertEqual(self.request("GET", path.replace("arieol", "nobody"), headers={"X-Cassandra-Token": "stargate-token-0123456789abcdef"})[0], 404)


if __name__ == "__main__":
    unittest.main()
