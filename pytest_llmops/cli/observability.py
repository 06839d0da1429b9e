"""`llmops observability`: the tools that runs were sent to, compared on these runs."""

import argparse
import os
from pathlib import Path
from typing import Any

from pytest_llmops.cli.arguments import add_runs, add_sinks


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "observability",
        help="read runs back from Langfuse, MLflow and OpenLLMetry, and compare the tools",
    )
    command.add_argument("references", nargs="+", metavar="RUN", help="runs, files, or latest")
    add_sinks(command)
    command.add_argument(
        "--send",
        action="store_true",
        help="measure delivery too: sends copies of the run, which stay in the tools",
    )
    add_runs(command)
    command.add_argument(
        "--output", type=Path, metavar="FOLDER", help="write charts to FOLDER/observability.html"
    )
    command.set_defaults(run=_observability)


def _observability(options: argparse.Namespace) -> int:
    from rich.console import Console

    from pytest_llmops.observability.measure import compare
    from pytest_llmops.observability.table import parts
    from pytest_llmops.observability.values import write
    from pytest_llmops.runs.reading import find_run, read_run
    from pytest_llmops.sinks.delivery.ledger import Ledger
    from pytest_llmops.sinks.named import SINKS
    from pytest_llmops.sinks.settings import names_of

    chosen = names_of(options.sink)
    console = Console()
    comparisons = []
    for path in dict.fromkeys(find_run(one, options.runs) for one in options.references):
        names = chosen or Ledger(path.parent).sinks() or SINKS
        compared = compare(read_run(path), names, os.environ, send=options.send)
        print(write(path.parent, compared))
        console.print(*parts(compared), sep="\n")
        comparisons.append(compared)
    if options.output:
        print(_write_charts(options.output, comparisons))
    return int(any(tool.problem for one in comparisons for tool in one.tools))


def _write_charts(folder: Path, comparisons: list[Any]) -> Path:
    from pytest_llmops.errors import SinkError

    try:
        from pytest_llmops.observability.chart import page
    except ModuleNotFoundError as error:
        raise SinkError(f"charts need {error.name}; pip install 'pytest-llmops[report]'") from None
    path = folder / "observability.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(page(comparisons), "utf-8")
    except OSError as error:
        raise SinkError(f"{path}: cannot be written: {error.strerror}") from None
    return path
