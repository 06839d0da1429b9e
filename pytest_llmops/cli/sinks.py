"""`llmops sync`: what a sink has not taken yet."""

import argparse
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_llmops.cli.arguments import add_runs, add_sinks

if TYPE_CHECKING:
    from pytest_llmops.observability.verify import Checked


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser("sync", help="deliver a recorded run to sinks that lack it")
    command.add_argument(
        "reference",
        nargs="?",
        default="latest",
        metavar="RUN",
        help="run to deliver (default: latest)",
    )
    add_sinks(command)
    command.add_argument("--no-content", action="store_true", help="send no prompts and answers")
    command.add_argument(
        "--verify",
        action="store_true",
        help="read back what was delivered, and deliver again what is missing",
    )
    command.add_argument(
        "--again", action="store_true", help="deliver all of it again, to the same ids"
    )
    add_runs(command)
    command.set_defaults(run=_sync)


def _sync(options: argparse.Namespace) -> int:
    from pytest_llmops.runs.reading import find_run
    from pytest_llmops.sinks.delivery.sync import sync

    path = find_run(options.reference, options.runs)
    deliver = partial(
        sync, path, options.sink, content=not options.no_content, environment=os.environ
    )
    sinks = deliver(again=options.again)
    said: list[str] = []
    found: list[Checked] = []
    for last in (False, True) if options.verify else ():
        found = _verify(path, [one.sink for one in sinks.delivery.sinks])
        said += _said(found, last=last)
        if not any(one.lost for one in found):
            break
        sinks = deliver()
    sinks = deliver() if options.verify else sinks  # counts anew what the ledger now says
    print("\n".join([*said, *sinks.lines()]))
    return 0 if sinks.complete and not any(one.lost or one.problem for one in found) else 1


def _verify(path: Path, names: list[str]) -> list["Checked"]:
    from pytest_llmops.observability.verify import verify
    from pytest_llmops.runs.reading import read_run

    return verify(read_run(path), names, os.environ)


def _said(found: list["Checked"], *, last: bool) -> list[str]:
    """What there is to say of what was read back; nothing of a sink that has everything."""
    after = "and after another delivery still not" if last else "sent again"
    lost = [
        f"{one.sink}: {one.lost} delivered, but cannot be read back; {after}"
        for one in found
        if one.lost
    ]
    return lost + [f"{one.sink}: {one.problem}" for one in found if one.problem]
