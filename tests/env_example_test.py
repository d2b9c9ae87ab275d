""".env.example against the program: it lists every name that the program reads and every name of the sources, says which of them are not
honoured yet, and changes nothing when it is used as it is."""
import pathlib
import re
import tempfile
import unittest

import harness

APP = harness.ROOT / "src" / "app"
#: The sources' own names (contracts, section 0).
SOURCES = """SERVICE_NAME SERVICE_PORT OLLAMA_BASE_URL OLLAMA_URL OLLAMA_MODEL OLLAMA_TIMEOUT OPENAI_API_KEY OPENAI_BASE_URL OPENAI_MODEL
ANTHROPIC_API_KEY ANTHROPIC_BASE_URL CLAUDE_MODEL LLM_API_URL LLM_API_KEY LLM_MODEL LLM_FALLBACK_URL LLM_FALLBACK_MODEL LLM_PROVIDERS
REDIS_HOST REDIS_PORT REDIS_DB CHARACTER_MANAGER_URL MEMORY_SUBSYSTEM_URL RAG_URL LEDGER_URL STARGATE_URL STARGATE_AUTH_TOKEN
DEFAULT_TEMPERATURE DEFAULT_TOP_P MAX_TOKENS WS_PING_INTERVAL WS_PING_TIMEOUT LOG_LEVEL""".split()
#: Read by the program, but the system's and not ours.
OF_THE_SYSTEM = {"HOME", "USER", "NO_COLOR"}
NAME = r"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)"


class Example:
    """.env.example: the names that are set, those that are off, and those that are not honoured yet, each with its value."""

    def __init__(self, text):
        self.set, self.off, self.not_yet, self.undescribed, self.wrong = {}, {}, {}, [], []
        described = False
        for line in text.splitlines():
            if kind := self.kind_of(line):
                values, name, value = kind
                values[name] = value
                if not described:
                    self.undescribed.append(name)
            elif line and not line.startswith(("# ", "## ")):
                self.wrong.append(line)
            described = line.startswith("# ") and not kind

    def kind_of(self, line):
        for values, pattern in ((self.set, rf"^{NAME}=(.*)$"), (self.off, rf"^#{NAME}=(.*)$"), (self.not_yet, rf"^# not yet \(step \d\): {NAME}=(.*)$")):
            if match := re.match(pattern, line):
                return values, match.group(1), match.group(2)
        return None


def names_read():
    """The names of the environment that src/app reads."""
    text = "".join(path.read_text() for path in sorted(APP.rglob("*.cpp")) if not path.name.endswith("_test.cpp"))
    return set(re.findall(rf'\b(?:(?:take|find|get|getenv|contains|count)\(|seconds_in\(find, )"{NAME}"', text)) - OF_THE_SYSTEM


def default_of(member):
    """What a member of Config is where nothing sets it, as text."""
    text = (APP / "config.hpp").read_text()
    if member.startswith("dialect_defaults."):
        text = (harness.ROOT / "src" / "chat" / "dialect.hpp").read_text().split("struct DialectDefaults")[1]
    match = re.search(rf'\b{member.rsplit(".", 1)[-1]}(?: = |\{{)"?([^";}}]*)"?[}};]', text)
    return match.group(1) if match else ""


def provider_defaults():
    """{name: its default as text}, as provider_config.cpp has them."""
    text, header = ((APP / f"provider_config.{ending}").read_text() for ending in ("cpp", "hpp"))
    defaults = dict(re.findall(rf'find\("{NAME}"\),\s*"([^"]*)"', text))
    for name, member in re.findall(rf'seconds_in\(find, "{NAME}", \w+\.(\w+)\)', text):
        if match := re.search(rf"milliseconds {member}\{{(\d+)\}}", header):
            defaults[name] = f"{int(match.group(1)) / 1000:g}"
    return defaults


class EnvExample(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = (harness.ROOT / ".env.example").read_text()
        cls.example = Example(cls.text)

    def test_it_lists_what_the_program_reads_and_nothing_else(self):
        read = names_read()
        self.assertGreater(len(read), 30, "src/app is not read as it is written")
        self.assertEqual(read - set(self.example.set) - set(self.example.off), set(), "names that .env.example lacks, or says are not honoured")
        self.assertEqual((set(self.example.set) | set(self.example.off)) - read, set(), "names that nothing reads")
        self.assertEqual(set(self.example.not_yet) & read, set(), "names that are honoured by now")

    def test_it_lists_the_names_of_the_sources(self):
        listed = {**self.example.set, **self.example.off, **self.example.not_yet}
        self.assertEqual(set(SOURCES) - set(listed), set())

    def test_each_name_stands_once_with_a_line_that_says_what_it_is(self):
        self.assertEqual(self.example.undescribed, [])
        self.assertEqual(self.example.wrong, [])
        lines = [line for line in self.text.splitlines() if self.example.kind_of(line)]
        self.assertEqual(len(lines), len(self.example.set) + len(self.example.off) + len(self.example.not_yet))

    def test_what_is_set_is_the_default(self):
        members = dict(re.findall(rf'settings\.take\("{NAME}", config\.([\w.]+)', (APP / "config.cpp").read_text()))
        members["GIBSEY_PORT"] = "ports"
        providers = provider_defaults()
        self.assertGreater(len(self.example.set), 10, ".env.example is not read as it is written")
        told = {"off": "", "no": ""}  # the switches of auth_config.cpp: what is not set is off
        for name, value in self.example.set.items():
            default = default_of(members[name]) if name in members else providers.get(name, "")
            self.assertEqual(told.get(value, value).lower(), default.lower(), name)

    def test_a_server_with_this_file_is_as_one_without_it(self):
        with tempfile.TemporaryDirectory() as folder:
            place = pathlib.Path(folder)
            (place / ".env").write_text(self.text)
            (place / "gibsey.toml").write_text("")
            with harness.Server(harness.scripted("Hello."), arguments=("--config", str(place / "gibsey.toml"))) as server:
                health = server.get_json("/health")
                self.assertEqual((health["status"], health["service"]), ("healthy", "gibsey"))
                self.assertEqual(server.get_json("/ledger/nobody-yet")["opening_grant"], 100)
                self.assertEqual(server.get_json("/v1/session")["auth"], "off")


if __name__ == "__main__":
    unittest.main()
