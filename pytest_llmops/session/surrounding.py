"""The trace that code under test is in, told by environment variables."""

from collections.abc import MutableMapping

NAMES = ("TRACEPARENT", "TRACESTATE")
"""Of the W3C's Trace Context; the latter speaks of the former alone."""


class Surrounding:
    """Tells code, and the processes that it starts, which span is around it."""

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        """Prepare; nothing is told before `enter`."""
        self._environment = environment
        self._outer: dict[str, str] | None = None

    def enter(self, traceparent: str) -> None:
        """Tell of a span; "" for none. One that was told of before and never left is forgotten."""
        told = self._environment
        if self._outer is not None:
            self.leave()
        self._outer = {name: told.pop(name) for name in NAMES if name in told}
        if traceparent:
            told[NAMES[0]] = traceparent

    def leave(self) -> None:
        """Put back what was told before, of a CI job say; nothing to do where it was left."""
        if self._outer is not None:
            for name in NAMES:
                self._environment.pop(name, None)
            self._environment.update(self._outer)
            self._outer = None
