"""`llmops import`: logs of other harnesses as runs."""

import argparse
from pathlib import Path
from typing import Any

import msgspec

from pytest_llmops.cli.arguments import add_runs
from pytest_llmops.imports.logs import HARNESSES
from pytest_llmops.runs.record import RECORDS


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "import", help="logs of other harnesses as runs, to gate, report and send them"
    )
    command.add_argument("harness", choices=tuple(HARNESSES), help="which one wrote the logs")
    command.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a log, or a job")
    command.add_argument(
        "--scorer", default="", metavar="NAME", help="which score judges, where there are several"
    )
    add_runs(command)
    command.set_defaults(run=_import)


def _import(options: argparse.Namespace) -> int:
    from pytest_llmops.imports.assembly import run_of
    from pytest_llmops.imports.logs import read_log
    from pytest_llmops.runs.record import RecordFile

    for path in options.paths:
        log = read_log(path, options.harness, scorer=options.scorer)
        run = run_of(log)
        if (options.runs / run.run.id / RECORDS).exists():
            print(f"{path}: {run.run.id} was imported before")
            continue
        file = RecordFile(options.runs, run.run)
        for line in (*run.records, run.end):
            if line is not None:
                file.write(line)
        file.close()
        usages = [msgspec.structs.asdict(one.usage) for one in run.records if one.usage]
        tokens = sum(usage["output"] for usage in usages)
        told = f"{tokens:,} output tokens" if usages else "no tokens"
        solved = sum(record.solved for record in run.records)
        attempts = len(run.records)
        print(f"{path}: {run.run.id}: {attempts} attempts, {solved} solved, {told}")
        for note in log.notes:
            print(f"note: {note}")
    return 0
