#!/usr/bin/env python3
"""Ends the stack that up.py brought up in FOLDER and removes the folder. Usage: down.py FOLDER"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from stack import stack as stacks  # noqa: E402


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        stacks.opened(sys.argv[1]).close()
    except stacks.StackError as error:
        sys.exit(f"stack: {error}")


if __name__ == "__main__":
    main()
