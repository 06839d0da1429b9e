"""Where the tokens go: output tokens of runs, apportioned to what they were spent on.

The share of an answer's characters that is code, comment, prose and so on (`grade.quality`) is
taken as the share of its tokens. Repeated lines stand beside these parts, because a repeated line
is also code or prose: `repeated` is what is counted in the parts and said again. Answers that were
not graded are `unknown`. So the parts of a run add up to its output tokens, exactly.

Limits: shares are by characters, and tokens of code hold fewer characters than those of prose;
compare the same part between runs, not two parts of one run. The share that is repeated is one of
lines, and what repeats itself within a line is not in it.
"""

from collections.abc import Iterable, Sequence

import msgspec
from rich.table import Table

from finetune.errors import FinetuneError
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import Record, Run

PARTS = ("code", "unused", "comment", "prose", "thinking", "markup")
"""Shares of `grade.quality`, which sum to 1."""

LABELS = {
    "code": "code that was used",
    "unused": "other code",
    "comment": "comments",
    "prose": "prose",
    "thinking": "thinking",
    "markup": "fences",
    "unknown": "unknown (not graded, or nothing visible)",
}


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
    cut: int
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
        cut=sum(tokens for one, tokens in outputs if one.finish_reason == "length"),
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
    """Set runs beside each other; what the others removed is told against the first.

    Raises:
        FinetuneError: See `check_same`.
    """
    check_same(spends)
    shown = Table(title="Output tokens by what they were spent on", title_justify="left")
    shown.add_column("")
    for one in spends:
        shown.add_column(one.run.identity.model, justify="right")
        shown.add_column("share", justify="right")
    for one in spends[1:]:
        shown.add_column(f"removed by {one.run.identity.model}", justify="right")
        shown.add_column("of it", justify="right")
    for part, label in LABELS.items():
        values = [one.parts[part] for one in spends]
        if any(values):
            shown.add_row(label, *_cells(spends, values))
    shown.add_section()
    shown.add_row("total", *_cells(spends, [float(one.total) for one in spends]))
    shown.add_row("of which repeated lines", *_cells(spends, [one.repeated for one in spends]))
    shown.add_row("of which in answers cut off", *_cells(spends, [float(s.cut) for s in spends]))
    return shown


def _cells(spends: Sequence[Spent], values: Sequence[float]) -> Iterable[str]:
    """Tokens and share of each run, then tokens removed and their share of the first run's part."""
    for one, value in zip(spends, values, strict=True):
        yield f"{value:,.0f}"
        yield f"{value / one.total:.1%}" if one.total else "-"
    for value in values[1:]:
        yield f"{values[0] - value:,.0f}"
        yield f"{1 - value / values[0]:.1%}" if values[0] else "-"
