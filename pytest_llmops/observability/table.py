"""The comparison on a terminal: a column a tool, a row a figure."""

from collections.abc import Callable

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pytest_llmops.observability.values import Compared, Tool

UNITS = {1_000_000_000: "1 s", 1_000_000: "1 ms", 1_000: "1 µs", 1: "1 ns"}

MISSING = "-"
"""Not measured."""

MARK = "*"
"""Behind a figure that a stand-in gave."""

SOURCES = {"figures of the run": "figures of the run", "log records": "log records"}
"""Rows that neither the traces nor the delivery give, and what does."""

DECLARED = {"set-up steps", "containers", "memory limit, GiB", "server memory, MiB"}
"""Rows that are not measured by asking."""

GROUPS: dict[str, dict[str, Callable[[Tool], str]]] = {}
"""Title of a group, and its rows."""


def parts(compared: Compared) -> list[RenderableType]:
    """A comparison for a terminal: the table, then what could not be measured and why."""
    table = Table(title=f"run {compared.run}", title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    for tool in compared.tools:
        table.add_column(tool.name, justify="right")
    for title, rows in GROUPS.items():
        if title:
            table.add_row(Text(title, "bold"))
        for name, show in rows.items():
            cells = (_marked(show(tool), name, title, tool) for tool in compared.tools)
            table.add_row(f"  {name}" if title else name, *cells)
    problems = [
        Text(f"{tool.name}: {text}", "yellow")
        for tool in compared.tools
        for text in (tool.problem, tool.sending_problem and f"sending: {tool.sending_problem}")
        if text
    ]
    legend = [Text(f"{MARK} measured on a stand-in")] * any(one.stand_ins for one in compared.tools)
    return [table, *legend, *problems]


def _marked(cell: str, row: str, title: str, tool: Tool) -> str:
    """A figure, with a mark where what gave it was a stand-in."""
    if cell == MISSING or not title or row in DECLARED:
        return cell
    part = SOURCES.get(row, "delivery" if title == "cost" else "traces")
    return f"{cell} {MARK}" if part in tool.stand_ins else cell


def share(value: float | None) -> str:
    """A share of 0..1 in per cent; never rounded up to all of it."""
    if value is None:
        return MISSING
    return f"{int(value * 1000) / 10:g} %"


def number(value: float | None, digits: int = 1) -> str:
    """A number, without the zeros behind the point."""
    if value is None:
        return MISSING
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _of(part: str, show: Callable[..., str]) -> Callable[[Tool], str]:
    """Show something of a part of the figures, where it was measured."""

    def cell(tool: Tool) -> str:
        found = getattr(tool, part)
        return MISSING if found is None else show(found)

    return cell


def _known(count: int) -> str:
    return MISSING if count < 0 else str(count)


def _opens(found: bool | None) -> str:
    return {True: "yes", False: "no"}.get(found, MISSING) if found is not None else MISSING


GROUPS |= {
    "": {
        "measured on": lambda tool: tool.measured_on,
    },
    "traceability": {
        "complete chains": _of("traceability", lambda one: share(one.share)),
        "attempts": _of("traceability", lambda one: f"{one.complete}/{one.attempts}"),
        "spans lost": _of("traceability", lambda one: f"{one.lost_spans}/{one.spans}"),
        "spans duplicated": _of("traceability", lambda one: str(one.duplicated_spans)),
        "spans unexpected": _of("traceability", lambda one: str(one.unexpected_spans)),
        "spans with wrong tokens": _of("traceability", lambda one: str(one.wrong_token_spans)),
        "spans with wrong cost": _of("traceability", lambda one: str(one.wrong_cost_spans)),
        "scores missing": _of("traceability", lambda one: str(one.missing_scores)),
        "scores wrong": _of("traceability", lambda one: str(one.wrong_scores)),
    },
    "ease of debugging": {
        "failing attempts": _of("debugging", lambda one: str(one.failing)),
        "queries to the cause": _of("debugging", lambda one: number(one.queries)),
        "ms to the cause": _of(
            "debugging",
            lambda one: number(None if one.seconds is None else one.seconds * 1000),
        ),
        "prompt found": _of("debugging", lambda one: share(one.prompt)),
        "completion found": _of("debugging", lambda one: share(one.completion)),
        "error or test output found": _of("debugging", lambda one: share(one.error)),
        "with a link": _of("debugging", lambda one: share(one.linked)),
        "link leads there": _of("debugging", lambda one: _opens(one.opens)),
    },
    "granularity, an attempt": {
        "spans": _of("granularity", lambda one: number(one.spans, 2)),
        "attributes": _of("granularity", lambda one: number(one.attributes)),
        "events": _of("granularity", lambda one: number(one.events, 2)),
        "scores": _of("granularity", lambda one: number(one.scores, 2)),
        "log records": _of("granularity", lambda one: number(one.logs, 2)),
        "figures of the run": _of("granularity", lambda one: _known(one.run_figures)),
        "time resolution": _of("granularity", lambda one: UNITS.get(one.resolution_ns, MISSING)),
        "token kinds": _of("granularity", lambda one: f"{len(one.token_kinds)} of 4"),
    },
    "cost": {
        "ms an attempt": _of("sending", lambda one: number(one.ms, 2)),
        "s to start": _of("sending", lambda one: number(one.start_seconds)),
        "bytes an attempt": _of("sending", lambda one: number(one.bytes, 0)),
        "set-up steps": lambda tool: str(len(tool.footprint.steps)),
        "containers": lambda tool: str(tool.footprint.containers),
        "memory limit, GiB": lambda tool: number(tool.footprint.memory_limit),
        "server memory, MiB": lambda tool: number(
            tool.footprint.memory and tool.footprint.memory / 2**20, 0
        ),
    },
}
