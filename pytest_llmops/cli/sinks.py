"""`llmops sync`: what a sink has not taken yet."""

import argparse
import os
from typing import Any

from pytest_llmops.cli.arguments import add_runs, add_sinks


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser("sync", help="deliver a recorded run to sinks that lack it")
    command.add_argument("reference", nargs="?", default="latest", metavar="RUN", help="latest")
    add_sinks(command)
    command.add_argument(
        "--no-content", action="store_true", help="send no prompts and completions"
    )
    add_runs(command)
    command.set_defaults(run=_sync)


def _sync(options: argparse.Namespace) -> int:
    from pytest_llmops.runs.reading import find_run
    from pytest_llmops.sinks.sync import sync

    path = find_run(options.reference, options.runs)
    content = not options.no_content
    sinks = sync(path, options.sink, content=content, environment=os.environ)
    print("\n".join(sinks.lines()))
    return 0 if sinks.complete else 1
