"""The cases of a report as data of its page: rows for the table, and texts for who looks closer.

The rows are small and go into the page as they are. Prompts and answers are large: they are cut,
kept within a budget for the whole report, compressed, and unpacked by the browser when a person
opens the first case. What did not fit says so where it would stand.
"""

import hashlib
import math
from collections.abc import Sequence
from typing import Any

from pytest_llmops.completions import Message
from pytest_llmops.report.figures import dollars
from pytest_llmops.report.loops import loop_data
from pytest_llmops.report.subject import Subject, usual_outcome, usual_tokens
from pytest_llmops.report.texts import visible
from pytest_llmops.runs.record import Record

TEXT_LIMIT = 20_000
"""Characters shown of one prompt or answer."""

BUDGET = 10_000_000
"""Characters of all texts of a report: they compress to half and less, so the file stays small."""

EMPTY = hashlib.sha256().hexdigest()
"""Digest of an empty answer; with another one, a text that is empty was not read."""

WITHHELD = "Texts were withheld: this is a baseline, or a run recorded with --no-content."
LEFT_OUT = "Left out to keep this file small; it is in the records file."


def rows(subject: Subject) -> list[dict[str, Any]]:
    """One row a case: what it is, and for each run outcome, share solved, samples and tokens.

    A run that did not attempt the case has None in its place.
    """
    return [_row(subject, case) for case in subject.cases]


def _row(subject: Subject, case: str) -> dict[str, Any]:
    attempts = [run.get(case, []) for run in subject.attempts]
    one = next(records[0] for records in attempts if records)
    return {
        "id": visible(case),
        "suite": one.suite,
        "difficulty": one.difficulty,
        "cluster": visible(one.cluster),
        "changed": case in subject.changed,
        "runs": [_cell(records) if records else None for records in attempts],
    }


def _cell(records: Sequence[Record]) -> dict[str, Any]:
    tokens = usual_tokens(records)
    costs = [record.cost for record in records if record.cost is not None]
    found: dict[str, Any] = {
        "outcome": usual_outcome(records).replace("_", " "),
        "solved": sum(record.solved for record in records),
        "samples": len(records),
        "tokens": None if math.isnan(tokens) else round(tokens, 1),
    }
    return found | ({"cost": sum(costs) / len(costs)} if costs else {})


def details(subject: Subject, budget: int = BUDGET) -> list[dict[str, Any]]:
    """Prompt and attempts of each case, in the order of `rows`.

    Cases that changed sides take from the budget first, then the others in order of their ids.
    """
    purse = _Purse(budget)
    order = sorted(subject.cases, key=lambda case: (case not in subject.changed, case))
    found = {case: _detail(subject, case, purse) for case in order}
    return [found[case] for case in subject.cases]


class _Purse:
    """Characters left for texts."""

    def __init__(self, left: int) -> None:
        self._left = left

    def take(self, text: str, limit: int = TEXT_LIMIT) -> str | None:
        """The text, cut and made visible; None where it does not fit any more."""
        shown = visible(text, limit)
        if len(shown) > self._left:
            return None
        self._left -= len(shown)
        return shown


def _detail(subject: Subject, case: str, purse: _Purse) -> dict[str, Any]:
    first: str | None = None
    runs = []
    for number, attempts in enumerate(run.get(case, []) for run in subject.attempts):
        content = subject.runs[number].run.content
        links = subject.links[number] if subject.links else {}
        prompt = prompt_text(attempts[0].prompt) if attempts else ""
        shown: dict[str, Any] = {
            "attempts": [
                _attempt(record, purse, content=content)
                | {"links": links.get(f"{record.case}@{record.sample}", {})}
                for record in attempts
            ]
        }
        if prompt and prompt != first:
            shown["prompt"] = purse.take(prompt) or LEFT_OUT
            first = first or prompt
        elif content and attempts and not prompt and attempts[0].prompt_sha256:
            shown["prompt"] = LEFT_OUT
        elif attempts and not content:
            shown["withheld"] = WITHHELD
        runs.append(shown)
    return {"runs": runs}


def _attempt(record: Record, purse: _Purse, *, content: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "sample": record.sample,
        "outcome": record.outcome.replace("_", " "),
        "finish": record.finish_reason or "",
        "detail": visible(
            record.error or (record.grade.detail if record.grade else ""), TEXT_LIMIT
        ),
    }
    if record.spent:
        found |= {"input": record.spent.input, "output": record.spent.output}
    if record.cost is not None:
        found["cost"] = dollars(record.cost)
    if record.timing:
        found["seconds"] = round(record.timing.total, 2)
    if record.grade:
        found["tests"] = f"{record.grade.tests_passed} of {record.grade.tests_expected}"
        if record.grade.memory:
            found["mebibytes"] = round(record.grade.memory / 2**20)
    if record.loop:
        found["loop"] = loop_data(record, purse.take)
    text = record.text or record.refusal
    if content and record.usage:
        left_out = not text and record.text_sha256 not in ("", EMPTY)
        found["text"] = None if left_out else purse.take(text)
        found["notice"] = LEFT_OUT if found["text"] is None else ""
    elif not content:
        found["notice"] = WITHHELD
    else:
        found["notice"] = "There is no answer."
    return found


def prompt_text(messages: Sequence[Message]) -> str:
    """The messages of a prompt as one text; roles are named where there are several."""
    if len(messages) == 1:
        return messages[0].content
    return "\n\n".join(f"[{message.role}]\n{message.content}" for message in messages)
