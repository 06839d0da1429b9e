"""`llmops export`: cases as tasks of other harnesses."""

import argparse
from pathlib import Path
from typing import Any

from pytest_llmops.cli.arguments import add_suites
from pytest_llmops.local_models import CONTEXT_TOKENS
from pytest_llmops.session.numbers import positive

HELP = """\
harbor    a folder a case: instruction.md, task.toml, environment/ with a Dockerfile, solution/ with
          the reference, tests/ with the hidden tests, which the pinned vitest runs
inspect   task.py and cases.jsonl: the prompts of a session, and its judge as the scorer (install
          pytest-llmops beside Inspect)

Logs of both come back by `llmops import`; see docs/imports.md.
"""


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "export",
        help="write cases as tasks of Harbor or Inspect",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "harness", choices=("harbor", "inspect"), help="harness to write tasks for"
    )
    command.add_argument("folder", type=Path, metavar="FOLDER", help="new folder to write them to")
    command.add_argument(
        "cases", nargs="*", metavar="CASE", help="ids of cases (default: all of the split)"
    )
    command.add_argument(
        "--suite",
        action="append",
        default=[],
        metavar="NAME",
        help="suite to take cases from; repeatable (default: all)",
    )
    command.add_argument(
        "--split",
        choices=("eval", "train", "all"),
        default="eval",
        help="split to take cases from (default: eval)",
    )
    command.add_argument(
        "--context-tokens",
        type=positive,
        default=CONTEXT_TOKENS,
        metavar="N",
        help=f"inspect: tokens for the rest of the file in a prompt (default: {CONTEXT_TOKENS})",
    )
    command.add_argument(
        "--source", default="", metavar="PATH|URL", help="read the source tree from here"
    )
    add_suites(command)
    command.set_defaults(run=_export)


def _export(options: argparse.Namespace) -> int:
    from pytest_llmops.exports.harbor import export_harbor, functions_of
    from pytest_llmops.exports.inspect import chosen_tasks, export_inspect
    from pytest_llmops.tasks.selection import Choice, select

    choice = Choice(
        suites_file=options.suites,
        suites=tuple(options.suite),
        split=options.split,
        source=options.source,
    )
    selection = chosen_tasks(choice, options.cases, select(choice))
    if options.harness == "inspect":
        count = export_inspect(selection, options.folder, context_tokens=options.context_tokens)
    else:
        tasks = functions_of(selection)
        export_harbor(tasks, options.folder)
        count = len(tasks)
    print(f"{options.folder}: {count} cases for {options.harness}")
    return 0
