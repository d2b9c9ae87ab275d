"""Two programs whose workers share the partitions of one topic; one of them is killed, then the broker, while pages are written."""
import re
import subprocess
import threading
import unittest

from running import NeedsTheProgram, harness, stack, wrong_vectors

KEYSPACE = "two_workers"
WORLD = "entrance-way"
PAGES = 300
FIRST = 50_000
SENTENCE = "It was written by somebody who knew nothing of passages and never heard of them afterwards either."


def text_of(number, edition=1):
    return f"Warden {number} opened sluice {number * 7} for edition {edition} of the tide table. {SENTENCE}"


class TwoWorkers(NeedsTheProgram):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.environment = {**stack().environment(), "CASSANDRA_KEYSPACE": KEYSPACE, "GIBSEY_PUBLISH_PAGES": "1", "KAFKA_PARTITIONS": "8",
                           "KAFKA_GROUP": "two-workers", "KAFKA_TOPIC_PAGES": "two.pages", "KAFKA_TOPIC_DEAD": "two.pages.dead"}
        subprocess.run([str(harness.PROGRAM), "migrate"], env=harness.environment_of(cls.environment), check=True, capture_output=True, timeout=120)
        cls.first, cls.second = cls.serve(), cls.serve()
        harness.wait_until(lambda: not cls.waiting(), 240, cls.waiting)

    @classmethod
    def serve(cls):
        server = harness.Server(harness.scripted("I have heard of it."), environment=cls.environment)
        cls.addClassCleanup(server.close)
        return server

    @classmethod
    def waiting(cls):
        """Passages of all worlds that the first program cannot find by meaning yet."""
        return sum(world["passages_without_vector"] for world in cls.first.get_json("/health")["worlds"])

    def write(self, numbers, edition=1):
        for number in numbers:
            status, _, body = self.first.request("PUT", f"/pages/{FIRST + number}?world={WORLD}", {"text": text_of(number, edition)})
            self.assertIn(status, (200, 201), body)

    def embedded(self, server):
        return sum(float(value) for value in re.findall(r"^gibsey_passages_embedded_total(?:\{[^}]*\})? (\S+)$", server.request("GET", "/metrics")[2], re.M))

    def wrong(self):
        return wrong_vectors([str(FIRST + number) for number in range(PAGES)], keyspace=KEYSPACE, world=WORLD)

    def test_they_share_the_work_and_none_of_it_is_lost(self):
        before = [self.embedded(server) for server in (self.first, self.second)]
        self.write(range(100))
        # Both have partitions of their own: each does a part.
        harness.wait_until(lambda: sum(map(self.embedded, (self.first, self.second))) - sum(before) >= 100, 60,
                           lambda: [self.embedded(server) for server in (self.first, self.second)])
        shares = [self.embedded(server) - start for server, start in zip((self.first, self.second), before)]
        print(f"100 pages over two workers: {shares}", flush=True)
        self.assertGreater(min(shares), 10, shares)
        self.write(range(100, 150))
        self.second.kill()
        self.write(range(150, 200))
        breaking = threading.Thread(target=stack().restart, args=("kafka",))
        breaking.start()
        # Writers do not wait for the broker.
        self.write(range(200, 300))
        self.write(range(0, 50), edition=2)
        breaking.join()
        harness.wait_until(lambda: not self.wrong(), 180, lambda: f"{len(self.wrong())} pages are wrong: {list(self.wrong().items())[:5]}")
        harness.wait_until(lambda: not self.waiting(), 60, self.waiting)
        again = self.serve()
        self.write(range(50, 150), edition=2)
        harness.wait_until(lambda: not self.wrong(), 180, lambda: f"{len(self.wrong())} pages are wrong: {list(self.wrong().items())[:5]}")
        self.assertGreater(self.embedded(again), 10, "who comes back gets partitions again")


if __name__ == "__main__":
    unittest.main()
