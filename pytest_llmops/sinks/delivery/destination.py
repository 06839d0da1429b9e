"""What a sink is to the delivery: three methods, and two ways to fail."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Protocol

from pytest_llmops.errors import SinkError
from pytest_llmops.runs.record import End, Record

Whole = Callable[[], Iterator[Record]]


class DeliveryError(SinkError):
    """The sink did not take it now; it may later."""

    retry_after = 0.0
    """Seconds after which the sink asked to be tried again; 0 where it did not say."""
    half = False
    """What goes with the spans was taken, the spans were not."""


class RejectedError(DeliveryError):
    """The sink is there and refuses this; sent again as it is, it would be refused again."""


class Destination(Protocol):
    """One sink, connected; everything it does again, it does to the same place."""

    def send(self, records: Sequence[Record], half: Collection[tuple[str, int]] = ()) -> None:
        """Deliver attempts, all of them or none; spans last, so that they are never sent twice.

        Args:
            records: The attempts.
            half: Those of which all but the spans was taken before.

        Raises:
            DeliveryError: They were not all taken.
        """

    def finish(self, records: Sequence[Record], end: End | None, whole: Whole) -> str:
        """Deliver what is said of the run as a whole, once all its records are known.

        Args:
            records: All of the run, delivered or not, without their texts.
            end: None where the session was interrupted.
            whole: Reads them again, one by one, with their texts.

        Returns:
            What it did without and why, for people; "" for nothing.

        Raises:
            DeliveryError: Not everything was taken.
        """

    def links(self, records: Sequence[Record]) -> dict[tuple[str, int], str]:
        """Where a person finds the traces of attempts; those that have no address are left out."""

    def page(self) -> str:
        """Where a person finds the run as a whole; "" where it has no address."""
