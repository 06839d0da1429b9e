"""`llmops runs`, `llmops show`, `llmops merge` and `llmops compact`: recorded runs."""

import argparse
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from pytest_llmops.cli.arguments import add_runs
from pytest_llmops.errors import RecordError
from pytest_llmops.quality.beside import told_quality
from pytest_llmops.report.terminal import render, summary_parts
from pytest_llmops.runs.reading import find_run, first_lines, read_run
from pytest_llmops.session.numbers import none_or_more

if TYPE_CHECKING:
    from rich.table import Table

    from pytest_llmops.runs.tally import Tally

SHOWN = 20
"""Runs that a list shows, unless it is asked for more."""


def add(commands: Any) -> None:
    """Declare the commands."""
    command = commands.add_parser("runs", help="list recorded runs, newest last")
    command.add_argument("--model", default="", metavar="NAME", help="only runs of this model")
    command.add_argument("--label", default="", metavar="TEXT", help="only runs with this label")
    command.add_argument(
        "--last",
        type=none_or_more,
        default=SHOWN,
        metavar="N",
        help=f"only the newest N; 0 for all (default: {SHOWN})",
    )
    command.add_argument("--json", action="store_true", help="print a JSON document per run")
    add_runs(command)
    command.set_defaults(run=_list)
    command = commands.add_parser("show", help="show a recorded run in numbers")
    command.add_argument(
        "reference",
        nargs="?",
        default="latest",
        metavar="RUN",
        help="run to show (default: latest)",
    )
    add_runs(command)
    command.set_defaults(run=_show)
    command = commands.add_parser("merge", help="put the shards of a run together")
    command.add_argument("references", nargs="+", metavar="RUN", help="a run, or a records file")
    add_runs(command)
    command.set_defaults(run=_merge)
    command = commands.add_parser("compact", help="store runs in a fraction of the space")
    command.add_argument("references", nargs="+", metavar="RUN", help="a run, or a records file")
    command.add_argument(
        "--undo", action="store_true", help="write the JSON lines again, as they were"
    )
    add_runs(command)
    command.set_defaults(run=_compact)


def _list(options: argparse.Namespace) -> int:
    from pytest_llmops.runs.tally import tally

    every = first_lines(options.runs)
    chosen = [
        path
        for run, path in every
        if not (options.model or options.label)
        or (run and options.model in {"", run.identity.model} and options.label in {"", run.label})
    ]
    if not chosen:
        raise RecordError(_none(options, len(every)))
    shown = chosen[-options.last :] if options.last > 0 else chosen
    counted, broken = [], []
    for path in shown:
        try:
            counted.append(tally(path))
        except RecordError as error:
            broken.append(str(error))
    if options.json:
        print(*(json.dumps(_document(one)) for one in counted), sep="\n")
    else:
        _print(counted, older=len(chosen) - len(shown))
    console = Console(stderr=True, soft_wrap=True)
    for line in broken:
        console.print(f"left out: {line}", style="dim", markup=False, highlight=False)
    return 0


def _none(options: argparse.Namespace, count: int) -> str:
    if not count:
        return f"No runs yet in {options.runs}/. Start one with: pytest benchmarks --model=base"
    asked = {"--model": options.model, "--label": options.label}
    named = " ".join(f"{name} {value}" for name, value in asked.items() if value)
    return f"{named}: none of the {count} runs in {options.runs}/ has it"


def _document(one: "Tally") -> dict[str, object]:
    import msgspec

    run, end = one.run, one.end
    return {
        "run": run.id,
        "started": run.started,
        "label": run.label,
        "checkout": msgspec.to_builtins(run.checkout),
        "model": run.identity.model,
        "agent": run.agent,
        "suites": list(run.suites),
        "state": one.state,
        "replays": run.replays,
        "attempts": one.attempts,
        "selected": run.attempts,
        "solved": one.solved,
        "solve_rate": one.rate,
        "errors": one.errors,
        "input_tokens": one.input_tokens,
        "output_tokens": one.output_tokens,
        "cost_usd": one.cost,
        "cost_per_solved_usd": one.cost_per_solved,
        "verdict": end.gate.verdict if end and end.gate else None,
        "baseline": end.gate.baseline if end and end.gate else None,
    }


def _print(counted: Sequence["Tally"], *, older: int) -> None:
    console, table = Console(), _table(counted)
    if not console.is_terminal:
        console.width = UNBROKEN
    console.width = max(console.width, console.measure(table).minimum)
    console.print(table)
    if older:
        print(f"{older} older runs are not shown; --last 0 shows all")


def _table(counted: Sequence["Tally"]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    columns = {
        name: cells
        for name, cells in _columns(counted).items()
        if name in ALWAYS or any(cell not in {"", "-"} for cell in cells)
    }
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    for name, cells in columns.items():
        justify: Any = "right" if name in NUMBERS else "left"
        least = max(map(len, (name, *cells))) if name in WHOLE else None
        table.add_column(name, justify=justify, min_width=least, overflow="fold")
    for row in zip(*columns.values(), strict=True):
        table.add_row(*map(Text, row))
    return table


UNBROKEN = 10_000
"""Columns of what is no terminal: programs take a line for a run."""
ALWAYS = ("run", "model", "solved", "tokens")
NUMBERS = ("solved", "rate", "tokens", "cost", "per solved")
WHOLE = ("run", *NUMBERS)
"""Columns that do not break: ids are copied."""


def _columns(counted: Sequence["Tally"]) -> dict[str, list[str]]:
    from pytest_llmops.report.figures import dollars

    def priced(value: float | None) -> str:
        return "-" if value is None else dollars(value)

    return {
        "run": [one.run.id for one in counted],
        "label": [one.run.label for one in counted],
        "commit": [str(one.run.checkout or "") for one in counted],
        "model": [one.run.identity.model for one in counted],
        "agent": [one.run.agent for one in counted],
        "solved": [f"{one.solved}/{one.attempts}" if one.graded else "-" for one in counted],
        "rate": ["-" if one.rate is None else f"{one.rate:.1%}" for one in counted],
        "tokens": ["-" if (n := one.output_tokens) is None else f"{n:,}" for one in counted],
        "cost": [priced(one.cost) for one in counted],
        "per solved": [priced(one.cost_per_solved) for one in counted],
        "": [_said(one) for one in counted],
    }


def _said(one: "Tally") -> str:
    """The verdict, and what keeps the run from being taken for a whole one of its model."""
    gate = one.end.gate if one.end else None
    verdict = (gate.verdict or "no verdict") if gate else ""
    state = "" if one.state == "complete" else one.state
    replay = f"replays {one.run.replays}" if one.run.replays else ""
    return ", ".join(filter(None, (verdict, state, replay)))


def _show(options: argparse.Namespace) -> int:
    found = read_run(find_run(options.reference, options.runs))
    console = Console()
    seconds = found.end.finished - found.run.started if found.end else None
    wanted = found.end.decided_after if found.end else None
    quality = told_quality(found)
    parts = summary_parts(found.run, found.records, seconds=seconds, wanted=wanted, quality=quality)
    print(render(parts, width=console.width, color=console.is_terminal))
    if not found.end:
        print("interrupted: the records end before the session did")
    return 0


def _merge(options: argparse.Namespace) -> int:
    from pytest_llmops.runs.merge import merge

    files = [find_run(name, options.runs) for name in options.references]
    path = merge([read_run(file, content=False) for file in files], options.runs)
    print(f"{path}: {len(files)} shards are one run")
    return 0


def _compact(options: argparse.Namespace) -> int:
    from pytest_llmops.runs.compact import compact, expand

    for path in [find_run(name, options.runs) for name in options.references]:
        before = path.stat().st_size
        with _alone(path.parent):
            new = (expand if options.undo else compact)(path)
        after = new.stat().st_size
        print(f"{new}: {after:,} bytes, {after / before:.1%} of the {before:,} of {path.name}")
    return 0


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep a run from being delivered meanwhile, if it was ever to be delivered.

    Raises:
        SinkError: It is being delivered.
    """
    from pytest_llmops.sinks.delivery.ledger import LEDGER, claim

    with claim(folder) if (folder / LEDGER).is_file() else nullcontext():
        yield
