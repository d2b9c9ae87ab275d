#!/usr/bin/env python3
"""Fetches what the stack needs besides Debian's packages, once: the jars, cqlsh, Airflow. For tools/setup/setup.sh --stack."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from stack import jars, tools  # noqa: E402

if __name__ == "__main__":
    try:
        jars.java()
        jars.provide()
        tools.environment()
        tools.airflow()
    except jars.MissingPart as error:
        sys.exit(f"setup: {error}")
