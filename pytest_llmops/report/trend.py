"""A metric over the runs of one suite, with the points where it changed for good."""

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from pytest_llmops.compare.complete import require_complete
from pytest_llmops.compare.history import (
    Change,
    Metric,
    Point,
    change_points,
    measure,
    refuse_outsider,
    require_told,
)
from pytest_llmops.compare.pairing import pair_records
from pytest_llmops.errors import CompareError, RecordError
from pytest_llmops.report import figures
from pytest_llmops.report.charts import Figure
from pytest_llmops.report.texts import in_chart
from pytest_llmops.runs.reading import RecordedRun

TITLES: dict[Metric, str] = {
    "token ratio": "output tokens against the first run",
    "solve rate": "solve rate, %",
    "cost of pass": "output tokens per solved attempt",
    "dollars per solved": "dollars per solved attempt",
    "priced per solved": "priced tokens per solved attempt, loops",
}


NAMED = 3
"""Runs that are named of those left out for one kind of reason."""
LONGEST = 160
"""Characters of a reason; the rest is what `llmops gate` is for."""
_NAMES = re.compile(r"^run \S+ \([^)]*\): ")
_OWN = re.compile(r"\S*[:/#.]\S+|\d+")
"""What differs between reasons of one kind: names of cases and files, numbers."""


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """What a history shows."""

    metric: Metric
    suite: str
    points: tuple[Point, ...]
    """By time."""
    changes: tuple[Change, ...]
    left_out: tuple[tuple[str, str], ...]
    """Runs that do not belong to it: id, and why."""

    @property
    def models(self) -> tuple[str, ...]:
        """Those whose runs it mixes: a change may be one of model."""
        return tuple(sorted({point.model for point in self.points}))

    @property
    def improves(self) -> bool:
        """Whether a rise is good."""
        return self.metric == "solve rate"


class Source(NamedTuple):
    """A run that is read when its turn comes: three are in memory at a time, however many."""

    name: str
    read: Callable[[], RecordedRun]
    named: bool = False
    """Whether the user asked for this very run, and is to hear if it cannot be read."""


def trend(sources: Sequence[Source], metric: Metric) -> Trend:
    """Put the runs that can be compared with the latest complete one in a series.

    The earliest of them is what all are measured against. A run that cannot be read, is not
    complete or cannot be compared is left out, and told.

    Args:
        sources: Of the runs, in the order in which they started.
        metric: What to measure.

    Raises:
        CompareError: No run is complete.
        RecordError: A run that the user named cannot be read.
    """
    told = (_complete(source, metric) for source in reversed(sources))
    latest = next((run for run, why in told if run and not why), None)
    points, left_out = [], []
    reference = None
    for source in sources:
        run, why = _complete(source, metric)
        if run and latest and not why:
            why = _incomparable(latest, run, metric)
        if why or run is None:
            left_out.append((source.name, why))
            continue
        reference = reference or run
        points.append(measure(reference, run, metric))
    if latest is None:
        found = "".join(f"\n  {line}" for line in alike(left_out)) or " there are no runs"
        raise CompareError(f"no complete run, so no history:{found}")
    return Trend(
        metric=metric,
        suite=", ".join(latest.run.suites),
        points=tuple(points),
        changes=change_points([point.value for point in points]),
        left_out=tuple(left_out),
    )


def alike(left_out: Sequence[tuple[str, str]]) -> list[str]:
    """A line for each kind of reason why runs were left out, most frequent first."""
    kinds: dict[str, list[tuple[str, str]]] = {}
    for run, why in left_out:
        kinds.setdefault(_OWN.sub("#", _reason(why)), []).append((run, _reason(why)))
    lines = []
    for runs in sorted(kinds.values(), key=len, reverse=True):
        names = ", ".join(run for run, _ in runs[:NAMED])
        more = f" and {len(runs) - NAMED} more" if len(runs) > NAMED else ""
        lines.append(f"{names}{more}: {runs[-1][1]}")
    return lines


def _reason(why: str) -> str:
    """What is wrong, shortened: without the names of the runs, and the first of several reasons."""
    head, _, rest = _NAMES.sub("", why).partition("\n")
    lines = [line.strip() for line in (rest or head).splitlines()]
    first = lines[0] if len(lines[0]) <= LONGEST else f"{lines[0][: LONGEST - 3]}..."
    return first + (f" (and {len(lines) - 1} more reasons)" if len(lines) > 1 else "")


def _complete(source: Source, metric: Metric) -> tuple[RecordedRun | None, str]:
    """A run, as far as it can be read, and why it has no place in a series of the metric."""
    try:
        run = source.read()
    except RecordError as error:
        if source.named:
            raise
        return None, str(error)
    try:
        require_complete(run, "run")
        require_told(run, metric)
    except CompareError as error:
        return run, str(error)
    return run, ""


def _incomparable(latest: RecordedRun, run: RecordedRun, metric: Metric) -> str:
    try:
        refuse_outsider(latest, run, metric)
        pair_records(latest.records, run.records)  # which sees a case that moved
    except CompareError as error:
        return str(error)
    return ""


def value_text(value: float, metric: Metric) -> str:
    """A value of the series for a person."""
    if metric == "solve rate":
        return figures.share(value)
    if metric == "dollars per solved":
        return figures.dollars(value)
    return figures.amount(value, 3 if metric == "token ratio" else 0)


def when(point: Point) -> str:
    """When a run started: `2026-11-24 03:03`, UTC."""
    return datetime.fromtimestamp(point.started, UTC).strftime("%Y-%m-%d %H:%M")


def trend_figure(found: Trend) -> Figure:
    """The series, the means between changes, and a line at each change."""
    scale = 100 if found.metric == "solve rate" else 1
    numbers = list(range(1, len(found.points) + 1))
    values = [_finite(point.value * scale) for point in found.points]
    return {
        "data": [
            {
                "type": "scatter", "mode": "lines+markers", "showlegend": False,
                "x": numbers, "y": values,
                "customdata": [
                    [in_chart(point.run), in_chart(point.model), when(point)]
                    for point in found.points
                ],
                "hovertemplate": "%{customdata[0]}<br>%{customdata[1]}, %{customdata[2]} UTC<br>"
                "%{y:.4~g}<extra></extra>",
                "line": {"color": "@faint", "width": 1.5},
                "marker": {"color": "@accent", "size": 8},
            },
            *_levels(found, scale),
        ],
        "layout": {
            "height": 420,
            "margin": {"t": 32},
            "xaxis": {
                "title": {"text": "runs, in order of time"},
                "tickmode": "array",
                "tickvals": (ticks := _ticks(len(numbers))),
                "ticktext": [when(found.points[at - 1])[:10] for at in ticks],
            },
            "yaxis": {"title": {"text": TITLES[found.metric]}, "automargin": True},
            "shapes": [_mark(change) for change in found.changes],
            "hovermode": "closest",
        },
    }  # fmt: skip


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _ticks(count: int) -> list[int]:
    """At most eight of the runs, evenly spread."""
    step = max(1, math.ceil(count / 8))
    return list(range(1, count + 1, step))


def _levels(found: Trend, scale: int) -> list[Figure]:
    """The mean of each part between changes, as a horizontal line."""
    if not found.changes:
        return []
    edges = [0, *(change.index for change in found.changes), len(found.points)]
    means = [found.changes[0].before, *(change.after for change in found.changes)]
    return [
        {
            "type": "scatter", "mode": "lines", "showlegend": False, "hoverinfo": "skip",
            "x": [start + 0.6, end + 0.4], "y": [mean * scale] * 2,
            "line": {"color": "@accent", "width": 2.5},
        }
        for start, end, mean in zip(edges, edges[1:], means, strict=False)
    ]  # fmt: skip


def _mark(change: Change) -> Figure:
    at = change.index + 0.5
    return {
        "type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper", "layer": "below",
        "line": {"color": "@bad", "dash": "dash", "width": 1.5},
    }  # fmt: skip
