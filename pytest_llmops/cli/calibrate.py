"""`llmops calibrate`: the model against itself, to know what a gate can see."""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from pytest_llmops.cli.arguments import add_margins, add_runs, margins_of
from pytest_llmops.compare.margins import ratio
from pytest_llmops.errors import RecordError
from pytest_llmops.session.numbers import positive, temperature

if TYPE_CHECKING:
    from pytest_llmops.compare.planning.calibration import Calibration
    from pytest_llmops.compare.planning.noise import Outcomes

REPEAT = 5
TEMPERATURE = 0.8
DIVISIONS = 2000


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "calibrate", help="measure the noise of a model, and what a gate can see through it"
    )
    command.add_argument("--model", default="base", metavar="NAME", help="model to ask (base)")
    command.add_argument(
        "--repeat",
        type=_several,
        default=REPEAT,
        metavar="K",
        help=f"attempts per case (default: {REPEAT})",
    )
    command.add_argument(
        "--suite", action="append", default=[], metavar="NAME", help="repeatable (default: all)"
    )
    command.add_argument(
        "--temperature",
        type=temperature,
        default=TEMPERATURE,
        metavar="T",
        help=f"sampling temperature (default: {TEMPERATURE})",
    )
    told = "limit of output tokens per attempt (default: that of pytest)"
    command.add_argument("--max-tokens", type=positive, metavar="N", help=told)
    command.add_argument(
        "--run", dest="reference", metavar="RUN", help="analyse this run instead of asking a model"
    )
    add_runs(command)
    command.add_argument(
        "--tests", default="benchmarks", metavar="PATH", help="tests to run (benchmarks)"
    )
    command.add_argument(
        "arguments", nargs="*", metavar="-- ARGUMENT", help="passed on to pytest, after `--`"
    )
    _add_trials(command)
    command.set_defaults(run=_calibrate)


def _add_trials(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--planted",
        type=ratio,
        default=1.1,
        metavar="R",
        help="regression to look for, as a ratio of tokens (default: 1.1)",
    )
    command.add_argument(
        "--divisions",
        type=positive,
        default=DIVISIONS,
        metavar="N",
        help="number of trials (default: 2000)",
    )
    add_margins(command)


def _several(text: str) -> int:
    if (number := int(text)) < 2:
        raise ValueError
    return number


def _calibrate(options: argparse.Namespace) -> int:
    from pytest_llmops.compare.planning.calibration import calibrate, write_calibration
    from pytest_llmops.runs.reading import find_run, read_run

    if options.reference:
        path = find_run(options.reference, options.runs)
    else:
        status, made = _record(options)
        if status:
            print(
                f"llmops: the session ended with exit status {status}, so nothing is calibrated; "
                f"its records: {made or 'none'}",
                file=sys.stderr,
            )
            return status
        if made is None:
            raise RecordError(f"the session wrote no run in {options.runs}")
        path = made
    found = read_run(path)
    margins = margins_of(options)
    calibration = calibrate(found, margins, planted=options.planted, divisions=options.divisions)
    _show(calibration, Console())
    print(f"written: {write_calibration(calibration, path.parent)}")
    return 0


def _record(options: argparse.Namespace) -> tuple[int, Path | None]:
    """Run the benchmark; its exit status, and the records file that it left."""
    before = set(_files(options.runs))
    command = [sys.executable, "-m", "pytest", options.tests, *_arguments(options)]
    status = subprocess.run(command, check=False).returncode
    made = [path for path in _files(options.runs) if path not in before and _is_own(path, options)]
    if len(made) > 1:
        names = ", ".join(path.parent.name for path in made)
        raise RecordError(
            f"{len(made)} runs were made in {options.runs} meanwhile: {names}; calibrate one of "
            "them with --run"
        )
    return status, made[0] if made else None


def _arguments(options: argparse.Namespace) -> Iterator[str]:
    """Those of pytest, without the tests; under names that no project has taken."""
    yield f"--llmops-model={options.model}"
    yield f"--llmops-samples={options.repeat}"
    yield f"--llmops-temperature={options.temperature}"
    if options.max_tokens:
        yield f"--llmops-max-tokens={options.max_tokens}"
    yield f"--llmops-runs={options.runs.resolve()}"
    yield "--llmops-no-cache"
    for suite in options.suite:
        yield f"--llmops-suite={suite}"
    yield from options.arguments


def _files(runs: Path) -> list[Path]:
    from pytest_llmops.runs.stored import records_files

    return records_files(runs)


def _is_own(path: Path, options: argparse.Namespace) -> bool:
    """Whether a run can be the one asked for; others may be recorded at the same time."""
    from pytest_llmops.runs.reading import read_run

    return bool(read_run(path).run.samples == options.repeat)


def _show(found: "Calibration", console: Console) -> None:
    console.print(
        f"calibration of {found.run}: {found.model}, {', '.join(found.suites)}, "
        f"{found.cases} cases in {found.clusters} clusters, {found.samples} attempts per case at "
        f"temperature {found.temperature:g}, at most {found.max_tokens} tokens"
    )
    console.print(_repeats(found))
    console.print(_levels(found), _floors(found), _trials(found), _needs(found), sep="\n\n")


def _repeats(found: "Calibration") -> str:
    """What equal and unequal answers to the same question mean here."""
    told = f"all attempts gave the same text in {found.identical:.0%} of cases"
    if found.temperature == 0:
        return (
            f"{told}: at temperature 0 repeats are equal but for what batching changes in the last "
            "digits, so this measures the harness; a gate of sampled answers needs the noise at "
            "their temperature"
        )
    return told


def _levels(found: "Calibration") -> Table:
    table = _table(
        "cases", "", "SD repeats", "SD cases", "truncated", "of noise", "solved", "SD solved"
    )
    for level in found.levels:
        table.add_row(
            level.name,
            str(level.cases),
            f"{level.repeat_sd:.3f}",
            f"{level.case_sd:.3f}",
            f"{level.truncated:.1%}",
            f"{level.truncated_part:.1%}",
            f"{level.solved:.1%}",
            f"{level.solve_sd:.3f}",
        )
    table.caption = (
        "SD of ln output tokens; truncated: attempts at the token limit, and how much of the noise "
        "lies in cases with such"
    )
    return table


def _floors(found: "Calibration") -> Table:
    table = _table("attempts per case", "noise floor", "found with 80 % power")
    for floor in found.floors:
        table.add_row(
            str(floor.samples), f"+-{floor.ratio - 1:.1%}", f"{floor.detectable - 1:+.1%}"
        )
    table.caption = f"output tokens, two runs of these {found.cases} cases; 95 % of comparisons"
    return table


def _trials(found: "Calibration") -> Table:
    table = _table("trial", "regressed", "held", "undecided", "tokens regressed", "tokens held")
    table.add_row("unchanged (false alarms)", *_shares(found.unchanged))
    table.add_row(f"{found.planted.planted:g}x tokens (power)", *_shares(found.planted))
    table.caption = (
        f"the gate (tokens {found.margins.tokens:g}x, solve loss {found.margins.solve_rate:g}) on "
        f"{found.unchanged.divisions} random divisions of the attempts, "
        f"{found.unchanged.samples} against {found.unchanged.samples} a case"
    )
    return table


def _shares(trial: "Outcomes") -> tuple[str, ...]:
    shares = (trial.regressed, trial.held, trial.undecided)
    return tuple(f"{each:.1%}" for each in (*shares, trial.tokens_regressed, trial.tokens_held))


def _needs(found: "Calibration") -> Table:
    table = _table("goal, with 80 % probability", "attempts per case", "or cases")
    for need in found.needs:
        table.add_row(need.goal, _number(need.samples), _number(need.cases))
    table.caption = (
        f"attempts in both runs with the {found.cases} cases there are, or cases with "
        f"{found.samples} attempts; each goal by itself"
    )
    return table


def _number(count: int | None) -> str:
    return "none suffice" if count is None else str(count)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, caption_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table
