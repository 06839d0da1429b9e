"""A number of each run over time, a line for each model, with the commits and lasting changes."""

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec

from pytest_llmops.compare.history import Change, change_points
from pytest_llmops.report import figures
from pytest_llmops.report.charts import Figure
from pytest_llmops.report.texts import in_chart
from pytest_llmops.viewer.leaders import who
from pytest_llmops.viewer.shown import Shown


class Measure(msgspec.Struct, frozen=True):
    """What is drawn."""

    title: str
    value: Callable[[Shown], float]
    told: Callable[[float], str]
    scale: float = 1.0
    rises: bool = False
    """Whether a rise is good."""


MEASURES = {
    "rate": Measure("solve rate, %", lambda run: run.rate.estimate, figures.share, 100.0, True),
    "dollars": Measure(
        "dollars per solved attempt", lambda run: run.dollars_per_solved, figures.dollars
    ),
    "solved": Measure(
        "output tokens per solved attempt", lambda run: run.tokens_per_solved, figures.amount
    ),
    "tokens": Measure("output tokens, median", lambda run: run.tokens_median, figures.amount),
}
"""By the name that addresses use."""

COLORS = ("@accent", "@part3", "@part5", "@part4", "@part2", "@neutral")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x")
"""Lines that stand beside each other differ in shape, too."""


class Point(msgspec.Struct, frozen=True):
    """One run."""

    shown: Shown
    value: float
    change: Change | None
    """Where a lasting change began with this run."""

    @property
    def when(self) -> str:
        """When it started: `2026-11-24 03:03`, UTC."""
        return datetime.fromtimestamp(self.shown.run.started, UTC).strftime("%Y-%m-%d %H:%M")


class Series(msgspec.Struct, frozen=True):
    """The runs of one model, with one agent."""

    name: str
    points: tuple[Point, ...]


def series(runs: Sequence[Shown], measure: Measure) -> list[Series]:
    """The numbers of whole runs, by model.

    Args:
        runs: Of the same cases, in the order in which they started.
        measure: Which number.
    """
    by_model: dict[str, list[Shown]] = {}
    for run in runs:
        if run.state == "complete" and not run.run.replays:
            by_model.setdefault(who(run), []).append(run)
    return [Series(name, _points(members, measure)) for name, members in by_model.items()]


def _points(runs: Sequence[Shown], measure: Measure) -> tuple[Point, ...]:
    values = [measure.value(run) for run in runs]
    changes = {change.index: change for change in change_points(values)}
    return tuple(
        Point(run, value, changes.get(at))
        for at, (run, value) in enumerate(zip(runs, values, strict=True))
    )


def series_figure(found: Sequence[Series], measure: Measure) -> Figure:
    """The lines, and a mark at each lasting change."""
    marks = [point.when for one in found for point in one.points if point.change]
    return {
        "data": [_line(number, one, measure) for number, one in enumerate(found)],
        "layout": {
            "height": 420,
            "margin": {"t": 48},
            "xaxis": {"title": {"text": "when a run started, UTC"}, "type": "date"},
            "yaxis": {
                "title": {"text": measure.title},
                "automargin": True,
                "rangemode": "tozero",
            },
            "shapes": [
                {
                    "type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper",
                    "layer": "below", "line": {"color": "@bad", "dash": "dash", "width": 1.5},
                }
                for at in marks
            ],
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "showlegend": len(found) > 1,
            "hovermode": "closest",
        },
    }  # fmt: skip


def _line(number: int, one: Series, measure: Measure) -> Figure:
    known = [point for point in one.points if math.isfinite(point.value)]
    color = COLORS[number % len(COLORS)]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": in_chart(one.name),
        "x": [point.when for point in known],
        "y": [point.value * measure.scale for point in known],
        "customdata": [
            [
                in_chart(point.shown.run.label or point.shown.name),
                in_chart(str(point.shown.run.checkout or "no commit known")),
                measure.told(point.value),
            ]
            for point in known
        ],
        "hovertemplate": "%{customdata[0]}<br>%{customdata[1]}<br>%{customdata[2]}"
        "<extra>%{fullData.name}</extra>",
        "line": {"color": color, "width": 1.5},
        "marker": {"color": color, "size": 9, "symbol": SYMBOLS[number % len(SYMBOLS)]},
    }
