"""Real model servers on free ports, for tests: llama.cpp's own and Ollama, as `make model-servers-test` builds them."""
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import unittest

FOLDER = os.environ.get("GIBSEY_MODEL_SERVERS")
MODELS = pathlib.Path(os.environ.get("GIBSEY_CACHE", pathlib.Path.home() / ".cache/gibsey")) / "models"
CHAT_MODEL = MODELS / "smollm2-135m-instruct-q4_1.gguf"
EMBEDDING_MODEL = MODELS / "all-minilm-l6-v2-q8_0.gguf"
START_SECONDS = 120
# ChatML as in the library of Ollama: the last message of the assistant is left open.
TEMPLATE = '''{{- range $i, $_ := .Messages }}{{- $last := eq (len (slice $.Messages $i)) 1 }}<|im_start|>{{ .Role }}
{{ .Content }}{{ if or (ne .Role "assistant") (not $last) }}<|im_end|>
{{ end }}{{ if and $last (ne .Role "assistant") }}<|im_start|>assistant
{{ end }}{{ end }}'''


def chat_ml(messages):
    """The prompt that both servers make of `messages`: [(role, text)]."""
    return "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in messages) + "<|im_start|>assistant\n"


def program(name):
    if not FOLDER:
        raise unittest.SkipTest("GIBSEY_MODEL_SERVERS is not set; `make model-servers-test` builds the real servers, sets it and runs this test")
    path = pathlib.Path(FOLDER).resolve() / name
    if not path.exists():
        raise unittest.SkipTest(f"{path} is not there: tools/setup/build_model_servers.sh builds it (Ollama needs Go 1.24 or later)")
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ModelServer:
    """A server and the processes that it starts. The port is its own for good: it can be started again after a kill()."""

    def __init__(self):
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._temporary = tempfile.TemporaryDirectory(prefix="gibsey-model-server-")
        self.folder = pathlib.Path(self._temporary.name)
        self.log_path = self.folder / "log"
        self.process = None

    def run(self, command, environment, ready_path):
        self.ready_path = ready_path
        proxies = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("OLLAMA_", "LLAMA_")) and k.lower() not in proxies}
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log, cwd=self.folder,
                                            env={**clean, "HOME": str(self.folder), **environment}, start_new_session=True)
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{command[0]} did not become ready: {self.log_text()[-3000:]}")
            time.sleep(0.05)

    def is_ready(self):
        try:
            return self.request("GET", self.ready_path)[0] == 200
        except OSError:
            return False

    def request(self, method, path, body=None, timeout=60):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, text

    def json(self, method, path, body=None, timeout=60):
        status, text = self.request(method, path, body, timeout)
        assert status == 200, f"{method} {path}: {status} {text}"
        return json.loads(text)

    def log_text(self):
        return self.log_path.read_text(errors="replace")

    def processor_seconds(self):
        """Of the server and of all that it started."""
        ticks = 0
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:  # it has ended
                continue
            if int(fields[2]) == self.process.pid:
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def works_within(self, seconds):
        """Whether it has computed something by then."""
        before, deadline = self.processor_seconds(), time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.processor_seconds() - before > 0.1:
                return True
            time.sleep(0.05)
        return False

    def kill(self):
        """SIGKILL to the server and to all that it started."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def close(self):
        self.kill()
        self._temporary.cleanup()


class LlamaServer(ModelServer):
    """`arguments`: further ones of llama-server. `model` None: it serves a folder of models and goes by the names of requests."""

    def __init__(self, arguments=(), model=CHAT_MODEL):
        self.program = program("llama-server")
        super().__init__()
        self.arguments = arguments
        self.model = model
        self.start()

    def start(self):
        model = ["--model", self.model] if self.model else []
        # One thread: two that wait for each other by spinning are a hundred times slower where others want the processors too.
        command = [self.program, *model, "--host", "127.0.0.1", "--port", self.port, "--threads", 1, "--metrics", "--slots", "--offline",
                   *self.arguments]
        self.run(command, {}, "/health")

    def busy_slots(self):
        return sum(slot["is_processing"] for slot in self.json("GET", "/slots"))

    def tokens_in(self, text):
        return len(self.json("POST", "/tokenize", {"content": text, "parse_special": True})["tokens"])

    def tokens_predicted(self):
        lines = self.request("GET", "/metrics")[1].splitlines()
        return int(float(next(line for line in lines if line.startswith("llamacpp:tokens_predicted_total")).split()[1]))

    def version(self):
        told = subprocess.run([self.program, "--version"], capture_output=True, text=True, timeout=30)
        return (told.stdout + told.stderr).strip().splitlines()[0]


class OllamaServer(ModelServer):
    """`environment`: OLLAMA_... of it. Its models lie in a folder of its own."""

    def __init__(self, **environment):
        self.program = program("ollama")
        super().__init__()
        self.environment = {"OLLAMA_HOST": f"127.0.0.1:{self.port}", "OLLAMA_MODELS": str(self.folder / "models"),
                            "OLLAMA_KEEP_ALIVE": "30m", **environment}
        self.start()

    def start(self):
        self.run([self.program, "serve"], self.environment, "/api/version")

    def create(self, name, *lines):
        """A model out of the lines of a Modelfile."""
        path = self.folder / "Modelfile"
        path.write_text("\n".join(lines) + "\n")
        done = subprocess.run([self.program, "create", name, "-f", path], env={**os.environ, **self.environment, "HOME": str(self.folder)},
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr

    def create_chat_model(self, name):
        self.create(name, f"FROM {CHAT_MODEL}", f'TEMPLATE """{TEMPLATE}"""', 'PARAMETER stop "<|im_end|>"', "PARAMETER num_thread 1")

    def runner(self):
        """The process that holds the model."""
        told = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=True).stdout
        pid, = told.split()
        return int(pid)

    def version(self):
        return "Ollama " + self.json("GET", "/api/version")["version"]
