"""A small server that speaks Ollama's /api/chat and keeps what it was asked: what a prompt really was, seen from the other end."""
import contextlib
import http.server
import json
import threading


class RecordingOllama:
    """`reply`: a function of the messages that gives the answer's text. `asked`: the bodies of POST /api/chat, in order."""

    def __init__(self, reply=lambda messages: "A plain answer."):
        self.reply = reply
        self.asked = []
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle(self):
                with contextlib.suppress(ConnectionResetError):  # whoever asked has gone
                    super().handle()

            def do_GET(self):
                body = json.dumps({"models": [{"name": "llama3:8b"}], "version": "0.5.0"}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path != "/api/chat":
                    self.send_error(404)
                    return
                owner.asked.append(request)
                self.send_response(200)
                self.send_header("Content-Type", "application/x-ndjson")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                owner.answer(request, self.send_line)
                self.wfile.write(b"0\r\n\r\n")

            def send_line(self, line):
                text = json.dumps(line).encode() + b"\n"
                self.wfile.write(f"{len(text):x}\r\n".encode() + text + b"\r\n")

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, daemon=True)
        self.thread.start()

    def answer(self, request, send_line):
        """Word by word, at most num_predict tokens, and with true counts: four bytes are a token here."""
        whole = self.reply(request["messages"])
        text = whole.encode()[:4 * request["options"]["num_predict"]].decode(errors="ignore")
        for place, word in enumerate(text.split(" ")):
            send_line({"message": {"role": "assistant", "content": word if place == 0 else " " + word}, "done": False})
        send_line({"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop" if text == whole else "length",
                   "prompt_eval_count": tokens(request), "eval_count": tokens_in(text)})

    def close(self):
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def tokens_in(text):
    return (len(text.encode()) + 3) // 4


def tokens(request):
    """Of all its messages."""
    return sum(tokens_in(message["content"]) for message in request["messages"])
