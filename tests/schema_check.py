"""Reads openapi.json, and checks JSON values against its schemas: the part of JSON Schema 2020-12 that the table uses. A keyword that is
not known here is an error, so that nothing in the table goes unchecked."""
import json
import re

from harness import ROOT

ANNOTATIONS = {"description", "examples", "default", "format"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None), "integer": int, "number": (int, float)}


def is_a(value, kind):
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, TYPES[kind])


def same(value, other):
    """Equal, and True is not 1."""
    return value == other and isinstance(value, bool) == isinstance(other, bool)


class Table:
    """openapi.json."""

    def __init__(self, path=ROOT / "openapi.json"):
        self.text = path.read_text()
        self.document = json.loads(self.text)
        self.operations = {(method.upper(), path): operation
                           for path, methods in self.document["paths"].items() for method, operation in methods.items()}

    def resolve(self, node):
        """What a {"$ref"} stands for, or the node itself."""
        while "$ref" in node:
            where = node["$ref"]
            assert where.startswith("#/"), where
            node = self.document
            for part in where[2:].split("/"):
                node = node[part]
        return node

    def parameters(self, operation):
        return [self.resolve(parameter) for parameter in operation.get("parameters", [])]

    def request_schema(self, operation):
        """The schema of a JSON body, or None."""
        body = operation.get("requestBody")
        json_body = body and body["content"].get("application/json")
        return self.resolve(json_body["schema"]) if json_body else None

    def problems(self, value, schema, where="$"):
        """What is wrong with a value, a sentence each; empty where it fits."""
        found = []
        for keyword, rule in schema.items():
            if keyword not in ANNOTATIONS:
                found += self._check(keyword, rule, value, schema, where)
        return found

    def _check(self, keyword, rule, value, schema, where):
        if keyword == "$ref":
            return self.problems(value, self.resolve(schema), where)
        if keyword == "oneOf":
            fitting = sum(not self.problems(value, choice, where) for choice in rule)
            return [] if fitting == 1 else [f"{where}: {value!r} fits {fitting} of the {len(rule)} choices, not one"]
        check = getattr(self, "_" + keyword.lower(), None)
        assert check is not None, f"{where}: the keyword '{keyword}' is not known to this test"
        return check(rule, value, schema, where)

    @staticmethod
    def _type(rule, value, _, where):
        kinds = [rule] if isinstance(rule, str) else rule
        return [] if any(is_a(value, kind) for kind in kinds) else [f"{where}: {value!r} is not of type {' or '.join(kinds)}"]

    @staticmethod
    def _const(rule, value, _, where):
        return [] if same(value, rule) else [f"{where}: {value!r} is not {rule!r}"]

    @staticmethod
    def _enum(rule, value, _, where):
        return [] if any(same(value, choice) for choice in rule) else [f"{where}: {value!r} is none of {rule}"]

    @staticmethod
    def _required(rule, value, _, where):
        return [f"{where}: the field '{name}' is missing" for name in rule if isinstance(value, dict) and name not in value]

    def _properties(self, rule, value, _, where):
        if not isinstance(value, dict):
            return []
        return [problem for name, schema in rule.items() if name in value for problem in self.problems(value[name], schema, f"{where}.{name}")]

    def _additionalproperties(self, rule, value, schema, where):
        others = [name for name in value if name not in schema.get("properties", {})] if isinstance(value, dict) else []
        if rule is False:
            return [f"{where}: the field '{name}' is not in the table" for name in others]
        return [problem for name in others for problem in self.problems(value[name], rule, f"{where}.{name}")]

    def _items(self, rule, value, _, where):
        if not isinstance(value, list):
            return []
        return [problem for place, item in enumerate(value) for problem in self.problems(item, rule, f"{where}[{place}]")]

    @staticmethod
    def _minitems(rule, value, _, where):
        return [f"{where}: fewer than {rule} items"] if isinstance(value, list) and len(value) < rule else []

    @staticmethod
    def _maxitems(rule, value, _, where):
        return [f"{where}: more than {rule} items"] if isinstance(value, list) and len(value) > rule else []

    @staticmethod
    def _minlength(rule, value, _, where):
        return [f"{where}: shorter than {rule} characters"] if isinstance(value, str) and len(value) < rule else []

    @staticmethod
    def _maxlength(rule, value, _, where):
        return [f"{where}: longer than {rule} characters"] if isinstance(value, str) and len(value) > rule else []

    @staticmethod
    def _pattern(rule, value, _, where):
        return [f"{where}: {value!r} has not the form {rule}"] if isinstance(value, str) and not re.search(rule, value) else []

    @staticmethod
    def _minimum(rule, value, _, where):
        return [f"{where}: {value} is under {rule}"] if is_a(value, "number") and value < rule else []

    @staticmethod
    def _maximum(rule, value, _, where):
        return [f"{where}: {value} is over {rule}"] if is_a(value, "number") and value > rule else []
