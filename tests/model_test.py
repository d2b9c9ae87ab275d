"""The bundled model itself, in the release build: a reply with its quotation, two readers at once, no network, the page in a browser."""
import concurrent.futures
import os
import shutil
import subprocess
import unittest

import harness
from node_steps import chromium, run_to_the_end


def own_words(turn):
    return sum(any(letter.isalpha() for letter in word) for word in turn.own_text().split())


@unittest.skipUnless(harness.RELEASE.exists(), "the release build is missing: run make")
class BundledModel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server(program=harness.RELEASE)
        cls.server.ask("Hello", user="warm-up")

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def test_arieol_quotes_the_tower(self):
        """The words are sampled, so the length of the model's own part is asked of most replies, everything else of all."""
        turns = [self.server.ask("Why did you climb the tower?", user="reader") for _ in range(4)]
        for turn in turns:
            self.check_quotation(turn)
        lengths = [own_words(turn) for turn in turns]
        self.assertGreaterEqual(sum(length >= 15 for length in lengths), 3, lengths)

    def check_quotation(self, turn):
        quotes = turn.all("quote")
        self.assertGreaterEqual(len(quotes), 1, turn.text)
        quote = quotes[0]
        page = self.server.get_json(f"/pages/{quote['page_id']}")
        self.assertEqual(page["text"][quote["start"]:quote["end"]], quote["text"])
        self.assertIn(f"(p. {page['label']})", turn.text)
        self.assertLess(len(quote["text"].split()), 40)
        self.assertGreaterEqual(sum(quote["text"].count(c) for c in ".!?"), 2, "two sentences where the page has a fitting pair")
        self.assertEqual(turn.one("done")["provider"], "local")

    def test_two_readers_at_once_get_a_whole_reply_in_time(self):
        """Contracts section 6, smoke test: p95 of the whole reply under 2.5 s for two readers."""
        questions = ["What happened when the lights went out?", "Who is Shamrock Stillman?", "What is the salt for?", "Where is the key?"]

        def read(reader):
            return [self.server.ask(question, user=reader).events[-1][3] for question in questions * 3]

        def measure(name):
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                times = sorted(sum(pool.map(read, [f"{name}-1", f"{name}-2"]), []))
            p95 = times[int(0.95 * len(times))]
            print(f"smoke: two readers, {len(times)} replies, p50 {times[len(times) // 2]:.2f} s, p95 {p95:.2f} s")
            return p95

        p95 = measure("first")
        if p95 >= 2.5:  # once more: the machine may have been busy with something else
            p95 = measure("second")
        self.assertLess(p95, 2.5)

    def test_the_page_in_a_browser(self):
        if chromium() is None:
            self.skipTest("there is no chromium; install it or set CHROMIUM")
        run_to_the_end(self, "page_test", 180, GIBSEY_URL=self.server.address, CHROMIUM=chromium(),
                       SCREENSHOT=str(harness.ROOT / "build" / "page.png"))


@unittest.skipUnless(harness.RELEASE.exists(), "the release build is missing: run make")
class NoNetwork(unittest.TestCase):
    def test_it_runs_with_loopback_only(self):
        if os.geteuid() != 0 or shutil.which("ip") is None:
            self.skipTest("needs root and the ip command")
        script = f"""
            ip link set lo up
            cd "$(mktemp -d)"
            {harness.RELEASE} serve --port 0 --data data >out 2>log &
            server=$!
            for _ in $(seq 300); do grep -q "ready at" out && break; sleep 0.1; done
            address=$(grep -o "http://[^ ]*" out)
            curl -sN --max-time 60 -X POST "$address/ask" -d '{{"user_id":"u","char_id":"arieol","text":"Why did you climb the tower?"}}'
            kill $server; wait $server
        """
        done = subprocess.run(["unshare", "-n", "bash", "-c", script], capture_output=True, text=True, timeout=180)
        if "unshare failed" in done.stderr:
            self.skipTest("this machine allows no network namespace")
        self.assertIn("event: quote", done.stdout, done.stderr)
        self.assertIn("event: done", done.stdout)


if __name__ == "__main__":
    unittest.main()
