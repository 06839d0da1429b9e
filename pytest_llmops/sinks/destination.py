"""What a sink is to the delivery: three methods, and two ways to fail."""

from collections.abc import Sequence
from typing import Protocol

from pytest_llmops.errors import SinkError
from pytest_llmops.runs.record import End, Record


class DeliveryError(SinkError):
    """The sink did not take it now; it may later."""


class RejectedError(DeliveryError):
    """The sink is there and refuses this; sent again as it is, it would be refused again."""


class Destination(Protocol):
    """One sink, connected; everything it does again, it does to the same place."""

    def send(self, records: Sequence[Record]) -> None:
        """Deliver attempts, all of them or none.

        Raises:
            DeliveryError: They were not all taken.
        """

    def finish(self, records: Sequence[Record], end: End | None) -> str:
        """Deliver what is said of the run as a whole, once all its records are known.

        Args:
            records: All of the run, delivered or not.
            end: None where the session was interrupted.

        Returns:
            What it did without and why, for people; "" for nothing.

        Raises:
            DeliveryError: Not everything was taken.
        """

    def links(self, records: Sequence[Record]) -> dict[tuple[str, int], str]:
        """Where a person finds the traces of attempts; those that have no address are left out."""
