"""The comparison as a page that needs nothing else: eight small bar charts, a colour a tool."""

import html
from collections.abc import Callable, Sequence
from typing import Any

from plotly.io import to_html

from pytest_llmops.observability.values import Compared, Tool
from pytest_llmops.report.texts import in_chart

COLOURS = {"langfuse": "#0072b2", "mlflow": "#e69f00", "openllmetry": "#009e73"}
"""Of the palette of Okabe and Ito (2008), which every colour vision can tell apart."""

COLUMNS, ROWS = 4, 2
GAP, LINE = 0.06, 0.2

PANELS: tuple[tuple[str, Callable[[Tool], float | None]], ...] = (
    ("complete chains, %", lambda tool: _part(tool.traceability, lambda one: one.share, 100)),
    (
        "lost + duplicated + wrong",
        lambda tool: _part(
            tool.traceability,
            lambda one: one.lost_spans + one.duplicated_spans + one.wrong_token_spans,
        ),
    ),
    ("queries to the cause", lambda tool: _part(tool.debugging, lambda one: one.queries)),
    ("ms to the cause", lambda tool: _part(tool.debugging, lambda one: one.seconds, 1000)),
    ("attributes an attempt", lambda tool: _part(tool.granularity, lambda one: one.attributes)),
    ("ms an attempt to send", lambda tool: _part(tool.sending, lambda one: one.ms)),
    ("kB an attempt to send", lambda tool: _part(tool.sending, lambda one: one.bytes, 1e-3)),
    ("containers", lambda tool: float(tool.footprint.containers)),
)
"""Title and value of each chart; higher is better in the first and fifth, lower elsewhere."""


def page(comparisons: Sequence[Compared]) -> str:
    """Draw comparisons, one below the other, as one HTML file without references to others."""
    drawn = [
        to_html(figure(one), include_plotlyjs=number == 0, full_html=False)
        for number, one in enumerate(comparisons)
    ]
    body = "".join(
        f"<h2>{html.escape(one.run)}</h2>{chart}"
        for one, chart in zip(comparisons, drawn, strict=True)
    )
    style = "body{font-family:sans-serif;margin:2rem;max-width:1200px}"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tools compared</title>'
        f"<style>{style}</style></head><body><h1>Observability tools compared</h1>{body}"
        "</body></html>\n"
    )


def figure(compared: Compared) -> dict[str, Any]:
    """One comparison as a plotly figure; a tool that was not measured has no bar and says so."""
    names = [_label(tool) for tool in compared.tools]
    colours = [COLOURS.get(tool.name, "#999999") for tool in compared.tools]
    layout: dict[str, Any] = {
        "height": 560, "showlegend": False, "annotations": [], "template": "none",
        "margin": {"t": 40, "b": 70, "l": 40, "r": 20}, "font": {"size": 11},
    }  # fmt: skip
    data = []
    for number, (title, value) in enumerate(PANELS):
        x, y = _place(number)
        axis = str(number + 1) if number else ""
        layout[f"xaxis{axis}"] = {"domain": x, "anchor": f"y{axis}", "tickangle": 0}
        layout[f"yaxis{axis}"] = {
            "domain": y, "anchor": f"x{axis}", "rangemode": "tozero", "showgrid": False,
            "showticklabels": False, "zeroline": True,
        }  # fmt: skip
        layout["annotations"].append(
            {
                "text": title,
                "x": sum(x) / 2,
                "y": y[1] + 0.02,
                "xref": "paper",
                "yref": "paper",
                "showarrow": False,
                "xanchor": "center",
                "yanchor": "bottom",
                "font": {"size": 13},
            }
        )
        values = [value(tool) for tool in compared.tools]
        data.append(
            {
                "type": "bar",
                "x": names,
                "y": values,
                "marker": {"color": colours},
                "text": ["not measured" if one is None else f"{one:,.4g}" for one in values],
                "textposition": "outside",
                "cliponaxis": False,
                "xaxis": f"x{axis}",
                "yaxis": f"y{axis}",
                "hovertemplate": "%{x}: %{text}<extra></extra>",
            }
        )
    return {"data": data, "layout": layout}


def _label(tool: Tool) -> str:
    return f"{in_chart(tool.name)}<br>({tool.measured_on})"


def _place(number: int) -> tuple[list[float], list[float]]:
    """The part of the figure that a chart takes, from the top left."""
    row, column = divmod(number, COLUMNS)
    width, height = (1 - GAP * (COLUMNS - 1)) / COLUMNS, (1 - LINE * (ROWS - 1)) / ROWS
    left, bottom = column * (width + GAP), (ROWS - 1 - row) * (height + LINE)
    return [left, left + width], [bottom, bottom + height - 0.05]


def _part(found: Any, value: Callable[[Any], float | None], factor: float = 1.0) -> float | None:
    """A figure of a part; None where it was not measured."""
    told = None if found is None else value(found)
    return None if told is None else told * factor
