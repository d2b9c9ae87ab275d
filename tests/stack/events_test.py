"""A row that anyone writes to gibsey.pages is an event on cdc.pages soon after."""
import subprocess
import time
import unittest

from running import Topic, cell, cql, forget_worlds, insert, p95, parts, percentiles, run_cqlsh, stack

WORLD = "events-test"
ROWS = 200


class Events(unittest.TestCase):
    @classmethod
    def tearDownClass(cls):
        forget_worlds(WORLD)

    def test_what_cqlsh_writes_is_seen_by_kcat(self):
        with Topic() as topic:
            run_cqlsh(insert(WORLD, "42", "It's a page; with \"quotes\".", title="Forty-two"))
            topic.wait_for(lambda t: "42" in t.pages(WORLD), 15)
            event = topic.pages(WORLD)["42"][0][1]
        self.assertEqual((event["op"], event["source"]["keyspace"], event["source"]["table"]), ("i", "gibsey", "pages"))
        self.assertEqual((cell(event, "title"), cell(event, "text")), ("Forty-two", "It's a page; with \"quotes\"."))
        self.assertIsNone(event["after"]["chapter"], "a column that was not written is null")

    def test_an_update_holds_only_what_changed_and_a_delete_is_told(self):
        with Topic() as topic, cql.Connection(stack().cassandra) as connection:
            connection.execute(insert(WORLD, "changed", "first", title="stays"))
            connection.execute(f"UPDATE gibsey.pages SET text = 'second' WHERE world = '{WORLD}' AND id = 'changed'")
            connection.execute(f"DELETE FROM gibsey.pages WHERE world = '{WORLD}' AND id = 'changed'")
            topic.wait_for(lambda t: len(t.pages(WORLD).get("changed", [])) >= 3, 15, lambda: topic.events)
            events = [event for _, event in topic.pages(WORLD)["changed"]]
        self.assertEqual([event["op"] for event in events], ["i", "u", "d"])
        self.assertEqual((cell(events[1], "text"), events[1]["after"]["title"]), ("second", None))

    def test_from_write_to_event(self):
        written, answered = {}, []
        with Topic() as topic, cql.Connection(stack().cassandra) as connection:
            for number in range(ROWS):
                asked = time.monotonic()
                connection.execute(insert(WORLD, f"row-{number}", f"Row {number}. " + "A sentence of a page. " * 40))
                written[f"row-{number}"] = time.monotonic()
                answered.append(written[f"row-{number}"] - asked)
                topic.read(0.02)
            topic.wait_for(lambda t: all(page in t.pages(WORLD) for page in written), 60)
            seconds = [topic.pages(WORLD)[page][0][0] - at for page, at in written.items()]
        print(f"write to event, {ROWS} rows: {percentiles(seconds)}; the write itself: {percentiles(answered)}", flush=True)
        self.assertLess(p95(seconds), 2)

    def test_all_listen_on_loopback_but_the_connector(self):
        """Its HTTP port offers no choice of address: a firewall has to close it where the machine has other addresses."""
        stack()
        ours = {stack().parts[name].process.pid for name in ("kafka", "cassandra", "redis")} | {stack().parts["debezium"].connector().pid}
        lines = [line for line in subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True, check=True).stdout.splitlines()
                 if any(f"pid={pid}," in line for pid in ours)]
        self.assertGreaterEqual(len(lines), 6, lines)
        open_to_all = {line.split()[3].rsplit(":", 1)[1] for line in lines if not line.split()[3].removeprefix("[::ffff:").startswith("127.0.0.1")}
        self.assertEqual(open_to_all, {str(stack()._values["debezium_port"])})

    def test_the_topic_can_be_read_by_a_group(self):
        """What the worker does: a consumer group whose offsets the broker keeps."""
        run_cqlsh(insert(WORLD, "grouped", "read once"))
        read = [subprocess.run([parts.installed("kcat"), "-b", stack().kafka, "-G", "events-test", "-X", "auto.offset.reset=earliest",
                                "-e", "-q", "cdc.pages"],
                               capture_output=True, text=True, timeout=60).stdout.count('"grouped"') for _ in range(2)]
        self.assertEqual((read[0] > 0, read[1]), (True, 0))


if __name__ == "__main__":
    unittest.main()
