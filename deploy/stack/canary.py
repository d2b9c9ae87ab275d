"""A row of gibsey.pages that is written, waited for on the topic cdc.pages, and removed: only this shows that events flow. The connector
answers its health check also when it sees no table at all."""
import random
import subprocess
import time
import uuid

from . import cql, parts

TOPIC = "cdc.pages"
TABLE = "gibsey.pages"
PAUSE = 1.0  # between two tries: a row of a table that the connector does not know yet is lost


def send(cassandra, kafka, seconds):
    """Whether a row was seen within so many seconds. It is removed again."""
    deadline = time.monotonic() + seconds
    with cql.Connection(cassandra) as connection:
        columns, keys, written = _key_columns(connection), [], 0.0
        try:
            while time.monotonic() < deadline:
                if time.monotonic() - written > PAUSE:
                    keys.append(_new_key(columns))
                    connection.execute(f"INSERT INTO {TABLE} ({', '.join(columns)}) VALUES ({', '.join(keys[-1].values())})")
                    written = time.monotonic()
                last = newest(kafka)
                if any(value.strip("'") in last for key in keys for value in key.values()):
                    return True
                time.sleep(0.1)
            return False
        finally:
            for key in keys:
                connection.execute(f"DELETE FROM {TABLE} WHERE " + " AND ".join(f"{name} = {value}" for name, value in key.items()))


def newest(kafka, count=50):
    """The last events of the topic, a line each; nothing where there is no such topic yet."""
    done = subprocess.run([parts.installed("kcat"), "-b", kafka, "-C", "-t", TOPIC, "-o", f"-{count}", "-e", "-q"],
                          capture_output=True, text=True, timeout=30)
    return done.stdout


def _key_columns(connection):
    """{name: type} of the table's key, whatever the schema made it of."""
    keyspace, table = TABLE.split(".")
    rows = connection.texts("SELECT column_name, kind, type FROM system_schema.columns "
                            f"WHERE keyspace_name = '{keyspace}' AND table_name = '{table}'")
    columns = {name: kind for name, role, kind in rows if role in ("partition_key", "clustering")}
    if not columns:
        raise cql.CqlError(f"the schema has no table {TABLE}")
    return columns


def _new_key(columns):
    made = {"text": lambda: cql.text(f"canary-{uuid.uuid4()}"), "uuid": lambda: str(uuid.uuid4()),
            "timeuuid": lambda: str(uuid.uuid1())}
    return {name: made.get(kind, lambda: str(-random.randrange(1 << 30)))() for name, kind in columns.items()}
