"""Where the tokens go: output tokens of runs, apportioned to what they were spent on.

The share of an answer's characters that is code, comment, prose and so on (`grade.quality`) is
taken as the share of its tokens. Repeated lines stand beside these parts, because a repeated line
is also code or prose: `repeated` is what is counted in the parts and said again. Answers that were
not graded are `unknown`. So the parts of a run add up to its output tokens, exactly.

Limits: shares are by characters, and tokens of code hold fewer characters than those of prose;
compare the same part between runs, not two parts of one run. The share that is repeated is one of
lines, and what repeats itself within a line is not in it.
"""

from collections.abc import Sequence

import msgspec
from rich.table import Table

from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import Record, Run
from pytest_llmops.runs.run import short_names

from .errors import FinetuneError

PARTS = ("code", "unused", "comment", "prose", "thinking", "markup")
"""Shares of `grade.quality`, which sum to 1."""

LABELS = {
    "code": "code",
    "unused": "unused",
    "comment": "comments",
    "prose": "prose",
    "thinking": "thinking",
    "markup": "fences",
    "unknown": "unknown",
}
"""Heads of the columns: code that was used, other code, and so on; `unknown` is not graded, or
nothing visible."""

BESIDE = ("total", "repeated", "truncated")
"""Further columns: the sum, and what is counted in the parts and said again."""


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """Output tokens of one run."""

    run: Run
    attempts: int
    total: int
    """Output tokens of all attempts."""
    parts: dict[str, float]
    """Tokens by part, in the order of `LABELS`; they sum to `total`."""
    repeated: float
    """Tokens of lines that repeat an earlier line of their answer; also in `parts`."""
    truncated: int
    """Tokens of answers that hit the token limit; also in `parts`."""


def spend(run: RecordedRun) -> Spent:
    """Apportion the output tokens of a run; attempts without an answer spend none."""
    parts = dict.fromkeys(LABELS, 0.0)
    repeated = 0.0
    for record in run.records:
        tokens = record.usage.output if record.usage else 0
        for part, share in _shares(record).items():
            parts[part] += tokens * share
        repeated += tokens * (record.grade.quality.repetition if record.grade else 0.0)
    outputs = [(one, one.usage.output) for one in run.records if one.usage]
    return Spent(
        run=run.run,
        attempts=len(run.records),
        total=sum(tokens for _, tokens in outputs),
        parts=parts,
        repeated=repeated,
        truncated=sum(tokens for one, tokens in outputs if one.truncated),
    )


def _shares(record: Record) -> dict[str, float]:
    """Shares of one answer, which sum to 1."""
    quality = record.grade.quality if record.grade else None
    shares = {part: getattr(quality, f"{part}_share") if quality else 0.0 for part in PARTS}
    known = sum(shares.values())
    if known <= 0:
        return {"unknown": 1.0}
    return {part: share / known for part, share in shares.items()}


def check_same(spends: Sequence[Spent]) -> None:
    """Refuse to set runs beside each other that were asked different things.

    Raises:
        FinetuneError: The cases or the number of attempts differ.
    """
    first = spends[0]
    for other in spends[1:]:
        if (other.run.suite_hash, other.attempts) != (first.run.suite_hash, first.attempts):
            raise FinetuneError(
                f"{first.run.id} and {other.run.id} are over other cases or numbers of attempts "
                f"({first.attempts} of {first.run.suite_hash}, {other.attempts} of "
                f"{other.run.suite_hash}); what was removed can only be told of the same ones"
            )


def table(spends: Sequence[Spent]) -> Table:
    """Set runs below each other; what the others removed is told against the first.

    Raises:
        FinetuneError: See `check_same`.
    """
    check_same(spends)
    values = [_values(one) for one in spends]
    shown = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    shown.add_column("output tokens")
    # A part that nobody spent on is left out; the total and what is counted twice are not.
    columns = [name for name in values[0] if name in BESIDE or any(one[name] for one in values)]
    for name in columns:
        shown.add_column(name, justify="right")
    names = short_names([one.run for one in spends])
    for name, one, found in zip(names, spends, values, strict=True):
        shown.add_row(name, *(f"{found[name]:,.0f}" for name in columns))
        shown.add_row("  share", *(_share(found[name], one.total) for name in columns))
        if one is not spends[0]:
            first = values[0]
            saved = (_share(first[name] - found[name], first[name]) for name in columns)
            shown.add_row("  removed", *saved)
    return shown


def _values(one: Spent) -> dict[str, float]:
    """Tokens by column."""
    parts = {LABELS[part]: tokens for part, tokens in one.parts.items()}
    return {
        **parts,
        **dict(zip(BESIDE, (float(one.total), one.repeated, float(one.truncated)), strict=True)),
    }


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.1%}" if whole else "-"
