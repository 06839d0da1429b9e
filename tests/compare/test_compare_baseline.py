import os
from pathlib import Path

import msgspec
import pytest
from gate_runs import END, MANY, recorded, with_records, written

from pytest_llmops.compare.baseline import bless, file_name
from pytest_llmops.compare.finding import find_baseline, find_candidate
from pytest_llmops.compare.gate import compare_runs
from pytest_llmops.completions import Message, Timing
from pytest_llmops.errors import CompareError, RecordError
from pytest_llmops.grading.graded import Quality
from pytest_llmops.runs.reading import read_run
from pytest_llmops.runs.record import Gated


@pytest.fixture
def baselines(tmp_path):
    return tmp_path / "benchmarks" / "baselines"


@pytest.fixture
def runs(tmp_path):
    """Two complete runs of `base` of different cases, and one of another model."""
    folder = tmp_path / "runs"
    written(folder, recorded(MANY, name="base", id="early", started=1.0))
    written(folder, recorded(MANY, name="base", id="late", started=2.0, suite_hash="f" * 16))
    written(folder, recorded(MANY, name="hf:org/name", id="hub", started=4.0))
    return folder


def find(reference, baselines, runs, **hints):
    return find_baseline(str(reference), baselines=baselines, runs=runs, **hints)


def ended(exit_status=1, **fields):
    gate = Gated(baseline="older", reason="", sequential=False, margins={}, **fields)
    return msgspec.structs.replace(END, exit_status=exit_status, gate=gate)


def noisy_run():
    """A run with all that a baseline leaves out."""

    def change(records):
        return [
            msgspec.structs.replace(
                one,
                prompt=(Message("user", "secret question"),),
                text="secret answer",
                refusal="secret refusal",
                timing=Timing(started=float(n), queue=0.1, first_token=0.2, total=n / 7),
                served_model="m",
                retries=n,
                from_cache=bool(n % 2),
                cost=0.1 * n,
                engine_memory=n,
                usage=msgspec.structs.replace(one.usage, cached=n % 50),
                grade=msgspec.structs.replace(
                    one.grade, detail="secret test", started=77.5, quality=Quality(code_share=1 / 3)
                ),
            )
            for n, one in enumerate(records)
        ]

    return with_records(recorded(MANY), change)


def test_a_baseline_is_read_as_a_run_and_compares_as_the_run_it_was(baselines):
    run = noisy_run()
    bless(run, baselines / "base.jsonl")
    kept = read_run(baselines / "base.jsonl")
    assert [r.case for r in kept.records] == sorted(r.case for r in run.records)
    found = compare_runs(kept, recorded(MANY, name="again"))
    assert found.checks == compare_runs(run, recorded(MANY, name="again")).checks
    again = msgspec.structs.replace(run, run=msgspec.structs.replace(run.run, id="again"))
    assert compare_runs(kept, again).notes[-1].startswith("every answer is the same")


def test_a_baseline_holds_no_content_and_nothing_that_changes_by_itself(baselines):
    run = noisy_run()
    bless(run, baselines / "base.jsonl")
    text = (baselines / "base.jsonl").read_text()
    assert "secret" not in text
    assert "77.5" not in text
    for name in ("timing", "retries", "cost", "engine_memory", "from_cache", "cached"):
        assert f'"{name}"' not in text
    assert '"memory"' not in text.partition("\n")[2]  # the first line has that of the machine
    assert read_run(baselines / "base.jsonl").run.content is False
    assert '"quality":{"code_share":0.333}' in text
    assert max(map(len, text.splitlines()[1:])) < 500


def test_equal_content_gives_equal_bytes_in_any_order(baselines):
    run = noisy_run()
    bless(run, baselines / "one.jsonl")
    bless(msgspec.structs.replace(run, records=run.records[::-1]), baselines / "two.jsonl")
    one, two = ((baselines / f"{name}.jsonl").read_bytes() for name in ("one", "two"))
    assert one == two
    bless(read_run(baselines / "one.jsonl"), baselines / "again.jsonl")
    assert (baselines / "again.jsonl").read_bytes() == one


def test_only_what_changed_differs_between_two_baselines(baselines):
    bless(recorded(MANY), baselines / "base.jsonl")
    before = (baselines / "base.jsonl").read_text().splitlines()
    tokens = [*MANY[:-1], MANY[-1] + 1]
    bless(recorded(tokens), baselines / "base.jsonl")
    after = (baselines / "base.jsonl").read_text().splitlines()
    assert [n for n, pair in enumerate(zip(before, after, strict=True)) if len(set(pair)) > 1] == [
        300
    ]


def test_blessing_says_what_it_replaces(baselines):
    path = baselines / "base.jsonl"
    told = bless(recorded(MANY, name="one"), path)
    assert told.endswith("; a new baseline")
    assert "one of run-one, 300 cases, 300 attempts, 83,250 output tokens, 50.0% solved" in told
    assert bless(recorded(MANY, name="one"), path).endswith("; unchanged")
    told = bless(recorded([n + 1 for n in MANY], name="two"), path)
    assert "two of run-two" in told
    assert told.endswith(
        "; replaces one of run-one, 300 cases, 300 attempts, 83,250 output tokens, 50.0% solved"
    )
    told = bless(recorded(MANY, split="all"), path)
    assert "replaces two of run-two" in told
    assert "what differs: split: 'eval' -> 'all'" in told
    path.write_text("nonsense\n")
    assert "replaces a file that is no baseline" in bless(recorded(MANY), path)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (msgspec.structs.replace(recorded(MANY), end=None), "its session was killed before it"),
        (recorded(MANY, replays="older"), "it replays the answers of run older"),
        (
            msgspec.structs.replace(recorded(MANY), end=ended(verdict="regressed")),
            "its session failed with exit status 1 .regressed: ",
        ),
        (recorded(MANY[:200]), "it leaves out 100 of the 300 cases of the baseline that it would"),
    ],
)
def test_what_becomes_a_baseline_by_mistake_is_refused_unless_forced(run, message, baselines):
    path = baselines / "base.jsonl"
    bless(recorded([[n, n] for n in MANY], name="old"), path)
    before = path.read_bytes()
    with pytest.raises(CompareError, match=message):
        bless(run, path)
    assert path.read_bytes() == before
    assert "replaces old of run-old, 300 cases" in bless(run, path, force=True)
    assert read_run(path).run.replays == run.run.replays


def test_fewer_samples_than_before_are_refused_unless_forced(baselines):
    path = baselines / "base.jsonl"
    bless(recorded([[n, n] for n in MANY], name="old"), path)
    with pytest.raises(CompareError, match="it has 1 samples per case, the baseline 2"):
        bless(recorded(MANY), path)
    bless(recorded(MANY), path, force=True)


def crashed(records):
    return [msgspec.structs.replace(records[0], error="EndpointError: gone"), *records[1:]]


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (msgspec.structs.replace(recorded(MANY, attempts=301), end=None), "interrupted"),
        (recorded(MANY, attempts=301), "300 records for 301 attempts"),
        (with_records(recorded(MANY), crashed), "1 attempts crashed"),
        (recorded(MANY[:5]), "5 cases are too few"),
    ],
)
def test_what_could_not_be_compared_is_not_blessed(run, message, baselines):
    with pytest.raises(CompareError, match=message):
        bless(run, baselines / "base.jsonl")
    assert not baselines.exists()


def test_a_failed_write_leaves_the_old_baseline_whole(baselines):
    path = baselines / "base.jsonl"
    bless(recorded(MANY), path)
    before = path.read_bytes()
    target = baselines / f".base.jsonl.{os.getpid()}"
    target.mkdir()
    with pytest.raises(RecordError, match="base.jsonl: cannot be written: Is a directory"):
        bless(recorded(MANY, name="new"), path)
    target.rmdir()
    assert path.read_bytes() == before
    assert [found.name for found in baselines.iterdir()] == ["base.jsonl"]


def test_a_place_that_is_no_file_is_refused(baselines):
    (baselines / "base.jsonl").mkdir(parents=True)
    with pytest.raises(RecordError, match="base.jsonl: cannot be written: Is a directory"):
        bless(recorded(MANY), baselines / "base.jsonl")
    assert [found.name for found in baselines.iterdir()] == ["base.jsonl"]
    with pytest.raises(RecordError, match="cannot be written: File exists"):
        bless(recorded(MANY), Path(__file__) / "base.jsonl")


def test_a_baseline_is_found_by_file_name_run_and_model(baselines, runs):
    bless(recorded(MANY, id="blessed"), baselines / "kept.jsonl")
    for reference, run in {
        baselines / "kept.jsonl": "blessed",
        "kept": "blessed",
        "early": "early",
        runs / "early": "early",
        runs / "early" / "records.jsonl": "early",
        "hf:org/name": "hub",
    }.items():
        assert find(reference, baselines, runs).run.id == run


def test_a_blessed_baseline_comes_before_runs_of_the_model(baselines, runs):
    bless(recorded(MANY, id="blessed"), baselines / "base.jsonl")
    assert find("base", baselines, runs).run.id == "blessed"
    bless(recorded(MANY, id="blessed-too"), baselines / f"{file_name('hf:org/name')}.jsonl")
    assert find("hf:org/name", baselines, runs).run.id == "blessed-too"


def test_a_model_stands_for_its_latest_complete_run_of_the_same_cases(baselines, runs):
    assert find("base", baselines, runs).run.id == "late"
    same, other = recorded(MANY, name="new").run, recorded(MANY, suite_hash="unknown").run
    assert find("base", baselines, runs, judged=[same]).run.id == "early"
    assert find("base", baselines, runs, judged=[other]).run.id == "late"


def test_a_model_never_stands_for_a_run_that_is_judged(baselines, runs):
    early, late = (find(name, baselines, runs).run for name in ("early", "late"))
    assert find("base", baselines, runs, judged=[late]).run.id == "early"
    with pytest.raises(CompareError, match="no model with a run there beside the one"):
        find("base", baselines, runs, judged=[early, late])


def test_an_unknown_baseline_lists_those_there_are(baselines, runs):
    bless(recorded(MANY), baselines / "kept.jsonl")
    with pytest.raises(CompareError) as refused:
        find("nope", baselines, runs)
    for known in ("(there: kept)", "(models: base, hf:org/name)", "`llmops bless RUN`"):
        assert known in str(refused.value)
    with pytest.raises(CompareError, match=r"there: none.*models: none"):
        find("nope", baselines / "no", runs / "no")


@pytest.mark.parametrize(
    ("end", "message"),
    [
        (None, "was interrupted or still goes on, with 300 of 300 attempts"),
        (ended(verdict="regressed"), "ended as regressed against older"),
        (ended(6, verdict="undecided"), "ended as undecided against older"),
        (ended(verdict=None), "ended without a verdict against older"),
    ],
)
def test_no_older_run_takes_the_place_of_a_newest_that_failed(end, message, runs, baselines):
    written(runs, recorded(MANY, name="base", id="newest", started=9.0), end=end)
    told = f"base: its newest run newest {message}; name an older run by its id .early"
    with pytest.raises(CompareError, match=told):
        find("base", baselines, runs, judged=[recorded(MANY, name="new").run])
    assert find_candidate("base", runs=runs).run.id == "newest"
    assert find("newest", baselines, runs).run.id == "newest"


def test_a_run_that_its_user_let_pass_undecided_may_judge(runs, baselines):
    end = ended(0, verdict="undecided")
    written(runs, recorded(MANY, name="base", id="newest", started=9.0), end=end)
    assert find("base", baselines, runs).run.id == "newest"


def test_a_name_that_could_be_two_things_is_refused(runs, baselines, tmp_path, monkeypatch):
    """A folder of that name beside the user would be taken for the blessed baseline."""
    monkeypatch.chdir(tmp_path)
    bless(recorded(MANY, id="blessed"), baselines / "kept.jsonl")
    assert find("kept", baselines, runs).run.id == "blessed"
    written(tmp_path, recorded(MANY, name="other", id="kept"))
    with pytest.raises(CompareError, match="kept could be .*kept.jsonl and kept/records.jsonl"):
        find("kept", baselines, runs)
    assert find("./kept/records.jsonl", baselines, runs).run.id == "kept"
    written(tmp_path, recorded(MANY, name="other", id="hf:org/name"))
    with pytest.raises(CompareError, match="hf:org/name could be .*; name the file that you mean"):
        find_candidate("hf:org/name", runs=runs)


def test_a_mistyped_name_is_told_the_nearest(runs, baselines):
    bless(recorded(MANY), baselines / "release-1.jsonl")
    with pytest.raises(CompareError, match=r"did you mean release-1\?"):
        find("relaese-1", baselines, runs)
    with pytest.raises(CompareError, match=r"did you mean base\?"):
        find_candidate("bsae", runs=runs)


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_stands_for_nothing(name, runs, baselines, monkeypatch):
    monkeypatch.chdir(runs / "early")  # which has a records.jsonl
    with pytest.raises(CompareError, match="no baseline is named: the name is empty"):
        find(name, baselines, runs)
    with pytest.raises(RecordError, match="no run is named: the name is empty"):
        find_candidate(name, runs=runs)


def test_files_that_are_no_runs_do_not_hide_those_that_are(baselines, runs):
    for name, content in {"a": b"", "b": b"nonsense\n", "c": b"\xff\n"}.items():
        (runs / name).mkdir()
        (runs / name / "records.jsonl").write_bytes(content)
    assert find("base", baselines, runs).run.id == "late"


def test_a_candidate_is_found_by_latest_run_and_model(runs):
    assert find_candidate("early", runs=runs).run.id == "early"
    assert find_candidate("base", runs=runs).run.id == "late"
    os.utime(runs / "early" / "records.jsonl", (2e9, 2e9))
    assert find_candidate("latest", runs=runs).run.id == "hub"  # which started last
    with pytest.raises(CompareError, match="nope: no run in .*models: base, hf:org/name"):
        find_candidate("nope", runs=runs)


def test_a_broken_candidate_is_named_with_its_line(runs):
    path = runs / "early" / "records.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"sample":0', b'"sample":NaN', 1))
    with pytest.raises(RecordError, match="records.jsonl:2: not a line of a records file"):
        find_candidate("early", runs=runs)


def test_names_of_models_become_names_of_files():
    assert file_name("hf:ORG/na_me-1.5") == "hf-ORG-na_me-1.5"
    assert file_name("../../etc") == "etc"


def test_the_end_of_a_baseline_is_that_of_its_run_without_its_gate(baselines):
    """What an older baseline said of it has no bearing on what it is compared with."""
    run = recorded(MANY)
    gate = Gated(baseline="old", verdict="held", reason="", sequential=False, margins={})
    end = msgspec.structs.replace(END, gate=gate)
    bless(msgspec.structs.replace(run, end=end), baselines / "base.jsonl")
    assert read_run(baselines / "base.jsonl").end == END
