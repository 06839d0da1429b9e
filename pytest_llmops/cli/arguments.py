"""Arguments that several commands take."""

import argparse
from pathlib import Path

from pytest_llmops.compare.margins import DEFAULT_MARGINS, Margins, ratio, share


def add_runs(command: argparse.ArgumentParser) -> None:
    """Declare `--runs`."""
    command.add_argument("--runs", type=Path, default=Path("runs"), metavar="FOLDER")


def add_baselines(command: argparse.ArgumentParser) -> None:
    """Declare `--baselines`."""
    folder = Path("benchmarks/baselines")
    command.add_argument("--baselines", type=Path, default=folder, metavar="FOLDER")


def add_sinks(command: argparse.ArgumentParser) -> None:
    """Declare `--sink`."""
    command.add_argument(
        "--sink",
        action="append",
        default=[],
        metavar="NAME",
        help="langfuse, mlflow, openllmetry or all (repeatable); default: those the run was for",
    )


def add_margins(command: argparse.ArgumentParser) -> None:
    """Declare what a gate still accepts; `margins_of` reads it."""
    margins = DEFAULT_MARGINS
    command.add_argument(
        "--max-tokens-ratio",
        type=ratio,
        default=margins.tokens,
        metavar="R",
        help=f"accepted output tokens, candidate over baseline; {margins.tokens}",
    )
    command.add_argument(
        "--max-solve-loss",
        type=share,
        default=margins.solve_rate,
        metavar="S",
        help=f"accepted loss of solve rate; {margins.solve_rate}",
    )


def margins_of(options: argparse.Namespace) -> Margins:
    """The margins that the user set."""
    return Margins(tokens=options.max_tokens_ratio, solve_rate=options.max_solve_loss)
