"""A run as metrics: histograms of tokens and seconds by the GenAI conventions, and our own gauges.

Each run is a stream of its own (`service.instance.id` is its id), cumulative from its start, with
one point at its end. The same run sent twice says the same number for the same time, so nothing is
counted twice.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence

from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.semconv_ai import Meters

from pytest_llmops.runs.record import End, Record, Run
from pytest_llmops.sinks.attributes import provider
from pytest_llmops.sinks.openllmetry.exact import Stretch, exact_gauges
from pytest_llmops.sinks.openllmetry.otlp import SCOPE
from pytest_llmops.sinks.run_scores import NOTHING, figures

SECOND_BOUNDS = (
    0.01,
    0.02,
    0.04,
    0.08,
    0.16,
    0.32,
    0.64,
    1.28,
    2.56,
    5.12,
    10.24,
    20.48,
    40.96,
    81.92,
)
TOKEN_BOUNDS = tuple(float(4**power) for power in range(14))
"""Bounds that the conventions advise."""

GAUGES = {
    "solve_rate": ("1", "Share of attempts that were solved"),
    "cost_of_pass": ("{token}", "Output tokens by solved attempts"),
    "cost_usd": ("USD", "What the run cost"),
    "priced_per_attempt": ("{token}", "Priced tokens of loops by attempts"),
    "priced_per_solved": ("{token}", "Priced tokens of loops by solved attempts"),
    "turns": ("{turn}", "Answers of the model in loops"),
    "tool_calls": ("{call}", "Tools that agents called"),
    "failed_tool_calls": ("{call}", "Tools that gave an error back"),
    "resent_share": ("1", "Share of the input of loops that was sent again"),
    "quality_consistency": ("1", "How answers look beside the code around; 1 at best"),
    "quality_best_practices": ("1", "What lint says of answers; 1 at best"),
    "quality_error_rate": ("1", "Lines of answers with a type error; 0 at best"),
    "quality_duplication": ("1", "Code of answers that exists already; 0 at best"),
    "quality_surplus": ("1", "Lines of patches beyond those of the reference; 0 at best"),
    "quality_strays": ("1", "Files of patches that the reference leaves alone; 0 at best"),
    "attempts": ("{attempt}", "Attempts on record"),
    "errors": ("{attempt}", "Attempts that the harness could not complete"),
    "truncated": ("{attempt}", "Answers that hit the token limit"),
}
"""Figures of the run that become `llmops.*` gauges, with unit and meaning."""

Labels = tuple[tuple[str, str], ...]


def metrics_of(
    run: Run,
    records: Sequence[Record],
    end: End | None,
    about: Resource,
    *,
    quality: Mapping[str, float] = NOTHING,
) -> MetricsData:
    """Count a run.

    Args:
        run: The run.
        records: All of it.
        end: None where it was interrupted; the time of its last answer is then that of the point.
        about: The resource to say it of.
        quality: See `figures`.
    """
    start, now = round(run.started * 1e9), round(_ended(run, records, end) * 1e9)
    tokens, seconds = _observations(run, records)
    found = [
        Metric(
            Meters.LLM_TOKEN_USAGE,
            "Tokens of one call",
            "{token}",
            _histogram(tokens, TOKEN_BOUNDS, start, now),
        ),
        Metric(
            Meters.LLM_OPERATION_DURATION,
            "Time of one call",
            "s",
            _histogram(seconds, SECOND_BOUNDS, start, now),
        ),
    ]
    labels = dict(_labels(run))
    for name, value in figures(records, quality).items():
        if name in GAUGES:
            unit, meaning = GAUGES[name]
            point = NumberDataPoint(labels, start, now, value)
            found.append(Metric(f"llmops.{name}", meaning, unit, Gauge([point])))
    found += exact_gauges(run, records, labels, Stretch(start, now))
    scope = ScopeMetrics(SCOPE, found, "")
    return MetricsData([ResourceMetrics(about, [scope], "")])


def _labels(run: Run) -> Labels:
    return (
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", provider(run.identity)),
        ("gen_ai.request.model", run.identity.model),
        ("llmops.suites", ",".join(run.suites)),
        ("llmops.split", run.split),
    )


def _observations(
    run: Run, records: Sequence[Record]
) -> tuple[Mapping[Labels, list[float]], Mapping[Labels, list[float]]]:
    tokens: defaultdict[Labels, list[float]] = defaultdict(list)
    seconds: defaultdict[Labels, list[float]] = defaultdict(list)
    labels = _labels(run)
    for record in records:
        served = (*labels, ("gen_ai.response.model", record.served_model or run.identity.model))
        if record.spent:
            tokens[*served, ("gen_ai.token.type", "input")].append(record.spent.input)
            tokens[*served, ("gen_ai.token.type", "output")].append(record.spent.output)
        if record.timing:
            seconds[served].append(record.timing.total)
    return tokens, seconds


def _histogram(
    observed: Mapping[Labels, Sequence[float]], bounds: Sequence[float], start: int, now: int
) -> Histogram:
    points = []
    for labels, values in observed.items():
        counts = [0] * (len(bounds) + 1)
        for value in values:
            counts[bisect_left(bounds, value)] += 1
        points.append(
            HistogramDataPoint(
                attributes=dict(labels),
                start_time_unix_nano=start,
                time_unix_nano=now,
                count=len(values),
                sum=sum(values),
                bucket_counts=counts,
                explicit_bounds=bounds,
                min=min(values),
                max=max(values),
            )
        )
    return Histogram(points, AggregationTemporality.CUMULATIVE)


def _ended(run: Run, records: Sequence[Record], end: End | None) -> float:
    if end:
        return end.finished
    answered = (one.timing.started + one.timing.total for one in records if one.timing)
    return max(answered, default=run.started)
