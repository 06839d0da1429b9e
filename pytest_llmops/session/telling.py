"""What a session says of itself: before it begins, of each attempt, and when it has ended."""

from collections.abc import Sequence
from typing import Any

from rich.console import RenderableType

from pytest_llmops.errors import EndpointError
from pytest_llmops.report.terminal import render, summary_parts
from pytest_llmops.session.options import Options
from pytest_llmops.session.recording import Recording
from pytest_llmops.tasks.selection import Selection

Status = tuple[str, str, str | tuple[str, dict[str, bool]]]
"""Category, letter and word of a test, as pytest wants them."""


def head(options: Options, selection: Selection) -> list[str]:
    """Model, suites, and suites left out."""
    count, suites = str(len(selection.cases)), ", ".join(selection.trees) or "none"
    if shard := options.choice.shard:
        count = f"shard {shard}, {count} of {len(selection.whole)}"
    lines = [f"llmops: model {options.model}; {suites}: {count} {options.choice.split} cases"]
    for name, reason in selection.unreachable.items():
        lines.append(f"llmops: suite {name} left out: {reason}")
    return lines


def left_out(selection: Selection) -> list[str]:
    """The suites that could not be reached, and why."""
    return [f"left out: {name}: {why}" for name, why in selection.unreachable.items()]


def tail(
    recording: Recording,
    wanted: int | None,
    told: Sequence[RenderableType],
    *,
    width: int,
    color: bool,
) -> str:
    """The run in numbers, and what there is to tell below them.

    Args:
        recording: The run.
        wanted: Attempts that a sequential gate asked for before it had its verdict, else None.
        told: Lines and parts for a person.
        width: Of the terminal.
        color: Whether it has any.
    """
    run, seconds = recording.so_far(), recording.seconds
    parts = summary_parts(run.run, run.records, seconds=seconds, wanted=wanted)
    return render([*parts, *told], width=width, color=color)


def shortened(told: Any, raised: Any) -> Any:
    """What is told of a failed test: one line where the fault is no one's code, else all there is.

    Args:
        told: The representation that pytest has made.
        raised: Its exception info; None where nothing was raised.
    """
    fault = raised.value if raised else None
    return f"{type(fault).__name__}: {fault}" if isinstance(fault, EndpointError) else told


def status(report: Any, *, quiet: bool) -> Status | None:
    """How a report of pytest is counted: attempts as solved or unsolved; None where as ever.

    Passed and failed stay words for the harness.

    Args:
        report: Of a test or a collector.
        quiet: A progress line is drawn, which a letter would tear.
    """
    if quiet and report.skipped:
        return "skipped", "", ""
    if quiet and report.failed:  # told at the end
        return "failed" if getattr(report, "when", "") == "call" else "error", "", ""
    if not report.passed or not hasattr(report, "llmops_solved"):
        return None
    if report.llmops_solved:
        return "solved", "" if quiet else "+", "" if quiet else ("SOLVED", {"green": True})
    return "unsolved", "" if quiet else "-", "" if quiet else ("UNSOLVED", {"yellow": True})


def brief(report: Any) -> str:
    """What a failed report says, in a line where it can."""
    crash = getattr(report.longrepr, "reprcrash", None)
    return crash.message if crash else str(report.longrepr)
