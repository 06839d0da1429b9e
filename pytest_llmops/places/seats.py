"""The judges in a Ray cluster: seated, looked at before they take work, replaced when lost."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, NamedTuple

from pytest_llmops.errors import PlaceError
from pytest_llmops.places.head import named
from pytest_llmops.places.remote import Condition, Needs, Remote, verdict_versions
from pytest_llmops.sandbox.cage import Isolation

PATIENCE = 60.0
"""Seconds that a cluster may take to start its first judge."""
AT_ONCE = 2
"""Jobs at a judge: one is judged, and the next is there when that ends."""
TRACED = "error raised in its creation task"
"""What Ray says of a judge whose code fails at once; the last line says what, the others where."""
PULSE = 0.5
"""Seconds between two looks at whether the session still goes on."""
MORE = 20.0
"""Seconds that it has for the others then."""


def placed(
    ray: Any, kind: Callable[..., Any], node_id: str, *, processors: int, at_once: int
) -> Any:
    """A kind of actor that lives on one node and ends with it.

    Args:
        ray: The module, connected.
        kind: What it is made of.
        node_id: Of Ray.
        processors: That it takes of the cluster.
        at_once: Methods that run side by side.
    """
    where = import_module("ray.util.scheduling_strategies").NodeAffinitySchedulingStrategy
    return ray.remote(
        num_cpus=processors,
        max_concurrency=at_once,
        max_restarts=0,
        max_task_retries=0,
        enable_task_events=False,  # nobody reads them, and until they are sent they pile up
        scheduling_strategy=where(node_id, soft=False),
    )(kind)


class Seat(NamedTuple):
    """A judge, and where it sits."""

    judge: Any
    node_id: str
    node: str
    """For people."""
    has: set[Needs]
    """What it has judged before; it need not be told again where that is."""


class Seats:
    """The judges of a cluster; safe for any thread."""

    def __init__(self, ray: Any, address: str, isolation: Isolation) -> None:
        """Prepare; `take_all` starts the judges."""
        self._ray = ray
        self._where = named(address)
        self._isolation = isolation
        self._changed = threading.Lock()
        self._taken: dict[Any, Seat] = {}
        self._coming = 0
        self._left_out: dict[str, str] = {}
        self._lost: Counter[str] = Counter()
        self._starting: list[threading.Thread] = []
        self._closed = False

    def __len__(self) -> int:
        """Judges that are there or are being started."""
        with self._changed:
            return len(self._taken) + self._coming

    def __contains__(self, seat: Seat) -> bool:
        """Whether a judge is there, as far as is known."""
        with self._changed:
            return seat.judge in self._taken

    def take_all(self) -> list[Seat]:
        """Start a judge on every free processor, and look at each.

        Raises:
            PlaceError: No processor is free, versions differ, or no node can judge.
        """
        asked = [self._ask(node) for node in self._free_processors()]
        if not asked:
            raise PlaceError(f"{self._where}: the cluster is full: none of its processors is free")
        coming = [condition for _, condition in asked]
        self._ray.wait(coming, timeout=PATIENCE)
        ready, _ = self._ray.wait(coming, num_returns=len(coming), timeout=MORE)
        seats = []
        for seat, found in asked:
            late = "no judge started in time; its processors are busy"
            if fault := self._why_not(seat, found) if found in ready else late:
                self._left_out[seat.node] = fault
                self._ray.kill(seat.judge)
            else:
                seats.append(seat)
        if not seats:
            told = "; ".join(f"{node}: {fault}" for node, fault in self._left_out.items())
            raise PlaceError(f"{self._where}: no node can judge: {told}")
        self._taken = {seat.judge: seat for seat in seats}
        for seat in seats:
            self._left_out.pop(seat.node, None)
        return seats

    def replace(self, seat: Seat, give: Callable[[Seat], None]) -> None:
        """Note that a judge is lost, and start another where its node still is.

        Args:
            seat: Its own.
            give: Takes the new one, from another thread.
        """
        self._ray.kill(seat.judge)
        with self._changed:
            known = self._taken.pop(seat.judge, None)
            self._lost[seat.node] += bool(known)
            if self._closed or not known:
                return  # another job was there too, and has told already
            self._coming += 1
            thread = threading.Thread(target=self._start_again, args=(seat, give), daemon=True)
            self._starting.append(thread)
            thread.start()

    def each(self) -> list[Seat]:
        """One judge of each node."""
        with self._changed:
            return list({seat.node_id: seat for seat in self._taken.values()}.values())

    def leave_out(self, one: Seat, fault: str) -> None:
        """End all judges of a node, which turned out to be of no use."""
        with self._changed:
            self._left_out[one.node] = fault
            gone = [judge for judge, seat in self._taken.items() if seat.node_id == one.node_id]
            for judge in gone:
                del self._taken[judge]
        for judge in gone:
            self._ray.kill(judge)

    def told(self) -> list[str]:
        """Nodes that were left out, and those that lost judges."""
        out = [f"Ray: {node} was left out: {fault}" for node, fault in self._left_out.items()]
        lost = [f"{node} ({count})" for node, count in self._lost.items()]
        again = "what they judged was judged again elsewhere"
        return out + ([f"Ray: judges were lost on {', '.join(lost)}; {again}"] if lost else [])

    def close(self, *, patience: float | None = None) -> None:
        """End all judges.

        Args:
            patience: Seconds for each that is being started; without a head, Ray blocks for good.
        """
        with self._changed:
            self._closed = True
            taken, self._taken = list(self._taken), {}
            starting = list(self._starting)
        for judge in taken:
            self._ray.kill(judge)
        for thread in starting:  # who asks Ray for something when it shuts down ends this process
            thread.join(patience)

    def _free_processors(self) -> Iterator[dict[str, Any]]:
        """The nodes of the cluster, each as often as it has processors, while any is free."""
        free = int(self._ray.available_resources().get("CPU", 0))
        alive = [node for node in self._ray.nodes() if node["Alive"]]
        seats = [node for node in alive for _ in range(int(node["Resources"].get("CPU", 0)))]
        yield from seats if free else []

    def _ask(self, node: dict[str, Any]) -> tuple[Seat, Any]:
        """Start a judge on a node, and ask for its condition."""
        remote = placed(self._ray, Remote, node["NodeID"], processors=1, at_once=AT_ONCE)
        judge = remote.remote(self._isolation)
        name = f"{node['NodeManagerAddress']} ({node['NodeID'][:8]})"
        return Seat(judge, node["NodeID"], name, set()), judge.condition.remote()

    def _why_not(self, seat: Seat, found: Any) -> str:
        """Why a judge may not take work; "" where it may.

        Raises:
            PlaceError: Its versions are others than here.
        """
        try:
            condition: Condition = self._ray.get(found)
        except Exception as error:  # noqa: BLE001 - whatever keeps it from starting, it is left out
            return why(error)
        for name, wanted in verdict_versions().items():
            there = condition.versions.get(name, "none")
            if condition.versions and there != wanted:
                raise PlaceError(
                    f"{self._where}: {seat.node} has {name} {there}, this machine has {wanted}; "
                    "install the same on both"
                )
        return condition.fault

    def _start_again(self, lost: Seat, give: Callable[[Seat], None]) -> None:
        """Start a judge in the place of a lost one; nothing where its node is gone."""
        try:
            nodes = {node["NodeID"]: node for node in self._ray.nodes() if node["Alive"]}
            if lost.node_id not in nodes:
                return
            seat, condition = self._ask(nodes[lost.node_id])
            if self._came(condition) and not self._why_not(seat, condition):
                with self._changed:
                    self._taken[seat.judge] = seat
                give(seat)
        except Exception:  # noqa: BLE001 - its node is going, or the session; the others go on
            return
        finally:
            with self._changed:
                self._coming -= 1

    def _came(self, condition: Any) -> bool:
        """Whether a judge tells its condition in time, and while anybody wants to know."""
        late = time.monotonic() + PATIENCE
        while not self._closed and time.monotonic() < late:
            if self._ray.wait([condition], timeout=PULSE)[0]:
                return True
        return False


def why(error: Exception) -> str:
    """What was wrong on a node, in one line."""
    said = str(getattr(error, "cause", None) or error) or repr(error)
    told = said.strip().splitlines()[-1] if TRACED in said else said
    return " ".join(told.split())[:300]
