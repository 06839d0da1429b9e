"""How much detail a tool gives back: means over the attempts that it has."""

from collections.abc import Callable, Sequence

from pytest_llmops.observability.backend import StoredTrace
from pytest_llmops.observability.reading import Readings
from pytest_llmops.observability.traceability import token_kinds
from pytest_llmops.observability.values import Granularity

UNITS = (1_000_000_000, 1_000_000, 1_000, 1)
"""A second, a millisecond, a microsecond, a nanosecond."""


def granularity(found: Readings) -> Granularity:
    """Count spans, attributes, events, scores and logs an attempt."""
    stored = [one.stored for one in found.attempts if one.stored]
    return Granularity(
        spans=_mean(stored, lambda one: len(one.spans)),
        attributes=_mean(stored, lambda one: sum(span.attributes for span in one.spans)),
        events=_mean(stored, lambda one: sum(span.events for span in one.spans)),
        scores=_mean(stored, lambda one: len(one.scores)),
        logs=_mean(stored, lambda one: one.logs),
        run_figures=found.run_figures,
        resolution_ns=resolution(
            [time for one in stored for span in one.spans for time in (span.start, span.end)]
        ),
        token_kinds=token_kinds(found),
    )


def resolution(times: Sequence[int]) -> int | None:
    """The largest of `UNITS` of which all times are multiples; None without times.

    Args:
        times: Unix times in nanoseconds.
    """
    if not times:
        return None
    return next(unit for unit in UNITS if all(time % unit == 0 for time in times))


def _mean(stored: Sequence[StoredTrace], count: Callable[[StoredTrace], int]) -> float:
    return sum(map(count, stored)) / len(stored) if stored else 0.0
