import math
from io import StringIO

import msgspec
import pytest
from records import RUN, grade, record, unanswered
from rich.console import Console

from finetune.errors import FinetuneError
from finetune.spent import LABELS, spend, table
from pytest_llmops.grading.graded import Quality
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


def shown(*runs, width=200):
    console = Console(width=width, file=StringIO())
    console.print(table([spend(one) for one in runs]))
    return console.file.getvalue()


def test_runs_of_one_model_are_told_apart():
    told = shown(
        BASE, msgspec.structs.replace(BASE, run=msgspec.structs.replace(BASE.run, id="ab12"))
    )
    assert f"base · {BASE.run.id[-4:]} " in told
    assert "base · ab12 " in told


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
        assert (spent.repeated, spent.truncated, spent.attempts) == (160.0, 300, 4)

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
    def test_says_what_the_other_runs_removed_of_the_first_one(self):
        again = msgspec.structs.replace(BASE, run=msgspec.structs.replace(BASE.run, id="ab12"))
        lines = [line.replace(" · ", ":").split() for line in shown(BASE, LORA, again).splitlines()]
        head, *rest = lines
        assert head[:2] == ["output", "tokens"]
        assert [line[0].partition(":")[0] for line in rest] == [
            *("base", "share"),
            *("lora-v1", "share", "removed"),
            *("base", "share", "removed"),
        ]
        column = head.index("total") - 1  # "output tokens" are two words
        assert [line[column] for line in rest] == [
            *("440", "100.0%"),
            *("120", "100.0%", "72.7%"),
            *("440", "100.0%", "0.0%"),
        ]
        comments = head.index("comments") - 1
        assert (rest[0][comments], rest[4][comments]) == ("225", "100.0%")

    def test_fits_a_narrow_terminal(self):
        assert max(map(len, shown(BASE, LORA, LORA, width=80).splitlines())) <= 80
        assert "…" not in shown(BASE, LORA, LORA, width=80)

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
