"""The record of an attempt, as the process that makes it can write it."""

from hashlib import sha256

import msgspec

from pytest_llmops.cases import Case, suite_of
from pytest_llmops.completions import Completion
from pytest_llmops.grading.graded import Grade
from pytest_llmops.runs.record import Record

WITHHELD = "(withheld)"
"""Stands for a text that was there and is not kept."""


def make_record(
    case: Case,
    sample: int,
    completion: Completion | None = None,
    grade: Grade | None = None,
    *,
    content: bool = True,
) -> Record:
    """Put an attempt on record; the controller adds what it alone knows.

    Args:
        case: What was attempted.
        sample: Which attempt at it.
        completion: The answer, where one came.
        grade: What it is worth, where it was judged.
        content: Keep answer and test output; otherwise the hash of the answer alone.
    """
    record = Record(
        case=case.id,
        suite=suite_of(case),
        split=case.split,
        difficulty=case.difficulty,
        cluster=case.cluster,
        sample=sample,
        date=case.date,
    )
    if completion is None:
        return record
    refusal = completion.refusal if content else WITHHELD * bool(completion.refusal)
    return msgspec.structs.replace(
        record,
        text_sha256=sha256(completion.text.encode()).hexdigest(),
        text=completion.text if content else "",
        refusal=refusal,
        finish_reason=completion.finish_reason,
        usage=completion.usage,
        counted_by=completion.counted_by,
        timing=completion.timing,
        served_model=completion.served_model,
        retries=completion.retries,
        from_cache=completion.from_cache,
        loop=completion.loop
        if content or not completion.loop
        else completion.loop.without_content(),
        grade=grade if content or not grade else grade.without_content(),
    )
