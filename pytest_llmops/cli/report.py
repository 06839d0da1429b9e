"""`llmops report`: recorded runs as documents and tables."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_llmops.cli.arguments import add_baselines, add_margins, add_runs, asked_margins
from pytest_llmops.errors import RecordError
from pytest_llmops.runs.stored import records_files

if TYPE_CHECKING:
    from pytest_llmops.report.subject import Subject
    from pytest_llmops.runs.reading import RecordedRun

FORMATS = {".html": "html", ".md": "markdown", ".csv": "csv", ".parquet": "parquet"}
"""Format by the ending of `--output`."""

DRAWING = ("numpy", "scipy", "jinja2", "plotly")
"""What an HTML page is made with: all of the extra `report`, told at once where some is missing."""


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "report",
        help="report on a run, or on candidates and a baseline: HTML, Markdown, CSV, Parquet",
    )
    command.add_argument(
        "references",
        nargs="+",
        metavar="RUN",
        help="runs, files, models or baselines; the first is the baseline of the others",
    )
    command.add_argument(
        "--format",
        choices=tuple(FORMATS.values()),
        help="format of the report (default: by the ending of --output, else html)",
    )
    command.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="file to write (default: report.html, report.parquet; Markdown, CSV: standard output)",
    )
    command.add_argument(
        "--refusal",
        type=Path,
        metavar="FILE",
        help="standard error of a session that recorded no run; the report says why",
    )
    command.add_argument(
        "--changed",
        type=Path,
        metavar="FILE",
        help="file with the paths a change touches, one per line; Markdown says which judge it",
    )
    command.add_argument(
        "--report-url",
        default=os.environ.get("LLMOPS_REPORT_URL", ""),
        metavar="URL",
        help="where the HTML report will be; Markdown links to it, and to each case in it where "
        "the address ends in .html or is an artifact of GitHub's (default: LLMOPS_REPORT_URL)",
    )
    add_runs(command)
    add_baselines(command)
    add_margins(command)
    command.set_defaults(run=_report)


def _report(options: argparse.Namespace) -> int:
    form = options.format or _format_of(options.output)
    if options.refusal and not records_files(options.runs):
        return _report_refusal(options, form)
    if form == "html":
        require(*DRAWING)
    runs = _runs(options)
    if form != "markdown":
        from pytest_llmops.runs.texts import with_texts

        runs = [with_texts(run, options.runs) for run in runs]
    if form == "parquet":
        return _parquet(runs, options.output or Path("report.parquet"))
    if form == "csv":
        from pytest_llmops.report.export import records_csv

        return emit(records_csv(runs), options.output)
    from pytest_llmops.report.subject import subject_of

    subject = subject_of(runs, asked_margins(options))
    if form == "markdown":
        from pytest_llmops.report.markdown import report_markdown

        return emit(
            _with_changes(report_markdown(subject, options.report_url), options), options.output
        )
    return emit(_report_html(subject), options.output or Path("report.html"))


def _report_refusal(options: argparse.Namespace, form: str) -> int:
    from pytest_llmops.report.markdown import refusal_markdown

    if form != "markdown":
        raise RecordError(f"--refusal: a report without a run is Markdown, not {form}")
    said = options.refusal.read_text("utf-8", "replace") if options.refusal.is_file() else ""
    return emit(_with_changes(refusal_markdown(said), options), options.output)


def _with_changes(text: str, options: argparse.Namespace) -> str:
    from pytest_llmops.report.changed import changed_line
    from pytest_llmops.report.markdown import with_changes

    if options.changed is None:
        return text
    try:
        names = options.changed.read_text("utf-8", "replace").splitlines()
    except OSError as error:
        raise RecordError(f"--changed {options.changed}: {error.strerror}") from None
    return with_changes(text, changed_line(names))


def _format_of(output: Path | None) -> str:
    if output is None:
        return "html"
    if output.suffix not in FORMATS:
        endings = ", ".join(FORMATS)
        raise RecordError(f"--output {output}: name a format with --format, or end it in {endings}")
    return FORMATS[output.suffix]


def _runs(options: argparse.Namespace) -> list["RecordedRun"]:
    """The runs in the order they were named; the first may be a baseline's name."""
    from pytest_llmops.compare.finding import find_baseline, find_candidate
    from pytest_llmops.runs.reading import find_run, read_run

    first, *others = options.references
    candidates = [find_candidate(reference, runs=options.runs) for reference in others]
    if first == "latest":
        return [read_run(find_run(first, options.runs)), *candidates]
    baseline = find_baseline(
        first,
        baselines=options.baselines,
        runs=options.runs,
        judged=[candidate.run for candidate in candidates],
    )
    return [baseline, *candidates]


def _report_html(subject: "Subject") -> str:
    from pytest_llmops.report.html import report_html

    return report_html(subject)


def _parquet(runs: Sequence["RecordedRun"], output: Path) -> int:
    require("pyarrow")
    from pytest_llmops.report.export import write_parquet

    write_parquet(runs, output)
    print(output)
    return 0


def require(*packages: str) -> None:
    """Refuse before work is done where an optional package is missing."""
    from importlib.util import find_spec

    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise RecordError(f"this needs {', '.join(missing)}: pip install 'pytest-llmops[report]'")


def emit(text: str, output: Path | None) -> int:
    """Write a document, or print it where there is no file; line ends stay as they are."""
    data = text.encode("utf-8", "replace")
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        return 0
    try:
        output.write_bytes(data)
    except OSError as error:
        raise RecordError(f"{output}: cannot be written: {error.strerror}") from None
    print(output)
    return 0
