#!/usr/bin/env python3
"""Writes web/src/lib/api_schema.ts: the TypeScript types of every request, answer, event, message and error code of openapi.json.

Usage: openapi_types.py [--check] [--table FILE]. --check writes nothing and fails where the file is not what the table gives."""
import argparse
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = ROOT / "web" / "src" / "lib" / "api_schema.ts"
HEAD = "// Generated from openapi.json by tools/openapi_types.py; change the table, not this file. What goes over the wire, as the server names it.\n"
PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
WIDTH = 140


def literal(value):
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'" if isinstance(value, str) else json.dumps(value)


def reference(node):
    return node["$ref"].rsplit("/", 1)[1]


def comment(text, indent=""):
    return f"{indent}/** {text.replace('*/', '* /')} */\n" if text else ""


def fields_of(schema, indent):
    """The lines between the braces of an object type."""
    inner = indent + "  "
    required = set(schema.get("required", []))
    properties = schema.get("properties", {})
    lines = ""
    for name, node in properties.items():
        lines += comment(node.get("description"), inner) + f"{inner}{name}{'' if name in required else '?'}: {type_of(node, inner)};\n"
    others = schema.get("additionalProperties", False)
    if isinstance(others, dict):
        for name in schema.get("required", []):
            if name not in properties:
                lines += f"{inner}{name}: {type_of(others, inner)};\n"
        lines += f"{inner}[name: string]: {type_of(others, inner)};\n"
    return lines


def union(parts):
    return " | ".join(dict.fromkeys(parts))


def type_of(schema, indent=""):
    if "$ref" in schema:
        return reference(schema)
    if "const" in schema:
        return literal(schema["const"])
    if "enum" in schema:
        return union(literal(value) for value in schema["enum"])
    if "oneOf" in schema:
        return union(type_of(choice, indent) for choice in schema["oneOf"])
    kind = schema.get("type")
    if isinstance(kind, list):
        return union(type_of({**schema, "type": one}, indent) for one in kind)
    if kind == "array":
        item = type_of(schema["items"], indent)
        return f"({item})[]" if " | " in item else f"{item}[]"
    if kind == "object":
        lines = fields_of(schema, indent)
        return "{\n" + lines + indent + "}" if lines else "Record<string, unknown>"
    return PLAIN[kind] if kind else "unknown"


def alias(name, parts):
    """A type name; a union that is too long for a line has one choice a line."""
    flat = f"export type {name} = {union(parts)};\n"
    return flat if len(flat) <= WIDTH else f"export type {name} =" + "".join(f"\n  | {part}" for part in dict.fromkeys(parts)) + ";\n"


def declaration(name, schema):
    head = "\n" + comment(schema.get("description"))
    if schema.get("type") == "object" and "oneOf" not in schema:
        return f"{head}export interface {name} {{\n{fields_of(schema, '')}}}\n"
    parts = [literal(value) for value in schema["enum"]] if "enum" in schema else [type_of(schema)]
    return head + alias(name, parts)


def pascal(operation_id):
    return operation_id[0].upper() + operation_id[1:]


def declarations_of(method, path, operation):
    """The events of a stream and the messages of a socket."""
    name, text = pascal(operation["operationId"]), ""
    where = "\n" + comment(f"{method.upper()} {path}")
    if "x-events" in operation:
        text += where + alias(name + "Event", [f"{{ event: {literal(e['event'])}; data: {type_of(e['data'])} }}" for e in operation["x-events"]])
    for way, messages in operation.get("x-messages", {}).items():
        text += where + alias(name + pascal(way), [reference(message) for message in messages])
    return text


class Operations:
    """One line an operation: what it takes and what it gives."""

    def __init__(self, document):
        self.document = document

    def resolve(self, node):
        while "$ref" in node:
            part = self.document
            for key in node["$ref"][2:].split("/"):
                part = part[key]
            node = part
        return node

    def answer(self, operation):
        kinds = []
        for status, node in operation["responses"].items():
            if not status.startswith("2"):
                continue
            content = self.resolve(node).get("content", {})
            kinds += [type_of(media["schema"]) for media in content.values()] or ["null"]
        return union(kinds) or "never"

    def line(self, method, path, operation):
        name = operation["operationId"]
        parts = [f"method: {literal(method.upper())}", f"path: {literal(path)}"]
        if (body := operation.get("requestBody", {}).get("content", {}).get("application/json")):
            parts.append("request: " + type_of(body["schema"]))
        if "x-events" in operation:
            parts.append(f"event: {pascal(name)}Event")
        elif "x-messages" in operation:
            parts += [f"in: {pascal(name)}In", f"out: {pascal(name)}Out"]
        else:
            parts.append("answer: " + self.answer(operation))
        return comment(operation["summary"], "  ") + f"  {name}: {{ {'; '.join(parts)} }};\n"


def generate(document):
    operations = [(method, path, operation) for path, methods in document["paths"].items() for method, operation in methods.items()]
    text = HEAD
    for name, schema in document["components"]["schemas"].items():
        text += declaration(name, schema)
    for operation in operations:
        text += declarations_of(*operation)
    lines = Operations(document)
    text += "\n/** Every operation by its operationId. */\nexport interface Operations {\n"
    return text + "".join(lines.line(*operation) for operation in operations) + "}\n"


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true")
    arguments.add_argument("--table", type=pathlib.Path, default=ROOT / "openapi.json")
    chosen = arguments.parse_args()
    text = generate(json.loads(chosen.table.read_text()))
    if not chosen.check:
        TARGET.write_text(text)
        return 0
    if TARGET.exists() and TARGET.read_text() == text:
        return 0
    print(f"{TARGET.relative_to(ROOT)} is not what openapi.json gives: run tools/openapi_types.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
