"""The sources' own public clients, unchanged, from checkouts outside this repository. They look for their servers on ports 8000 and 8080,
and Sarah's screen is at home on 3000."""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

import harness
from node_steps import WEB, Steps, chromium

CHECKOUTS = os.environ.get("GIBSEY_SOURCE_CLIENTS")
PORTS = (8000, 8080)
SCREEN_PORT = 3000
REPLY = " ".join(f"word{i}" for i in range(30))
# In capitals: the book's lines are in the prompt too.
SCRIPT = {"replies": [
    harness.breaking("BREAKS"),
    {"match": "AGAIN", "chunks": ["Here ", "I am ", "again."]},
    {"chunks": [{"text": word if place == 0 else " " + word, "delay_ms": 20} for place, word in enumerate(REPLY.split(" "))]},
], "max_running": 16}


def taken(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def checkout(name, *files):
    """The folder of a checkout that holds these files."""
    if not CHECKOUTS:
        raise unittest.SkipTest("GIBSEY_SOURCE_CLIENTS is not set; set it to a folder that holds checkouts of "
                                "mbu09a/the-gibsey-project and vegasmandawg/Sarah, as the-gibsey-project and Sarah")
    folder = pathlib.Path(CHECKOUTS).resolve() / name
    for file in files:
        if not (folder / file).exists():
            raise AssertionError(f"GIBSEY_SOURCE_CLIENTS: {folder} holds no {file}")
    return folder


def node_or_skip():
    """The command of a node that has WebSocket."""
    node = shutil.which("node")
    if node is None or not (WEB / "node_modules/esbuild").exists():
        raise unittest.SkipTest("node or web/node_modules is missing: run make")
    major = int(subprocess.run([node, "-p", "process.versions.node.split('.')[0]"], capture_output=True, text=True, check=True).stdout)
    return [node] if major >= 22 else [node, "--experimental-websocket"]


class SourceClients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # One folder for all, so that a server that comes back is soon ready: Sarah's screen tries for 15 seconds.
        folder = tempfile.TemporaryDirectory(prefix="gibsey-clients-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name

    def start(self, *more_ports):
        busy = [port for port in (*PORTS, *more_ports) if taken(port)]
        if busy:
            self.skipTest(f"port {busy[0]}, which the source's client has hard-coded, is taken")
        server = harness.Server(SCRIPT, data=self.folder, arguments=[word for port in PORTS for word in ("--port", str(port))],
                                environment={"GIBSEY_ALLOWED_ORIGINS": "http://localhost:3000"})
        self.addCleanup(server.close)
        return server

    def run_node(self, script, command, **environment):
        return Steps(self, "source_clients/" + script, command, **environment)

    def test_the_sockets_test_of_the_gibsey_project(self):
        """backend/test_websocket_llm.py: connects, asks London Fox, reads until the reply is complete; exit status 0 when it is."""
        client = checkout("the-gibsey-project", "backend/test_websocket_llm.py") / "backend/test_websocket_llm.py"
        server = self.start()
        done = subprocess.run([sys.executable, client], cwd=client.parent, capture_output=True, text=True, timeout=40)
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, 0, said)
        self.assertIn("connection_established", said)
        tokens = re.search(r"Received (\d+) tokens", said)
        self.assertIsNotNone(tokens, said)
        self.assertGreater(int(tokens.group(1)), 5, "streamed, not sent in one piece")
        self.assertIn("Response preview: word0 word1 word2", said)
        harness.end_cleanly(server)

    def test_the_page_service_of_the_gibsey_project(self):
        """src/services/websocketService.ts: three replies over its one socket, an unknown message and a failing model between them."""
        command = node_or_skip()
        folder = checkout("the-gibsey-project", "src/services/websocketService.ts")
        server = self.start()
        messages = self.run_node("session_service", command, THE_GIBSEY_PROJECT=str(folder)).result()["messages"]
        replies = {}
        for message in messages:
            if message["type"] == "ai_response_stream":
                replies.setdefault(message["data"]["response_id"], []).append(message["data"])
        texts = ["".join(piece["token"] for piece in reply) for reply in replies.values()]
        self.assertEqual(len(texts), 3, texts)
        for reply in replies.values():
            self.assertEqual([piece["is_complete"] for piece in reply], [False] * (len(reply) - 1) + [True])
        self.assertIn(REPLY, texts[0])
        self.assertGreater(len(replies[next(iter(replies))]), 5)
        self.assertIn("Here I am again.", texts[2])
        errors = [message["data"] for message in messages if message["type"] == "error"]
        self.assertEqual([error["code"] for error in errors], ["UNKNOWN_MESSAGE_TYPE", "LLM_ERROR"])
        self.assertIn("the model went away", errors[1]["message"])
        harness.end_cleanly(server)

    def test_sarahs_chat_screen(self):
        """use-websocket.ts and chat-interface.tsx, the whole screen in a browser on localhost:3000: types, sees the reply grow, is told
        of a failure, goes on, and connects again when the server was away."""
        command = node_or_skip()
        if chromium() is None:
            self.skipTest("there is no chromium; install it or set CHROMIUM")
        folder = checkout("Sarah", *(f"sarah-ai-companion/frontend/src/{file}" for file in
                                     ("hooks/use-websocket.ts", "components/chat/chat-interface.tsx")))
        server = self.start(SCREEN_PORT)
        steps = self.run_node("sarah_chat", command, SARAH=str(folder), CHROMIUM=chromium(), GIBSEY_URL="http://localhost:8080")
        self.answer(steps, "gone?", lambda: harness.end_cleanly(server))
        self.answer(steps, "back?", self.start)
        told = steps.result()
        self.assertEqual(told["connected"].lower(), "connected to sarah")
        self.assertEqual(told["answered"], ["I'm so happy to talk with you!", REPLY])
        self.assertGreater(told["stages"], 5, "the reply grows before the reader's eyes")
        self.assertTrue(told["typing"], "the dots are shown until the first word")
        self.assertRegex(told["sentiment"], r"\d+%", "the mood that came with the end is shown")
        self.assertEqual([kind for kind, _ in told["failed"]], ["success", "error"])
        self.assertIn("the model went away", told["failed"][-1][1])
        self.assertEqual(told["after"][2:], ["now it BREAKS", "slow AGAIN", "Here I am again."])
        self.assertEqual(told["back"][5:], ["AGAIN after all", "Here I am again."])
        self.assertIn(["error", "Disconnected from chat"], told["toasts"])
        self.assertEqual(told["toasts"].count(["success", "Connected to chat"]), 2)
        self.assertEqual(told["faults"], [])

    def answer(self, steps, question, act):
        self.assertEqual(steps.line(), question)
        act()
        steps.tell("done")


if __name__ == "__main__":
    unittest.main()
