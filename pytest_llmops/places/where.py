"""`--run-on`, parsed: `local`, or `local:N` for N jobs at once."""

from typing import Protocol

import msgspec

from pytest_llmops.errors import PlaceError
from pytest_llmops.places.cores import cores
from pytest_llmops.places.local import LocalPlace
from pytest_llmops.sandbox import Judge
from pytest_llmops.sandbox.cage import Isolation
from pytest_llmops.tasks.sources import SourceTree

HELP = "where tests are judged: local, or local:N for N at once (default: one per core)"


class Place(Protocol):
    """Where tests are judged; for any thread."""

    size: int
    """Jobs that it judges at once."""

    def judge(self, tree: SourceTree) -> Judge:
        """What runs the tests of a source tree; the same one each time."""

    def prove(self, tree: SourceTree) -> None:
        """Start a sandbox for a tree and end it; raises SandboxError where none can be."""

    def told(self) -> list[str]:
        """What a person should know of the place."""

    def close(self) -> None:
        """End all of it, jobs in flight too; safe to repeat."""


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """What `--run-on` names."""

    jobs: int = 0
    """At once; 0 for one per core."""


def where(text: str) -> Where:
    """Parse `--run-on`.

    Raises:
        PlaceError: It names no place.
    """
    kind, colon, rest = text.partition(":")
    if kind == "local" and (not colon or (rest.isdecimal() and int(rest) > 0)):
        return Where(jobs=int(rest or 0))
    raise PlaceError(f"--run-on={text}: is neither local nor local:N, with N jobs at once")


def open_place(chosen: Where, isolation: Isolation) -> Place:
    """Make ready to judge at a place; what is costly is started when it is needed."""
    return LocalPlace(chosen.jobs or cores(), isolation)
