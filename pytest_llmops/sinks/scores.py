"""What an attempt is worth, as the scores that sinks show: a name, a value, a reason."""

import msgspec

from pytest_llmops.grading.graded import UNMEASURED
from pytest_llmops.runs.record import Record

QUALITY = ("code_share", "length_ratio", "repetition")
"""Figures of an answer that are scores too; the rest stay on the span of the grade."""


class Score(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One judgement."""

    name: str
    value: bool | float | str
    """bool: yes or no; float: a number; str: a category."""
    comment: str = ""

    @property
    def kind(self) -> str:
        """The data type, as Langfuse names it."""
        return {bool: "BOOLEAN", str: "CATEGORICAL"}.get(type(self.value), "NUMERIC")


def scores(record: Record) -> tuple[Score, ...]:
    """Judge one attempt.

    Returns:
        `solved` and `outcome` always, so that errors stay in every denominator; `tests` (the share
        that passed) where it was graded, and quality where that was measured.
    """
    grade = record.grade
    found = [
        Score(name="solved", value=record.solved, comment=grade.detail if grade else ""),
        Score(name="outcome", value=record.outcome),
    ]
    if grade:
        share = grade.tests_passed / max(1, grade.tests_expected)
        found.append(Score(name="tests", value=share))
    if grade and grade.quality != UNMEASURED:
        quality = msgspec.structs.asdict(grade.quality)
        found += [Score(name=name, value=float(quality[name])) for name in QUALITY]
    return tuple(found)
