"""A small HTTP server for large files that misbehaves as it is told: it cuts connections, ignores ranges, lies about lengths, redirects."""
import http.server
import re
import threading


class Served:
    """One file of the server. `etag` None: the server gives no sign of the version."""

    def __init__(self, content, etag='"one"', ranges=True):
        self.content, self.etag, self.ranges = content, etag, ranges
        self.cut_after = []  # bytes of the body after which an answer is cut, one an answer; None: not cut
        self.hold_after = None  # bytes of the body after which an answer waits until `release` is set
        self.release = threading.Event()
        self.reached = threading.Event()  # an answer waits
        self.length = None  # a Content-Length that is a lie
        self.requests = []  # (Range, If-Range)


class ModelFilesServer:
    """`files`: path -> Served; `redirects`: path -> Location; `pages`: path -> (status, type, bytes)."""

    def __init__(self):
        self.files, self.redirects, self.pages = {}, {}, {}
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                path = self.path
                if path in owner.redirects:
                    self.send_response(302)
                    self.send_header("Location", owner.redirects[path])
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                elif path in owner.files:
                    send(self, owner.files[path])
                else:
                    status, kind, body = owner.pages.get(path, (404, "text/plain", b"no such file"))
                    self.send_response(status)
                    self.send_header("Content-Type", kind)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        for file in self.files.values():
            file.release.set()
        self.server.shutdown()
        self.server.server_close()


def send(handler, file):
    wanted = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
    file.requests.append((handler.headers.get("Range"), handler.headers.get("If-Range")))
    start = 0
    if wanted and file.ranges and handler.headers.get("If-Range") == file.etag:
        start = int(wanted.group(1))
        if start >= len(file.content):
            handler.send_response(416)
            handler.send_header("Content-Range", f"bytes */{len(file.content)}")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes {start}-{len(file.content) - 1}/{len(file.content)}")
    else:
        handler.send_response(200)
    body = memoryview(file.content)[start:]
    handler.send_header("Content-Length", str(file.length if file.length is not None else len(body)))
    if file.etag:
        handler.send_header("ETag", file.etag)
    handler.end_headers()
    cut = file.cut_after.pop(0) if file.cut_after else None
    try:
        if file.hold_after is not None and not file.release.is_set():
            handler.wfile.write(body[:file.hold_after])
            handler.wfile.flush()
            file.reached.set()
            file.release.wait(60)
            handler.close_connection = True
            return
        handler.wfile.write(body if cut is None else body[:cut])
    except OSError:
        pass
    if cut is not None or file.length is not None:
        handler.close_connection = True
