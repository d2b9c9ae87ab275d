"""The contract suites of the stores and of the feed, against the real Cassandra and the real Kafka: the same cases that SQLite, memory and
the log pass in `make test`."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from running import harness, stack


class Contracts(unittest.TestCase):
    def run_suite(self, program, cases="*", **environment):
        """{suite and case} of all that were run; fails where one failed."""
        path = pathlib.Path(harness.PROGRAM).parent / program
        if not path.exists() and os.environ.get("GIBSEY_STACK_REQUIRED") != "1":
            self.skipTest(f"{path} is not built")
        with tempfile.TemporaryDirectory() as folder:
            report = pathlib.Path(folder) / "report.json"
            done = subprocess.run([path, "--gtest_brief=1", f"--gtest_filter={cases}", f"--gtest_output=json:{report}"], env={**os.environ, **environment},
                                  capture_output=True, text=True, timeout=400)
            self.assertEqual(done.returncode, 0, done.stdout[-5000:] + done.stderr[-2000:])
            suites = json.loads(report.read_text())["testsuites"]
        return [f"{case['classname']}.{case['name']}" for suite in suites for case in suite["testsuite"] if case["result"] == "COMPLETED"]

    def test_the_stores_on_cassandra(self):
        ran = self.run_suite("store_test", "-*/losing_cassandra", GIBSEY_CASSANDRA_TEST=stack().cassandra)
        self.assertGreater(sum(name.endswith("/cassandra") for name in ran), 70, ran)

    def test_what_becomes_of_conditional_writes_whose_answers_are_lost(self):
        """Of four the answers of two, and one write: what counts must be right all the same."""
        ran = self.run_suite("store_test", "*/losing_cassandra", GIBSEY_CASSANDRA_TEST=stack().cassandra)
        self.assertGreater(len(ran), 100, ran)

    def test_the_feed_on_kafka(self):
        ran = self.run_suite("feed_test", GIBSEY_KAFKA=stack().kafka)
        self.assertGreaterEqual(sum(name.endswith("/kafka") for name in ran), 12, ran)


if __name__ == "__main__":
    unittest.main()
