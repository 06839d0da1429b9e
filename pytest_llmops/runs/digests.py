"""Lines of records without the digests that their own texts tell, and with them again.

Prompt and answer of a record have a SHA-256 each, which no compression can shorten: they are a
fifth of a compacted run. Where the text is there too, a mark stands in the place of its digest.
"""

import hashlib
from collections.abc import Iterator

import msgspec

from pytest_llmops.completions import Message, digest_of

TOLD = "="
"""Stands for a digest that the line's text has."""
_MARK = b'_sha256":"="'


class _Texts(msgspec.Struct):
    prompt: tuple[Message, ...] = ()
    prompt_sha256: str = ""
    text: str = ""
    text_sha256: str = ""

    def digests(self) -> Iterator[tuple[str, str, str]]:
        """The name of each digest, what the line says, and what its text has."""
        yield "prompt_sha256", self.prompt_sha256, digest_of(self.prompt)
        told = hashlib.sha256(self.text.encode()).hexdigest()
        yield "text_sha256", self.text_sha256, told


_decoder = msgspec.json.Decoder(_Texts)


def without_digests(line: bytes) -> bytes:
    """A line as it is compacted; `with_digests` gives it back, byte for byte."""
    try:
        texts = _decoder.decode(line)
    except msgspec.DecodeError:
        return line  # whatever it is, it is kept
    short = line
    for name, said, told in texts.digests():
        if said == told:
            short = short.replace(_pair(name, told), _pair(name, TOLD), 1)
    return short if with_digests(short) == line else line


def with_digests(line: bytes) -> bytes:
    """A line as it was before `without_digests`."""
    if _MARK not in line:
        return line
    for name, said, told in _decoder.decode(line).digests():
        if said == TOLD:
            line = line.replace(_pair(name, TOLD), _pair(name, told), 1)
    return line


def _pair(name: str, value: str) -> bytes:
    """Name and value as they stand in a line; inside a text the quotes would be escaped."""
    return f'"{name}":"{value}"'.encode()
