import msgspec
import pytest
from gate_runs import END, recorded

from pytest_llmops.compare.answered import refuse_cached, served_notes
from pytest_llmops.compare.gate import compare_runs
from pytest_llmops.errors import CompareError


def cached(run, count, *, local=False):
    records = [
        msgspec.structs.replace(one, from_cache=number < count)
        for number, one in enumerate(run.records)
    ]
    identity = msgspec.structs.replace(run.run.identity, weights_sha256="w" * local)
    first = msgspec.structs.replace(run.run, identity=identity)
    return msgspec.structs.replace(run, run=first, records=tuple(records))


def served(run, name):
    records = tuple(msgspec.structs.replace(one, served_model=name) for one in run.records)
    return msgspec.structs.replace(run, records=records)


def test_cached_answers_of_an_endpoint_are_refused_by_their_number():
    with pytest.raises(CompareError, match=r"candidate run-base: 7 of 60 answers .*--trust-cache"):
        refuse_cached(cached(recorded(), 7), "candidate")


def test_answers_of_this_session_and_of_local_weights_are_not_refused():
    refuse_cached(cached(recorded(), 0), "candidate")
    refuse_cached(cached(recorded(), 60, local=True), "candidate")


def test_a_comparison_tells_that_other_models_answered():
    one, other = served(recorded(), "mini-2"), served(recorded(name="new"), "mini-2-0301")
    assert served_notes(one, one) == []
    assert "served_model differs: mini-2 -> mini-2-0301" in compare_runs(one, other).notes


def test_a_baseline_remembers_who_answered_by_its_last_line():
    kept = msgspec.structs.replace(recorded(), end=msgspec.structs.replace(END, served=("a",)))
    assert served_notes(kept, served(recorded(), "b")) == ["served_model differs: a -> b"]
