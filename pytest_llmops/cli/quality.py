"""`llmops quality`: how well written the answers of a recorded run are."""

import argparse
import json
from typing import TYPE_CHECKING, Any

from rich.console import Console

from pytest_llmops.cli.arguments import add_runs, add_suites

if TYPE_CHECKING:
    from pytest_llmops.quality.totals import Quality
    from pytest_llmops.quality.values import Measured
    from pytest_llmops.runs.reading import RecordedRun


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "quality", help="measure how well written the answers of a recorded run are"
    )
    command.add_argument(
        "reference",
        nargs="?",
        default="latest",
        metavar="RUN",
        help="run to measure (default: latest)",
    )
    command.add_argument("--json", action="store_true", help="print the figures as JSON")
    command.add_argument(
        "--sandbox",
        choices=("bwrap", "process"),
        default="bwrap",
        help="`process` needs no namespaces (default: bwrap)",
    )
    add_suites(command)
    add_runs(command)
    command.set_defaults(run=_quality)


def _quality(options: argparse.Namespace) -> int:
    from pytest_llmops.quality.stored import store
    from pytest_llmops.quality.totals import quality_lines, totals
    from pytest_llmops.runs.reading import find_run, read_run

    found = read_run(find_run(options.reference, options.runs))
    attempts = _measured(found, options)
    path = store(found.path, found.run, attempts)
    total = totals(attempts)
    if options.json:
        print(json.dumps({"run": found.run.id, "file": str(path), **_document(total)}))
        return 0
    print(*quality_lines(total), f"run: {found.run.id}; by attempt: {path}", sep="\n")
    return 0


def _document(total: "Quality") -> dict[str, object]:
    means = {**total.figures, **total.parts}
    return {
        "attempts": total.attempts,
        "measured": total.measured,
        **{name: mean.value if mean.answers else None for name, mean in means.items()},
        "answers": {name: mean.answers for name, mean in means.items()},
        "do_not_parse": total.broken,
        "have_type_errors": total.wrong,
        "rules": dict(total.rules),
        "not_measured": dict(total.unmeasured),
    }


def _measured(found: "RecordedRun", options: argparse.Namespace) -> "list[Measured]":
    """Measure all attempts, with a progress bar on a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    from pytest_llmops.quality.batches import measure_all
    from pytest_llmops.quality.tools import install

    install()
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=len(found.records))
        return measure_all(
            found.records,
            options.suites,
            isolation=options.sandbox,
            done=lambda count: bar.advance(task, count),
        )
