"""`llmops history`: a metric over recorded runs."""

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_llmops.cli.arguments import add_runs
from pytest_llmops.cli.report import DRAWING, emit, require
from pytest_llmops.errors import CompareError

if TYPE_CHECKING:
    from pytest_llmops.report.trend import Source, Trend

METRICS = (
    *("output_tokens", "solve_rate", "cost_of_pass", "dollars_per_solved"),
    "priced_per_solved",
)


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "history", help="show a metric over time, and where it changed for good"
    )
    command.add_argument(
        "references", nargs="*", metavar="RUN", help="runs to show (default: all in --runs)"
    )
    command.add_argument(
        "--metric",
        choices=METRICS,
        default=METRICS[0],
        help=f"metric to show (default: {METRICS[0]})",
    )
    command.add_argument("--model", default="", metavar="NAME", help="only runs of this model")
    command.add_argument("--output", type=Path, metavar="FILE", help="plot it in an HTML file")
    add_runs(command)
    command.set_defaults(run=_history)


def _history(options: argparse.Namespace) -> int:
    if options.output:
        require(*DRAWING)
    from pytest_llmops.report.trend import trend

    names: Any = {"output_tokens": "token ratio"}
    metric = names.get(options.metric, options.metric.replace("_", " "))
    found = trend(_sources(options), metric)
    _print_trend(found)
    if options.output:
        from pytest_llmops.report.html import history_html

        return emit(history_html(found), options.output)
    return 0


def _sources(options: argparse.Namespace) -> list["Source"]:
    """The runs that were named, or all there are, of the model that was named, if any."""
    from pytest_llmops.models import LATEST
    from pytest_llmops.report.trend import Source
    from pytest_llmops.runs.reading import find_run, first_lines, in_order, read_run

    named = [find_run(name, options.runs) for name in options.references]
    every = in_order(named) if named else first_lines(options.runs)
    if not every:
        find_run(LATEST, options.runs)  # which says that there are none, and how to make one
    found = [
        Source(
            run.id if run else path.parent.name, partial(read_run, path, content=False), bool(named)
        )
        for run, path in every
        if run is None or options.model in {"", run.identity.model}
    ]
    if options.model and not any(run and run.identity.model == options.model for run, _ in every):
        known = ", ".join(sorted({run.identity.model for run, _ in every if run}))
        raise CompareError(f"--model {options.model}: no run of it (models: {known})")
    return found


def _print_trend(found: "Trend") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from pytest_llmops.report.trend import alike, value_text, when

    changes = {change.index: change for change in found.changes}
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("started, UTC", "run", "model", found.metric, "change"):
        justify: Any = "right" if heading == found.metric else "left"
        table.add_column(heading, justify=justify, overflow="fold")  # ids are copied: never cut
    for index, point in enumerate(found.points):
        cells = (when(point), point.run, point.model, value_text(point.value, found.metric))
        mark = ""
        if change := changes.get(index):
            before, after = (value_text(v, found.metric) for v in (change.before, change.after))
            mark = f"{before} -> {after} (p {change.p:.3f})"
        table.add_row(*map(Text, cells), mark)
    console = Console()
    console.print(table)
    for line in alike(found.left_out):
        console.print(Text(f"left out: {line}", "dim"), soft_wrap=True)
    if (count := len(found.models)) > 1:
        print(f"{count} models in one series: {', '.join(found.models)}; --model=NAME shows one")
    if found.left_out:
        print(f"{len(found.left_out)} runs left out, {len(found.points)} shown")
