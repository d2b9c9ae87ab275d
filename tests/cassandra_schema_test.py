"""schema/pages.cql has the tables as the program's own migration makes them."""
import re
import unittest

import harness

CQL = harness.ROOT / "schema" / "pages.cql"
MIGRATION = harness.ROOT / "src" / "store" / "cassandra" / "schema_forms.cpp"


def statements(text):
    """{name of a table or index: its statement, in single spaces}."""
    text = re.sub(r"--.*", "", text).replace("gibsey.", "")
    found = re.findall(r"(CREATE (?:TABLE|INDEX) IF NOT EXISTS (\w+)\b[^;]*);", text)
    return {name: " ".join(statement.split()) for statement, name in found}


class Schema(unittest.TestCase):
    def test_the_tables_are_those_of_the_migration(self):
        told = statements(CQL.read_text())
        self.assertGreaterEqual(set(told), {"pages", "page_vectors", "summaries"})
        if not MIGRATION.exists():
            self.skipTest(f"{MIGRATION.relative_to(harness.ROOT)} is not there yet")
        made = statements(MIGRATION.read_text())
        self.assertEqual(told, {name: made.get(name) for name in told})


if __name__ == "__main__":
    unittest.main()
