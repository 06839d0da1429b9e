"""What a session says of itself before it begins, and of what it leaves out."""

from collections import Counter

from pytest_llmops.cases import suite_of
from pytest_llmops.session.options import Options
from pytest_llmops.tasks.selection import Selection


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
