"""`gibsey model`: the real program, a real HTTP server that misbehaves, and the bundled model's file."""
import hashlib
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import unittest

import harness
from model_files_server import ModelFilesServer, Served

CACHE = pathlib.Path(os.environ.get("GIBSEY_CACHE") or pathlib.Path.home() / ".cache" / "gibsey")
BUNDLED = CACHE / "models" / "smollm2-135m-instruct-q4_1.gguf"
EMBEDDER = CACHE / "models" / "all-minilm-l6-v2-q8_0.gguf"
OTHER_NAME = "Tower Clock 135 M"


def environment(**more):
    kept = {k: v for k, v in os.environ.items()
            if not k.startswith(("OLLAMA_", "LLM_", "OPENAI_", "ANTHROPIC_", "CLAUDE_", "GIBSEY_MODEL", "LOG_LEVEL"))}
    kept = {k: v for k, v in kept.items() if not k.lower().endswith("_proxy")}
    return {**kept, **more}


def renamed(content):
    """The model under another general.name of the same length, so that /health tells it from the bundled one."""
    key = b"general.name"
    at = content.index(key) + len(key) + 4
    length = struct.unpack_from("<Q", content, at)[0]
    name = OTHER_NAME.encode().ljust(length, b".")[:length]
    return content[:at + 8] + name + content[at + 8 + length:], name.decode()


@unittest.skipUnless(BUNDLED.exists(), "the bundled model is missing: run make")
class ModelCommands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.content, cls.model_name = renamed(BUNDLED.read_bytes())
        cls.hash = hashlib.sha256(cls.content).hexdigest()

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="gibsey-model-")
        self.addCleanup(self.folder.cleanup)
        self.data = pathlib.Path(self.folder.name) / "data"
        self.models = self.data / "models"
        self.server = ModelFilesServer()
        self.addCleanup(self.server.close)
        self.url = self.server.address + "/clock.gguf"

    def serve_file(self, **options):
        self.server.files["/clock.gguf"] = Served(self.content, **options)
        return self.server.files["/clock.gguf"]

    def start(self, *arguments, **more):
        return subprocess.Popen([str(harness.PROGRAM), "model", *map(str, arguments), "--data", str(self.data)],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder.name, env=environment(**more))

    def model(self, *arguments, status=0, **more):
        """Standard output and error of `gibsey model ...`, which must end with that status."""
        process = self.start(*arguments, **more)
        out, err = process.communicate(timeout=180)
        self.assertEqual(process.returncode, status, out + err)
        return out + err

    def left(self):
        return sorted(path.name for path in self.models.glob("*")) if self.models.exists() else []

    # Adding

    def test_a_download_is_checked_described_and_listed(self):
        self.serve_file()
        told = self.model("add", self.url + "?token=secret", status=2)
        self.assertIn("404", told)
        self.server.files["/clock.gguf?token=secret"] = self.server.files["/clock.gguf"]
        told = self.model("add", self.url + "?token=secret", "--sha256", self.hash.upper())
        self.assertIn(f"SHA-256 {self.hash}", told)
        self.assertIn(self.model_name, told)
        self.assertIn("135 M parameters", told)
        self.assertIn("gibsey model use clock", told)
        self.assertEqual(self.left(), ["clock.gguf", "clock.json"])
        self.assertEqual((self.models / "clock.gguf").read_bytes(), self.content)
        table = self.model("list").splitlines()
        self.assertEqual(table[0].split(), ["NAME", "SIZE", "PARAMETERS", "QUANTISATION", "CONTEXT", "MEMORY", "FITS", "FROM"])
        row = next(line for line in table if "clock" in line)
        for part in ("98 MB", "135 M", "Q4_1", "8192", "yes", self.url, self.hash[:12]):
            self.assertIn(part, row)
        self.assertNotIn("secret", "\n".join(table) + (self.models / "clock.json").read_text())
        self.assertTrue(next(line for line in table if "bundled" in line).startswith("*"))

    def test_a_connection_that_breaks_is_taken_up_again(self):
        file = self.serve_file()
        file.cut_after = [30_000_000, 20_000_000, 0, 10_000_000]
        told = self.model("add", self.url, "--sha256", self.hash)
        self.assertIn("trying again", told)
        self.assertEqual([r for r, _ in file.requests],
                         [None, "bytes=30000000-", "bytes=50000000-", "bytes=50000000-", "bytes=60000000-"])
        self.assertEqual({i for _, i in file.requests[1:]}, {'"one"'})

    def kill_in_the_middle(self, file, how=signal.SIGKILL, sent=40_000_000):
        file.hold_after = sent
        process = self.start("add", self.url)
        self.assertTrue(file.reached.wait(60))
        deadline = time.monotonic() + 30
        while (self.models / "clock.gguf.part").stat().st_size < sent and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(how)
        process.communicate(timeout=30)
        self.assertNotEqual(process.returncode, 0)
        file.release.set()
        self.assertEqual(self.left(), ["clock.gguf.part", "clock.gguf.part.state"])
        self.assertEqual((self.models / "clock.gguf.part").stat().st_size, sent)

    def test_a_killed_download_goes_on(self):
        for how in (signal.SIGKILL, signal.SIGINT):
            with self.subTest(how=how):
                file = self.serve_file()
                self.kill_in_the_middle(file, how)
                listed = self.model("list")
                self.assertIn("clock: 40 MB of 98 MB are here", listed)
                told = self.model("add", self.url)
                self.assertIn("40 MB are there from before", told)
                self.assertIn(f"SHA-256 {self.hash}", told)
                self.assertEqual(file.requests[-1], ("bytes=40000000-", '"one"'))
                self.model("rm", "clock")
                self.assertEqual(self.left(), [])

    def test_a_server_without_ranges_is_asked_anew(self):
        file = self.serve_file(ranges=False)
        self.kill_in_the_middle(file)
        told = self.model("add", self.url)
        self.assertIn("cannot go on in the middle: starting anew", told)
        self.assertIn(f"SHA-256 {self.hash}", told)

    def test_a_file_that_changed_is_taken_anew(self):
        self.kill_in_the_middle(self.serve_file())
        before = self.content
        self.addCleanup(setattr, self, "content", before)
        changed = bytearray(before)
        changed[-1] ^= 1
        self.server.files["/clock.gguf"] = Served(bytes(changed), etag='"two"')
        told = self.model("add", self.url)
        self.assertIn("has changed: starting anew", told)
        self.assertIn(hashlib.sha256(changed).hexdigest(), told)

    def test_without_a_sign_of_the_version_nothing_is_put_together(self):
        file = self.serve_file(etag=None)
        self.kill_in_the_middle(file)
        self.model("add", self.url)
        self.assertEqual([r for r, _ in file.requests], [None, None])
        self.assertEqual((self.models / "clock.gguf").read_bytes(), self.content)

    def test_another_file_than_the_one_meant_is_not_used(self):
        self.serve_file()
        told = self.model("add", self.url, "--sha256", "0" * 64, status=1)
        self.assertIn(self.hash, told)
        self.assertIn("not used", told)
        self.assertEqual(self.left(), [])
        self.assertIn("64 hexadecimal digits", self.model("add", self.url, "--sha256", "abc", status=2))

    def test_redirects_are_followed_and_have_an_end(self):
        self.serve_file()
        self.server.redirects = {"/first": "/second?x=1", "/second?x=1": self.url, "/round": "/round"}
        self.model("add", self.server.address + "/first", "--name", "clock.gguf")
        self.assertEqual(self.left(), ["clock.gguf", "clock.json"])
        self.assertIn("more than 5 times", self.model("add", self.server.address + "/round", status=1))

    def test_what_is_no_model_is_told_apart(self):
        self.server.pages["/page.gguf"] = (200, "text/html", b"<html>sign in first</html>")
        self.assertIn("sends no GGUF", self.model("add", self.server.address + "/page.gguf", status=1))
        self.assertIn("404", self.model("add", self.server.address + "/none.gguf", status=2))
        half = self.server.files["/half.gguf"] = Served(self.content[:50_000_000])
        told = self.model("add", self.server.address + "/half.gguf", status=1)
        self.assertIn(f"cut short: it has 50000000 of {len(self.content)} bytes", told)
        self.assertEqual(len(half.requests), 1)
        text = pathlib.Path(self.folder.name) / "notes.gguf"
        text.write_text("my notes")
        self.assertIn("not a GGUF", self.model("add", text, status=1))
        self.assertIn("for embeddings", self.model("add", EMBEDDER, status=2))
        self.assertIn("there is no model file", self.model("add", "/no/such.gguf", status=2))
        self.assertIn("only http and https", self.model("add", "ftp://127.0.0.1/x.gguf", status=2))
        self.assertIn("no name for a model", self.model("add", self.server.address + "/a%2Fb", status=2))
        self.assertEqual(self.left(), [])

    def test_lies_about_the_length(self):
        file = self.serve_file()
        file.length = 4 << 40
        told = self.model("add", self.url, status=1)
        self.assertIn("has 4398.0 GB and this machine has", told)
        self.assertEqual(len(file.requests), 1)
        file.length = len(self.content) - 1000
        self.assertIn("cut short", self.model("add", self.url, status=1))
        self.assertEqual(self.left(), [])

    def test_a_file_is_linked_or_copied(self):
        source = pathlib.Path(self.folder.name) / "Clock.gguf"
        source.write_bytes(self.content)
        self.assertIn(f"SHA-256 {self.hash}", self.model("add", source))
        added = self.models / "Clock.gguf"
        self.assertEqual(added.stat().st_ino, source.stat().st_ino, "the bytes are there once")
        self.assertIn("already", self.model("add", source, status=1))
        elsewhere = pathlib.Path("/dev/shm")
        if elsewhere.is_dir() and elsewhere.stat().st_dev != self.models.stat().st_dev:
            with tempfile.TemporaryDirectory(dir=elsewhere) as other:
                copy = pathlib.Path(other) / "far.gguf"
                shutil.copy(source, copy)
                self.model("add", copy)
            self.assertEqual((self.models / "far.gguf").read_bytes(), self.content)

    def test_a_model_larger_than_the_memory_is_refused_with_both_sizes(self):
        def text(value):
            return struct.pack("<Q", len(value)) + value.encode()

        # One tensor of 4 TB in a file of holes.
        keys = [("general.architecture", "llama"), ("tokenizer.chat_template", "chatml")]
        huge = b"GGUF" + struct.pack("<IQQ", 3, 1, len(keys)) + b"".join(text(k) + struct.pack("<I", 8) + text(v) for k, v in keys)
        huge += text("blk.0.ffn_up.weight") + struct.pack("<IQQIQ", 2, 1 << 20, 1 << 21, 1, 0)
        path = pathlib.Path(self.folder.name) / "huge.gguf"
        path.write_bytes(huge)
        os.truncate(path, (4 << 40) + 4096)
        self.assertIn("4398.0 GB", self.model("add", path, status=1))
        serve = subprocess.run([str(harness.PROGRAM), "serve", "--port", "0", "--data", str(self.data), "--model", str(path)],
                               capture_output=True, text=True, timeout=120, env=environment(), cwd=self.folder.name)
        self.assertEqual(serve.returncode, 1, serve.stderr)
        self.assertRegex(serve.stderr, r"needs 4398\.0 GB of memory and [\d.]+ GB are free")

    # Using

    def prepared(self):
        self.data.mkdir(exist_ok=True)
        shutil.copy(harness.prepared_pages(str(harness.PROGRAM)), self.data)

    def health_model(self, **more):
        with harness.Server(data=self.data, environment=more) as server:
            turn = server.ask("Why did you climb the tower?")
            self.assertEqual(turn.one("done")["provider"], "local")
            return server.get_json("/health")["model"]["model"]

    def test_the_chosen_model_answers(self):
        self.prepared()
        source = pathlib.Path(self.folder.name) / "clock.gguf"
        source.write_bytes(self.content)
        self.assertIn("clock answers from now on", self.model("add", source, "--use"))
        table = self.model("list").splitlines()
        self.assertTrue(next(line for line in table if " clock " in line).startswith("*"), table)
        self.assertFalse(next(line for line in table if "bundled" in line).startswith("*"), table)
        self.assertEqual(self.health_model(), self.model_name)
        self.assertNotEqual(self.health_model(GIBSEY_MODEL=str(BUNDLED)), self.model_name, "the setting goes before the choice")
        self.assertIn("goes before it", self.model("use", "clock", GIBSEY_MODEL=str(BUNDLED)))
        self.assertIn("is in use", self.model("rm", "clock", status=1))
        self.assertIn("the bundled model answers", self.model("use", "bundled"))
        self.assertNotEqual(self.health_model(), self.model_name)
        self.model("rm", "clock")
        self.assertEqual(self.left(), [])
        self.assertIn("no model 'clock'", self.model("use", "clock", status=2))
        self.assertIn("no model 'clock'", self.model("rm", "clock", status=2))

    def test_a_running_server_keeps_its_model(self):
        self.prepared()
        with harness.Server(harness.scripted("Hello."), data=self.data) as server:
            source = pathlib.Path(self.folder.name) / "clock.gguf"
            source.write_bytes(self.content)
            told = self.model("add", source, "--use")
            self.assertIn(f"a server is running at {server.address}", told)
            self.assertIn("restart it", told)

    def test_a_chosen_file_that_vanished_is_told(self):
        self.prepared()
        source = pathlib.Path(self.folder.name) / "clock.gguf"
        source.write_bytes(self.content)
        self.model("add", source, "--use")
        (self.models / "clock.gguf").unlink()
        done = subprocess.run([str(harness.PROGRAM), "serve", "--port", "0", "--data", str(self.data)], capture_output=True, text=True,
                              timeout=120, env=environment(), cwd=self.folder.name)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("gibsey model use bundled", done.stderr)
        self.assertIn("gibsey model use bundled", self.model("list", status=2))
        self.model("use", "bundled")
        self.assertIn("bundled", self.model("list"))


class CudaBuild(unittest.TestCase):
    def test_without_nvcc_the_build_says_what_is_missing(self):
        if shutil.which("nvcc") or pathlib.Path("/usr/local/cuda/bin/nvcc").exists():
            self.skipTest("nvcc is here")
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(["cmake", "--preset", "cuda", "-B", folder], cwd=harness.ROOT, capture_output=True, text=True, timeout=60)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("A CUDA build needs NVIDIA's CUDA toolkit", done.stderr)
        done = subprocess.run([harness.ROOT / "tools" / "setup" / "setup.sh"], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "GIBSEY_CUDA": "1"})
        self.assertEqual(done.returncode, 1)
        self.assertIn("a CUDA build needs NVIDIA's CUDA toolkit", done.stderr)


if __name__ == "__main__":
    unittest.main()
