"""Memory nodes as real processes: three that hold the shards of the bundled worlds, each over a data folder of its own, and a coordinator.
It answers as one process does; what it says when a node is away, stands still, or comes back; what a node refuses. (Followers of one shared
store: tests/stack/memory_nodes_test.py.)"""
import json
import signal
import socket
import time
import unittest
import urllib.parse

import harness
from harness import wait_until

SCRIPT = {"replies": [{"chunks": ["A plain ", "answer."]}]}
QUESTIONS = ("Why did Arieol climb the tower?", "Who counted the stairs?", "What is the price of a quotation?", "the door stayed open",
             "Where does the corridor end?", "Tell me about the owl and the key", "xylophone quarks", "Who are you?")
NODES = ("a", "b", "c")
SHARDS = 16
PROTOCOL = b"\x02"


def free_ports(count):
    """That nobody listens on now."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


class Shards(unittest.TestCase):
    def setUp(self):
        self.ports = dict(zip(NODES, free_ports(len(NODES))))
        self.nodes = {}

    def environment(self, **more):
        return {"GIBSEY_MEMORY_NODES": ",".join(f"{name}=http://127.0.0.1:{port}" for name, port in self.ports.items()),
                "GIBSEY_SHARDS": str(SHARDS), "GIBSEY_SHARD_DEADLINE": "3000", "GIBSEY_SHARD_SECOND": "150", **more}

    def start_node(self, name, **more):
        server = harness.Server(arguments=["--roles", "memory", "--port", str(self.ports[name])],
                                environment=self.environment(GIBSEY_MEMORY_NODE=name, **more))
        self.addCleanup(server.close)
        self.nodes[name] = server
        return server

    def start(self, **more):
        """All nodes, and the coordinator."""
        for name in NODES:
            self.start_node(name, **more)
        self.coordinator = self.start_server("chat,memory,ledger", **self.environment(**more))

    def start_server(self, roles, **environment):
        server = harness.Server(SCRIPT, arguments=["--roles", roles], environment=environment)
        self.addCleanup(server.close)
        return server

    def retrieve(self, server, question, **more):
        """(status, hits, X-Gibsey-Missing-Shards)"""
        query = urllib.parse.urlencode({"q": question, **more})
        status, headers, text = server.request("GET", "/retrieve?" + query)
        fields = {name: headers.get(name) for name in ("X-Gibsey-Above-Threshold", "X-Gibsey-Method")}
        return status, (json.loads(text), fields), headers.get("X-Gibsey-Missing-Shards")

    def holds(self, server):
        """How many pages it has of each world."""
        return {world["name"]: world["pages"] for world in server.get_json("/health")["worlds"]}

    def test_three_nodes_answer_as_one_process(self):
        self.start()
        alone = self.start_server("chat,memory,ledger")
        for question in QUESTIONS:
            for more in ({}, {"character": "arieol", "k": 12}, {"world": "chrysopedia"}):
                one, many = self.retrieve(alone, question, **more), self.retrieve(self.coordinator, question, **more)
                self.assertEqual(one, many, question)
                self.assertEqual(many[2], None)
        hit = self.retrieve(alone, QUESTIONS[0])[1][0][0]
        for claim in (hit["quote"], hit["quote"] + ",", "words that stand nowhere in this book", hit["quote"] + " nowhere"):
            body = {"claim": claim, "page_id": hit["page_id"]}
            answers = [server.request("POST", "/v1/quotes/verify", body) for server in (alone, self.coordinator)]
            self.assertEqual(answers[0][2], answers[1][2])
        turn = self.coordinator.ask(QUESTIONS[0])
        self.assertEqual(len(turn.all("quote")), 1)
        self.assertIn(turn.all("quote")[0]["text"], alone.get_json("/pages/" + turn.all("quote")[0]["page_id"])["text"])
        self.assertNotIn("shards", json.dumps(self.coordinator.finish_turn(QUESTIONS[0])["context"]))
        health = self.coordinator.get_json("/health")
        self.assertEqual((health["status"], set(health["dependencies"])), ("healthy", {"memory:a", "memory:b", "memory:c"}))

    def test_an_edit_is_followed(self):
        """Each over a store of its own, so it is written to all; one that follows another's write needs a store that they share."""
        self.start()
        line = "The heron paid for the lantern with a borrowed pearl."
        for server in (*self.nodes.values(), self.coordinator):
            status, _, text = server.request("PUT", "/pages/012", {"text": line + " Nobody asked it to pay.", "title": "The heron"})
            self.assertEqual(status, 200, text)
        version = json.loads(text)["version"]
        hits = self.retrieve(self.coordinator, line, fresh=f"012@{version}")[1][0]
        self.assertEqual((hits[0]["page_id"], hits[0]["page_version"], hits[0]["title"]), ("012", version, "The heron"))
        claimed = json.loads(self.coordinator.request("POST", "/v1/quotes/verify", {"claim": line})[2])
        self.assertEqual((claimed["verbatim"], claimed["page_id"]), (True, "012"))
        for server in (*self.nodes.values(), self.coordinator):
            self.assertEqual(server.request("DELETE", "/pages/012")[0], 204)
        wait_until(lambda: not json.loads(self.coordinator.request("POST", "/v1/quotes/verify", {"claim": line})[2])["verbatim"])

    def test_what_is_missing_is_told_until_the_node_is_back(self):
        self.start()
        self.retrieve(self.coordinator, QUESTIONS[0])
        self.nodes["b"].kill()
        begun = time.monotonic()
        status, (hits, _), missing = self.retrieve(self.coordinator, QUESTIONS[0])
        self.assertLess(time.monotonic() - begun, 4)
        self.assertEqual(status, 200)
        self.assertRegex(missing, r"^\d+(,\d+)* of 16$")
        turn = self.coordinator.finish_turn(QUESTIONS[0])
        self.assertRegex(json.dumps(turn["context"]["cut"]), rf"{missing.count(',') + 1} of 16 shards of the book")
        health = self.coordinator.get_json("/health")
        self.assertEqual(health["status"], "degraded")
        self.assertEqual({name: entry["status"] for name, entry in health["dependencies"].items()},
                         {"memory:a": "healthy", "memory:b": "unhealthy", "memory:c": "healthy"})
        self.assertRegex(self.coordinator.request("GET", "/metrics")[2], r"gibsey_missing_shards_total\{.*\} \d+")
        status, _, text = self.coordinator.request("POST", "/v1/quotes/verify", {"claim": "words that stand nowhere in this book"})
        self.assertEqual(status, 503, text)
        self.assertIn("b (shard", text)
        self.start_node("b")
        wait_until(lambda: self.retrieve(self.coordinator, QUESTIONS[0])[2] is None, told="the node is back")
        self.assertEqual(self.coordinator.get_json("/health")["status"], "healthy")

    def test_without_any_node_the_character_says_so(self):
        self.start()
        for node in self.nodes.values():
            node.kill()
        status, headers, text = self.coordinator.request("GET", "/retrieve?q=tower")
        self.assertEqual(status, 503, text)
        self.assertIn("cannot be reached", json.loads(text)["detail"])
        turn = self.coordinator.ask(QUESTIONS[0])
        self.assertEqual((turn.status, turn.one("sources")), (200, []))
        self.assertIn("cannot reach the book", turn.text)

    def test_a_node_that_stands_still_is_not_waited_for_where_another_holds_its_shards(self):
        self.start(GIBSEY_SHARD_REPLICAS="2")
        whole = [self.retrieve(self.coordinator, question) for question in QUESTIONS]
        pages = [self.holds(node) for node in self.nodes.values()]
        self.assertEqual(sum(held["entrance-way"] for held in pages), 2 * self.holds(self.coordinator)["entrance-way"])
        still = max(self.nodes, key=lambda name: self.holds(self.nodes[name])["entrance-way"])
        self.nodes[still].process.send_signal(signal.SIGSTOP)
        try:
            for question, expected in zip(QUESTIONS, whole):
                begun = time.monotonic()
                self.assertEqual(self.retrieve(self.coordinator, question), expected)
                self.assertLess(time.monotonic() - begun, 2.5, "before the deadline")
        finally:
            self.nodes[still].process.send_signal(signal.SIGCONT)

    def test_a_node_refuses_what_is_no_question(self):
        node = self.start_node("a", GIBSEY_AUTH="on", GIBSEY_SERVICE_TOKEN="service-token-of-the-shard-tests")
        known = {"Authorization": "Bearer service-token-of-the-shard-tests", "Content-Type": "application/octet-stream"}
        self.assertEqual(node.request("POST", "/v1/shards/counts", b"")[0], 401)
        for body in (b"", b"\x00" * 40, b"\xff" * 4000, PROTOCOL + b"\x04tower", b'{"world": "tower"}', bytes(range(256)) * 200):
            for call in ("counts", "cards", "pages", "quote", "follow"):
                status, _, text = node.request("POST", "/v1/shards/" + call, body, known)
                self.assertEqual(status, 400, (call, body[:20], text))
        asked = b"\x0centrance-way" + bytes([SHARDS]) + bytes([2, 0, 1])
        question = PROTOCOL + asked
        self.assertEqual(node.request("POST", "/v1/shards/counts", question + b"\x02\x00\x00", known)[0], 200)
        self.assertEqual(node.request("POST", "/v1/shards/counts", question + b"\x02\xff\xff", known)[0], 400)
        status, _, text = node.request("POST", "/v1/shards/counts", b"\x01" + asked + b"\x02\x00\x00", known)
        self.assertEqual(status, 400)
        self.assertIn("run the same version of gibsey on every node", text)
        self.assertEqual(node.request("POST", "/v1/shards/nothing", question + b"\x02\x00\x00", known)[0], 404)
        other = question.replace(bytes([SHARDS, 2, 0, 1]), bytes([SHARDS + 1, 2, 0, 1]))
        status, _, text = node.request("POST", "/v1/shards/counts", other + b"\x02\x00\x00", known)
        self.assertEqual(status, 409, text)
        self.assertIn("GIBSEY_SHARDS", text)
        self.assertEqual(node.request("POST", "/v1/shards/counts", b"\x01" * (1024 * 1024 + 1), known)[0], 413)
        self.assertEqual(node.get_json("/live"), {"status": "live"})

    def test_the_doctor_asks_each_node(self):
        self.start_node("a")
        environment = {name: value for name, value in self.environment().items() if name != "GIBSEY_MEMORY_NODE"}
        told = self.nodes["a"].command("doctor", environment=environment).stdout
        self.assertRegex(told, rf"ok +the memory node a at http://127.0.0.1:{self.ports['a']}\n")
        self.assertRegex(told, r"PROBLEM +the memory node b at .*; start it, or correct GIBSEY_MEMORY_NODES\.\n")
        self.assertRegex(self.nodes["a"].command("doctor", environment={**environment, "GIBSEY_SHARDS": "5"}).stdout,
                         r"PROBLEM +the memory node a at .*409.*GIBSEY_SHARDS")

    def test_settings_that_make_no_sense_are_told(self):
        for wrong in ({"GIBSEY_MEMORY_NODES": "a"}, {"GIBSEY_MEMORY_NODE": "z"}, {"GIBSEY_SHARD_REPLICAS": "4"}, {"GIBSEY_SHARDS": "0"}):
            with self.assertRaisesRegex(AssertionError, next(iter(wrong))):
                self.start_server("memory", **self.environment(**wrong))


if __name__ == "__main__":
    unittest.main()
