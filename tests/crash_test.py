"""Nothing is lost: kill -9 in mid-stream, SIGTERM, a second server on the same folder, ingest beside a running server."""
import json
import pathlib
import sqlite3
import tempfile
import threading
import time
import unittest

import harness

SLOW = {"replies": [harness.slow(100, 100)]}


class Crash(unittest.TestCase):
    def test_kill_9_in_mid_stream(self):
        with tempfile.TemporaryDirectory() as folder:
            first = harness.Server(SLOW, data=folder + "/data")
            self.addCleanup(first.close)
            raw = first.open_ask("Why?", user="u1")
            received = b""
            while received.count(b"data: word") < 8:
                chunk = raw.recv(4096)
                self.assertTrue(chunk, received)
                received += chunk
            first.kill()
            first.close()
            raw.close()
            with harness.Server(harness.scripted("Hello."), data=folder + "/data") as second:
                account = second.get_json("/ledger/u1")
                self.assertEqual(account["balance"], 100)
                self.assertEqual([e["kind"] for e in account["entries"]].count("hold"), 1)
                self.assertEqual([e["kind"] for e in account["entries"]].count("release"), 1)
                self.assertEqual(sum(e["amount"] for e in account["entries"]), 100)
                self.assertIn("interrupted", second.log_text())
            rows = sqlite3.connect(folder + "/data/turns.db").execute("SELECT status, reply FROM turns").fetchall()
            self.assertEqual([status for status, _ in rows], ["interrupted"])
            self.assertIn("word0", rows[0][1])

    def test_sigterm_lets_a_running_reply_finish(self):
        with harness.Server({"replies": [harness.slow(40, 50)]}) as server:
            turns = []
            reader = threading.Thread(target=lambda: turns.append(server.ask("Why?", user="u2")))
            reader.start()
            talk, = harness.wait_until(lambda: server.get_json("/v1/conversations?user_id=u2")["conversations"])
            record, = server.get_json("/v1/conversations/" + talk["conversation_id"])["turns"]
            self.assertEqual(record["status"], "running")
            started = time.monotonic()
            self.assertEqual(server.stop(), 0)
            reader.join()
            self.assertLess(time.monotonic() - started, 10)
            self.assertEqual(turns[0].one("done")["finish_reason"], "stop")
            self.assertIn("word39", turns[0].text)

    def test_a_second_server_on_the_same_folder_is_refused(self):
        with harness.Server(harness.scripted("Hello.")) as server:
            done = server.command("serve", "--port", "0")
            self.assertEqual(done.returncode, 1)
            self.assertIn(str(server.process.pid), done.stderr)

    def test_it_refuses_to_listen_for_everyone(self):
        with harness.Server(harness.scripted("Hello.")) as server:
            done = server.command("serve", "--port", "0", "--host", "0.0.0.0")
            self.assertEqual(done.returncode, 2)
            self.assertIn("sign-in", done.stderr)

    def test_ingest_beside_a_running_server(self):
        with harness.Server(harness.scripted("Hello.")) as server, tempfile.TemporaryDirectory() as folder:
            book = pathlib.Path(folder) / "lighthouse.txt"
            paragraph = "The keeper of the lighthouse had a brass parrot named Ignatius. It told him the weather every morning at six. "
            chapters = [f"CHAPTER {roman}.\n\n" + "\n\n".join(paragraph + f"On day {n} of chapter {roman} the sea was calm." for n in range(8))
                        for roman in ("I", "II", "III")]
            book.write_text("\n\n\n".join(chapters))
            done = server.command("ingest", "--world", "lighthouse", str(book))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("quote candidates", done.stdout)
            harness.wait_until(lambda: any(world["name"] == "lighthouse" for world in server.get_json("/health")["worlds"]), 30)
            hits = server.get_json("/retrieve?world=lighthouse&q=the+brass+parrot+named+Ignatius")
            self.assertIn("Ignatius", hits[0]["quote"])
            again = server.command("ingest", "--world", "lighthouse", str(book))
            self.assertEqual(again.returncode, 1)
            self.assertIn("--replace", again.stderr)
            book.write_text(book.read_text().replace("On day 7 of chapter III", "On day seven of chapter III"))
            changed = server.command("ingest", "--world", "lighthouse", "--replace", str(book))
            self.assertEqual(changed.returncode, 0, changed.stderr)
            self.assertRegex(changed.stdout, r"0 pages new, 1 changed, \d+ unchanged, 0 removed")

    def test_bad_books_get_a_clear_error(self):
        with harness.Server(harness.scripted("Hello.")) as server, tempfile.TemporaryDirectory() as folder:
            bad = pathlib.Path(folder) / "bad.jsonl"
            bad.write_text(json.dumps({"text": "Fine."}) + "\nnot json\n")
            done = server.command("ingest", "--world", "bad", str(bad))
            self.assertEqual(done.returncode, 2)
            self.assertIn("bad.jsonl line 2 ", done.stderr)
            done = server.command("ingest", "--world", "none", folder + "/missing.txt")
            self.assertEqual(done.returncode, 2)
            self.assertIn("missing.txt", done.stderr)


if __name__ == "__main__":
    unittest.main()
