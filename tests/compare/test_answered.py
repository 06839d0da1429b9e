import msgspec
import pytest
from gate_runs import END, recorded

from pytest_llmops.compare.answered import counted_otherwise, refuse_cached, served_notes
from pytest_llmops.compare.gate import compare_runs
from pytest_llmops.compare.metrics import refuse_unjudgeable
from pytest_llmops.errors import CompareError


def cached(run, count, *, local=False):
    records = [
        msgspec.structs.replace(one, from_cache=number < count)
        for number, one in enumerate(run.records)
    ]
    identity = msgspec.structs.replace(run.run.identity, weights_sha256="w" * local)
    first = msgspec.structs.replace(run.run, identity=identity)
    return msgspec.structs.replace(run, run=first, records=tuple(records))


@pytest.mark.parametrize(
    ("shards", "refused"), [((), False), (("s1", "s2"), True), (("s2",), True), (("s3",), False)]
)
def test_two_merges_of_one_shard_are_not_held_against_each_other(shards, refused):
    one, other = recorded(merged=("s1", "s2")), recorded(name="new", merged=shards)
    if refused:
        with pytest.raises(CompareError, match="hold the same answers, those of run s"):
            compare_runs(one, other)
    else:
        assert compare_runs(one, other).verdict == "held"


def served(run, name):
    records = tuple(msgspec.structs.replace(one, served_model=name) for one in run.records)
    return msgspec.structs.replace(run, records=records)


def test_cached_answers_of_an_endpoint_are_refused_by_their_number():
    with pytest.raises(CompareError, match=r"candidate run-base: 7 of 60 answers .*--trust-cache"):
        refuse_cached(cached(recorded(), 7), "candidate")


def test_answers_of_this_session_and_of_local_weights_are_not_refused():
    refuse_cached(cached(recorded(), 0), "candidate")
    refuse_cached(cached(recorded(), 60, local=True), "candidate")


def counted_here(run, counter):
    identity = msgspec.structs.replace(
        run.run.identity, tokenizer_sha256="", counter_sha256=counter
    )
    records = tuple(msgspec.structs.replace(one, counted_by="local") for one in run.records)
    first = msgspec.structs.replace(run.run, identity=identity)
    return msgspec.structs.replace(run, run=first, records=records)


@pytest.mark.parametrize(
    ("counters", "refused"),
    [(("a", "a"), False), (("a", "b"), True), (("", "b"), False), (("", ""), False)],
)
def test_answers_that_are_counted_here_with_two_tokenizers_are_not_compared(counters, refused):
    one, other = (counted_here(recorded(name=f"run-{c}"), c) for c in counters)
    other = msgspec.structs.replace(other, run=msgspec.structs.replace(other.run, id="new"))
    why = "they are counted here with two tokenizers (a and b)" if refused else ""
    assert counted_otherwise(one, other) == why
    if refused:
        with pytest.raises(CompareError, match="two tokenizers"):
            compare_runs(one, other)
        with pytest.raises(CompareError, match="--gate-sequential .*two tokenizers"):
            refuse_unjudgeable(one.run, other.run, (), sequential=True, cost=False)
    else:
        assert compare_runs(one, other).verdict == "held"


def test_tokenizers_that_counted_nothing_stand_in_no_way():
    one, other = counted_here(recorded(), "a"), counted_here(recorded(name="new"), "b")
    records = [
        tuple(msgspec.structs.replace(r, counted_by="server") for r in run.records)
        for run in (one, other)
    ]
    one, other = (
        msgspec.structs.replace(run, records=told)
        for run, told in zip((one, other), records, strict=True)
    )
    assert compare_runs(one, other).verdict == "held"


def test_a_comparison_tells_that_other_models_answered():
    one, other = served(recorded(), "mini-2"), served(recorded(name="new"), "mini-2-0301")
    assert served_notes(one, one) == []
    assert "served_model differs: mini-2 -> mini-2-0301" in compare_runs(one, other).notes


def test_a_baseline_remembers_who_answered_by_its_last_line():
    kept = msgspec.structs.replace(recorded(), end=msgspec.structs.replace(END, served=("a",)))
    assert served_notes(kept, served(recorded(), "b")) == ["served_model differs: a -> b"]
