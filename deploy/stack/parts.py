"""The parts of the stack: for each its configuration, its command, and how it shows that it is ready. All listen on 127.0.0.1, but for
the HTTP port of Debezium's connector, which offers no choice."""
import json
import pathlib
import shutil
import signal
import socket
import string
import subprocess
import urllib.request

from . import cql, jars, process

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
HOST = "127.0.0.1"
# The compiler of last resort costs a test stack more time than it gives back.
JVM = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
CLUSTER_ID = "AAAAAAAAAAAAAAAAAAAAAQ"


def render(template, values, target):
    """One file of templates/ with ${NAME} put in; a name without a value is an error."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(string.Template((HERE / "templates" / template).read_text()).substitute(values))


def installed(program):
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if not found:
        raise jars.MissingPart(f"{program} is not here: run tools/setup/setup.sh --stack")
    return found


class Part:
    """A part of a stack in `folder`. `values`: what the templates are rendered with, ports among them. `archiving`: its JVM is to write
    down the classes that it loaded when it ends, for later ones to start faster."""
    name = ""
    start_seconds = 180
    java_module = None

    def __init__(self, folder, values, archiving=False):
        self.folder, self.values, self.archiving = folder / self.name, values, archiving
        self.log = self.folder / "log"
        self.process = None

    def prepare(self):
        """Its files."""

    def command(self):
        raise NotImplementedError

    def ready(self):
        return self.process.listens_on(self.values[self.name + "_port"]) and self.answers()

    def answers(self):
        """Whether it does its work; asked when it listens."""
        return True

    def start(self):
        self.process = process.Process.start(self.command(), self.log, self.folder)

    def alive(self):
        return self.process is not None and self.process.alive()

    def kill(self):
        """SIGKILL, and nothing starts it again but start()."""
        if self.process:
            self.process.kill()

    def end_well(self):
        """SIGTERM, and waits."""
        self.process.signal(signal.SIGTERM)
        self.process.wait(60)

    def jvm(self):
        """The beginning of a command of Java with its classes."""
        folder = pathlib.Path(self.values["jars"])
        program = jars.java()
        archive = jars.archive(folder, self.java_module, program)
        classes = []
        if self.archiving:
            classes = [f"-XX:ArchiveClassesAtExit={self.archive_being_made()}"]
        elif archive.exists():
            classes = [f"-XX:SharedArchiveFile={archive}"]
        return [program, *JVM, *classes, f"@{folder / self.java_module}.classpath"]

    def archive_being_made(self):
        return self.folder / "classes.jsa"


class Kafka(Part):
    name = java_module = "kafka"

    def prepare(self):
        self.config = self.folder / "server.properties"
        render("server.properties", self.values, self.config)
        render("log4j2.properties", self.values, self.folder / "log4j2.properties")

    def start(self):
        if not (pathlib.Path(self.values["kafka_data"]) / "meta.properties").exists():
            self.format()
        super().start()

    def format(self):
        flags = [word for word in self.jvm() if not str(word).startswith("-XX:ArchiveClassesAtExit")]
        command = [*flags, "-Xmx128m", self.logging(), "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", self.config]
        with open(self.log, "ab") as log:
            subprocess.run(command, cwd=self.folder, stdout=log, stderr=log, timeout=60, check=True)

    def command(self):
        return [*self.jvm(), "-Xms128m", "-Xmx256m", self.logging(), "kafka.Kafka", self.config]

    def logging(self):
        return f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}"

    def answers(self):
        done = subprocess.run([installed("kcat"), "-b", f"{HOST}:{self.values['kafka_port']}", "-L", "-m", "3"], capture_output=True, timeout=30)
        return done.returncode == 0


class Cassandra(Part):
    name = java_module = "cassandra"
    start_seconds = 300

    def prepare(self):
        render("cassandra.yaml", self.values, pathlib.Path(self.values["cassandra_config"]))
        render("logback.xml", self.values, self.folder / "logback.xml")
        render("jvm17.options", self.values, self.folder / "jvm17.options")

    def command(self):
        settings = {"cassandra.config": f"file://{self.values['cassandra_config']}", "cassandra.storagedir": self.values["cassandra_data"],
                    "logback.configurationFile": self.folder / "logback.xml", "cassandra-foreground": "yes",
                    "cassandra.jmx.local.port": self.values["cassandra_jmx_port"], "cassandra.skip_wait_for_gossip_to_settle": 0,
                    "cassandra.superuser_setup_delay_ms": 0, "cassandra.ring_delay_ms": 100, "java.net.preferIPv4Stack": "true"}
        return [*self.jvm(), f"@{self.folder / 'jvm17.options'}", "-Xms384m", "-Xmx384m", "-XX:MaxDirectMemorySize=192m", "-Xss512k",
                *(f"-D{name}={value}" for name, value in settings.items()), "org.apache.cassandra.service.CassandraDaemon"]

    def answers(self):
        return cql.answers(f"{HOST}:{self.values['cassandra_port']}")


class Debezium(Part):
    """The connector under supervise.py: it ends by itself when one of its threads dies, and is started again then."""
    name = java_module = "debezium"

    def prepare(self):
        render("connector.properties", self.values, self.folder / "connector.properties")
        render("driver.conf", self.values, pathlib.Path(self.values["driver_config"]))
        render("logback.xml", self.values, self.folder / "logback.xml")
        render("jvm17.options", self.values, self.folder / "jvm17.options")
        for name in ("relocation", "offsets"):
            (pathlib.Path(self.values["debezium_work"]) / name).mkdir(parents=True, exist_ok=True)

    def command(self):
        work = self.values["debezium_work"]
        connector = [*self.jvm(), f"@{self.folder / 'jvm17.options'}", "-Xms96m", "-Xmx192m", "-XX:MaxDirectMemorySize=96m",
                     f"-Dlogback.configurationFile={self.folder / 'logback.xml'}", f"-Dcassandra.storagedir={work}/storage",
                     "io.debezium.connector.cassandra.CassandraConnectorTask", self.folder / "connector.properties"]
        return connector if self.archiving else ["/usr/bin/python3", HERE / "supervise.py", self.pid_file(), *connector]

    def pid_file(self):
        return self.folder / "connector.json"

    def connector(self):
        """The process of the connector itself; None before it was started."""
        if self.archiving:
            return self.process
        try:
            record = json.loads(self.pid_file().read_text())
        except OSError:
            return None
        return process.Process(record["pid"], record["started"])

    def crash(self):
        """SIGKILL to the connector; what supervises it starts it again."""
        self.connector().kill()

    def kill(self):
        super().kill()
        # Dies with what supervises it; here is seen that it did.
        if connector := self.connector():
            connector.kill()

    def ready(self):
        connector = self.connector()
        return connector is not None and connector.listens_on(self.values["debezium_port"]) and self.answers()

    def answers(self):
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.values['debezium_port']}/ping", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False


class Redis(Part):
    name = "redis"
    start_seconds = 60

    def prepare(self):
        self.folder.mkdir(parents=True, exist_ok=True)

    def command(self):
        return [installed("redis-server"), "--port", self.values["redis_port"], "--bind", HOST, "--save", "", "--appendonly", "no",
                "--dir", self.folder]

    def answers(self):
        try:
            with socket.create_connection((HOST, self.values["redis_port"]), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False


class Nginx(Part):
    """In front of the program that listens on the port `values["upstream_port"]` (deploy/nginx/gibsey.conf.template)."""
    name = "nginx"
    start_seconds = 60

    def prepare(self):
        render("nginx.conf", {"nginx_folder": self.folder}, self.folder / "nginx.conf")
        server = (ROOT / "deploy" / "nginx" / "gibsey.conf.template").read_text()
        for name, value in (("GIBSEY_LISTEN", f"{HOST}:{self.values['nginx_port']}"), ("GIBSEY_UPSTREAM", f"{HOST}:{self.values['upstream_port']}")):
            server = server.replace("${" + name + "}", value)
        (self.folder / "gibsey.conf").write_text(server)

    def command(self):
        return [installed("nginx"), "-p", self.folder, "-e", self.folder / "error.log", "-c", self.folder / "nginx.conf"]

    def kill(self):
        # Its worker is a child that would live on: the master ends it.
        if self.alive():
            self.process.signal(signal.SIGTERM)
            self.process.wait(10)


PARTS = {part.name: part for part in (Kafka, Cassandra, Debezium, Redis, Nginx)}
