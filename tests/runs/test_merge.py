import msgspec
import pytest
from records import RUN, record

from pytest_llmops.cli.main import main
from pytest_llmops.compare.complete import require_complete
from pytest_llmops.errors import CompareError, RecordError
from pytest_llmops.runs.checkout import Checkout
from pytest_llmops.runs.merge import merge
from pytest_llmops.runs.reading import find_run, read_run
from pytest_llmops.runs.record import End, RecordFile
from pytest_llmops.runs.run import Part
from pytest_llmops.tasks.shards import Shard

CASES = {1: ("starter:a#x", "starter:a#y"), 2: ("starter:b#z",)}
CHECKOUT = Checkout(commit="c" * 40, branch="main")


@pytest.fixture
def shard(tmp_path):
    def shard(index, *, cases=None, end=True, samples=2, **fields):
        chosen = CASES[index] if cases is None else cases
        values = {
            "id": f"shard-{index}-{len(list(tmp_path.iterdir()))}",
            "started": RUN.started + index,
            "cases": len(chosen),
            "samples": 2,
            "attempts": 2 * len(chosen),
            "suite_hash": f"{index}",
            "label": "nightly",
            "checkout": CHECKOUT,
            "part": Part(shard=Shard(index, 2), suite_hash="whole", cases=3),
            **fields,
        }
        file = RecordFile(tmp_path, msgspec.structs.replace(RUN, **values))
        for case in chosen:
            for sample in range(samples):
                file.write(record(case, sample, cluster=case.partition("#")[0], text=f"of {case}"))
        if end:
            finished = RUN.started + 60 * index
            file.write(End(finished=finished, exit_status=index - 1, served=(f"m{index}",)))
        file.close()
        return read_run(file.path, content=False)

    return shard


def test_the_shards_of_a_run_become_that_run(shard, tmp_path):
    one, two = shard(1), shard(2)
    found = read_run(merge([two, one], tmp_path))
    assert (found.run.cases, found.run.attempts, found.run.suite_hash) == (3, 6, "whole")
    assert found.run.part is None
    assert found.run.merged == (one.run.id, two.run.id)
    assert found.run.label == "nightly"
    assert find_run("latest", tmp_path) == found.path
    assert [(r.case, r.sample, r.text) for r in found.records] == [
        (case, sample, f"of {case}") for case in (*CASES[1], *CASES[2]) for sample in range(2)
    ]
    assert found.end == End(finished=RUN.started + 120, exit_status=1, served=("m1", "m2"))
    with pytest.raises(CompareError, match="3 cases are too few"):  # and nothing else
        require_complete(found, "run")


def test_a_shard_by_itself_is_not_judged(shard):
    with pytest.raises(CompareError, match=r"shard 1/2 of a run; put all of them together first"):
        require_complete(shard(1), "candidate")


OTHER = msgspec.structs.replace(RUN.identity, model="other")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"identity": OTHER}, "not the identity of shard-1-0"),
        ({"grader": "vitest 1"}, "not the grader of"),
        ({"versions": {"pytest-llmops": "0.0.1"}}, "not the versions of"),
        ({"checkout": Checkout(commit="d" * 40)}, f"of commit {'d' * 40}, shard-1-0 of {'c' * 40}"),
        ({"checkout": None}, "of commit none"),
        ({"part": Part(shard=Shard(2, 3), suite_hash="whole", cases=3)}, "shard 2/3, .* is 1/2"),
        ({"part": Part(shard=Shard(2, 2), suite_hash="x", cases=3)}, "a shard of other cases than"),
        ({"part": Part(shard=Shard(1, 2), suite_hash="whole", cases=3)}, "shard 2/2 is missing"),
        ({"part": None}, "no shard; it was not made with --shard"),
        ({"cases": CASES[1]}, "2 cases are in shard-1-0 too, such as starter:a#x"),
        ({"cases": ()}, "they hold 2 of 3 cases"),
        ({"end": False}, "interrupted or still going on, with 2 of 2 attempts"),
        ({"samples": 1}, "incomplete, 1 of 2 attempts"),
    ],
)
def test_what_is_not_the_rest_of_the_run_is_refused_and_nothing_is_written(
    shard, tmp_path, changed, message
):
    both = [shard(1), shard(2, **changed)]
    before = set(tmp_path.iterdir())
    with pytest.raises(RecordError, match=f"cannot be merged:(.|\n)*{message}"):
        merge(both, tmp_path)
    assert set(tmp_path.iterdir()) == before


def test_a_missing_shard_is_named(shard, tmp_path):
    with pytest.raises(RecordError, match="shard 2/2 is missing"):
        merge([shard(1)], tmp_path)


def test_shards_are_merged_by_their_names_or_files(shard, tmp_path, capsys):
    one, two = shard(1), shard(2)
    assert main(["merge", one.run.id, str(two.path), "--runs", str(tmp_path)]) == 0
    path = capsys.readouterr().out.partition(":")[0]
    assert len(read_run(tmp_path / path).records) == 6
