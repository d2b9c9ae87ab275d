"""Vectors by a model server (GIBSEY_EMBEDDER): what readers find while it is there, while it is away, and when it comes back."""
import hashlib
import http.server
import json
import math
import re
import socket
import sqlite3
import threading
import time
import unittest

import harness

SIZE = 48


def vector_of(text):
    """Words hashed into places: texts that share words are near each other."""
    vector = [0.0] * SIZE
    for word in re.findall(r"\w+", text.lower()):
        vector[int(hashlib.sha256(word.encode()).hexdigest(), 16) % SIZE] += 1
    length = math.sqrt(sum(number * number for number in vector)) or 1
    return [number / length for number in vector]


class EmbeddingServer:
    """OpenAI's /v1/embeddings and Ollama's /api/embed. `stalls`: answers nothing more until it is told to go on."""

    def __init__(self, port=0):
        self.texts = []
        self.requests = 0
        self.gone = False  # for the connections that are kept open
        self.go_on = threading.Event()
        self.go_on.set()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                if owner.gone:
                    self.close_connection = True
                    return
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                owner.requests += 1
                owner.go_on.wait(120)
                texts = request["input"]
                owner.texts += texts
                vectors = [vector_of(text) for text in texts]
                if self.path == "/v1/embeddings":
                    answer = {"data": [{"index": i, "embedding": vector} for i, vector in enumerate(vectors)]}
                elif self.path == "/api/embed":
                    answer = {"embeddings": vectors}
                else:
                    self.send_error(404)
                    return
                body = json.dumps(answer).encode()
                try:
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass  # whoever asked has gone

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.http.daemon_threads = True
        self.port = self.http.server_address[1]
        self.address = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.gone = True
        self.go_on.set()
        self.http.shutdown()
        self.http.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(address, embedder="llm:some-embedder", **environment):
    return harness.Server(script=harness.scripted("Use a limiter last [1]."), environment={
        "LLM_API_URL": address + "/v1", "OLLAMA_BASE_URL": address, "LLM_PROVIDERS": "local", "GIBSEY_EMBEDDER": embedder, **environment})


def tier_of(server, question="What does a limiter do?"):
    """Which way the cited chat found its sources: hybrid, text, none."""
    status, _, text = server.request("POST", "/api/v1/chat", {"query": question})
    assert status == 200, text
    done = re.search(r"event: done\n(?:id: .*\n)?data: (.*)", text)
    return json.loads(done.group(1))["cascade_tier"]


class EmbedderElsewhere(unittest.TestCase):
    def test_a_server_that_comes_late_and_goes_again(self):
        port = free_port()
        with start(f"http://127.0.0.1:{port}", GIBSEY_EMBEDDER_TIMEOUT="1") as server:
            self.assertEqual(tier_of(server), "text", "readers need not wait for it")
            harness.wait_until(lambda: any("words alone" in problem for problem in server.get_json("/health")["problems"]))
            self.assertEqual(server.get_json("/health")["status"], "degraded")
            with EmbeddingServer(port) as embeddings:
                harness.wait_until(lambda: tier_of(server) == "hybrid", 60)
                harness.wait_until(lambda: not server.get_json("/health")["problems"], 30)
                self.assertGreater(len(embeddings.texts), 200, "the passages of the bundled books")
                self.assertEqual(server.get_json("/health")["model"]["embedding_model"], "llm:some-embedder")
                status, _, text = server.request("POST", "/v1/embeddings", {"model": "llm:some-embedder", "input": "a lamp"})
                self.assertEqual(status, 200, text)
                self.assertEqual(len(json.loads(text)["data"][0]["embedding"]), SIZE)
                embeddings.go_on.clear()
                before = time.monotonic()
                self.assertEqual(tier_of(server, "What is a compressor for?"), "text")
                self.assertLess(time.monotonic() - before, 10, "bounded by GIBSEY_EMBEDDER_TIMEOUT, not by a book's patience")
                embeddings.go_on.set()
                self.assertEqual(tier_of(server, "When is a limiter used?"), "hybrid")
            for number in range(3):
                self.assertEqual(tier_of(server, f"What does a limiter do? Say it {number} times."), "text", "it is gone")
            before = time.monotonic()
            hits = server.get_json("/retrieve?q=Why+did+you+climb+the+tower")
            self.assertGreater(len(hits), 0)
            self.assertLess(time.monotonic() - before, 1)

    def test_the_sets_of_two_models_stand_side_by_side(self):
        with EmbeddingServer() as embeddings, start(embeddings.address, "ollama:nomic-embed-text") as server:
            harness.wait_until(lambda: tier_of(server) == "hybrid", 60)
            prefixes = {text.split(":")[0] for text in embeddings.texts}
            self.assertEqual(prefixes, {"search_document", "search_query"})
            with sqlite3.connect(f"file:{server.data}/pages.db?mode=ro", uri=True) as pages:
                tables = [name for (name,) in pages.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%vector%' AND type = 'table'")]
                text = json.dumps([pages.execute(f"SELECT DISTINCT embedding_model FROM {table}").fetchall() for table in tables
                                   if "embedding_model" in {column[1] for column in pages.execute(f"PRAGMA table_info({table})")}])
            self.assertIn("ollama:nomic-embed-text", text)
            self.assertIn("all-minilm-l6-v2", text, "the set that was there stays")

    def test_a_stop_does_not_wait_for_a_book_that_is_being_embedded(self):
        with EmbeddingServer() as embeddings, start(embeddings.address) as server:
            embeddings.go_on.clear()
            harness.wait_until(lambda: embeddings.requests > 0)
            before = time.monotonic()
            self.assertEqual(server.stop(), 0)
            self.assertLess(time.monotonic() - before, 15)

    def test_off_is_a_search_by_words(self):
        with start("http://127.0.0.1:9", "off", GIBSEY_EMBEDDING_MODEL="/nowhere/there.gguf") as server:
            self.assertEqual(tier_of(server), "text")
            status, _, text = server.request("POST", "/v1/embeddings", {"model": "all-minilm-l6-v2", "input": "a lamp"})
            self.assertEqual(status, 503, text)
            self.assertEqual(server.get_json("/health")["problems"], [])

    def test_what_is_no_embedder_is_told(self):
        with start("http://127.0.0.1:9", "off") as server:
            for value in ("nomic", "anthropic:x", "ollama:", "llm"):
                done = server.command("retrieve", "tower", environment={"GIBSEY_EMBEDDER": value})
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("GIBSEY_EMBEDDER must be local, off, or", done.stderr)
            done = server.command("retrieve", "tower", environment={"GIBSEY_EMBEDDER": "llm:bge", "LLM_API_URL": ""})
            self.assertIn("GIBSEY_EMBEDDER names 'llm', but LLM_API_URL is not set", done.stderr)

    def test_a_book_is_taken_in_while_the_embedder_is_away(self):
        with start("http://127.0.0.1:9", "off") as server:
            book = server.data.parent / "lamp.txt"
            book.write_text("The lamp on the pier was lit at six.\n\nNobody saw who had lit it, and nobody asked.\n")
            done = server.command("ingest", "--world", "lamp", str(book), environment={
                "GIBSEY_EMBEDDER": "llm:some-embedder", "LLM_PROVIDERS": "local", "LLM_API_URL": f"http://127.0.0.1:{free_port()}/v1"})
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("by meaning not yet", done.stdout)
            harness.wait_until(lambda: server.request("GET", "/retrieve?q=lamp+on+the+pier&world=lamp")[0] == 200)
            self.assertIn("The lamp on the pier", server.get_json("/retrieve?q=lamp+on+the+pier&world=lamp")[0]["quote"])


if __name__ == "__main__":
    unittest.main()
