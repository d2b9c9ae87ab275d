"""A reader who talks while parts of the stack are killed, and what his account must say in the end."""
import collections
import http.client
import threading
import time

GRANT = 1_000_000


class Talker:
    """Asks until stop(), each time `pause` seconds after the answer. `server()` gives the server of the moment."""

    def __init__(self, server, user, pause=0.5):
        self.server, self.user, self.pause = server, user, pause
        self.outcomes = collections.Counter()  # status, or how the stream ended
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._talk)
        self._thread.start()

    def _talk(self):
        number = 0
        while not self._over.is_set():
            number += 1
            self.outcomes[self._ask(f"Why did you climb the tower, the {number}th time?")] += 1
            self._over.wait(self.pause)

    def _ask(self, text):
        try:
            turn = self.server().ask(text, user=self.user, timeout=60)
        except (OSError, http.client.HTTPException):
            return "cut"  # by the death of the program
        if turn.status != 200:
            return turn.status
        return "answered" if turn.all("done") else "failed" if turn.all("error") else "cut"

    def stop(self):
        self._over.set()
        self._thread.join()

    def check(self, case, seconds=60):
        """He was answered or refused by contract, and paid for what he got and nothing else."""
        case.assertLessEqual(set(self.outcomes), {"answered", "failed", "cut", 429, 503}, self.outcomes)
        case.assertGreater(self.outcomes["answered"], 10, self.outcomes)
        case.assertLessEqual(self.outcomes["cut"], 50, "only while the program was away")
        turns = self._turns_that_ended(seconds)
        charged = sum(turn["receipt"]["charged"] for turn in turns)
        for turn in turns:
            receipt = turn["receipt"]
            case.assertEqual(receipt["charged"] + receipt["released"], receipt["held"], turn)
            case.assertEqual(receipt["charged"] > 0, turn["status"] == "complete", turn)
        case.assertEqual(GRANT - self.server().balance(self.user), charged)
        case.assertGreaterEqual(sum(turn["status"] == "complete" for turn in turns), self.outcomes["answered"])

    def _turns_that_ended(self, seconds):
        deadline = time.monotonic() + seconds
        while True:
            turns = [turn for talk in self._conversations() for turn in self.server().get_json(f"/v1/conversations/{talk}")["turns"]]
            running = [turn["turn_id"] for turn in turns if turn["status"] == "running"]
            if not running:
                return turns
            assert time.monotonic() < deadline, f"turns still run: {running}"
            time.sleep(0.5)

    def _conversations(self):
        after, found = "", []
        while after is not None:
            page = self.server().get_json(f"/v1/conversations?user_id={self.user}&limit=200" + (f"&after={after}" if after else ""))
            found += [talk["conversation_id"] for talk in page["conversations"]]
            after = page["next"] or None
        return found
