"""kill -9 of each part of the stack in the midst of writes: every row is an event in the end, at least once."""
import time
import unittest
import unittest.mock

from running import Topic, cql, forget_worlds, insert, process, stack, stacks

AWAY_SECONDS = 15


class Faults(unittest.TestCase):
    @classmethod
    def tearDownClass(cls):
        """The program of other tests is not to embed thousands of these pages first."""
        forget_worlds("fault-connector", "fault-cassandra", "fault-kafka")

    def write(self, world, numbers, seconds_apart=0.0):
        with cql.Connection(stack().cassandra) as connection:
            for number in numbers:
                connection.execute(insert(world, number, f"Page {number}. " + "A sentence of a page. " * 20))
                time.sleep(seconds_apart)

    def see_all(self, world, count, seconds=120):
        """Waits for an event of every page from 0 on; how many there were more."""
        wanted = {str(number) for number in range(count)}
        with Topic(offset="beginning") as topic:
            topic.wait_for(lambda t: wanted <= set(t.pages(world)), seconds, lambda: f"{len(topic.pages(world))} of {count} pages")
            return sum(len(events) for events in topic.pages(world).values()) - count

    def test_the_connector_is_killed_and_comes_back_by_itself(self):
        self.write("fault-connector", range(200))
        before = stack().parts["debezium"].connector()
        stack().crash_connector()
        self.write("fault-connector", range(200, 3200))
        repeated = self.see_all("fault-connector", 3200)
        after = stack().parts["debezium"].connector()
        self.assertNotEqual(before.pid, after.pid)
        self.assertTrue(after.alive())
        print(f"connector killed, 3,000 rows meanwhile: all 3,200 seen, {repeated} repeated", flush=True)

    def test_cassandra_is_killed(self):
        self.write("fault-cassandra", range(300))
        stack().kill("cassandra")  # at once: what was answered is kept
        connector = stack().parts["debezium"].connector()
        with self.assertRaises(OSError):
            cql.Connection(stack().cassandra)
        started = time.monotonic()
        stack().start("cassandra")
        away = time.monotonic() - started
        with cql.Connection(stack().cassandra) as connection:
            kept = {page for page, in connection.texts("SELECT id FROM gibsey.pages WHERE world = 'fault-cassandra'")}
        self.assertEqual(len(kept), 300)
        self.write("fault-cassandra", range(300, 600))
        repeated = self.see_all("fault-cassandra", 600)
        self.assertTrue(connector.alive(), "the connector did not have to be started again")
        print(f"Cassandra killed, back after {away:.1f} s: 300 + 300 seen, {repeated} repeated", flush=True)

    def test_kafka_is_away_under_writes(self):
        stack().kill("kafka")
        self.write("fault-kafka", range(300), seconds_apart=AWAY_SECONDS / 300)
        stack().start("kafka")
        repeated = self.see_all("fault-kafka", 300)
        print(f"Kafka away for {AWAY_SECONDS} s under 300 writes: all seen, {repeated} repeated", flush=True)

    def test_a_process_with_another_start_is_not_ended(self):
        """An id that was given to another process since it was recorded."""
        other = process.Process.start(["sleep", "60"], "/dev/null", "/")
        try:
            process.Process(other.pid, other.started - 1).kill()
            self.assertTrue(other.alive())
        finally:
            other.kill()
        self.assertFalse(other.alive())

    def test_a_part_that_does_not_come_up_says_why(self):
        port = stack()._values["redis_port"]
        second = stacks.Stack(names=("redis",))
        with unittest.mock.patch.object(stacks, "free_ports", lambda count: [port] * count):
            with self.assertRaisesRegex(stacks.StackError, "redis ended at once: (?s:.*)Address already in use"):
                second.up()
        self.assertFalse(second.folder.exists())
        self.assertTrue(stack().parts["redis"].alive())


if __name__ == "__main__":
    unittest.main()
