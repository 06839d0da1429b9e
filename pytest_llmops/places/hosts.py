"""Processes on the nodes of a Ray cluster, each made to hold one object and ended with it.

They take no processor of the cluster: judges have these, and wait while an attempt goes on whose
answer they will judge. So as many are worth having as there are judges, and the next one goes where
the fewest are.
"""

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from pytest_llmops.errors import LlmopsError, LostError, PlaceError, SandboxError
from pytest_llmops.places.link import Link
from pytest_llmops.places.seats import Seat, Seats, placed, why

AT_ONCE = 4
"""Methods of an object that run side by side."""


class RayHosts:
    """Opens such processes; a `where.Hosts`."""

    def __init__(self, link: Link, seats: Seats) -> None:
        """Prepare; `seats` say which nodes are of use."""
        self._link = link
        self._ray = link.ray
        self._seats = seats
        self._choosing = threading.Lock()
        self._held: Counter[str] = Counter()
        self._without: dict[str, str] = {}
        self._lost: Counter[str] = Counter()
        self._names: dict[str, str] = {}
        self._actors: dict[Any, str] = {}
        own = self._ray.get_runtime_context().get_node_id()
        self.address = next(
            str(one["NodeManagerAddress"]) for one in self._ray.nodes() if one["NodeID"] == own
        )

    @property
    def room(self) -> int:
        """Objects worth having at once."""
        return max(1, len(self._seats))

    def open(self, kind: Callable[[], Any]) -> "RayHost":
        """Make an object on a node.

        Raises:
            PlaceError: There is no node left.
        """
        with self._link.holding():
            with self._choosing:
                seats = [one for one in self._seats.each() if one.node_id not in self._without]
                if not seats:
                    raise PlaceError(f"{self._link.name}: {self._none_left()}")
                seat = min(seats, key=self._burden)
                self._held[seat.node_id] += 1
            return self._open(seat, kind)

    def require(self, kind: Callable[[], Any], method: str, *arguments: Any) -> None:
        """See on each node that a method raises nothing; where it does, nothing is opened.

        Raises:
            PlaceError: No node is left.
        """
        with self._link.holding():
            seats = self._seats.each()
            with self._choosing:
                self._held.update(seat.node_id for seat in seats)
            opened = [(seat, self._open(seat, kind)) for seat in seats]
        for seat, host in opened:
            try:
                host.call(method, *arguments)
            except LlmopsError as error:
                self._without[seat.node_id] = str(error)
            finally:
                host.close()
        if len(self._without) == len(opened):
            raise PlaceError(f"{self._link.name}: {self._none_left()}")

    def told(self) -> list[str]:
        """Nodes where nothing is opened, and those that lost something."""
        out = [f"Ray: no attempts were made on {fault}" for fault in self._without.values()]
        lost = [
            f"{self._names[node_id]} ({count})" for node_id, count in self._lost.items() if count
        ]
        told = f"Ray: attempts were lost on {', '.join(lost)}; they were made again elsewhere"
        return [*out, told] if lost else out

    def close(self) -> None:
        """End all of them."""
        for actor in list(self._actors):
            self._ray.kill(actor)

    def _burden(self, seat: Seat) -> tuple[int, int]:
        """By what a node is chosen: a dead one looks idle until Ray has seen that it is."""
        return self._lost[seat.node_id], self._held[seat.node_id]

    def _none_left(self) -> str:
        return "; ".join(self._without.values()) or "no node of the cluster is left"

    def _open(self, seat: Seat, kind: Callable[[], Any]) -> "RayHost":
        actor = placed(self._ray, kind, seat.node_id, processors=0, at_once=AT_ONCE).remote()
        with self._choosing:
            self._actors[actor] = seat.node_id
            self._names[seat.node_id] = seat.node
        return RayHost(self._link, seat.node, actor, self._end)

    def _end(self, actor: Any, *, lost: bool) -> None:
        with suppress(SandboxError), self._link.holding():  # else all of them end
            with self._choosing:
                node_id = self._actors.pop(actor, "")
                if node_id:
                    self._held[node_id] -= 1
                    self._lost[node_id] += int(lost)
            if node_id:
                self._ray.kill(actor)


class RayHost:
    """Such a process; a `where.Host`."""

    def __init__(self, link: Link, node: str, actor: Any, end: "End") -> None:
        """Hold it; `end` ends it."""
        self._link = link
        self._node, self._actor = node, actor
        self._end = end

    def call(self, method: str, *arguments: Any) -> Any:
        """What a method of the object returns; for any thread.

        Raises:
            LostError: The process or its node has gone.
            LlmopsError: What the method raises, and where.
        """
        errors = self._link.ray.exceptions
        with self._link.holding():
            try:
                return self._link.awaited(getattr(self._actor, method).remote(*arguments))
            except errors.RayTaskError as error:
                known = isinstance(error.cause, LlmopsError)
                kind = type(error.cause) if known else PlaceError
                said = error.cause if known else repr(error.cause)
                raise kind(f"{self._node}: {said}") from None
            except errors.RayError as error:
                self._end(self._actor, lost=True)
                raise LostError(f"{self._node}: {why(error)}") from None

    def close(self) -> None:
        """End it and all that it started; safe to repeat."""
        self._end(self._actor, lost=False)


class End(Protocol):
    """What ends a process."""

    def __call__(self, actor: Any, *, lost: bool) -> None:
        """End it, or note that it has gone."""
