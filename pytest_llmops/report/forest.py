"""Charts of token ratios, candidate over baseline: overall, by cluster and by case.

Forest plots on a logarithmic axis: one row an effect, its interval as a line, 1 is "no change".
"""

import math
from collections import defaultdict
from collections.abc import Sequence

from scipy.special import stdtrit

from pytest_llmops.compare.values import CasePair, Comparison, Effect, Interval
from pytest_llmops.report.charts import Figure
from pytest_llmops.report.figures import interval, percent_of_ratio
from pytest_llmops.report.texts import in_chart

FEWEST = 3
"""Cases from which on a cluster has an interval of its own."""

SIDES = {
    (False, False): ("solved by neither", "@faint", "circle"),
    (True, True): ("solved by both", "@accent", "square"),
    (False, True): ("gained", "@good", "triangle-up"),
    (True, False): ("lost", "@bad", "triangle-down"),
}
"""How a case is drawn by (solved in baseline, solved in candidate)."""


def overall(comparisons: Sequence[tuple[str, Comparison]]) -> Figure:
    """Forest of the overall token ratios: output, input and total of each candidate.

    Args:
        comparisons: Name and comparison of each candidate.
    """
    rows: list[tuple[str, Effect, Interval]] = [
        (f"{in_chart(name)}  {effect.metric}", effect, comparison.told(effect))
        for name, comparison in comparisons
        for effect in comparison.effects
        if math.isfinite(effect.ratio.estimate)
    ]
    rows.reverse()  # plotly draws from bottom to top
    output = [effect.metric == "output" for _, effect, _ in rows]
    trace = _intervals(
        [name for name, _, _ in rows],
        [told for _, _, told in rows],
        [_source(effect, told) for _, effect, told in rows],
    )
    trace["marker"] = {
        "symbol": "diamond",
        "size": [13 if first else 9 for first in output],
        "color": ["@accent" if first else "@neutral" for first in output],
        "opacity": 1,
    }
    return _forest("tokens", [trace], [told for _, _, told in rows])


def _source(effect: Effect, told: Interval) -> str:
    if told is effect.ratio:
        return f"two-sided 95 %; p of an increase {effect.p_increase:.3g}"
    return "the bounds of the gate's check"


def clusters(comparison: Comparison) -> Figure:
    """Forest of output-token ratios by source file, largest increase on top, overall effect below.

    A cluster of three cases and more has its 95 % t interval on logs; a smaller one is a point.
    """
    rows = cluster_ratios(comparison.pairs)
    trace = _intervals(
        [in_chart(name) for name, _, _ in rows],
        [ratio for _, _, ratio in rows],
        [f"{count} case{'s' * (count > 1)}" for _, count, _ in rows],
    )
    sizes = [min(16.0, 5 + 2.2 * math.sqrt(count)) for _, count, _ in rows]
    trace["marker"] = {"symbol": "square", "size": sizes, "color": "@accent", "opacity": 1}
    figure = _forest("output tokens", [trace], [ratio for _, _, ratio in rows])
    output = comparison.told(comparison.effects[0])
    if math.isfinite(output.low) and math.isfinite(output.high):
        figure["layout"]["shapes"] += [_band(output), _line(output.estimate, "@accent", "dot")]
    return figure


def cluster_ratios(pairs: Sequence[CasePair]) -> list[tuple[str, int, Interval]]:
    """Name, cases and geometric-mean ratio of output tokens of each cluster, ascending by ratio."""
    logs = defaultdict(list)
    for pair in pairs:
        if min(pair.output) > 0:
            logs[pair.cluster].append(math.log(pair.output[1] / pair.output[0]))
    rows = [(name, len(values), _mean_ratio(values)) for name, values in logs.items()]
    return sorted(rows, key=lambda row: (row[2].estimate, row[0]))


def _mean_ratio(logs: Sequence[float]) -> Interval:
    n = len(logs)
    mean = sum(logs) / n
    if n < FEWEST:
        return Interval(math.nan, math.exp(mean), math.nan)
    deviation = math.sqrt(sum((log - mean) ** 2 for log in logs) / (n - 1))
    half = float(stdtrit(n - 1, 0.975)) * deviation / math.sqrt(n)
    return Interval(math.exp(mean - half), math.exp(mean), math.exp(mean + half))


def cases(comparison: Comparison) -> Figure:
    """Output-token ratio of every case, sorted; colour and shape say which run solved it."""
    ordered = sorted(
        (pair for pair in comparison.pairs if min(pair.output) > 0),
        key=lambda pair: (pair.output[1] / pair.output[0], pair.case),
    )
    ratios = [1.0, *(pair.output[1] / pair.output[0] for pair in ordered)]
    span = max(ratios) / min(ratios)
    traces = []
    for sides, (name, color, symbol) in SIDES.items():
        chosen = [
            (rank, pair)
            for rank, pair in enumerate(ordered, start=1)
            if (pair.solved[0] > 0.5, pair.solved[1] > 0.5) == sides
        ]
        if chosen:
            traces.append(_points(chosen, f"{name} ({len(chosen)})", color, symbol))
    return {
        "data": traces,
        "layout": {
            "height": 400,
            "xaxis": {"title": {"text": "cases, sorted by ratio"}, "zeroline": False},
            "yaxis": {**_ratio_axis("output tokens", span), "automargin": True},
            "shapes": [_line(1.0, "@ink", "solid", axis="y")],
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "hovermode": "closest",
        },
    }


def _points(chosen: Sequence[tuple[int, CasePair]], name: str, color: str, symbol: str) -> Figure:
    details = [
        [in_chart(pair.case), _rounded(pair.output[0]), _rounded(pair.output[1])]
        for _, pair in chosen
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [rank for rank, _ in chosen],
        "y": [pair.output[1] / pair.output[0] for _, pair in chosen],
        "customdata": details,
        "hovertemplate": "%{customdata[0]}<br>%{customdata[1]} to %{customdata[2]} output tokens"
        "<br>ratio %{y:.3f}<extra></extra>",
        "marker": {"color": color, "symbol": symbol, "size": 10 if "triangle" in symbol else 6},
    }


def _forest(what: str, traces: list[Figure], ratios: Sequence[Interval]) -> Figure:
    low, high = _span(ratios)
    rows = len(ratios)
    return {
        "data": traces,
        "layout": {
            "height": 86 + 26 * max(rows, 2),
            "margin": {"t": 74, "b": 12},
            "xaxis": {
                **_ratio_axis(what, high / low, "<br>"),
                "range": [math.log10(low), math.log10(high)],
                "side": "top",
            },
            "yaxis": {
                "automargin": True,
                "showgrid": False,
                "ticksuffix": "  ",
                "range": [-0.7, rows - 0.3],
            },
            "shapes": [_line(1.0, "@ink", "solid")],
            "hovermode": "closest",
            "showlegend": False,
        },
    }


def _intervals(names: list[str], ratios: list[Interval], details: list[str]) -> Figure:
    """Points with their intervals, from bottom to top."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [ratio.estimate for ratio in ratios],
        "y": names,
        "customdata": [
            [interval(ratio, "ratio"), percent_of_ratio(ratio.estimate), detail]
            for ratio, detail in zip(ratios, details, strict=True)
        ],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [_length(ratio.high - ratio.estimate) for ratio in ratios],
            "arrayminus": [_length(ratio.estimate - ratio.low) for ratio in ratios],
            "color": "@neutral",
            "thickness": 1.5,
            "width": 0,
        },
        "hovertemplate": "%{y}<br>%{customdata[1]} (%{customdata[0]})<br>%{customdata[2]}"
        "<extra></extra>",
    }


def _length(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def _span(ratios: Sequence[Interval]) -> tuple[float, float]:
    """What the axis shows: 1, all estimates and all of their intervals that are finite."""
    values = [value for one in ratios for value in (one.low, one.estimate, one.high)]
    known = [value for value in values if math.isfinite(value) and value > 0]
    low, high = min([*known, 0.9]), max([*known, 1.1])
    air = (high / low) ** 0.04
    return low / air, high * air


FEW_LABELS = 6.0
"""Of an axis that spans more than this factor, 1, 2 and 5 of each decade are labelled alone."""


def _ratio_axis(what: str, span: float, apart: str = " ") -> Figure:
    return {
        "type": "log",
        "title": {"text": f"{what}, candidate / baseline{apart}(log scale)"},
        "tickformat": ".3~g",
        **({"dtick": "D2"} if span > FEW_LABELS else {}),
    }


def _line(at: float, color: str, dash: str, axis: str = "x") -> Figure:
    ends = {"x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper"}
    if axis == "y":
        ends = {"y0": at, "y1": at, "x0": 0, "x1": 1, "xref": "paper"}
    return {
        "type": "line", "layer": "below", "line": {"color": color, "dash": dash, "width": 1.5},
        **ends,
    }  # fmt: skip


def _band(effect: Interval) -> Figure:
    return {
        "type": "rect", "layer": "below", "line": {"width": 0}, "fillcolor": "@band",
        "x0": effect.low, "x1": effect.high, "y0": 0, "y1": 1, "yref": "paper",
    }  # fmt: skip


def _rounded(value: float) -> float:
    return round(value, 1)
