"""What the page of one attempt shows."""

from typing import Any
from urllib.parse import urlencode

from pytest_llmops.report import figures
from pytest_llmops.report.cases_table import TEXT_LIMIT, WITHHELD
from pytest_llmops.report.loops import loop_data
from pytest_llmops.report.texts import visible
from pytest_llmops.runs.record import Record
from pytest_llmops.viewer.closer import Attempt
from pytest_llmops.viewer.pages import address
from pytest_llmops.viewer.references import Reference

Values = dict[str, Any]


def attempt_values(found: Attempt, reference: Reference | None) -> tuple[Values, Values]:
    """What the template shows, and what the script of the page draws.

    Args:
        found: The attempt.
        reference: The solution beside the answer; None where the run kept no texts.
    """
    record, run = found.record, found.shown.run
    said = record.error or (record.grade.detail if record.grade else "")
    answer = record.text or record.refusal
    values = {
        "shown": found.shown,
        "record": record,
        "turns": len(record.loop.turns) if record.loop else 0,
        "facts": _facts(record),
        "links": found.links,
        "others": [
            (sample, address(found.shown.name, record.case, sample)) for sample in found.samples
        ],
        "said": visible(said, TEXT_LIMIT),
        "prompt": [(one.role, visible(one.content, TEXT_LIMIT)) for one in record.prompt],
        "answer": visible(answer, TEXT_LIMIT),
        "notice": "" if answer else _notice(record, content=run.content),
        "reference": reference,
        "elsewhere": f"cases?{urlencode({'text': record.case})}",
    }
    return values, {**_difference(reference), **_trajectory(record)}


def _trajectory(record: Record) -> Values:
    if record.loop is None:
        return {}
    usage = record.spent
    tokens = {"input": usage.input, "output": usage.output} if usage else {}
    return {"trajectory": {"loop": loop_data(record, visible), **tokens}}


def _difference(reference: Reference | None) -> Values:
    if reference is None or not (reference.solution and reference.answer):
        return {}
    sides = (reference.solution, reference.answer)
    return {"difference": [visible(side, TEXT_LIMIT) for side in sides]}


def _notice(record: Record, *, content: bool) -> str:
    if not content:
        return WITHHELD
    return "The answer is empty." if record.usage else "There is no answer."


def _facts(record: Record) -> list[tuple[str, str]]:
    """Name and value, as far as they are known."""
    found: list[tuple[str, str]] = []
    if record.grade:
        grade = record.grade
        found.append(("tests", f"{grade.tests_passed} of {grade.tests_expected} passed"))
    if usage := record.spent:
        read = figures.amount(usage.input)
        cached = f" ({usage.cached:,} from the prompt cache)" if usage.cached else ""
        found.append(("input tokens", read + cached))
        hidden = f" ({usage.reasoning:,} hidden reasoning)" if usage.reasoning else ""
        found.append(("output tokens", figures.amount(usage.output) + hidden))
    if record.priced is not None:
        found.append(("priced tokens", figures.amount(record.priced)))
    if record.cost is not None:
        found.append(("cost", figures.dollars(record.cost)))
    if record.timing:
        found.append(("answered in", f"{record.timing.total:.2f} s"))
    if record.grade:
        found.append(("tests took", f"{record.grade.seconds:.2f} s"))
    if record.finish_reason:
        found.append(("ended by", record.finish_reason.replace("_", " ")))
    if record.from_cache:
        found.append(("from cache", "the answer was asked for before"))
    if record.served_model:
        found.append(("answered by", visible(record.served_model)))
    return found
