"""`llmops cases`: what is asked, and since when it is known."""

import argparse
from typing import Any

from pytest_llmops.cases import find_suites
from pytest_llmops.cli.arguments import add_suites


def add(commands: Any) -> None:
    """Declare the commands."""
    command = commands.add_parser("cases", help="look at cases, and keep their manifests")
    kinds = command.add_subparsers(required=True, metavar="COMMAND")
    _add_date(kinds)


def _add_date(kinds: Any) -> None:
    command = kinds.add_parser(
        "date", help="write since when each function is as it is into the manifests of a suite"
    )
    command.add_argument(
        "--suite",
        action="append",
        required=True,
        metavar="NAME",
        help="suite of a repository; repeatable",
    )
    command.add_argument("--source", metavar="PATH|URL", help="read the history from here")
    add_suites(command)
    command.set_defaults(run=_date)


def _date(options: argparse.Namespace) -> int:
    from pytest_llmops.mining.keeping import run_date

    return run_date(find_suites(options.suites, options.suite), options.source)
