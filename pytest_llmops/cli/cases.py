"""`llmops validate` and `llmops mine`: how cases are proved and made."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_llmops.cases import load_suites
from pytest_llmops.cli.arguments import add_suites
from pytest_llmops.errors import CaseError
from pytest_llmops.places.named import HELP
from pytest_llmops.places.where import Where, where
from pytest_llmops.session.numbers import positive
from pytest_llmops.tasks.suites import find_suites

if TYPE_CHECKING:
    from pytest_llmops.mining.curate import Setup
    from pytest_llmops.mining.curate_changes import Wanted


def add(commands: Any) -> None:
    """Declare the commands."""
    _add_validate(commands)
    _add_mine(commands)


def _add_validate(commands: Any) -> None:
    command = commands.add_parser(
        "validate", help="check that each case is solved by its reference and not by a trivial body"
    )
    command.add_argument("cases", nargs="*", metavar="CASE", help="ids of cases (default: all)")
    command.add_argument(
        "--suite",
        action="append",
        default=[],
        metavar="NAME",
        help="suite to check; repeatable (default: all)",
    )
    command.add_argument(
        "--repeat",
        type=positive,
        metavar="N",
        help="run only the references, N times each, and name the tests that pass at times",
    )
    command.add_argument(
        "--mark",
        action="store_true",
        help="with --repeat: mark these tests as flaky in the manifests; they judge nothing then",
    )
    _suites_options(command)
    command.set_defaults(run=_validate)


def _validate(options: argparse.Namespace) -> int:
    from pytest_llmops.mining.curate_repeat import run_repeat
    from pytest_llmops.mining.curate_validate import run_validate

    if options.mark and not options.repeat:
        raise CaseError("--mark needs --repeat N, which finds the tests to mark")
    suites = find_suites(options.suites, options.suite)
    if not options.suite:  # what takes far longer is proved where it is named
        suites = [suite for suite in suites if not (suite.asks_for_changes or suite.vitest)]
    if options.repeat:
        setup, ids = _setup(options), options.cases
        return run_repeat(suites, setup, options.repeat, ids=ids, mark=options.mark)
    every = find_suites(options.suites, [])
    return run_validate(suites, _setup(options), ids=options.cases, beside=every)


def _add_mine(commands: Any) -> None:
    command = commands.add_parser("mine", help="find cases in a source tree")
    kinds = command.add_subparsers(required=True, metavar="KIND")
    functions = kinds.add_parser(
        "functions", help="find functions, each judged by the tests that run it"
    )
    _mine_options(functions, "functions")
    functions.add_argument(
        "--explain", metavar="FILE", help="say what becomes of this file of the tree; write nothing"
    )
    functions.add_argument(
        "--within",
        action="append",
        default=[],
        metavar="PATH",
        help="mine this file or folder of the tree alone; other cases of the manifests stay",
    )
    functions.set_defaults(run=_mine)
    commits = kinds.add_parser(
        "commits", help="find commits that change source, each judged by the tests it changes"
    )
    _mine_options(commits, "commits")
    commits.set_defaults(run=_mine_commits)
    edits = kinds.add_parser(
        "edits", help="find edits that can be asked for exactly, each judged by tests that notice"
    )
    _mine_options(edits, "edits")
    edits.set_defaults(run=_mine_edits)


def _mine_options(command: argparse.ArgumentParser, kind: str) -> None:
    command.add_argument(
        "--suite", required=True, metavar="NAME", help="suite whose source tree to search"
    )
    command.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="manifest to write (default: the one of the suite)",
    )
    command.add_argument(
        "--limit", type=positive, default=0, metavar="N", help=f"stop after N {kind}"
    )
    command.add_argument(
        "--verbose", action="store_true", help="name everything left out, with its reason"
    )
    command.add_argument(
        "--report",
        type=Path,
        metavar="FILE.json",
        help="write cases, what was left out and why, and flaky tests to this file",
    )
    command.add_argument(
        "--fresh", action="store_true", help="do not go on from a mining that was interrupted"
    )
    _suites_options(command)


def _mine(options: argparse.Namespace) -> int:
    from pytest_llmops.mining.curate import run_explain, run_mine

    (suite,) = find_suites(options.suites, [options.suite])
    if options.explain:
        return run_explain(suite, _setup(options), options.explain)
    wanted = _wanted(options)
    return run_mine(
        suite,
        replace(_mining_setup(options), within=tuple(options.within)),
        output=wanted.output,
        limit=wanted.limit,
        telling=wanted.telling,
    )


def _mine_commits(options: argparse.Namespace) -> int:
    from pytest_llmops.mining.curate_changes import run_mine_commits

    (suite,) = find_suites(options.suites, [options.suite])
    return run_mine_commits(suite, _mining_setup(options), _wanted(options))


def _mine_edits(options: argparse.Namespace) -> int:
    from pytest_llmops.mining.curate_changes import run_mine_edits

    (suite,) = find_suites(options.suites, [options.suite])
    suites = load_suites(options.suites)
    return run_mine_edits(suite, _mining_setup(options), _wanted(options), suites=suites)


def _mining_setup(options: argparse.Namespace) -> "Setup":
    beside = tuple(find_suites(options.suites, []))
    return replace(_setup(options), fresh=options.fresh, beside=beside)


def _wanted(options: argparse.Namespace) -> "Wanted":
    from pytest_llmops.mining.curate import Telling
    from pytest_llmops.mining.curate_changes import Wanted

    return Wanted(options.output, options.limit, Telling(options.verbose, options.report))


def _suites_options(command: argparse.ArgumentParser) -> None:
    place = command.add_mutually_exclusive_group()
    place.add_argument(
        "-n", "--jobs", type=positive, default=2, metavar="N", help="processes at once (default: 2)"
    )
    place.add_argument("--run-on", metavar="PLACE", help=HELP)
    command.add_argument("--source", metavar="PATH|URL", help="read the source tree from here")
    add_suites(command)
    command.add_argument(
        "--sandbox",
        choices=("bwrap", "process"),
        default="bwrap",
        help="`process` needs no namespaces, but lets code reach the network (default: bwrap)",
    )


def _setup(options: argparse.Namespace) -> "Setup":
    from pytest_llmops.mining.curate import Setup

    place = where(options.run_on) if options.run_on else Where(jobs=options.jobs)
    return Setup(source=options.source, place=place, isolation=options.sandbox)
