"""`llmops import`: logs of other harnesses as runs."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_llmops.cli.arguments import add_runs
from pytest_llmops.errors import RecordError
from pytest_llmops.imports.logs import HARNESSES

if TYPE_CHECKING:
    from pytest_llmops.runs.reading import RecordedRun

HELP = """\
What PATH is:
  inspect          a log, *.eval or *.json
  harbor           the folder of a job
  promptfoo        the file of `promptfoo eval --no-cache -o results.json`
  lm-eval          the folder of a model, of --output_path and --log_samples, or a results_*.json
  deepeval         test_run_*.json in DEEPEVAL_RESULTS_FOLDER, or .deepeval/.latest_test_run.json
  mini-swe-agent   the folder of `mini-extra swebench -o`, or one *.traj.json

`llmops gate` and `llmops report` read logs where they lie, too; import those that need an option.
"""


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "import",
        help="read logs of other harnesses as runs, to gate, report and send them",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("harness", choices=tuple(HARNESSES), help="harness that wrote the logs")
    command.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="a log, or the folder of a job"
    )
    command.add_argument(
        "--scorer",
        default="",
        metavar="NAME",
        help="score, reward or metric that decides what is solved, if the log has several",
    )
    command.add_argument(
        "--cluster-by",
        default="",
        metavar="KEY",
        help="group cases that have the same value of this metadata key (promptfoo: also a "
        "variable; lm-eval: a field of the document; mini-swe-agent: 'repository') (default: none)",
    )
    command.add_argument(
        "--model",
        default="",
        metavar="NAME",
        help="provider to take from a promptfoo log with several",
    )
    command.add_argument(
        "--scores", type=Path, metavar="FILE", help="SWE-bench's report on mini-swe-agent's patches"
    )
    add_runs(command)
    command.set_defaults(run=_import)


def _import(options: argparse.Namespace) -> int:
    from pytest_llmops.imports.assembly import Asked, run_of
    from pytest_llmops.imports.logs import read_log

    asked = Asked(
        scorer=options.scorer,
        cluster_by=options.cluster_by,
        model=options.model,
        scores=options.scores,
    )
    for path in options.paths:
        log = read_log(path, options.harness, asked)
        run = run_of(log)
        if _is_new(run, options.runs / run.run.id):
            _write(run, options.runs)
            print(f"{path}: {run.run.id}: {_told(run)}")
        else:
            print(f"{path}: {run.run.id} was imported before")
        for note in log.notes:
            print(f"note: {note}")
    return 0


def _is_new(run: "RecordedRun", folder: Path) -> bool:
    """Whether a log was not imported before.

    Raises:
        RecordError: It was, with other options.
    """
    from pytest_llmops.runs.reading import read_run
    from pytest_llmops.runs.stored import records_file

    if not (file := records_file(folder)).exists():
        return True
    if read_run(file).records != run.records:
        raise RecordError(
            f"{folder}: {run.path} was imported before and read otherwise, with other options or "
            "by another version; remove that folder, or name another one with --runs"
        )
    return False


def _write(run: "RecordedRun", folder: Path) -> None:
    from pytest_llmops.runs.record import RecordFile

    file = RecordFile(folder, run.run)
    for line in (*run.records, run.end):
        if line is not None:
            file.write(line)
    file.close()


def _told(run: "RecordedRun") -> str:
    records = run.records
    counts = [record.usage.output for record in records if record.usage]
    costs = [record.cost for record in records if record.cost is not None]
    errors = sum(bool(record.error) for record in records)
    graded = any(record.grade for record in records)
    parts = [
        f"{len(records)} attempts",
        f"{sum(record.solved for record in records)} solved" if graded else "no outcomes",
        *([f"{errors} errors"] if errors else ()),
        f"{sum(counts):,} output tokens" if counts else "no tokens",
        *([f"${sum(costs):.4g}"] if costs else ()),
    ]
    silent = sum(not (record.usage or record.error) for record in records)
    if counts and silent:
        parts.append(f"{silent} attempts without tokens")
    return ", ".join(parts)
