"""As much of Cassandra's protocol (CQL v4) as the stack needs to know that the node answers and to write a row. No binds, no paging."""
import contextlib
import socket
import struct

ERROR, READY, RESULT = 0x00, 0x02, 0x08
STARTUP, QUERY = 0x01, 0x07
ONE = 0x0001
ROWS = 2


class CqlError(Exception):
    """The node refused the statement."""


class Connection:
    """`address`: HOST:PORT. Raises OSError where nothing answers there."""

    def __init__(self, address, timeout=10):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=timeout)
        # Without it every write above 4 KB waits 45 ms for the node's delayed acknowledgement.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self._ask(STARTUP, struct.pack(">H", 1) + _short_string("CQL_VERSION") + _short_string("3.0.0"))[0] != READY:
                raise CqlError("the node wants a login")
        except BaseException:
            self.close()
            raise

    def execute(self, statement):
        """The rows: lists of bytes, or None where a column is null."""
        text = statement.encode()
        operation, body = self._ask(QUERY, struct.pack(">i", len(text)) + text + struct.pack(">HB", ONE, 0))
        if operation != RESULT:
            raise CqlError(f"an answer of kind {operation}")
        return _rows(body) if struct.unpack_from(">i", body)[0] == ROWS else []

    def texts(self, statement):
        """The rows with every column as text."""
        return [[None if column is None else column.decode() for column in row] for row in self.execute(statement)]

    def number(self, statement):
        """The one int or bigint that the statement gives."""
        (cell,), = self.execute(statement)
        return whole(cell)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _ask(self, operation, body):
        self.socket.sendall(struct.pack(">BBhBi", 4, 0, 0, operation, len(body)) + body)
        _, flags, _, answer, length = struct.unpack(">BBhBi", self._read(9))
        body = self._read(length)
        if flags & 0x08:  # warnings stand before the answer
            position = 2
            for _ in range(struct.unpack_from(">H", body)[0]):
                position += 2 + struct.unpack_from(">H", body, position)[0]
            body = body[position:]
        if answer == ERROR:
            size, = struct.unpack_from(">H", body, 4)
            raise CqlError(body[6:6 + size].decode(errors="replace"))
        return answer, body

    def _read(self, size):
        got = b""
        while len(got) < size:
            piece = self.socket.recv(size - len(got))
            if not piece:
                raise ConnectionError("Cassandra closed the connection")
            got += piece
        return got


def text(value):
    """A text as it stands in a statement."""
    return "'" + value.replace("'", "''") + "'"


def whole(cell):
    """An int or bigint; 0 where it is null."""
    return int.from_bytes(cell or b"", "big", signed=True)


def answers(address):
    """Whether a node there takes statements."""
    with contextlib.suppress(OSError, CqlError):
        with Connection(address, timeout=3) as connection:
            return bool(connection.execute("SELECT release_version FROM system.local"))
    return False


def _short_string(value):
    return struct.pack(">H", len(value)) + value.encode()


def _skip_type(body, position):
    kind, = struct.unpack_from(">H", body, position)
    position += 2
    if kind == 0x00:  # custom, vectors among them
        position += 2 + struct.unpack_from(">H", body, position)[0]
    elif kind in (0x20, 0x22):  # list, set
        position = _skip_type(body, position)
    elif kind == 0x21:  # map
        position = _skip_type(body, _skip_type(body, position))
    elif kind in (0x30, 0x31):
        raise CqlError("user-defined types and tuples are not read here")
    return position


def _rows(body):
    flags, columns = struct.unpack_from(">ii", body, 4)
    position = 12
    if flags & 2:
        position += 4 + max(0, struct.unpack_from(">i", body, position)[0])

    def skip_string(at):
        return at + 2 + struct.unpack_from(">H", body, at)[0]

    if flags & 1:
        position = skip_string(skip_string(position))
    for _ in range(columns):
        if not flags & 1:
            position = skip_string(skip_string(position))
        position = _skip_type(body, skip_string(position))
    count, = struct.unpack_from(">i", body, position)
    position += 4
    rows = []
    for _ in range(count):
        row = []
        for _ in range(columns):
            size, = struct.unpack_from(">i", body, position)
            position += 4
            row.append(None if size < 0 else body[position:position + size])
            position += max(size, 0)
        rows.append(row)
    return rows
