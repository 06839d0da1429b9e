"""Bodies as servers pack them, unpacked as they come.

Asked for is what can be read on every machine, whatever packages are installed there; a server that
packs in another way is told of by the name of it. A body may have several members, and zeros behind
them, as gzip has it.
"""

import zlib
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Protocol

from pytest_llmops.client.broken import LostError
from pytest_llmops.errors import EndpointError

ASKED = "gzip, deflate"
PIECE = 64 * 2**10
"""Bytes that are unpacked at once, so that little that unpacks to much is never held as a whole."""
_PLAIN = frozenset({"", "identity", "chunked"})
_MODES = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


class Heads(Protocol):
    """Fields of a head, of which some stand there several times."""

    def getall(self, key: str, default: Sequence[str]) -> Sequence[str]:
        """All values of a field."""


def codings_of(headers: Heads) -> list[str]:
    """How a body is packed, in order; empty for one that is not."""
    fields = (headers.getall(name, ()) for name in ("content-encoding", "transfer-encoding"))
    names = [name.strip().lower() for field in fields for name in ",".join(field).split(",")]
    return [name for name in names if name not in _PLAIN]


async def unpacked(pieces: AsyncIterator[bytes], codings: Sequence[str]) -> AsyncIterator[bytes]:
    """A body without its packing.

    Raises:
        LostError: It ends before its packing does.
        EndpointError: It is packed as nobody asked for, or is not what it says.
    """
    if len(codings) != 1 or codings[0] not in _MODES:
        raise EndpointError(
            f"the body cannot be read: it is packed as {', '.join(codings)[:80]} "
            f"('content-encoding'), and only {ASKED.replace(',', ' or')} was asked for"
        )
    unpacker = _Unpacker(codings[0])
    async for piece in pieces:
        for part in unpacker.feed(piece):
            yield part
    if unpacker.inside:
        raise LostError(f"the answer broke off in the middle of its {codings[0]}", reached=True)


class _Unpacker:
    def __init__(self, coding: str) -> None:
        self._coding, self._mode = coding, _MODES[coding]
        self._member = zlib.decompressobj(self._mode)
        self._begun = False
        self.inside = True
        """Whether a member has not ended; so has a body without any."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take bytes, give what they unpack to."""
        part = b""
        while data or len(part) == PIECE:  # more may be held back then
            if not self.inside:
                data = data.lstrip(b"\0")
                if not data:
                    return
                self._member, self.inside = zlib.decompressobj(self._mode), True
            elif not self._begun and self._coding == "deflate" and data[0] & 15 != 8:
                self._mode = -zlib.MAX_WBITS  # without the head that it should have
                self._member = zlib.decompressobj(self._mode)
            self._begun = True
            try:
                part = self._member.decompress(data, PIECE)
            except zlib.error as error:
                raise EndpointError(
                    f"the body cannot be read: it is no {self._coding}, as which it is packed by "
                    f"'content-encoding' ({error})"
                ) from None
            if part:
                yield part
            self.inside = not self._member.eof
            data = self._member.unconsumed_tail if self.inside else self._member.unused_data
