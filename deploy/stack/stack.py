"""Kafka, Cassandra with change data capture, Debezium's connector, Redis and nginx on free ports and a temporary folder.

    with Stack() as stack:
        stack.kafka, stack.cassandra, stack.redis   # HOST:PORT
        stack.environment()                         # what `gibsey serve` is told
        stack.front(port)                           # nginx in front of a program; its address
        stack.kill("kafka"), stack.start("kafka")   # faults, for tests

Ready means: a row written to gibsey.pages was seen on the topic cdc.pages. The folder's stack.json holds the ports and the processes, by id
and time of start; close(), and deploy/stack/down.py from elsewhere, end these and no others."""
import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import tempfile
import time

from . import canary, jars, parts, process, tools

ROOT = parts.ROOT
STATE = "stack.json"
PORTS = ("kafka_port", "kafka_controller_port", "cassandra_port", "cassandra_storage_port", "cassandra_jmx_port", "debezium_port",
         "redis_port", "nginx_port")
DEFAULT_SCHEMA = ROOT / "schema" / "pages.cql"


class StackError(Exception):
    """A part did not come up; the text holds the end of its log."""


def free_ports(count):
    """Below the range out of which the kernel takes ports for outgoing connections: a part that is started again finds its port free."""
    found = {}
    while len(found) < count:
        probe, port = socket.socket(), random.randrange(20_000, 32_000)
        try:
            probe.bind((parts.HOST, port))
            found[port] = probe
        except OSError:
            probe.close()
    for probe in found.values():
        probe.close()
    return list(found)


def migration_of(program):
    """The command by which the program makes its tables; None where there is none, or no program."""
    if not program:
        return None
    # An unknown command with --help is answered too, with the help of all.
    told = subprocess.run([program, "migrate", "--help"], capture_output=True, text=True, timeout=60).stdout
    return [program, "migrate"] if "Usage: gibsey migrate" in told else None


def wait_for(condition, seconds, told):
    """What `condition()` gives, once that is true; StackError with `told()` after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (got := condition()):
        if time.monotonic() > deadline:
            raise StackError(f"not within {seconds} s: {told()}")
        time.sleep(0.05)
    return got


class Stack:
    """`folder`: a temporary one by default, removed at the end. `schema`: the command that makes the tables, run with environment(); by
    default cqlsh with schema/pages.cql. `names`: the parts to start."""

    def __init__(self, folder=None, schema=None, names=("kafka", "cassandra", "debezium", "redis"), archiving=False):
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="gibsey-stack-")).resolve()
        self.schema, self.names, self.archiving = schema, names, archiving
        self.parts = {}
        self.seconds = {}  # since up() began: when each step was done
        self._values = None

    # Coming up

    def up(self):
        """Raises StackError or jars.MissingPart; nothing runs then."""
        self._begun = time.monotonic()
        try:
            if not self.archiving and "debezium" in self.names:
                make_archives()
            self._prepare(jars.provide())
            self._mark("jars")
            self._start_all()
        except BaseException:
            self.close()
            raise
        return self

    def _prepare(self, jar_folder):
        self.folder.mkdir(parents=True, exist_ok=True)
        at = self.folder
        self._values = dict(zip(PORTS, free_ports(len(PORTS))))
        self._values |= {"jars": str(jar_folder), "kafka_host": parts.HOST, "cassandra_host": parts.HOST, "kafka_data": str(at / "kafka/data"),
                         "cassandra_data": str(at / "cassandra/data"), "cassandra_config": str(at / "cassandra/cassandra.yaml"),
                         "driver_config": str(at / "debezium/driver.conf"), "debezium_work": str(at / "debezium/work")}
        for name in self.names:
            self.parts[name] = parts.PARTS[name](self.folder, self._values, self.archiving)
            self.parts[name].folder.mkdir(exist_ok=True)
            self.parts[name].prepare()

    def _start_all(self):
        # Kafka is formatted by a JVM of its own first: Cassandra, which takes longest, starts beside it.
        together = [name for name in ("cassandra", "redis", "kafka") if name in self.parts]
        for name in together:
            self._launch(name)
        for name in reversed(together):
            self._wait_until_ready(name)
        if "cassandra" in self.parts:
            self._make_tables()
        if "debezium" in self.parts:
            self._launch("debezium")
            self._wait_until_ready("debezium")
            self._see_a_row()

    def _launch(self, name):
        self.parts[name].start()
        self._save()

    def _wait_until_ready(self, name):
        part = self.parts[name]

        def ready():
            if not part.alive():
                raise StackError(f"{name} ended at once: {process.tail(part.log)}")
            return part.ready()

        wait_for(ready, part.start_seconds, lambda: f"{name} does not answer: {process.tail(part.log)}")
        self._mark(name)

    def _make_tables(self):
        command = self.schema or tools.cqlsh(self.cassandra, "-f", str(DEFAULT_SCHEMA))
        done = subprocess.run([str(word) for word in command], env={**os.environ, **self.environment()}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise StackError(f"the tables could not be made by {command[0]}: {(done.stdout + done.stderr)[-3000:]}")
        self._mark("schema")

    def _see_a_row(self):
        seen = canary.send(self.cassandra, self.kafka, seconds=120)
        if not seen:
            raise StackError("a row of gibsey.pages was not seen on the topic cdc.pages within 120 s: " + process.tail(self.parts["debezium"].log))
        self._mark("first event")

    def _mark(self, step):
        self.seconds[step] = round(time.monotonic() - self._begun, 1)

    # Where things are

    @property
    def kafka(self):
        return f"{parts.HOST}:{self._values['kafka_port']}"

    @property
    def cassandra(self):
        return f"{parts.HOST}:{self._values['cassandra_port']}"

    @property
    def redis(self):
        return f"{parts.HOST}:{self._values['redis_port']}"

    def environment(self):
        known = {"kafka": {"KAFKA_BROKERS": self.kafka}, "cassandra": {"CASSANDRA_CONTACT_POINTS": self.cassandra},
                 "redis": {"REDIS_HOST": parts.HOST, "REDIS_PORT": str(self._values["redis_port"])}}
        return {key: value for name in self.names for key, value in known.get(name, {}).items()}

    def log(self, name):
        return process.tail(self.parts[name].log)

    # Faults, and nginx

    def front(self, port):
        """nginx in front of what listens on `port`; its address."""
        self._values["upstream_port"] = port
        self.parts["nginx"] = parts.Nginx(self.folder, self._values)
        self.parts["nginx"].folder.mkdir(exist_ok=True)
        self.parts["nginx"].prepare()
        self.start("nginx")
        return f"http://{parts.HOST}:{self._values['nginx_port']}"

    def kill(self, name):
        """SIGKILL; it stays away until start()."""
        self.parts[name].kill()

    def crash_connector(self):
        """SIGKILL to the connector alone: what supervises it starts it again."""
        self.parts["debezium"].crash()

    def start(self, name):
        """On its old port and with its old files; returns when it is ready."""
        self._begun = time.monotonic()
        self._launch(name)
        self._wait_until_ready(name)

    def restart(self, name):
        self.kill(name)
        self.start(name)

    # Going down

    def close(self, keep=False):
        """Ends what it started, by SIGKILL, and removes the folder. A second call does nothing."""
        for part in reversed(list(self.parts.values())):
            part.kill()
        self.parts = {}
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.up()

    def __exit__(self, *_):
        self.close()

    def _save(self):
        running = {name: part.process.record() for name, part in self.parts.items() if part.process}
        temporary = self.folder / (STATE + ".tmp")
        temporary.write_text(json.dumps({"parts": running, "values": self._values, "names": list(self.names)}, indent=1))
        temporary.replace(self.folder / STATE)


def opened(folder):
    """The stack that another process has brought up there."""
    folder = pathlib.Path(folder).resolve()
    try:
        state = json.loads((folder / STATE).read_text())
    except OSError:
        raise StackError(f"{folder} is not the folder of a stack: it has no {STATE}") from None
    stack = Stack(folder, names=tuple(state["names"]))
    stack._values = state["values"]
    for name, record in state["parts"].items():
        stack.parts[name] = parts.PARTS[name](folder, stack._values)
        stack.parts[name].process = process.Process(record["pid"], record["started"])
    return stack


def make_archives():
    """Once for these jars and this Java: a stack comes up, and its JVMs write down their classes when they end (AppCDS). Halves the time of
    every later start."""
    folder, program = jars.provide(), jars.java()
    with jars.locked("archives"):
        wanted = {module: jars.archive(folder, module, program) for module in jars.MODULES}
        if all(path.exists() for path in wanted.values()):
            return
        jars.say("writing down the classes of the three JVMs (half a minute, once)")
        stack = Stack(names=jars.MODULES, archiving=True)
        try:
            stack.up()
            for module in reversed(jars.MODULES):
                stack.parts[module].end_well()
            for module, path in wanted.items():
                made = stack.parts[module].archive_being_made()
                if not made.exists():
                    raise StackError(f"{module} wrote no archive of its classes: {stack.log(module)}")
                shutil.move(made, path.with_suffix(".tmp"))
                path.with_suffix(".tmp").rename(path)
        finally:
            stack.close()
