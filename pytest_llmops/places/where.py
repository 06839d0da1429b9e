"""`--run-on`, parsed: `local`, `local:N` for N jobs at once, `ray` or `ray:HOST:PORT`."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from pytest_llmops.errors import PlaceError
from pytest_llmops.places.cores import cores
from pytest_llmops.tasks.sources import SourceTree

if TYPE_CHECKING:
    from pytest_llmops.sandbox import Judge
    from pytest_llmops.sandbox.cage import Isolation


class Host(Protocol):
    """A process on another machine that holds one object; for any thread."""

    def call(self, method: str, *arguments: Any) -> Any:
        """What a method of the object returns.

        Raises:
            LostError: The process has gone, and the object with it.
            LlmopsError: What the method raises.
        """

    def close(self) -> None:
        """End it and all that it started; safe to repeat."""


class Hosts(Protocol):
    """Other machines on which objects can be made; for any thread."""

    @property
    def room(self) -> int:
        """Objects worth having at once."""

    address: str
    """Under which the machines reach this one."""

    def open(self, kind: Callable[[], Any]) -> Host:
        """Make an object on one of them; raises PlaceError where none is left."""

    def require(self, kind: Callable[[], Any], method: str, *arguments: Any) -> None:
        """See that a method raises nothing on them; raises PlaceError where it does on all."""


class Place(Protocol):
    """Where tests are judged; for any thread."""

    size: int
    """Jobs that it judges at once."""

    @property
    def hosts(self) -> Hosts | None:
        """Its machines, for other work than judging; None where it is this machine."""

    @property
    def lost(self) -> str:
        """Why nothing is judged any more, where the place has gone; "" while it is there."""

    def judge(self, tree: SourceTree) -> "Judge":
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
    """At once, on this machine; 0 for one per core."""
    ray: str | None = None
    """Address of a Ray cluster, "" for the one of this machine; None for no cluster."""


def where(text: str) -> Where:
    """Parse `--run-on`.

    Raises:
        PlaceError: It names no place.
    """
    kind, colon, rest = text.partition(":")
    if kind == "local" and (not colon or (rest.isdecimal() and int(rest) > 0)):
        return Where(jobs=int(rest or 0))
    if kind == "ray" and (not colon or re.fullmatch(r"[^/\s]+:\d+", rest)):
        return Where(ray=rest)
    raise PlaceError(
        f"--run-on={text}: is none of local, local:N (N jobs at once), ray (the cluster that this "
        "machine is part of) and ray:HOST:PORT"
    )


def open_place(chosen: Where, isolation: "Isolation") -> Place:
    """Make ready to judge at a place; of this machine, nothing is started before it is needed.

    Raises:
        PlaceError: A cluster cannot be used.
        MissingExtraError: Ray is not installed.
    """
    if chosen.ray is not None:
        from pytest_llmops.places.ray_place import RayPlace  # noqa: PLC0415 - only where asked for

        return RayPlace(chosen.ray, isolation)
    from pytest_llmops.places.local import LocalPlace  # noqa: PLC0415 - once something is judged

    return LocalPlace(chosen.jobs or cores(), isolation)
