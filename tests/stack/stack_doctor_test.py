"""`gibsey doctor` against the real servers: what is well, and what it says of one that is away or that may lose data."""
import unittest

from running import NeedsTheProgram, harness, stack


class Doctor(NeedsTheProgram):
    def doctor(self, **environment):
        with harness.Server(harness.scripted("I have heard of it."), environment=stack().environment()) as server:
            done = server.command("doctor", environment={**stack().environment(), **environment})
        return done.returncode, done.stdout.splitlines()

    def test_a_sound_stack_is_found_well(self):
        status, lines = self.doctor()
        self.assertEqual(status, 0, lines)
        for start in ("ok       redis at ", "ok       kafka at ", "ok       Cassandra answers at ", "ok       every balance is the sum of its entries"):
            self.assertTrue([line for line in lines if line.startswith(start)], (start, lines))
        self.assertEqual([line for line in lines if not line.startswith("ok ")], [])

    def test_kafka_that_is_away(self):
        status, lines = self.doctor(KAFKA_BROKERS="127.0.0.1:1")
        self.assertEqual(status, 1)
        self.assertRegex("\n".join(lines), r"PROBLEM  kafka at 127\.0\.0\.1:1: .*start Kafka, or correct or remove KAFKA_BROKERS\.")


if __name__ == "__main__":
    unittest.main()
