"""docker-compose.yml, docker-compose.cdc.yml and the Dockerfile by reading them: no container runs in tests. What they mount is what the
processes of deploy/stack use (tests/stack), rendered out of the same templates."""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import yaml

import harness
from env_example_test import Example

ROOT = harness.ROOT
#: The names by which the sources' default addresses resolve (contracts, section 8), and those of the stack.
SOURCES = """character_chat memory_rag faust_worker ollama ledger stargate persona_engine redis character_manager memory_subsystem""".split()
STACK = "kafka cassandra debezium nginx airflow".split()
ROLES = {"chat", "memory", "ledger", "pages", "worker", "scheduler"}
#: Names of the images' own, or of the shell of what runs in them.
OF_IMAGES = re.compile(r"KAFKA_HEAP_OPTS|JVM_EXTRA_OPTS|MAX_HEAP_SIZE|HEAP_NEWSIZE|AIRFLOW__\w+|GIBSEY_(LISTEN|UPSTREAM|URL|TOKEN)")


def load(name):
    return yaml.safe_load((ROOT / name).read_text())


class Compose(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.files = {name: load(name) for name in ("docker-compose.yml", "docker-compose.cdc.yml")}
        cls.services = {name: service for file in cls.files.values() for name, service in file["services"].items()}
        cls.ours = {name: service for name, service in cls.services.items() if service.get("image") == "gibsey"}

    def test_the_services_have_the_names_of_the_sources(self):
        self.assertEqual(set(SOURCES + STACK) - set(self.services), set())
        self.assertEqual(self.files["docker-compose.yml"]["include"], ["docker-compose.cdc.yml"])
        self.assertEqual(set(self.files["docker-compose.yml"]["services"]) & set(self.files["docker-compose.cdc.yml"]["services"]), set())
        self.assertEqual({"kafka", "cassandra", "debezium"} - set(self.files["docker-compose.cdc.yml"]["services"]), set())

    def test_what_is_mounted_is_there(self):
        seen = 0
        for file in self.files.values():
            for name, service in file["services"].items():
                for volume in service.get("volumes", []):
                    source = volume.split(":")[0]
                    seen += 1
                    if source.startswith("."):
                        self.assertTrue((ROOT / source).exists(), f"{name}: {volume}")
                        self.assertTrue(volume.endswith(":ro"), f"{name} could write to {source}")
                    else:
                        self.assertIn(source, file["volumes"], f"{name}: {volume}")
        self.assertGreater(seen, 15)

    def test_the_mounted_configuration_is_that_of_the_templates(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, "-B", ROOT / "deploy/compose/render.py", folder], check=True)
            rendered = {path.relative_to(folder): path.read_text() for path in pathlib.Path(folder).rglob("*") if path.is_file()}
        here = ROOT / "deploy" / "compose"
        mounted = {path.relative_to(here): path.read_text() for path in here.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
        self.assertEqual(mounted, rendered, "run deploy/compose/render.py")
        self.assertGreaterEqual(len(rendered), 6)

    def test_environment_names_are_those_of_env_example(self):
        example = Example((ROOT / ".env.example").read_text())
        known = {**example.set, **example.off, **example.not_yet}
        used = {name for service in self.services.values() for name in service.get("environment", {})}
        used |= set(re.findall(r"\$\{(\w+)", "".join((ROOT / name).read_text() for name in self.files)))
        self.assertGreater(len(used), 20)
        self.assertEqual({name for name in used if name not in known and not OF_IMAGES.fullmatch(name)}, set())

    def test_images_are_public_ones_with_a_tag(self):
        for name, service in self.services.items():
            image = service.get("image")
            if image and image != "gibsey":
                self.assertRegex(image, r"^([a-z]+/)?[a-z]+:[\w.-]+$", name)
                self.assertFalse(image.endswith(":latest"), name)
            else:
                self.assertIn(f" AS {service['build']['target']}\n", (ROOT / "Dockerfile").read_text(), name)

    def test_who_is_waited_for_and_asked_is_there(self):
        ports = {name: re.search(r"--port (\d+)", service["command"]).group(1) for name, service in self.ours.items()}
        ports |= {"ollama": "11434", "cassandra": "9042", "kafka": "9092"}
        asked = 0
        for name, service in self.services.items():
            self.assertEqual(set(service.get("depends_on", [])) - set(self.services), set(), name)
            for key, value in service.get("environment", {}).items():
                for host, port in re.findall(r"(?:http://)?\b([a-z_]+):(\d+)", str(value)):
                    asked += 1
                    self.assertEqual(ports.get(host), port, f"{name}: {key}={value}")
        self.assertGreater(asked, 15)

    def test_commands_are_commands_of_the_program(self):
        options = subprocess.run([harness.PROGRAM, "serve", "--help"], capture_output=True, text=True, timeout=60).stdout
        for name, service in self.ours.items():
            command, *words = service["command"].split()
            self.assertEqual(command, "serve")
            self.assertEqual([word for word in words if word.startswith("--") and word not in options], [], name)
            roles = set(words[words.index("--roles") + 1].split(","))
            self.assertLessEqual(roles, ROLES, name)
        hosts = set(self.ours["ledger"]["environment"]["GIBSEY_ALLOWED_HOSTS"].split(","))
        self.assertEqual(set(self.ours) - hosts, set(), "a name by which it is called but would refuse to be")

    def test_nothing_is_open_to_other_machines(self):
        for name, service in self.services.items():
            for port in service.get("ports", []):
                self.assertTrue(port.startswith("127.0.0.1:"), f"{name}: {port}")

    def test_the_image_has_what_the_program_needs(self):
        text = (ROOT / "Dockerfile").read_text()
        copied = [words.split()[:-1] for words in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)]
        self.assertGreater(len(copied), 2)
        for path in (path for paths in copied for path in paths):
            self.assertTrue((ROOT / path).exists(), path)
        installed = set(re.sub(r"#.*", "", (ROOT / "tools/setup/apt_runtime_packages.txt").read_text()).split())
        linked = re.findall(r"=> (/\S+)", subprocess.run(["ldd", harness.PROGRAM], capture_output=True, text=True, check=True).stdout)
        self.assertGreater(len(linked), 10)
        self.assertEqual({name for name in needed_packages(linked) if name not in installed}, set())


def needed_packages(libraries):
    """The Debian packages of these files, without those that the others bring."""
    paths = [alias for path in libraries for alias in (path, path.removeprefix("/usr"), str(pathlib.Path(path).resolve()))]
    told = subprocess.run(["dpkg-query", "-S", *sorted(set(paths))], capture_output=True, text=True, timeout=60).stdout
    owners = {line.split(":")[0] for line in told.splitlines()}
    brought = set()
    for owner in owners:
        depends = subprocess.run(["dpkg-query", "-W", "-f", "${Depends}", owner], capture_output=True, text=True, timeout=60).stdout
        brought |= {words.split()[0].split(":")[0] for words in depends.split(",") if words.strip()}
    return owners - brought


if __name__ == "__main__":
    unittest.main()
