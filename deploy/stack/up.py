#!/usr/bin/env python3
"""Brings up Kafka, Cassandra with change data capture, Debezium's connector and Redis, and prints where they are as lines NAME=VALUE for
the environment of `gibsey serve`. deploy/stack/down.py FOLDER ends them.

Usage: up.py [--dir FOLDER] [--schema-command WORDS] [--serve PROGRAM [ARGUMENTS...]]
  --dir FOLDER             where their data lie (default: a new temporary folder); GIBSEY_STACK of the printed lines
  --schema-command WORDS   what makes the tables (default: cqlsh with schema/pages.cql), as one argument
  --serve PROGRAM ...      runs the program on the stack until it ends or Ctrl-C is pressed, and takes the stack down then"""
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
    options.add_argument("--schema-command", type=shlex.split)
    options.add_argument("--serve", nargs=argparse.REMAINDER)
    given = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # a stack that was half up is taken down
    stack = stacks.Stack(given.dir, schema=given.schema_command)
    try:
        stack.up()
    except (stacks.StackError, jars.MissingPart) as error:
        sys.exit(f"stack: {error}")
    jars.say("ready after " + ", ".join(f"{seconds} s {step}" for step, seconds in stack.seconds.items()))
    if not given.serve:
        print("\n".join(f"{name}={value}" for name, value in {**stack.environment(), "GIBSEY_STACK": stack.folder}.items()))
        return 0
    try:
        return serve(stack, given.serve)
    finally:
        stack.close()


if __name__ == "__main__":
    sys.exit(main())
