"""Logs that the real packages wrote, against what their scripts' servers counted."""

import json
import math
import shutil
from pathlib import Path

import pytest

from pytest_llmops.cli.main import main
from pytest_llmops.compare.gate import compare_runs
from pytest_llmops.errors import CompareError, RecordError
from pytest_llmops.imports.assembly import Asked, run_of
from pytest_llmops.imports.logs import harness_of, read_log
from pytest_llmops.runs.reading import read_run

LOGS = Path(__file__).parent / "harness_logs"
INSPECT, HARBOR = LOGS / "inspect", LOGS / "harbor"
SMALL = INSPECT / "small.json"
CASES = 24


def imported(path, **options):
    return run_of(read_log(path, asked=Asked(**options)))


def number(record):
    return int(record.case[-2:])


class TestInspect:
    def test_tokens_are_those_that_the_server_counted(self):
        records = imported(INSPECT / "base.eval").records
        assert len(records) == 2 * CASES
        for one in records:
            n = number(one)
            assert (one.usage.input, one.usage.cached) == (100 + n, 40)
            assert (one.usage.output, one.usage.reasoning) == (20 + n, 7)
            assert one.cost is None

    def test_a_graders_tokens_are_not_the_models(self):
        """Its calls go to the same model, and Inspect sums them up with the others."""
        records = imported(INSPECT / "graded.eval").records
        assert [one.usage.output for one in records] == [20 + number(one) for one in records]
        assert {one.usage.input - number(one) for one in records} == {100}

    def test_attempts_are_told_apart_and_counted_anew(self):
        found = imported(INSPECT / "base.eval")
        keys = {(one.case, one.sample) for one in found.records}
        assert keys == {(f"sums:sum-{n:02}", k) for n in range(CASES) for k in (0, 1)}
        assert all(one.solved == (number(one) % 3 != 2) for one in found.records)
        assert {number(one) for one in found.records if one.truncated} == {5}
        assert (found.run.samples, found.run.attempts, found.run.cases) == (2, 48, 24)
        assert found.run.harness == "inspect 0.3.285"
        assert found.run.grader == "inspect includes"

    def test_another_prompt_or_model_is_the_same_case_and_another_target_is_not(self, tmp_path):
        hashes = {
            name: imported(INSPECT / f"{name}.eval").run.suite_hash
            for name in ("base", "wordy", "prompted")
        }
        assert len(set(hashes.values())) == 1
        changed = edited(tmp_path, lambda log: log["samples"][0].update(target="answer 1."))
        assert imported(changed).run.suite_hash != imported(SMALL).run.suite_hash

    def test_messages_are_the_same_question_whatever_ids_a_run_gives_them(self):
        asked = [json.loads((INSPECT / f"{n}.json").read_text()) for n in ("chat", "chat-again")]
        ids = [log["samples"][0]["input"][0]["id"] for log in asked]
        assert ids[0] != ids[1]
        one, again = (imported(INSPECT / f"{name}.json").run for name in ("chat", "chat-again"))
        assert one.suite_hash == again.suite_hash

    def test_cases_are_alike_by_a_key_of_their_metadata(self):
        found = imported(INSPECT / "base.eval", cluster_by="file").records
        assert {one.cluster for one in found} == {str(n) for n in range(CASES // 2)}
        with pytest.raises(RecordError, match="sum-00: no metadata 'speed' for --cluster-by"):
            imported(INSPECT / "base.eval", cluster_by="speed")

    def test_one_log_is_one_run_however_often_it_is_read(self):
        one, again = imported(SMALL), imported(SMALL)
        assert one == again
        with pytest.raises(CompareError, match="are the same run"):
            compare_runs(imported(INSPECT / "base.eval"), imported(INSPECT / "base.eval"))

    def test_a_failed_sample_stays_in_the_denominator(self, tmp_path):
        def fail(log):
            log["samples"][0].update(error={"message": "gone"}, scores=None)

        records = imported(edited(tmp_path, fail)).records
        assert [one.outcome for one in records] == ["error", "solved"]

    def test_a_sample_that_inspect_left_unscored_is_an_error_and_no_wrong_answer(self, tmp_path):
        def unscored(log):
            log["samples"][0]["scores"]["model_graded_qa"].update(value=math.nan, answer=None)

        log = edited(tmp_path, unscored)
        assert '"value": NaN' in log.read_text()
        first, second = imported(log).records
        assert (first.outcome, first.error) == ("error", "the sample has no score")
        assert (first.solved, second.outcome) == (False, "solved")

    def test_costs_count_lost_tries_and_only_where_each_call_has_one(self, tmp_path):
        def retried(log):
            sample = log["samples"][0]
            for event in calls(sample):
                event["output"]["usage"]["total_cost"] = 0.5
            sample["error_retries"] = [{"events": list(calls(sample))[:1]}]

        first, second = imported(edited(tmp_path, retried)).records
        assert (first.cost, first.retries, first.usage.output) == (1.0, 1, 20)
        assert second.cost is None

    def test_an_answer_of_inspects_own_cache_has_its_length_and_says_so(self, tmp_path):
        def cached(log):
            for event in calls(log["samples"][0]):
                event["cache"] = "read"

        first, second = imported(edited(tmp_path, cached)).records
        assert (first.from_cache, second.from_cache) == (True, False)
        assert first.usage.output == 20

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda log: log.update(status="started"), "its status is 'started', so attempts are"),
            (
                lambda log: log.update(status="error", error={"message": "no route to host"}),
                "its status is 'error' .no route to host., so attempts are missing",
            ),
            (lambda log: log.update(version=3), "log version 3; this version reads 2 only"),
            (
                lambda log: log["samples"][0]["scores"].update(other={"value": 1}),
                "2 scorers, so name one with --scorer .there: model_graded_qa, other",
            ),
            (
                lambda log: log["samples"][0]["scores"]["model_graded_qa"].update(value={"a": 1}),
                "sum-00: a score of {'a': 1} does not say whether it is solved",
            ),
            (
                lambda log: next(calls(log["samples"][0]))["output"]["choices"].append({}),
                "sum-00: several choices in one answer",
            ),
            (lambda log: log["samples"][0].pop("input"), "not a log as Inspect writes it"),
            (lambda log: log["samples"][0].update(events=[{}]), "not a log as Inspect writes it"),
            (lambda log: log["samples"].append(3), "not a log as Inspect writes it"),
            (lambda log: log["samples"].pop(), "1 attempts of 2: samples are missing"),
            (
                lambda log: log["samples"][1].update(id="sum-00"),
                "sum-00: sample 1 is there 2 times",
            ),
        ],
    )
    def test_what_cannot_be_counted_is_refused(self, change, message, tmp_path):
        with pytest.raises(RecordError, match=message):
            imported(edited(tmp_path, change))

    def test_the_scorer_may_be_named(self, tmp_path):
        def two(log):
            for sample in log["samples"]:
                sample["scores"]["strict"] = {"value": 0}

        path = edited(tmp_path, two)
        assert [one.solved for one in imported(path, scorer="strict").records] == [False, False]
        with pytest.raises(RecordError, match="no scorer 'speed' .there: model_graded_qa, strict"):
            imported(path, scorer="speed")

    def test_a_broken_archive_is_refused_by_name(self, tmp_path):
        whole = (INSPECT / "base.eval").read_bytes()
        for name, content in {
            "truncated": whole[:-100],
            "bad": whole[:900] + b"x" * 90 + whole[990:],
        }.items():
            (tmp_path / f"{name}.eval").write_bytes(content)
            with pytest.raises(RecordError, match=f"{name}.eval: "):
                imported(tmp_path / f"{name}.eval")


def edited(folder, change):
    """The small log with a change, as a file of its own."""
    log = json.loads(SMALL.read_text())
    change(log)
    path = folder / "edited.json"
    path.write_text(json.dumps(log))
    return path


def calls(sample):
    """The model events of the solver; a grader's come later."""
    graders = {
        e["id"] for e in sample["events"] if e["event"] == "span_begin" and e["type"] == "scorer"
    }
    for event in sample["events"]:
        if event["event"] == "model" and event["span_id"] not in graders:
            yield event


class TestHarbor:
    def test_tokens_costs_and_outcomes_are_those_of_the_trials(self):
        found = imported(HARBOR / "base")
        assert len(found.records) == CASES
        for one in found.records:
            n = number(one)
            assert (one.usage.input, one.usage.cached, one.usage.output) == (1000 + n, 400, 200 + n)
            assert one.cost == pytest.approx((200 + n) / 100_000)
            assert one.solved == (n % 3 != 2)
        assert found.run.agent == "scripted 1.0.0"
        assert found.run.identity.served == "acme/m"

    def test_a_late_attempt_counts_by_its_reward_as_a_cut_one(self):
        (late,) = [one for one in imported(HARBOR / "base").records if one.truncated]
        assert (number(late), late.solved, late.error) == (7, True, "")

    def test_any_other_exception_is_an_error_whatever_the_reward(self, job):
        trial(job, 3, exception_info={"exception_type": "RuntimeError"})
        trial(job, 4, verifier_result=None)
        errors = {number(r): r.error for r in imported(job).records if r.error}
        assert errors == {3: "RuntimeError", 4: "the trial has no reward"}

    def test_attempts_at_a_task_are_numbered_as_they_started(self, job):
        more = job / "task-00__again"
        shutil.copytree(next(job.glob("task-00__*")), more)
        change(more / "result.json", started_at="2099-01-01T00:00:00Z", trial_name="again")
        change(job / "result.json", n_total_trials=25)
        found = imported(job)
        assert sorted(one.sample for one in found.records if number(one) == 0) == [0, 1]

    def test_tasks_are_alike_by_a_key_of_their_own_metadata(self, job, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(RecordError, match="task.toml: cannot be read"):
            imported(job, cluster_by="file")
        for file in job.glob("*/result.json"):
            place = json.loads(file.read_text())["config"]["task"]["path"].lstrip("/")
            change(file, config={"task": {"path": place}})
            Path(place).mkdir(parents=True)
            (Path(place) / "task.toml").write_text(f'[metadata]\nfile = "{int(place[-2:]) // 2}"\n')
        assert len({one.cluster for one in imported(job, cluster_by="file").records}) == CASES // 2

    @pytest.mark.parametrize(
        ("file", "fields", "message"),
        [
            ("job", {"finished_at": None}, "the job has not ended .no time of its end"),
            ("job", {"stats": {"n_pending_trials": 2}}, "the job has not ended .2 pending"),
            ("job", {"schema_version": 2}, "job of version 2; this version reads 1 only"),
            (
                "trial",
                {"agent_info": {"name": "b", "version": "2", "model_info": None}},
                "one agent and one model; this job has scripted 1.0.0 with acme/m; b 2 with unk",
            ),
            ("trial", {"verifier_result": {"rewards": {"a": 1, "b": 0}}}, "3 rewards, so name one"),
        ],
    )
    def test_what_cannot_be_counted_is_refused(self, file, fields, message, job):
        if file == "job":
            change(job / "result.json", **fields)
        else:
            trial(job, 3, **fields)
        with pytest.raises(RecordError, match=message):
            imported(job)


@pytest.fixture
def job(tmp_path):
    """A copy of the job that may be edited."""
    return Path(shutil.copytree(HARBOR / "base", tmp_path / "job"))


def change(path, **fields):
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def trial(job, number, **fields):
    change(next(job.glob(f"task-{number:02}__*")) / "result.json", **fields)


class TestGate:
    @pytest.fixture(autouse=True)
    def elsewhere(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)

    @pytest.mark.parametrize(
        ("baseline", "candidate", "status", "told"),
        [
            (INSPECT / "base.eval", INSPECT / "wordy.eval", 1, "priced tokens 53.1 62.4 1.174"),
            (INSPECT / "base.eval", INSPECT / "prompted.eval", 6, "prompt: other text in 24 cases"),
            (HARBOR / "base", HARBOR / "wordy", 1, "dollars $0.00211 $0.00275 1.300"),
        ],
    )
    def test_logs_are_gated_from_their_own_files(self, baseline, candidate, status, told, capsys):
        margin = "--max-tokens-ratio=1.05"
        assert main(["gate", str(baseline), str(candidate), margin]) == status
        assert told in " ".join(capsys.readouterr().out.split())

    def test_other_graders_and_other_harnesses_are_refused(self, capsys):
        base = str(INSPECT / "base.eval")
        assert main(["gate", base, str(INSPECT / "graded.eval")]) == 2
        assert "grader: inspect includes against inspect model_graded_qa" in capsys.readouterr().err
        assert main(["gate", base, str(HARBOR / "base")]) == 2
        assert "the runs hold other cases: 24 of 24" in capsys.readouterr().err

    def test_a_log_without_tokens_is_judged_by_its_solve_rate_and_says_so(self, capsys, job):
        shutil.copytree(job, "other")
        change(Path("other") / "result.json", id="other")
        for folder in (job, Path("other")):
            for n in range(CASES):
                trial(folder, n, agent_result=None)
        assert main(["gate", str(job), "other"]) in {0, 6}
        out = " ".join(capsys.readouterr().out.split())
        assert "output tokens left out: the baseline does not tell them" in out
        checks = out.split("tokens ratio")[0]
        assert "solve rate 66.7% 66.7%" in checks
        assert "output tokens 2" not in checks

    def test_imported_runs_are_blessed_and_gated_by_name(self, capsys):
        assert main(["import", "harbor", str(HARBOR / "base"), str(HARBOR / "wordy")]) == 0
        out = capsys.readouterr().out
        assert "24 attempts, 16 solved, 5,076 output tokens" in out
        assert main(["bless", "acme/m", "--name", "m"]) == 0
        assert main(["gate", "m", "acme/wordy", "--max-tokens-ratio=1.05"]) == 1
        assert "dollars $0.00211" in " ".join(capsys.readouterr().out.split())
        assert main(["show", "latest"]) == 0
        assert main(["import", "harbor", str(HARBOR / "base")]) == 0
        assert "was imported before" in capsys.readouterr().out

    def test_what_is_written_is_what_was_read(self):
        assert main(["import", "inspect", str(INSPECT / "base.eval")]) == 0
        (path,) = Path("runs").glob("*/records.jsonl")
        found, read = read_run(path), imported(INSPECT / "base.eval")
        assert (found.run, found.records, found.end) == (read.run, read.records, read.end)


def test_a_harness_is_told_from_its_log(tmp_path):
    assert harness_of(INSPECT / "base.eval") == harness_of(SMALL) == "inspect"
    assert harness_of(HARBOR / "base") == "harbor"
    (tmp_path / "other.json").write_text('{"eval": 3}')
    assert harness_of(tmp_path) == harness_of(tmp_path / "other.json") == ""
    with pytest.raises(RecordError, match="not a log of inspect or harbor"):
        read_log(tmp_path / "other.json")
    with pytest.raises(RecordError, match="no such file or folder"):
        read_log(tmp_path / "none", "inspect")
