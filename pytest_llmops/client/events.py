"""A response body cut into JSON documents: an event stream, one document, or one a line.

What a body is, its first character tells, for content types lie: `{` begins JSON, all else must be
an event stream. A byte order mark before it is skipped, and lines may end in LF, CR LF or CR, as
the HTML standard has it.
"""

from pytest_llmops.client.faults import excerpt
from pytest_llmops.errors import EndpointError

BOM = b"\xef\xbb\xbf"
GZIP = b"\x1f\x8b"
"""How a body in gzip begins."""


class EventReader:
    """Cut a `text/event-stream` body into the `data` of its events, as bytes arrive."""

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        self._data: list[bytes] = []
        self._after_cr = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take bytes, return the data of the events that they complete.

        Raises:
            EndpointError: A line is not part of an event stream.
        """
        if self._after_cr and chunk:  # the line has ended at the CR already
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        if b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        self._rest.append(chunk)
        if b"\n" not in chunk:  # joined once a line is whole: a long one would cost its square
            return []
        *lines, rest = b"".join(self._rest).split(b"\n")
        self._rest = [rest]
        return [data for line in lines if (data := self._line(line))]

    def close(self) -> list[bytes]:
        """Return what the last event holds where the empty line behind it is missing."""
        self._after_cr = False
        return self.feed(b"\n\n")

    def _line(self, line: bytes) -> bytes:
        """Take one line; returns the data of an event when this line ends it, else nothing."""
        if not line:
            data, self._data = self._data, []
            return b"\n".join(data)
        name, _, value = line.partition(b":")
        if name == b"data":
            value = value.removeprefix(b" ")
            if not value.startswith(b":"):  # a comment that a proxy has wrapped
                self._data.append(value)
        elif name not in {b"", b"event", b"id", b"retry"}:
            raise EndpointError(f"not an event stream: {excerpt(line)}")
        return b""


class BodyReader:
    """Cut a body of either kind into documents, as bytes arrive."""

    def __init__(self) -> None:
        self.streamed = True
        """Whether it is an event stream, as far as is known."""
        self._head: bytes | None = b""
        self._whole: list[bytes] = []
        self._events = EventReader()

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take bytes, return the documents that they complete.

        Raises:
            EndpointError: It is neither JSON nor an event stream.
        """
        if self._head is not None:
            head = self._head + chunk
            if BOM.startswith(head) or not (text := head.removeprefix(BOM).lstrip()):
                self._head = head
                return []
            if head.startswith(GZIP):
                raise EndpointError(
                    "the body cannot be read: it is in gzip, and no 'content-encoding' says so"
                )
            self._head, chunk = None, text
            self.streamed = not text.startswith((b"{", b"["))
        if self.streamed:
            return self._events.feed(chunk)
        self._whole.append(chunk)
        return []

    def close(self) -> list[bytes]:
        """Return what is left at the end of the body."""
        if self.streamed:
            return self._events.close()
        return [b"".join(self._whole)]
