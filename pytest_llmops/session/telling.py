"""What a session says of itself: before it begins, of each attempt, and when it has ended."""

from collections import Counter
from collections.abc import Sequence

from rich.console import RenderableType

from pytest_llmops.quality.beside import told_quality
from pytest_llmops.report.terminal import render, summary_parts
from pytest_llmops.session.options import Options
from pytest_llmops.session.recording import Recording
from pytest_llmops.tasks.selection import Selection, suite_of


def head(options: Options, selection: Selection) -> list[str]:
    """Model, suites, and suites left out."""
    count, suites = str(len(selection.cases)), ", ".join(selection.trees) or "none"
    if shard := options.choice.shard:
        count = f"shard {shard}, {count} of {len(selection.whole)}"
    lines = [f"llmops: model {options.model}; {suites}: {count} {options.choice.split} cases"]
    if hidden := len(selection.underspecified):
        lines.append(
            f"llmops: {hidden} cases left out as underspecified: {options.choice.context_tokens} "
            "context tokens hide a name that the solution uses (--underspecified takes them)"
        )
    for name, reason in selection.unreachable.items():
        lines.append(f"llmops: suite {name} left out: {reason}")
    return [*lines, *(f"llmops: {line}" for line in _not_run(selection))]


def left_out(selection: Selection) -> list[str]:
    """The suites that could not be reached and the cases that could not be judged, and why."""
    out = [f"left out: {name}: {why}" for name, why in selection.unreachable.items()]
    return [*out, *_not_run(selection)]


def _not_run(selection: Selection) -> list[str]:
    """A line for each suite whose npm packages are missing."""
    missing = filter(selection.not_run, selection.cases)
    counts = Counter(suite_of(selection.cases[name]) for name in missing)
    told = selection.without_packages
    return [
        f"cases of {name} that are not run: {count}: {told[name]}" for name, count in counts.items()
    ]


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
    quality = told_quality(run)
    parts = summary_parts(run.run, run.records, seconds=seconds, wanted=wanted, quality=quality)
    return render([*parts, *told], width=width, color=color)
