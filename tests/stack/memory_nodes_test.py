"""Memory nodes over one Cassandra: what is written through one process, or by cqlsh, is found through a coordinator that holds nothing."""
import json
import unittest
import urllib.parse

from running import NeedsTheProgram, harness, insert, run_cqlsh, stack
from shards_test import free_ports

WORLD = "entrance-way"


class SharedStore(NeedsTheProgram):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        ports = dict(zip("ab", free_ports(2)))
        nodes = {"GIBSEY_MEMORY_NODES": ",".join(f"{name}=http://127.0.0.1:{port}" for name, port in ports.items()),
                 "GIBSEY_SHARD_DEADLINE": "3000"}
        cls.nodes = [cls.serve("memory,worker", ["--port", str(port)], GIBSEY_MEMORY_NODE=name, **nodes) for name, port in ports.items()]
        cls.coordinator = cls.serve("chat,memory,ledger", [], **nodes)

    @classmethod
    def serve(cls, roles, arguments, **environment):
        server = harness.Server(harness.scripted("I have heard of it."), arguments=["--roles", roles, *arguments],
                                environment={**stack().environment(), **environment})
        cls.addClassCleanup(server.close)
        return server

    def hits(self, line, **query):
        return self.coordinator.get_json("/retrieve?" + urllib.parse.urlencode({"q": line, "world": WORLD, **query}))

    def test_an_edit_through_the_coordinator_is_found_by_who_wrote_it(self):
        line = "The ferryman Quillonby kept eleven lanterns in a drawer."
        status, _, text = self.coordinator.request("PUT", "/pages/40100", {"text": line + " He never lit them."})
        self.assertIn(status, (200, 201), text)
        hit = self.hits(line, fresh=f"40100@{json.loads(text)['version']}")[0]
        self.assertEqual(hit["page_id"], "40100")
        self.assertIn(line, hit["quote"])

    def test_an_edit_through_a_node_is_found_through_the_coordinator(self):
        line = "The glazier Otterwyn mended windows that nobody had broken."
        for server, page in zip(self.nodes, ("40200", "40400")):
            status, _, text = server.request("PUT", "/pages/" + page, {"text": f"{line} It was page {page}."})
            self.assertIn(status, (200, 201), text)
            harness.wait_until(lambda: page in [hit["page_id"] for hit in self.hits(f"{line} It was page {page}.")], 20)

    def test_a_row_that_cqlsh_writes_is_found(self):
        line = "The cartographer Umbelline drew the harbour before it was dug."
        run_cqlsh(insert(WORLD, "40300", line + " She was right about the depth."))
        harness.wait_until(lambda: any(line in hit["quote"] for hit in self.hits(line)), 60)


if __name__ == "__main__":
    unittest.main()
