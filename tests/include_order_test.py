"""The include-order check itself: it passes on this tree and fails on each kind of offence."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

from harness import ROOT

CHECK = ROOT / "tools" / "include_order.py"


def run_on(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder) / "src" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return subprocess.run([sys.executable, CHECK, folder], capture_output=True, text=True)


class IncludeOrder(unittest.TestCase):
    def test_this_tree_passes(self):
        done = subprocess.run([sys.executable, CHECK], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_downward_includes_pass(self):
        done = run_on({"base/a.hpp": "", "chat/b.cpp": '#include "base/a.hpp"\n'})
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_an_upward_include_fails(self):
        done = run_on({"base/a.cpp": '#include "chat/b.hpp"\n', "chat/b.hpp": ""})
        self.assertEqual(done.returncode, 1)
        self.assertIn("base/ must not include chat/", done.stdout)

    def test_a_backend_is_seen_by_app_alone(self):
        files = {"store/sqlite/s.hpp": "", "chat/b.cpp": '#include "store/sqlite/s.hpp"\n', "app/a.cpp": '#include "store/sqlite/s.hpp"\n'}
        done = run_on(files)
        self.assertEqual(done.returncode, 1)
        self.assertIn("chat/b.cpp:1: only app/ may see store/sqlite/", done.stdout)
        self.assertNotIn("a.cpp", done.stdout)

    def test_two_classes_of_one_name_fail(self):
        client, server = "namespace gibsey::net {\nclass Exchange : public Base {\n};\n}\n", "namespace gibsey::net {\nclass Exchange {\n};\n}\n"
        done = run_on({"net/client.hpp": client, "net/server.hpp": server})
        self.assertEqual(done.returncode, 1)
        self.assertIn("gibsey::net::Exchange is defined at", done.stdout)
        hidden = "namespace gibsey::net {\nnamespace {\nclass Exchange {\n};\n}  // namespace\n}\n"
        self.assertEqual(run_on({"net/client.cpp": hidden, "net/server.hpp": server}).returncode, 0)
        self.assertEqual(run_on({"net/client.hpp": client, "chat/server.hpp": server.replace("net", "chat")}).returncode, 0)

    def test_an_unknown_folder_fails(self):
        done = run_on({"misc/a.cpp": ""})
        self.assertEqual(done.returncode, 1)
        self.assertIn("'misc' is no layer", done.stdout)

    def test_an_include_that_is_no_header_of_a_layer_fails(self):
        done = run_on({"chat/a.cpp": '#include "a.hpp"\n', "chat/a.hpp": ""})
        self.assertEqual(done.returncode, 1)
        self.assertIn("\"a.hpp\" is no header of a layer", done.stdout)

    def test_an_include_of_nothing_fails(self):
        done = run_on({"chat/a.cpp": '#include "base/gone.hpp"\n'})
        self.assertEqual(done.returncode, 1)
        self.assertIn("\"base/gone.hpp\" does not exist", done.stdout)

    def test_a_folder_without_sources_fails(self):
        self.assertEqual(run_on({}).returncode, 1)


if __name__ == "__main__":
    unittest.main()
