"""Runs that a verdict reads packed are judged as those read whole."""

import tracemalloc

import msgspec
import pytest
from gate_runs import recorded, written

from pytest_llmops.cli.main import main
from pytest_llmops.compare.gate import compare_runs
from pytest_llmops.compare.margins import Margins
from pytest_llmops.completions import Usage
from pytest_llmops.errors import RecordError
from pytest_llmops.grading.graded import Quality
from pytest_llmops.models import Prices
from pytest_llmops.runs.packed import read_packed
from pytest_llmops.runs.reading import read_run

PRICES = Prices(input=1.0, output=5.0)
COMPARED = (
    "case", "suite", "split", "difficulty", "cluster", "sample", "prompt_sha256", "text_sha256",
    "finish_reason", "usage", "counted_by", "served_model", "from_cache", "priced", "cost", "error",
)  # fmt: skip


def varied(name, factor, *, error=""):
    """A run of which every attempt differs from the next, and no field has its default."""
    run = recorded([[60 + 7 * at, 90 + 5 * at] for at in range(60)], name=name, prices=PRICES)
    records = [
        msgspec.structs.replace(
            one,
            usage=Usage(
                input=100 + at,
                output=round(factor * (50 + 3 * at)),
                cached=at % 7,
                cache_write=at % 3,
                reasoning=at % 5,
            ),
            finish_reason="length" if at % 11 == 0 else "stop",
            served_model=f"{name}-served",
            from_cache=at % 13 == 0,
            cost=0.001 * at + 0.001,
            prompt_sha256=f"prompt of {one.case}",
            grade=msgspec.structs.replace(
                one.grade, quality=Quality(characters=80 + at, code_share=0.5 + 0.001 * at)
            ),
            error=error if at == 5 else "",
        )
        for at, one in enumerate(run.records)
    ]
    return msgspec.structs.replace(run, records=tuple(records))


@pytest.fixture
def pair(tmp_path):
    return [
        written(tmp_path, varied(name, factor, error=error))
        for name, factor, error in (("base", 1.0, ""), ("lora", 1.1, "SandboxError: gone"))
    ]


def test_what_is_compared_is_what_was_recorded(pair):
    for path in pair:
        packed, whole = read_packed(path), read_run(path, content=False)
        assert (packed.run, packed.end) == (whole.run, whole.end)
        assert len(packed.records) == len(whole.records)
        for one, other in zip(packed.records, whole.records, strict=True):
            for field in COMPARED:
                mine, theirs = getattr(one, field), getattr(other, field)
                if isinstance(mine, Usage):
                    mine, theirs = msgspec.structs.asdict(mine), msgspec.structs.asdict(theirs)
                assert mine == theirs, field
            assert (one.outcome, one.truncated, one.solved) == (
                other.outcome,
                other.truncated,
                other.solved,
            )
            assert one.grade.quality.characters == other.grade.quality.characters
            assert one.grade.quality.code_share == other.grade.quality.code_share


def test_records_can_be_looked_up_as_those_of_a_tuple(pair):
    packed, whole = read_packed(pair[0]).records, read_run(pair[0], content=False).records
    assert packed[0].case == whole[0].case
    assert packed[-1].case == whole[-1].case
    assert [one.sample for one in packed[3:9:2]] == [one.sample for one in whole[3:9:2]]
    with pytest.raises(IndexError):
        packed[len(whole)]


@pytest.mark.parametrize("metrics", [(), ("solve rate", "code characters"), ("dollars",)])
@pytest.mark.parametrize("margins", [Margins(), Margins(cost=1.5, proof="change")])
def test_a_verdict_is_the_same_to_the_last_bit(pair, metrics, margins):
    packed, whole = ([read(path) for path in pair] for read in (read_packed, read_run))
    one, other = (compare_runs(*runs, margins, metrics, listed=False) for runs in (packed, whole))
    assert msgspec.json.encode(one) == msgspec.json.encode(other)


def test_a_line_that_is_wrong_is_named_by_both(tmp_path):
    path = written(tmp_path, varied("base", 1.0))
    lines = path.read_bytes().splitlines(keepends=True)
    for broken in (
        [*lines[:9], lines[8], *lines[9:]],
        [*lines, lines[5]],
        [*lines[:4], b"{}\n", *lines[4:]],
        [*lines[:4], lines[0], *lines[4:]],
        lines[1:],
    ):
        path.write_bytes(b"".join(broken))
        said = []
        for read in (read_packed, read_run):
            with pytest.raises(RecordError) as caught:
                read(path)
            said.append(str(caught.value))
        assert said[0] == said[1]


def test_a_packed_attempt_takes_a_fraction_of_a_kilobyte(pair):
    tracemalloc.start()
    packed = read_packed(pair[0])
    taken = tracemalloc.get_traced_memory()[0] / len(packed.records)
    tracemalloc.stop()
    assert taken < 500


def test_the_command_reads_packed_runs(pair, capsys, monkeypatch):
    def read_whole(*_, **__):
        raise AssertionError("`llmops gate` read a whole run")

    monkeypatch.setattr("pytest_llmops.compare.finding.read_run", read_whole)
    monkeypatch.chdir(pair[0].parents[1])
    assert main(["gate", str(pair[0]), str(pair[1]), "--trust-cache", "--runs", "."]) == 1
    assert "1 attempts crashed" in " ".join(capsys.readouterr().out.split())
