"""Server-sent events out of the lines of a stream."""
import io


class EventParser:
    """Takes the lines one after the other. `comments`: how many of them were comments."""

    def __init__(self):
        self.comments = 0
        self._kind, self._lines, self._identity = "message", [], ""

    def take(self, line):
        """The event that this line (bytes) ends, as (type, text, id), or None. One without data is no event."""
        line = line.decode().rstrip("\r\n")
        if line == "":
            event = (self._kind, "\n".join(self._lines), self._identity) if self._lines else None
            self._kind, self._lines = "message", []
            return event
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "":
            self.comments += 1
        elif field == "data":
            self._lines.append(value)
        elif field == "event":
            self._kind = value
        elif field == "id":
            self._identity = value
        return None


def read_event_stream(response, most=None):
    """[(type, text, id)] until the stream ends, or the first `most`."""
    parser, events = EventParser(), []
    while most is None or len(events) < most:
        line = response.readline()
        if not line:
            break
        if event := parser.take(line):
            events.append(event)
    return events


def events_in(text):
    """[(type, text, id)] of a stream that was read whole."""
    return read_event_stream(io.BytesIO(text.encode()))
