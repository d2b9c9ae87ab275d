#!/usr/bin/env python3
"""Renders the configuration files that docker-compose.cdc.yml mounts out of deploy/stack/templates. Run it after a change there;
tests/compose_test.py fails where they differ. Usage: render.py [FOLDER]; default: this one."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from stack import parts  # noqa: E402

VALUES = {"kafka_host": "kafka", "kafka_port": 9092, "kafka_controller_port": 9093, "kafka_data": "/var/lib/kafka/data",
          "cassandra_host": "cassandra", "cassandra_port": 9042, "cassandra_storage_port": 7000, "cassandra_data": "/var/lib/cassandra",
          "cassandra_config": "/etc/gibsey-node/cassandra.yaml", "driver_config": "/etc/gibsey/driver.conf",
          "debezium_work": "/var/lib/debezium", "debezium_port": 18000}
FILES = {"kafka": ("server.properties",), "cassandra": ("cassandra.yaml",),
         "debezium": ("connector.properties", "driver.conf", "logback.xml", "jvm17.options")}


def render(folder):
    for name, templates in FILES.items():
        for template in templates:
            parts.render(template, VALUES, folder / name / template)


if __name__ == "__main__":
    render(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
