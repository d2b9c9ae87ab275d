"""openapi.json by itself and against the sources: it is well formed, and holds the routes, error codes, events and statuses of the program.
(openapi_wire_test.py compares it with the running server.)"""
import json
import re
import subprocess
import sys
import tempfile
import unittest

from schema_check import ROOT, Table

SERVER = ROOT / "src" / "server"
METHODS = ("get", "put", "post", "delete", "patch")
#: {"GET", "/pages/{id}", get_page, reader, turn_link}
ROUTE = re.compile(r'\{"([A-Z]+)",\s*"([^"]+)",\s*[\w:]+(?:,\s*(open|reader|admin))?(?:,\s*(\w+))?\}')


def source(name):
    return (ROOT / "src" / name).read_text()


def program_routes():
    """{(method, path): (access, takes a signed link)} as routes.cpp has them."""
    routes = {}
    for method, pattern, access, link in ROUTE.findall(source("server/routes.cpp")):
        routes[method, pattern.replace("...}", "}")] = (access or "reader", bool(link))
    return routes


def statements(text, function):
    """The argument lists of all calls of a function, not its definition."""
    return re.findall(rf"(?<!void )(?<!std::string ){function}\((.*?)\);", text, re.S)


class OpenApi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.table = Table()
        cls.document = cls.table.document
        cls.schemas = cls.document["components"]["schemas"]

    def walk(self, node, where="#"):
        yield where, node
        children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, child in children:
            yield from self.walk(child, f"{where}/{key}")

    def reachable(self, *nodes):
        """The names of the schemas that these refer to, directly or not."""
        names, todo = set(), list(nodes)
        while todo:
            for _, node in self.walk(todo.pop()):
                reference = node.get("$ref") if isinstance(node, dict) else None
                if not isinstance(reference, str):
                    continue
                name = reference.rsplit("/", 1)[1]
                if not reference.startswith("#/components/schemas/"):
                    todo.append(self.table.resolve(node))
                elif name not in names:
                    names.add(name)
                    todo.append(self.schemas[name])
        return names

    def answers(self):
        """Everything that the server says: answers, events, messages."""
        for operation in self.table.operations.values():
            yield operation["responses"]
            yield operation.get("x-events", [])
            yield operation.get("x-messages", {}).get("out", [])

    def test_the_document_is_of_its_standard(self):
        self.assertRegex(self.document["openapi"], r"^3\.1\.\d$")
        version = re.search(r'kVersion = "([^"]+)"', source("app/version.hpp")).group(1)
        self.assertEqual(self.document["info"]["version"], version)
        self.assertNotIn("://", self.table.text, "no addresses of hosts")
        names = [operation["operationId"] for operation in self.table.operations.values()]
        self.assertEqual(len(names), len(set(names)))
        tags = {tag["name"] for tag in self.document["tags"]}
        for (method, path), operation in self.table.operations.items():
            with self.subTest(method=method, path=path):
                self.assertIn(method.lower(), METHODS)
                self.assertTrue(operation["summary"].endswith("."))
                self.assertLessEqual(set(operation["tags"]), tags)
                self.assertIn(operation["x-access"], ("open", "reader", "admin"))
                statuses = set(operation["responses"])
                self.assertIn("default", statuses)
                self.assertTrue(statuses & {"101", "200", "201", "202", "204"})
                for response in map(self.table.resolve, operation["responses"].values()):
                    self.assertTrue(response["description"])
                in_path = {p["name"] for p in self.table.parameters(operation) if p["in"] == "path"}
                self.assertEqual(in_path, set(re.findall(r"\{(\w+)\}", path)))

    def test_every_reference_leads_somewhere_and_every_component_is_used(self):
        used = {node["$ref"] for _, node in self.walk(self.document) if isinstance(node, dict) and "$ref" in node}
        for reference in used:
            self.assertIsInstance(self.table.resolve({"$ref": reference}), dict)
        there = {f"#/components/{kind}/{name}" for kind, parts in self.document["components"].items() if kind != "securitySchemes" for name in parts}
        self.assertEqual(there - used, set())
        schemes = {name for operation in self.table.operations.values() for choice in operation["security"] for name in choice}
        self.assertEqual(schemes, set(self.document["components"]["securitySchemes"]))

    def test_every_example_holds_and_every_request_has_one(self):
        for name, schema in self.schemas.items():
            for example in schema.get("examples", []):
                self.assertEqual(self.table.problems(example, schema), [], name)
            if schema.get("type") == "object":
                self.assertTrue(schema.get("examples"), f"{name} has no example")
        for operation in self.table.operations.values():
            for parameter in self.table.parameters(operation):
                if "example" in parameter:
                    self.assertEqual(self.table.problems(parameter["example"], parameter["schema"]), [], parameter["name"])
                self.assertTrue("example" in parameter or not parameter.get("required"), parameter["name"])

    def test_the_check_itself_finds_what_is_wrong(self):
        turn = self.schemas["Turn"]["examples"][0]
        for change in ({"turn_id": "x"}, {"status": "asleep"}, {"total_ms": 1.5}, {"fallback_used": 1}, {"quotes": [{}]}, {"receipt": {}}, {"extra": 1}, {"false_quotes": -1}):
            self.assertTrue(self.table.problems({**turn, **change}, self.schemas["Turn"]), change)
        self.assertTrue(self.table.problems({k: v for k, v in turn.items() if k != "reply"}, self.schemas["Turn"]))

    def test_answers_are_closed_and_requests_are_open(self):
        told = self.reachable(*self.answers())
        self.assertGreater(len(told), 20)
        for name in told:
            for where, node in self.walk(self.schemas[name], name):
                if isinstance(node, dict) and node.get("type") == "object":
                    self.assertIn("additionalProperties", node, where)
        for operation in self.table.operations.values():
            schema = self.table.request_schema(operation)
            self.assertFalse(schema and "additionalProperties" in schema, operation["operationId"])

    def test_it_holds_the_routes_of_the_program(self):
        routes = program_routes()
        self.assertGreater(len(routes), 40, "routes.cpp is not read as it is written")
        self.assertEqual(source("server/routes.cpp").count('{"GET"') + source("server/routes.cpp").count('{"POST"'),
                         sum(method in ("GET", "POST") for method, _ in routes))
        self.assertEqual(set(routes) - set(self.table.operations), set(), "routes that openapi.json lacks")
        self.assertEqual(set(self.table.operations) - set(routes), set(), "operations without a route")
        for route, (access, link) in routes.items():
            operation = self.table.operations[route]
            self.assertEqual(operation["x-access"], access, route)
            schemes = {name for choice in operation["security"] for name in choice}
            self.assertEqual("link" in schemes, link, route)
            self.assertEqual(any(p["name"] == "token" for p in self.table.parameters(operation)), link, route)
            self.assertEqual(schemes - {"cassandra"} == set(), access == "open", route)

    def test_it_holds_the_error_codes_of_the_program(self):
        code = lambda text: set(re.findall(r'"([a-z]+(?:_[a-z]+)*)"', text))
        of_turns = code(source("base/error.cpp")) | {"interrupted"}
        self.assertEqual(set(self.schemas["TurnErrorCode"]["enum"]), of_turns)
        self.assertIn('"interrupted"', source("chat/stored_turn.cpp"))
        of_persona = set().union(*map(code, statements(source("server/persona_ws.cpp"), "complain")))
        self.assertEqual(set(self.schemas["PersonaErrorCode"]["enum"]), of_persona)
        in_capitals = lambda text: set(re.findall(r'"([A-Z]+(?:_[A-Z]+)+|busy)"', text))
        of_sessions = set().union(*map(in_capitals, statements(source("server/session_ws.cpp"), "error_message")))
        self.assertEqual(set(self.schemas["SessionErrorCode"]["enum"]), of_sessions)

    def test_it_holds_the_names_of_the_program(self):
        titles = set(re.findall(r'case [45]\d\d: return "([^"]+)"', source("net/http_message.cpp")))
        self.assertLessEqual(set(self.schemas["ProblemTitle"]["enum"]), titles)
        self.assertEqual(re.findall(r'"(about:[^"]+)"', source("server/problem.cpp")), self.schemas["ProblemType"]["enum"])
        for enum in ("FinishReason", "TurnStatus", "QuoteOrigin"):
            self.assertEqual(set(self.schemas[enum]["enum"]), set(re.findall(rf'case {enum}::\w+: return "([^"]+)"', source("model/turn.cpp"))))
        rules = set()
        for name in ("turn_closing.cpp", "recovery.cpp"):
            rules |= set(re.findall(r'"([^"]*(?:charged in full|released in full|free of charge))"', source("chat/" + name)))
        self.assertEqual(set(self.schemas["ChargeRule"]["enum"]), rules)
        names = set(re.findall(r'return "(\w+)"; }', source("server/turn_json.cpp").split("event_name")[1]))
        documented = [e["event"] for e in self.table.operations["GET", "/v1/turns/{id}/events"]["x-events"]]
        self.assertEqual(set(documented), names)
        hidden = {"context", "usage", "token"}  # ask.cpp: not shown, and tokens have no name
        self.assertEqual({e["event"] for e in self.table.operations["POST", "/ask"]["x-events"]}, names - hidden | {"message"})
        dialects = set(re.findall(r'name = "(\w+)"', source("chat/dialect.cpp")))
        self.assertEqual(set(self.schemas["TurnTrace"]["properties"]["dialect"]["enum"]), dialects)

    def test_every_status_that_a_handler_answers_is_there(self):
        documented = {int(status) for operation in self.table.operations.values() for status in operation["responses"] if status != "default"}
        found = [(path.name, int(status)) for path in sorted(SERVER.glob("*.cpp")) if not path.name.endswith("_test.cpp")
                 for status in re.findall(r"\b(?:problem|json_response)\((\d{3}),", path.read_text())]
        self.assertGreater(len(found), 20, "the handlers are not read as they are written")
        self.assertEqual([(name, status) for name, status in found if status not in documented | {405}], [])

    def test_the_types_of_the_page_are_generated_from_it(self):
        done = subprocess.run([sys.executable, ROOT / "tools" / "openapi_types.py", "--check"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_change_of_the_table_is_noticed(self):
        with tempfile.TemporaryDirectory() as folder:
            changed = json.loads(self.table.text)
            changed["components"]["schemas"]["Receipt"]["properties"]["held"]["type"] = "string"
            path = f"{folder}/openapi.json"
            with open(path, "w") as file:
                json.dump(changed, file)
            done = subprocess.run([sys.executable, ROOT / "tools" / "openapi_types.py", "--check", "--table", path], capture_output=True, text=True)
            self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main()
