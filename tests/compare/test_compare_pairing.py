import math
import random

import msgspec
import numpy as np
import pytest
from gate_runs import CASES, TOKENS, case, recorded, with_records

from pytest_llmops.compare.comparable import (
    differences,
    name_some,
    refuse_incomparable,
    refuse_other_questions,
)
from pytest_llmops.compare.complete import MIN_CASES, require_complete
from pytest_llmops.compare.gate import compare_runs
from pytest_llmops.compare.pairing import pair_records
from pytest_llmops.completions import Sampling, Usage
from pytest_llmops.errors import CompareError
from pytest_llmops.grading.grader import GRADER

BASE, OTHER = recorded(name="base"), recorded(name="lora")


def changed(number, **fields):
    """The other run with one record changed."""

    def change(records):
        records[number] = msgspec.structs.replace(records[number], **fields)
        return records

    return with_records(OTHER, change)


def identity(run, **fields):
    return {"identity": msgspec.structs.replace(run.run.identity, **fields)}


def described(run, **fields):
    return msgspec.structs.replace(run, run=msgspec.structs.replace(run.run, **fields))


def test_tokens_of_a_case_are_the_geometric_mean_of_its_samples():
    paired = pair_records(recorded([[10, 1000]] * 20).records, recorded([40] * 20).records)
    assert paired.pairs[0].output == pytest.approx((100, 40))
    assert paired.pairs[0].samples == (2, 1)
    assert paired.spread[0, 0] == pytest.approx(np.var(np.log([10, 1000]), ddof=1))
    assert math.isnan(paired.spread[0, 1])


def test_shares_count_every_attempt():
    paired = pair_records(
        recorded([[9] * 4] * 20, solved=[3] * 20, truncated={5}).records, BASE.records[:20]
    )
    assert paired.pairs[5].solved[0] == 0.75
    assert paired.pairs[5].truncated == (1, 0)
    assert paired.pairs[5].outcome[0] == "solved"
    assert paired.pairs[6].truncated == (0, 0)


def test_pairs_stand_in_the_order_of_their_ids_whatever_the_order_of_records():
    shuffled = list(OTHER.records)
    random.Random(1).shuffle(shuffled)
    paired = pair_records(BASE.records, shuffled)
    assert [pair.case for pair in paired.pairs] == sorted(r.case for r in BASE.records)
    assert paired.pairs == pair_records(BASE.records, OTHER.records).pairs


def test_files_of_the_same_name_in_two_suites_are_two_clusters():
    def change(records):
        return [
            msgspec.structs.replace(r, cluster="a.ts", suite="cline" if i % 2 else "starter")
            for i, r in enumerate(records)
        ]

    run = with_records(BASE, change)
    assert set(pair_records(run.records, run.records).clusters) == {0, 1}


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"text_sha256": "f" * 64}, False),
        ({"text_sha256": ""}, False),
        ({"usage": Usage(input=100, output=61)}, False),
        ({"finish_reason": "length"}, False),
        ({"error": "SandboxError: gone"}, False),
    ],
)
def test_runs_are_identical_where_every_answer_and_its_outcome_is(change, same):
    def swap(records):
        return [msgspec.structs.replace(records[0], **change), *records[1:]]

    assert pair_records(BASE.records, with_records(BASE, swap).records).identical is same


@pytest.mark.parametrize(
    ("candidate", "message"),
    [
        (with_records(OTHER, lambda r: r[1:]), f"1 of 60 are only in the baseline .*: {case(0)}"),
        (
            with_records(OTHER, lambda r: r[5:]),
            "5 of 60 are only in the baseline .*: .* and 2 more",
        ),
        (recorded([*TOKENS, 50], name="lora"), f"1 of 61 are only in the .*: {case(CASES)}"),
        (
            changed(3, case="starter:eval/other#g"),
            "1 of 60 are only in the baseline; 1 of 60 are only in the candidate",
        ),
        (changed(3, usage=Usage(input=9, output=0)), f"without output tokens: {case(3)}"),
        (changed(3, usage=Usage(input=9, output=-4)), f"without output tokens: {case(3)}"),
        (changed(3, usage=Usage(input=9, output=math.nan)), f"without output tokens: {case(3)}"),
        (changed(3, usage=Usage(input=9, output=math.inf)), f"without output tokens: {case(3)}"),
        (changed(3, usage=None), f"without output tokens: {case(3)}"),
        (changed(3, grade=None), f"1 cases are not graded: {case(3)}; .*replay:run-lora"),
        (changed(3, case=case(4)), f"{case(4)} sample 0 was recorded 2 times"),
        (changed(3, cluster="b.ts"), f"of another source file: {case(3)}"),
        (msgspec.structs.replace(OTHER, end=None), "interrupted .* with 60 of 60 attempts"),
        (described(OTHER, attempts=61), "60 records for 61 attempts"),
        (described(OTHER, attempts=59), "60 records for 59 attempts"),
        (recorded([], name="lora"), "0 cases are too few"),
        (recorded(TOKENS[: MIN_CASES - 1]), "19 cases are too few .* at least 20"),
    ],
)
def test_what_is_not_a_whole_run_of_the_same_cases_is_refused(candidate, message):
    with pytest.raises(CompareError, match=message):
        compare_runs(BASE, candidate)


def test_a_run_that_a_sequential_gate_ended_is_refused():
    end = msgspec.structs.replace(OTHER.end, decided_after=40)
    with pytest.raises(CompareError, match="a sequential gate ended it after 40 of 60"):
        compare_runs(BASE, msgspec.structs.replace(OTHER, end=end))


def test_a_refused_run_is_named_with_its_role_and_file():
    broken = msgspec.structs.replace(BASE, end=None)
    with pytest.raises(CompareError, match=r"^baseline run-base \(base.jsonl\): "):
        compare_runs(broken, OTHER)
    with pytest.raises(CompareError, match=r"^candidate run-base \(base.jsonl\): "):
        compare_runs(OTHER, broken)


def test_a_baseline_with_crashes_is_refused():
    crashed = changed(3, error="EndpointError: gone", usage=None, grade=None)
    with pytest.raises(CompareError, match=f"1 attempts crashed: {case(3)}; first: EndpointError"):
        compare_runs(crashed, BASE)


def prompts(run, digest):
    return with_records(
        run, lambda records: [msgspec.structs.replace(r, prompt_sha256=digest) for r in records]
    )


def test_a_changed_prompt_is_told_even_where_its_version_was_forgotten():
    found = compare_runs(prompts(BASE, "a"), prompts(OTHER, "b"))
    assert found.notes[0] == "what differs: prompt: other text in 60 cases"
    (only,) = compare_runs(prompts(BASE, "a"), OTHER).notes  # nothing to tell by
    assert only.startswith("dollars left out: ")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"prompt_version": "2"}, "prompt: version 1 -> 2"),
        ({"context_tokens": 9}, "prompt: context 150 -> 9 tokens"),
        ({"instruction": "Be brief."}, "prompt: instruction changed"),
        ({"sampling": Sampling(max_tokens=9)}, "sampling max_tokens: 64 -> 9"),
        ({"adapter_sha256": "a" * 64}, "adapter: none -> aaaaaaaaaaaa"),
        ({"weights_sha256": "f" * 64}, "weights: none -> ffffffffffff"),
        ({"served": "n at http://a"}, "model: embedded:tiny -> n at a"),
        ({"body_changes": '[{"top_k":1},[]]'}, 'request fields: none -> [{"top_k":1},[]]'),
    ],
)
def test_what_people_change_is_told_in_one_line_and_judged(fields, told):
    found = compare_runs(BASE, described(OTHER, **identity(OTHER, **fields)))
    assert found.notes[0] == f"what differs: {told}"
    assert check_names(found)[:4] == ["errors", "truncation", "solve rate", "output tokens"]


def check_names(comparison):
    return [check.name for check in comparison.checks]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"suite_hash": "f" * 16, "cases": 7}, "suite_hash: .*60 cases .* against f+ .7 cases of"),
        ({"grader": "exact match"}, f"grader: {GRADER} against exact match"),
    ],
)
def test_runs_that_did_not_judge_the_same_are_refused_before_any_record(fields, message):
    with pytest.raises(CompareError, match=message):
        refuse_incomparable(BASE.run, described(OTHER, **fields).run)


def test_a_series_mixes_no_questions_and_no_tokenizers():
    other = described(OTHER, **identity(OTHER, prompt_version="2", tokenizer_sha256="f" * 64))
    cases = {record.case for record in BASE.records}
    with pytest.raises(CompareError) as refused:
        refuse_other_questions(
            BASE.run, other.run, cases=(cases, cases), records=(BASE.records, other.records)
        )
    names = [line.split(":")[0].strip() for line in str(refused.value).splitlines()[1:]]
    assert names == ["prompt", "output tokens"]


def test_other_differences_are_told_and_do_not_forbid():
    machine = msgspec.structs.replace(BASE.run.machine, cores=64)
    fields = {"versions": {"pytest-llmops": "0.2.0", "torch": "3"}, "machine": machine}
    other = described(OTHER, **identity(OTHER, dtype="float16", device="cuda"), **fields)
    assert differences(BASE.run, other.run) == (
        "dtype differs: '' -> 'float16'",
        "device differs: '' -> 'cuda'",
        "version of pytest-llmops differs: '0.1.0' -> '0.2.0'",
        "version of torch differs: 'none' -> '3'",
        "machine cores differs: 2 -> 64",
    )
    assert "dtype differs: '' -> 'float16'" in compare_runs(BASE, other).notes


def test_a_message_names_three_cases_and_counts_the_others():
    assert name_some({"b", "a"}) == "a, b"
    assert name_some(["d", "c", "b", "a", "e"]) == "a, b, c and 2 more"


def test_a_whole_run_is_accepted():
    require_complete(BASE, "baseline")
