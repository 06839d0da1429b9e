"""A trace as values."""

import msgspec

from pytest_llmops.sinks.attributes import Value


class Event(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Something that happened at one time within a span."""

    name: str
    time: int
    """Unix time, nanoseconds."""
    attributes: dict[str, Value] = {}


class Span(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One step of an attempt."""

    name: str
    kind: str
    """`case`, `attempt`, `chat` or `grade`."""
    id: str
    """16 hex digits."""
    parent: str
    """Id of the span around it; "" for the case."""
    start: int
    """Unix time, nanoseconds."""
    end: int
    attributes: dict[str, Value]
    events: tuple[Event, ...] = ()
    error: str = ""
    """Why the harness could not go on; a wrong answer is no error."""


class Trace(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """All spans of an attempt."""

    id: str
    """32 hex digits."""
    spans: tuple[Span, ...]
    """Parents first; the case is the first."""

    @property
    def root(self) -> Span:
        """The span of the case."""
        return self.spans[0]
