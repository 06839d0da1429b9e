"""`llmops show`: recorded runs."""

import argparse
from typing import Any

from rich.console import Console

from pytest_llmops.cli.arguments import add_runs
from pytest_llmops.report.terminal import render, summary_parts
from pytest_llmops.runs.reading import find_run, read_run


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser("show", help="show a recorded run in numbers")
    command.add_argument("reference", nargs="?", default="latest", metavar="RUN", help="latest")
    add_runs(command)
    command.set_defaults(run=_show)


def _show(options: argparse.Namespace) -> int:
    found = read_run(find_run(options.reference, options.runs))
    console = Console()
    seconds = found.end.finished - found.run.started if found.end else None
    wanted = found.end.decided_after if found.end else None
    parts = summary_parts(found.run, found.records, seconds=seconds, wanted=wanted)
    print(render(parts, width=console.width, color=console.is_terminal))
    if not found.end:
        print("interrupted: the records end before the session did")
    return 0
