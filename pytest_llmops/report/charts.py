"""Charts as plotly figures: plain dicts, drawn by plotly.js in the page.

A colour is the name of a role (`@accent`), which the page looks up for its light or dark theme.
Roles that stand beside each other differ in lightness or shape too, so that they can be told apart
with any colour vision (palette: Okabe and Ito 2008). Labels are escaped: plotly reads tags in them.
"""

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from pytest_llmops.report.figures import dollars
from pytest_llmops.report.summary import Rate, summarize
from pytest_llmops.report.texts import in_chart
from pytest_llmops.runs.record import Record

Figure = dict[str, Any]

PARTS = (
    ("code", "code_share", "@part1"),
    ("comments", "comment_share", "@part2"),
    ("prose", "prose_share", "@part3"),
    ("unused code", "unused_share", "@part4"),
    ("thinking", "thinking_share", "@part5"),
    ("markup", "markup_share", "@part6"),
)
"""Where output tokens go: name, share of `Quality`, colour."""

HIDDEN = ("hidden reasoning", "@part5")
OTHER = ("not apportioned", "@faint")
"""What the server did not show, and answers that were not graded or hold no text."""


def pareto(runs: Sequence[tuple[str, Sequence[Record]]]) -> Figure:
    """Solve rate over mean output tokens per attempt, a point a run; a line joins the best ones.

    Args:
        runs: Name and records of each run.
    """
    points = []
    for name, records in runs:
        total = summarize(records)
        answered = sum(record.usage is not None for record in records)
        if answered and not math.isnan(total.rate.estimate):
            points.append((total.output_tokens / answered, total.rate, name))
    told = [f"{tokens:,.1f} output tokens per attempt" for tokens, _, _ in points]
    return front(points, "mean output tokens per attempt", told)


def priced(runs: Sequence[tuple[str, Sequence[Record]]]) -> Figure:
    """Solve rate over mean dollars per attempt, a point each run whose prices are known.

    Args:
        runs: Name and records of each run.
    """
    totals = [(name, summarize(records)) for name, records in runs]
    points = [
        (total.cost / total.attempts, total.rate, name)
        for name, total in totals
        if total.cost is not None and not math.isnan(total.rate.estimate)
    ]
    told = [f"{dollars(spent)} per attempt" for spent, _, _ in points]
    return front(points, "mean dollars per attempt", told)


def front(points: Sequence[tuple[float, Rate, str]], what: str, told: Sequence[str]) -> Figure:
    """Solve rate over what it took, a point each; a line joins those that no other beats in both.

    Args:
        points: What it took, solve rate, and a name.
        what: Title of the axis of what it took.
        told: What it took as a person reads it, by point.
    """
    best = sorted(
        point
        for point in [(spent, rate.estimate) for spent, rate, _ in points]
        if not any(_beats((other, rate.estimate), point) for other, rate, _ in points)
    )
    return {
        "data": [
            {
                "type": "scatter", "mode": "lines", "hoverinfo": "skip", "showlegend": False,
                "x": [spent for spent, _ in best],
                "y": [rate * 100 for _, rate in best],
                "line": {"color": "@faint", "dash": "dot", "width": 2, "shape": "hv"},
            },
            {
                "type": "scatter", "mode": "markers+text", "showlegend": False,
                "x": [spent for spent, _, _ in points],
                "y": [rate.estimate * 100 for _, rate, _ in points],
                "text": [f"  {in_chart(name)}" for _, _, name in points],
                "textposition": "middle right",
                "customdata": list(told),
                "error_y": {
                    "type": "data", "symmetric": False, "color": "@neutral", "thickness": 1.5,
                    "array": [(rate.high - rate.estimate) * 100 for _, rate, _ in points],
                    "arrayminus": [(rate.estimate - rate.low) * 100 for _, rate, _ in points],
                },
                "marker": {"size": 12, "color": "@accent"},
                "hovertemplate": "%{text}<br>%{y:.1f} % solved<br>%{customdata}<extra></extra>",
                "cliponaxis": False,
            },
        ],
        "layout": {
            "height": 360,
            "margin": {"t": 16},
            "xaxis": {
                "title": {"text": what},
                "range": [0, 1.25 * max([spent for spent, _, _ in points], default=1.0)],
            },
            "yaxis": {"title": {"text": "attempts solved, %"}, "rangemode": "tozero"},
            "hovermode": "closest",
        },
    }  # fmt: skip


def _beats(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one != other and one[0] <= other[0] and one[1] >= other[1]


def token_parts(runs: Sequence[tuple[str, Sequence[Record]]]) -> Figure:
    """Stacked bars, one a run: mean output tokens per attempt by what they were spent on."""
    means = [mean_parts(records) for _, records in runs]
    names = [in_chart(name) for name, _ in runs]
    colors = {**{name: color for name, _, color in PARTS}, **dict((HIDDEN, OTHER))}
    traces = []
    for part, color in colors.items():
        values = [mean.get(part, 0.0) for mean in means]
        if any(values):
            traces.append(
                {
                    "type": "bar", "orientation": "h", "name": part, "y": names, "x": values,
                    "marker": {"color": color},
                    "text": [f"{value:,.0f}" for value in values],
                    "textposition": "inside", "insidetextanchor": "middle", "textangle": 0,
                    "hovertemplate": f"%{{y}}<br>{part}: %{{x:,.1f}} tokens per attempt"
                    "<extra></extra>",
                }
            )  # fmt: skip
    return {
        "data": traces,
        "layout": {
            "barmode": "stack",
            "height": 130 + 46 * len(runs),
            "bargap": 0.35,
            "xaxis": {"title": {"text": "mean output tokens per attempt"}},
            "yaxis": {
                "autorange": "reversed",
                "automargin": True,
                "showgrid": False,
                "ticksuffix": "  ",
            },
            "legend": {
                "orientation": "h",
                "y": 1.02,
                "yanchor": "bottom",
                "x": 0,
                "traceorder": "normal",
            },
            "uniformtext": {"minsize": 11, "mode": "hide"},
        },
    }


def mean_parts(records: Sequence[Record]) -> dict[str, float]:
    """Mean output tokens per answered attempt, by part.

    The tokens of an answer, less hidden reasoning, are apportioned by characters (see
    `grading.quality`); the parts of a run sum to its mean output tokens.
    """
    sums: dict[str, float] = {}
    answered = [record for record in records if record.usage]
    for record in answered:
        for part, tokens in _parts(record).items():
            sums[part] = sums.get(part, 0.0) + tokens
    return {part: total / len(answered) for part, total in sums.items()}


def _parts(record: Record) -> dict[str, float]:
    assert record.usage
    shown = record.usage.output - record.usage.reasoning
    found = {HIDDEN[0]: float(record.usage.reasoning)}
    quality = msgspec.structs.asdict(record.grade.quality) if record.grade else {}
    rest = 1.0
    for part, field, _ in PARTS:
        found[part] = quality.get(field, 0.0) * shown
        rest -= quality.get(field, 0.0)
    return {**found, OTHER[0]: max(0.0, rest) * shown if rest > 1e-6 else 0.0}
