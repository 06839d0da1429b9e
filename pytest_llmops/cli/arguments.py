"""Arguments that several commands take."""

import argparse
from pathlib import Path

import msgspec

from pytest_llmops.cli.project import find_project
from pytest_llmops.compare.margins import DEFAULT_MARGINS, PROOFS, Margins, ratio, share


def add_runs(command: argparse.ArgumentParser) -> None:
    """Declare `--runs`."""
    command.add_argument(
        "--runs",
        type=Path,
        default=find_project().runs,
        metavar="FOLDER",
        help="where runs are recorded (default: runs/)",
    )


def add_suites(command: argparse.ArgumentParser) -> None:
    """Declare `--suites`."""
    default = find_project().suites
    command.add_argument(
        "--suites",
        type=Path,
        default=default,
        metavar="FILE",
        help="file that names the suites (default: llmops_suites)",
    )


def add_baselines(command: argparse.ArgumentParser) -> None:
    """Declare `--baselines`."""
    folder = find_project().baselines
    command.add_argument(
        "--baselines",
        type=Path,
        default=folder,
        metavar="FOLDER",
        help="folder of the baselines (default: llmops_baselines)",
    )


def add_sinks(command: argparse.ArgumentParser) -> None:
    """Declare `--sink`."""
    command.add_argument(
        "--sink",
        action="append",
        default=[],
        metavar="NAME",
        help="langfuse, mlflow, openllmetry or all; repeatable (default: those the run was for)",
    )


def add_margins(command: argparse.ArgumentParser) -> None:
    """Declare what a gate still accepts; `margins_of` and `asked_margins` read it."""
    margins = DEFAULT_MARGINS
    command.add_argument(
        "--max-tokens-ratio",
        type=ratio,
        metavar="R",
        help=f"largest accepted ratio of output tokens (default: {margins.tokens})",
    )
    command.add_argument(
        "--max-solve-loss",
        type=share,
        metavar="S",
        help=f"largest accepted loss of solve rate (default: {margins.solve_rate})",
    )
    command.add_argument(
        "--max-cost",
        type=ratio,
        metavar="R",
        help="largest accepted ratio of dollars, per attempt and per solved case (default: any)",
    )
    command.add_argument(
        "--proof",
        choices=PROOFS,
        help=f"`regressed` proves a loss beyond the margin, or any (default: {margins.proof})",
    )


def asked_margins(options: argparse.Namespace) -> dict[str, float | str]:
    """The margins that the user set, by name."""
    given = {
        "tokens": options.max_tokens_ratio,
        "solve_rate": options.max_solve_loss,
        "cost": options.max_cost,
        "proof": options.proof,
    }
    return {name: value for name, value in given.items() if value is not None}


def margins_of(options: argparse.Namespace) -> Margins:
    """The margins that the user set, the usual ones elsewhere."""
    return msgspec.convert(asked_margins(options), Margins)
