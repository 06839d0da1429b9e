"""Exact figures of a run as gauges: quantiles of tokens and seconds, spans by step and status.

A quantile estimated from a histogram's buckets is as wrong as they are wide (by half, with the
bounds that the conventions advise); what a collector counts is gone with its restart, and has what
is sent again twice. These are computed from the records.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from opentelemetry.sdk.metrics.export import Gauge, Metric, NumberDataPoint

from pytest_llmops.report.summary import percentile
from pytest_llmops.runs.record import Record, Run
from pytest_llmops.sinks.spans import trace_of

QUANTILES = (0.5, 0.95)


class Stretch(NamedTuple):
    """From the start of a run to its end; Unix time, nanoseconds."""

    start: int
    end: int


def exact_gauges(
    run: Run, records: Sequence[Record], labels: Mapping[str, str], when: Stretch
) -> list[Metric]:
    """Make the gauges.

    Args:
        run: The run.
        records: All of it.
        labels: Attributes of every point.
        when: Times of every point.
    """
    lengths: dict[str, list[float]] = defaultdict(list)
    counts: Counter[tuple[str, str]] = Counter()
    for record in records:
        for span in trace_of(run, record).spans:
            lengths[span.kind].append((span.end - span.start) / 1e9)
            counts[span.kind, "error" if span.error else "ok"] += 1
    outputs = [float(one.usage.output) for one in records if one.usage]
    totals = [one.timing.total for one in records if one.timing]

    def points(name: str, values: Sequence[float], **more: str) -> list[NumberDataPoint]:
        """The quantiles of one distribution; none of nothing."""
        ordered = sorted(values)
        return [
            _point(labels, when, percentile(ordered, share), **more, **{name: f"{share:g}"})
            for share in (QUANTILES if ordered else ())
        ]

    steps = [
        point
        for kind, values in lengths.items()
        for point in points("llmops.quantile", values, **{"llmops.step": kind})
    ]
    counted = [
        _point(labels, when, count, **{"llmops.step": kind, "llmops.status": status})
        for (kind, status), count in counts.items()
    ]
    made = [
        ("llmops.call.output_tokens", "Output tokens of a call", "{token}", outputs),
        ("llmops.call.seconds", "Seconds of a call", "s", totals),
    ]
    found = [
        Metric(name, meaning, unit, Gauge(points("llmops.quantile", values)))
        for name, meaning, unit, values in made
        if values
    ]
    if counted:
        found.append(Metric("llmops.step.seconds", "Seconds of a step", "s", Gauge(steps)))
        found.append(Metric("llmops.steps", "Spans of a step", "{span}", Gauge(counted)))
    return found


def _point(labels: Mapping[str, str], when: Stretch, value: float, **more: str) -> NumberDataPoint:
    return NumberDataPoint({**labels, **more}, when.start, when.end, value)
