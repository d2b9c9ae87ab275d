"""docs/compatibility.md names only tests that exist, leaves no path out, and agrees with .env.example about what is not honoured yet."""
import re
import unittest

from env_example_test import SOURCES, Example
from schema_check import ROOT, Table

TEXT = (ROOT / "docs" / "compatibility.md").read_text()


def defines(path, name):
    """Whether the file holds that test: a Python function, or Suite.name of GoogleTest."""
    text = path.read_text()
    if path.suffix == ".py":
        return re.search(rf"def {name}\(", text) is not None
    suite, _, test = name.partition(".")
    return re.search(rf"TEST(?:_F|_P)?\({suite}, {test}\)", text) is not None


class Compatibility(unittest.TestCase):
    def test_every_test_that_is_named_exists(self):
        spans = {span for span in re.findall(r"`([^`\n]+)`", TEXT) if "::" in span} - {"x_test.py::name", "folder/x_test.cpp::Suite.name"}
        self.assertGreater(len(spans), 60)
        for span in spans:
            self.assertRegex(span, r"^[\w/]+\.(py|cpp)::[\w.]+$")
            file, name = span.split("::")
            path = ROOT / ("tests" if file.endswith(".py") else "src") / file
            self.assertTrue(path.exists(), file)
            self.assertTrue(defines(path, name), f"{file}::{name}")

    def test_no_path_is_left_out(self):
        of_the_page = ("/", "/favicon.ico", "/favicon.svg", "/assets/{rest}")
        for _, path in Table().operations:
            if path in of_the_page:
                continue
            short = re.sub(r"^/v1/turns/\{id\}", "", path) or path
            whole = re.search(re.escape(path) + r"(?![\w/{-])", TEXT)  # not the beginning of a longer one
            self.assertTrue(whole or f"`{short}`" in TEXT, path)

    def test_it_agrees_with_the_example_about_what_is_not_honoured_yet(self):
        example = Example((ROOT / ".env.example").read_text())
        states = {}
        for names, state in re.findall(r"^\| ((?:`[A-Z_]+` ?)+)\| (.+) \|$", TEXT, re.M):
            for name in re.findall(r"`([A-Z_]+)`", names):
                states[name] = state.startswith("supported")
        self.assertEqual(set(states), set(SOURCES))
        for name, supported in states.items():
            self.assertEqual(supported, name not in example.not_yet, name)


if __name__ == "__main__":
    unittest.main()
