import math
from io import StringIO

import msgspec
import pytest
from records import RUN, grade, record, unanswered
from rich.console import Console

from finetune.errors import FinetuneError
from finetune.spent import LABELS, spend, table
from pytest_llmops.grading.quality import Quality
from pytest_llmops.runs.reading import RecordedRun


def answered(sample, output, finish="stop", **shares):
    judged = msgspec.structs.replace(grade(), quality=Quality(**shares))
    return record(sample=sample, output=output, grade=judged, finish_reason=finish)


def run(*records, model="base", **fields):
    identity = msgspec.structs.replace(RUN.identity, model=model)
    head = msgspec.structs.replace(RUN, identity=identity, **fields)
    return RecordedRun(path=None, run=head, records=records, end=None)


BASE = run(
    answered(0, 100, code_share=0.5, prose_share=0.3, markup_share=0.2, repetition=0.1),
    answered(1, 300, "length", code_share=0.25, comment_share=0.75, repetition=0.5),
    record(sample=2, output=40, grade=None),
    unanswered(),
)
LORA = run(
    answered(0, 60, code_share=1.0),
    answered(1, 40, code_share=0.5, markup_share=0.5),
    answered(2, 20),
    unanswered(),
    model="lora-v1",
)


def shown(*runs):
    console = Console(width=200, file=StringIO())
    console.print(table([spend(one) for one in runs]))
    return console.file.getvalue()


class TestSpending:
    def test_apportions_tokens_by_shares(self):
        spent = spend(BASE)
        assert spent.parts == {
            "code": 125.0,
            "unused": 0.0,
            "comment": 225.0,
            "prose": 30.0,
            "thinking": 0.0,
            "markup": 20.0,
            "unknown": 40.0,
        }
        assert (spent.repeated, spent.cut, spent.attempts) == (160.0, 300, 4)

    def test_adds_up_to_the_total(self):
        for one in map(spend, (BASE, LORA)):
            assert math.isclose(sum(one.parts.values()), one.total)
        assert spend(BASE).total == 440

    @pytest.mark.parametrize("shares", [(1, 1), (0.1, 0.2), (1e-9, 0), (0.5, 0.5 + 1e-12)])
    def test_adds_up_whatever_rounding_left_of_the_shares(self, shares):
        spent = spend(run(answered(0, 77, code_share=shares[0], prose_share=shares[1])))
        assert math.isclose(sum(spent.parts.values()), 77)

    def test_of_an_empty_run_is_nothing(self):
        spent = spend(run())
        assert (spent.total, sum(spent.parts.values())) == (0, 0)
        assert "total" in shown(run())

    def test_every_part_has_a_name(self):
        assert set(LABELS) == set(spend(BASE).parts)


class TestTheTable:
    def test_says_what_the_second_run_removed(self):
        text = shown(BASE, LORA)
        assert "removed by lora-v1" in text
        total = next(line for line in text.splitlines() if " total" in line)
        assert [cell.strip() for cell in total.split("│")[2:-1]] == [
            *("440", "100.0%", "120", "100.0%"),
            *("320", "72.7%"),
        ]
        comments = next(line for line in text.splitlines() if "comments" in line)
        assert [cell.strip() for cell in comments.split("│")[-3:-1]] == ["225", "100.0%"]

    def test_leaves_out_parts_that_nobody_spent_on(self):
        assert "thinking" not in shown(BASE, LORA)

    def test_of_one_run_removes_nothing(self):
        assert "removed" not in shown(BASE)

    @pytest.mark.parametrize("changed", [{"suite_hash": "f" * 16}])
    def test_of_other_cases_is_refused(self, changed):
        other = run(*LORA.records, model="lora-v1", **changed)
        with pytest.raises(FinetuneError, match="over other cases or numbers of attempts"):
            table([spend(BASE), spend(other)])

    def test_of_other_numbers_of_attempts_is_refused(self):
        with pytest.raises(FinetuneError, match="numbers of attempts"):
            table([spend(BASE), spend(run(*LORA.records[:2]))])
