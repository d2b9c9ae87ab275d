#!/usr/bin/python3
"""Runs the services of docker-compose.yml that are the program itself, with their commands and environments, without containers: in a network
and mount namespace of their own, where /etc/hosts gives each service its name and an address 127.0.1.N. For tests/composed_test.py.

Usage: unshare -n -m composed_run.py PROGRAM FOLDER; prints one JSON object of what a reader saw."""
import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import yaml

import harness

STARTED = ("ledger", "memory_rag", "stargate", "character_chat", "character_manager", "memory_subsystem", "persona_engine")
#: Parts that do not run here; without their names the program is the embedded default. The model is a script.
AWAY = ("CASSANDRA_CONTACT_POINTS", "KAFKA_BROKERS", "REDIS_HOST", "OLLAMA_URL", "OLLAMA_BASE_URL", "OLLAMA_MODEL")
READER = "gbs_" + "r" * 43
SETTINGS = {"GIBSEY_SERVICE_TOKEN": "a-service-token-of-the-composed-run", "STARGATE_AUTH_TOKEN": "token-of-the-stargate", "GIBSEY_API_KEYS": f"{READER}@reader",
            "LOG_LEVEL": "INFO"}


def value_of(text):
    """With ${NAME}, ${NAME:-default} and ${NAME:?told} put in, as compose does."""
    return re.sub(r"\$\{(\w+)(?::[-?]([^}]*))?\}", lambda match: SETTINGS.get(match[1], "" if ":?" in match[0] else match[2] or ""), str(text))


class Composed:
    def __init__(self, program, folder):
        self.program, self.folder = program, pathlib.Path(folder)
        self.services = yaml.safe_load((harness.ROOT / "docker-compose.yml").read_text())["services"]
        self.addresses = {name: f"127.0.1.{number}" for number, name in enumerate(STARTED, 1)}
        self.processes = {}
        (self.folder / "script.json").write_text(json.dumps(harness.scripted("The tower was high.")))

    def enter(self):
        """Into the names and the network."""
        hosts = self.folder / "hosts"
        hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{address} {name}\n" for name, address in self.addresses.items()))
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)

    def start(self, name):
        service = self.services[name]
        environment = {key: value_of(value) for key, value in service["environment"].items() if key not in AWAY}
        data = self.folder / name
        data.mkdir()
        (data / "pages.db").write_bytes((self.folder / "pages.db").read_bytes())
        environment |= {"GIBSEY_HOST": self.addresses[name], "GIBSEY_DATA": str(data)}
        kept = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "GIBSEY_CACHE", "ASAN_OPTIONS")}
        with open(data / "log", "wb") as log:
            self.processes[name] = subprocess.Popen([self.program, *service["command"].split(), "--script", self.folder / "script.json"],
                                                    env={**kept, **{key: value for key, value in environment.items() if value}}, stdout=log, stderr=log,
                                                    cwd=data)

    def wait_until_ready(self, name):
        log = self.folder / name / "log"
        deadline = time.monotonic() + 300
        while "ready at" not in log.read_text():
            if self.processes[name].poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{name} did not become ready: {log.read_text()[-2000:]}")
            time.sleep(0.1)

    def ask(self, name, method, path, body=None, token=READER):
        """(status, text) of a service, called by its name."""
        port = re.search(r"--port (\d+)", self.services[name]["command"])[1]
        connection = http.client.HTTPConnection(name, int(port), timeout=60)
        headers = {"Content-Type": "application/json", **({"Authorization": "Bearer " + token} if token else {})}
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def seen(self):
        question = {"user_id": "reader", "char_id": "arieol", "text": "Why did you climb the tower?"}
        return {"ask": self.ask("character_chat", "POST", "/ask", question), "stranger": self.ask("character_chat", "POST", "/ask", question, token=None),
                "health": self.ask("character_chat", "GET", "/health"), "ledger": self.ask("ledger", "GET", "/ledger/reader"),
                "persona": self.ask("persona_engine", "GET", "/health"),
                "page": self.ask("stargate", "GET", "/pages/42", token=SETTINGS["GIBSEY_SERVICE_TOKEN"])}

    def end(self):
        """The exit statuses after SIGTERM."""
        for process in self.processes.values():
            process.terminate()
        return {name: process.wait(60) for name, process in self.processes.items()}


def main():
    composed = Composed(*sys.argv[1:])
    composed.enter()
    try:
        for name in STARTED:
            composed.start(name)
        for name in STARTED:
            composed.wait_until_ready(name)
        seen = composed.seen()
    finally:
        ended = composed.end()
    print(json.dumps({**seen, "ended": ended}))


if __name__ == "__main__":
    main()
