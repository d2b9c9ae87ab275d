"""The two paths of the nightly run, answered for tests of those who call them, and a mail server. Of the paths each start takes the next of the given outcomes."""
import http.server
import json
import socketserver
import threading


class NightlyJobs:
    """`outcomes`: for each start "done", "failed", or a status to refuse it with. A run is `running` for two looks."""

    def __init__(self, *outcomes, token=""):
        self.outcomes, self.token = list(outcomes), token
        self.starts, self.looks = 0, {}
        jobs = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.answer(*jobs.start(self.path, self.headers.get("Authorization", "")))

            def do_GET(self):
                self.answer(*jobs.look(self.path))

            def answer(self, status, body):
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def start(self, path, authorization):
        if path != "/v1/jobs/nightly/run":
            return 404, {"detail": "no such path"}
        if self.token and authorization != f"Bearer {self.token}":
            return 401, {"detail": "sign in first"}
        outcome = self.outcomes[min(self.starts, len(self.outcomes) - 1)]
        self.starts += 1
        if isinstance(outcome, int):
            return outcome, {"detail": "not now"}
        return 202, {"run_id": f"run-{self.starts}-{outcome}", "status": "running"}

    def look(self, path):
        run_id = path.rsplit("/", 1)[1]
        self.looks[run_id] = self.looks.get(run_id, 0) + 1
        outcome = run_id.rsplit("-", 1)[1]
        if self.looks[run_id] <= 2:
            return 200, {"run_id": run_id, "status": "running"}
        return 200, {"run_id": run_id, "status": outcome, **({"error": "the store was away"} if outcome == "failed" else {})}

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Mailbox:
    """A mail server that keeps what it is sent."""

    def __init__(self):
        self.mails = []
        mailbox = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                self.wfile.write(b"220 ready\r\n")
                while line := self.rfile.readline():
                    word = line.split()[0].upper() if line.strip() else b""
                    if word == b"DATA":
                        self.wfile.write(b"354 go on\r\n")
                        mailbox.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())
                    self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
