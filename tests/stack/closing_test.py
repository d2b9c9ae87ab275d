"""Readers whose turns end while Cassandra is away: what they were told is what the record and the ledger say when it is back."""
import unittest

import harness
import talker
from running import NeedsTheProgram, stack

READERS, KILLS = 6, 2
#: Of a reader after the last kill: long after what was open then.
ANSWERS_AFTER = 10


class Closing(NeedsTheProgram):
    def test_accounts_are_right_after_cassandra_was_killed(self):
        environment = {**stack().environment(), "GIBSEY_OPENING_GRANT": str(talker.GRANT)}
        server = harness.Server(harness.scripted("I have heard of it."), environment=environment)
        self.addCleanup(server.close)
        readers = [talker.Talker(lambda: server, f"closing-{number}", pause=0.05) for number in range(READERS)]
        for reader in readers:
            self.addCleanup(reader.stop)
        for _ in range(KILLS):
            self.let_them_talk(readers, 2)
            stack().restart("cassandra")
        self.let_them_talk(readers, ANSWERS_AFTER)
        for reader in readers:
            reader.stop()
            reader.check(self)
        print(f"Cassandra killed {KILLS} times under {READERS} readers: {[dict(reader.outcomes) for reader in readers]}", flush=True)

    def let_them_talk(self, readers, answers):
        """Until each has had so many answers more."""
        before = [reader.outcomes["answered"] for reader in readers]
        harness.wait_until(lambda: all(reader.outcomes["answered"] >= had + answers for reader, had in zip(readers, before)), 60,
                           lambda: [dict(reader.outcomes) for reader in readers])


if __name__ == "__main__":
    unittest.main()
