"""--debug over the wire: what the models were sent stands in the turn's trace, without a secret; how long a world's replies may be."""
import json
import pathlib
import shutil
import tempfile
import unittest

import harness

SECRETS = {"GIBSEY_SERVICE_TOKEN": "service-token-for-the-test-0123456789", "OPENAI_API_KEY": "sk-a-key-that-must-not-be-seen",
           "GIBSEY_SESSION_SECRET": "a-secret-of-sessions-of-32-bytes-or-more"}
KEY = "gbs_" + "a" * 40
SCRIPT = {"replies": [harness.breaking("breaks"), {"chunks": ["A plain ", "answer."]}]}


def ask(server, text, headers=None, **fields):
    return server.finish_turn(text, "ann", headers, **fields)


class Debug(unittest.TestCase):
    def start(self, script=SCRIPT, **options):
        server = harness.Server(script, **options)
        self.addCleanup(server.close)
        return server

    def test_the_trace_holds_what_the_model_was_sent(self):
        signed_in = {"Authorization": f"Bearer {KEY}"}
        server = self.start(arguments=["--debug"], environment={
            **SECRETS, "GIBSEY_AUTH": "on", "GIBSEY_API_KEYS": f"{KEY}@ann", "LOG_LEVEL": "debug"})
        first = ask(server, "Why did you climb the tower?", signed_in, max_tokens=77)
        call, = first["trace"]["calls"]
        persona = server.request("GET", "/characters/arieol", headers=signed_in)[2]
        self.assertEqual(call["messages"][0]["role"], "system")
        self.assertIn(json.loads(persona)["system_prompt"], call["messages"][0]["text"])
        self.assertEqual(call["messages"][-1]["role"], "user")
        self.assertIn("Why did you climb the tower?", call["messages"][-1]["text"])
        self.assertIn(first["sources"][0]["quote"], call["messages"][-1]["text"])
        self.assertEqual((call["max_tokens"], call["outcome"], call["provider"], call["model"]), (77, "stop", first["provider"], first["model"]))
        self.assertEqual({name: call["sampling"][name] for name in ("temperature", "top_p")}, {name: first["trace"][name] for name in ("temperature", "top_p")})
        self.assertEqual(call["usage"], first["usage"])
        self.assertIn("\nReader:", call["stop"])
        self.assertAlmostEqual(first["trace"]["phases_ms"]["generate"], call["ms"])
        second = ask(server, "And then?", signed_in, conversation_id=first["conversation_id"])
        talk = [(m["role"], m["text"]) for m in second["trace"]["calls"][0]["messages"]]
        self.assertIn(("assistant", first["reply"]), talk)
        failed = ask(server, "it breaks", signed_in)
        self.assertEqual([c["outcome"] for c in failed["trace"]["calls"]], ["unavailable"] * len(failed["trace"]["calls"]))
        self.assertGreater(len(failed["trace"]["calls"]), 0)
        log = server.log_text()
        self.assertRegex(log, rf"turn {first['turn_id']} phases in ms: hold=\d.* generate=\d")
        self.assertIn("kept in turns.db", log)
        for secret in (*SECRETS.values(), KEY):
            self.assertNotIn(secret, json.dumps([first, second, failed]))
            self.assertNotIn(secret, log)
        self.assertNotIn("You are", log, "prompts stay out of the log")
        server.stop()
        with harness.Server(SCRIPT, data=server.data) as later:
            self.assertEqual(later.get_json(f"/v1/turns/{first['turn_id']}"), first, "kept, and shown by a program without --debug too")
            self.assertEqual(ask(later, "Why?")["trace"]["calls"], [])

    def test_without_debug_only_the_phases_are_kept(self):
        server = self.start()
        record = ask(server, "Why did you climb the tower?")
        self.assertEqual(record["trace"]["calls"], [])
        self.assertLessEqual({"hold", "retrieve", "prompt", "generate"}, set(record["trace"]["phases_ms"]))
        self.assertNotIn("phases in ms", server.log_text())

    def test_a_world_chooses_how_long_replies_are(self):
        with tempfile.TemporaryDirectory() as folder:
            world = pathlib.Path(folder) / "brief"
            shutil.copytree(harness.ROOT / "worlds" / "sarah", world)
            (world / "world.toml").write_text("max_tokens = 9\n" + (world / "world.toml").read_text())
            server = self.start(data=folder + "/data", arguments=["--world", str(world), "--world", str(harness.ROOT / "worlds" / "sarah")],
                                environment={"GIBSEY_DEBUG": "1", "GIBSEY_MAX_TOKENS": "55", "MAX_TOKENS": "66"})
            tokens = lambda record: record["trace"]["calls"][0]["max_tokens"]
            self.assertEqual(tokens(ask(server, "Why?", character_id="sarah")), 9)
            self.assertEqual(tokens(ask(server, "Why?", character_id="sarah", max_tokens=12)), 12, "the request's counts first")
            self.assertEqual(tokens(ask(server, "Why?", character_id="sarah", world="sarah")), 55, "a world that says nothing")
            done = server.ask("Why?", character="sarah").one("done")
            self.assertEqual(tokens(server.get_json(f"/v1/turns/{done['turn_id']}")), 9)
            status, events = server.chat("Why?", world="brief")
            self.assertEqual((status, events[-1][0]), (200, "done"))
            conversation = json.loads(events[-1][1])["conversation_id"]
            record, = server.get_json(f"/v1/conversations/{conversation}")["turns"]
            self.assertGreater(tokens(record), 55, "the cited chat has its own")


if __name__ == "__main__":
    unittest.main()
