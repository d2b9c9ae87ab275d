#!/usr/bin/env python3
"""Brings up Kafka, Cassandra with change data capture, Debezium's connector and Redis, and prints where they are as lines NAME=VALUE for
the environment of `gibsey serve`. deploy/stack/down.py FOLDER ends them.

Usage: up.py [--dir FOLDER] [--program GIBSEY] [--schema-command WORDS] [--serve ARGUMENTS...]
  --dir FOLDER             where their data lie (default: a new temporary folder); GIBSEY_STACK of the printed lines
  --program GIBSEY         makes the tables by its command `migrate`, where it has one; else cqlsh does with schema/pages.cql
  --schema-command WORDS   what makes the tables instead, as one argument
  --serve ARGUMENTS...     runs `GIBSEY serve ARGUMENTS` on the stack until it ends or Ctrl-C is pressed, and takes the stack down then"""
import argparse
import os
import pathlib
import shlex
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from stack import jars, stack as stacks  # noqa: E402


def serve(stack, command):
    """The program's exit status. Ctrl-C reaches the program too, which ends well by itself."""
    running = subprocess.Popen(command, env={**os.environ, **stack.environment()})
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: running.terminate())
    return running.wait()


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--dir")
    options.add_argument("--program")
    options.add_argument("--schema-command", type=shlex.split)
    options.add_argument("--serve", nargs=argparse.REMAINDER)
    given = options.parse_args()
    if given.serve is not None and not given.program:
        options.error("--serve needs --program")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # a stack that was half up is taken down
    stack = stacks.Stack(given.dir, schema=given.schema_command or stacks.migration_of(given.program))
    try:
        stack.up()
    except (stacks.StackError, jars.MissingPart) as error:
        sys.exit(f"stack: {error}")
    jars.say("ready after " + ", ".join(f"{seconds} s {step}" for step, seconds in stack.seconds.items()))
    if given.serve is None:
        print("\n".join(f"{name}={value}" for name, value in {**stack.environment(), "GIBSEY_STACK": stack.folder}.items()))
        return 0
    try:
        return serve(stack, [given.program, "serve", *given.serve])
    finally:
        stack.close()


if __name__ == "__main__":
    sys.exit(main())
