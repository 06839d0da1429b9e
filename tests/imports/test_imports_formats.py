"""Logs of promptfoo, lm-eval, DeepEval and mini-swe-agent, against what their servers counted."""

import json
import shutil
from pathlib import Path

import pytest
from harness_pairs import CASES, DEEPEVAL, LM_EVAL, MINI, PAIRS, PROMPTFOO, edited, imported, read

from pytest_llmops.errors import RecordError
from pytest_llmops.imports.assembly import Asked, run_of
from pytest_llmops.imports.logs import harness_of, read_log


def rows(document):
    return document["results"]["results"]


class TestPromptfoo:
    def test_tokens_are_those_that_the_server_counted_with_cached_inside_input(self):
        found = imported(PROMPTFOO / "base.json")
        for n, one in enumerate(found.records):
            assert one.case.startswith(f"promptfoo:sum {n} ")
            assert (one.usage.input, one.usage.cached, one.usage.cache_write) == (100 + n, 40, 0)
            assert (one.usage.output, one.usage.reasoning) == (20 + n, 7)
            assert (one.solved, one.truncated) == (n % 3 != 2, n == 5)
        assert (found.run.cases, found.run.attempts, found.run.samples) == (CASES, CASES, 1)
        assert found.run.harness == "promptfoo 0.121.20"
        assert found.run.identity.served == "openai:chat:m"

    def test_a_graders_tokens_are_not_the_models(self):
        plain, graded, _ = imported(PROMPTFOO / "traps.json").records
        assert (graded.usage.input, graded.usage.output) == (107, 27)
        assert graded.cost == pytest.approx(plain.cost, rel=0.5)

    def test_a_cost_of_zero_is_that_of_a_model_without_prices(self):
        assert {one.cost for one in imported(PROMPTFOO / "base.json").records} == {None}

    def test_a_wrong_answer_is_no_error_although_the_file_calls_it_so(self):
        assert all(r["error"] for r in rows(read(PROMPTFOO / "base.json")) if not r["success"])
        outcomes = [one.outcome for one in imported(PROMPTFOO / "base.json").records]
        assert (outcomes.count("wrong"), outcomes.count("error")) == (8, 0)

    def test_an_answer_that_the_endpoint_refused_is_an_error_without_tokens(self):
        *_, refused = imported(PROMPTFOO / "traps.json").records
        assert refused.error.startswith("API call error")
        assert (refused.outcome, refused.usage, refused.cost) == ("error", None, None)

    def test_equal_tests_are_samples_of_one_case(self):
        found = imported(PROMPTFOO / "repeated.json")
        assert [one.sample for one in found.records] == [0, 1] * 3
        assert (found.run.cases, found.run.samples, found.run.attempts) == (3, 2, 6)

    def test_copies_from_the_disk_cache_are_refused(self):
        copied = rows(read(PROMPTFOO / "cached.json"))[1]
        assert (copied["tokenUsage"]["completion"], copied["response"]["cached"]) == (0, True)
        with pytest.raises(RecordError, match="1 of 3 answers are copies from .* --no-cache"):
            imported(PROMPTFOO / "cached.json")

    def test_of_several_models_one_must_be_named(self):
        with pytest.raises(RecordError, match="2 models, so name one with --model .there: openai:"):
            imported(PROMPTFOO / "two.json")
        found = imported(PROMPTFOO / "two.json", model="openai:chat:wordy")
        assert [one.usage.output for one in found.records] == [26, 27]
        assert imported(PROMPTFOO / "two.json", model="openai:chat:m").run.id != found.run.id

    def test_cases_are_told_from_their_variables_and_assertions(self, tmp_path):
        hashes = {imported(path).run.suite_hash for path in PAIRS["promptfoo"]}
        assert len(hashes) == 1

        def change(document):
            rows(document)[0]["testCase"]["assert"][0]["value"] = "other"

        other = imported(edited(PROMPTFOO / "base.json", tmp_path, change))
        assert other.run.suite_hash not in hashes

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda d: rows(d).pop(), "23 rows for 24 tests: rows are gone"),
            (lambda d: d["results"].update(version=4), "results of version 4; this version reads"),
            (lambda d: rows(d)[0].update(promptIdx=1), "a run has one prompt; this has 2"),
            (lambda d: rows(d)[0].pop("vars"), "not results as promptfoo writes them: KeyError"),
            (lambda d: rows(d)[0].update(testCase=3), "not results as promptfoo writes them"),
        ],
    )
    def test_what_cannot_be_counted_is_refused(self, change, message, tmp_path):
        with pytest.raises(RecordError, match=message):
            imported(edited(PROMPTFOO / "base.json", tmp_path, change))

    def test_an_answer_without_counts_has_none(self, tmp_path):
        def change(document):
            rows(document)[0]["response"]["tokenUsage"] = {}

        first, second, *_ = imported(edited(PROMPTFOO / "base.json", tmp_path, change)).records
        assert (first.usage, second.usage.output) == (None, 21)


class TestLmEval:
    def test_every_document_is_an_attempt_without_tokens(self):
        found = imported(LM_EVAL / "base")
        assert [one.solved for one in found.records] == [n % 3 != 2 for n in range(CASES)]
        for one in found.records:
            assert (one.usage, one.cost, one.finish_reason, one.error) == (None, None, None, "")
        assert (found.run.harness, found.run.grader) == (
            "lm-eval 0.4.13",
            "lm-eval exact_match none",
        )
        assert found.run.identity.sampling.max_tokens == 64

    def test_of_several_filters_one_must_be_named_and_repeats_are_told(self):
        with pytest.raises(RecordError, match="2 metrics, so name one .* exact_match,majority"):
            imported(LM_EVAL / "repeated")
        log = read_log(LM_EVAL / "repeated", asked=Asked(scorer="exact_match,first"))
        assert [one.solved for one in log.attempts] == [True, True, False]
        assert log.notes == ("sums: 3 answers a document, of which a filter made one score",)

    def test_a_limited_run_says_so_and_is_of_other_cases(self):
        log = read_log(LM_EVAL / "limited")
        assert (log.expected, log.notes) == (3, ("sums: 3 of 24 documents (--limit)",))
        assert run_of(log).run.suite_hash != imported(LM_EVAL / "base").run.suite_hash

    def test_missing_and_broken_samples_are_refused(self, tmp_path):
        folder = Path(shutil.copytree(LM_EVAL / "base", tmp_path / "base"))
        (file,) = folder.glob("samples_*")
        whole = file.read_text()
        file.write_text("".join(whole.splitlines(keepends=True)[:-1]))
        with pytest.raises(RecordError, match="23 attempts of 24: samples are missing"):
            imported(folder)
        file.write_text(whole[:-40])
        with pytest.raises(RecordError, match="samples_sums.*jsonl:24: not JSON"):
            imported(folder)
        file.unlink()
        with pytest.raises(RecordError, match="missing; run lm-eval with --log_samples"):
            imported(folder, scorer="") if harness_of(folder) else read_log(folder, "lm-eval")

    def test_of_several_runs_in_a_folder_one_must_be_named(self, tmp_path):
        folder = Path(shutil.copytree(LM_EVAL / "base", tmp_path / "both"))
        shutil.copytree(LM_EVAL / "wordy", folder, dirs_exist_ok=True)
        with pytest.raises(RecordError, match="one results_.* is needed, so name it .there: resu"):
            imported(folder)
        named = min(folder.glob("results_*"))
        assert imported(named).run.identity.model == "m"


class TestDeepEval:
    def test_cases_are_those_of_the_tests_and_tokens_are_missing(self):
        found = imported(DEEPEVAL / "base.json")
        assert found.records[3].case == "test_sums.py:test_sums[3]"
        assert [one.solved for one in found.records] == [n % 3 != 2 for n in range(CASES)]
        assert {one.usage for one in found.records} == {None}
        assert found.run.grader == "deepeval Right"

    def test_the_judges_cost_is_not_the_answers(self):
        """The author gave 0.25 for an answer; its judge cost 0.5."""
        assert {one.cost for one in imported(DEEPEVAL / "traps.json").records} == {0.25}
        assert {one.cost for one in imported(DEEPEVAL / "base.json").records} == {None}

    @pytest.mark.parametrize("success", [True, False])
    def test_a_metric_that_raised_is_an_error_whatever_success_says(self, success, tmp_path):
        path = edited(
            DEEPEVAL / "traps.json",
            tmp_path,
            lambda d: d["testCases"][4].update(success=success),
        )
        raised = imported(path).records[4]
        assert (raised.outcome, raised.error) == ("error", "RuntimeError: the judge is down")

    def test_a_test_that_raised_before_it_asserted_is_absent_and_that_is_told(self):
        log = read_log(DEEPEVAL / "traps.json")
        assert "test_sums[5]" not in [one.case for one in log.attempts]
        assert log.notes == ("tests that raised before they asserted are not in the file",)

    def test_the_latest_run_of_the_cache_reads_alike(self, tmp_path):
        whole = read(DEEPEVAL / "base.json")
        path = tmp_path / ".latest_test_run.json"
        path.write_text(json.dumps({"testRunData": whole}))
        assert harness_of(path) == "deepeval"
        assert imported(path).records == imported(DEEPEVAL / "base.json").records

    def test_cases_of_one_name_are_told_apart_by_what_was_asked(self, tmp_path):
        def change(document):
            first, second, third, *_ = document["testCases"]
            second["name"] = third["name"] = first["name"]
            third["input"] = second["input"]
            third["expectedOutput"] = second["expectedOutput"]

        first, second, third, *_ = imported(
            edited(DEEPEVAL / "base.json", tmp_path, change)
        ).records
        assert (first.sample, second.sample, third.sample) == (0, 0, 1)
        assert first.case != second.case == third.case

    def test_a_metric_may_be_named_and_conversations_are_refused(self, tmp_path):
        with pytest.raises(RecordError, match="no metric 'Wrong' .there: Right"):
            imported(DEEPEVAL / "base.json", scorer="Wrong")
        path = edited(
            DEEPEVAL / "base.json", tmp_path, lambda d: d.update(conversationalTestCases=[{}])
        )
        with pytest.raises(RecordError, match="conversations cannot be imported"):
            imported(path)


class TestMiniSweAgent:
    def test_answers_in_a_wrong_format_were_paid_and_count(self):
        """The first of two calls stands in a message of the user."""
        found = imported(MINI / "base")
        for one in found.records:
            n = int(one.case.rsplit("-", 1)[1])
            assert (one.usage.input, one.usage.cached) == (2 * (100 + n), 2 * 40)
            assert (one.usage.output, one.usage.reasoning) == (2 * (20 + n), 2 * 7)
            assert one.cost == pytest.approx(2 * ((60 + n) * 1e-5 + 40e-6 + (20 + n) * 1e-3))
        assert (found.run.agent, found.run.identity.model) == ("mini-swe-agent 2.4.6", "openai/m")

    def test_ends_of_the_agent_are_told_apart(self):
        ends = {
            int(one.case.rsplit("-", 1)[1]): (one.finish_reason, one.error)
            for one in imported(MINI / "traps").records
        }
        assert ends == {
            1: ("stop", ""),
            7: ("length", ""),
            9: ("stop", ""),
            11: (None, "NotFoundError"),
        }

    def test_an_instance_without_a_trajectory_is_an_error(self, tmp_path):
        folder = Path(shutil.copytree(MINI / "traps", tmp_path / "traps"))
        shutil.rmtree(folder / "acme__sums-9")
        (gone,) = [one for one in imported(folder).records if one.case.endswith("-9")]
        assert gone.error == "no trajectory: its environment did not start"

    def test_swe_benchs_report_says_what_is_solved(self):
        found = imported(MINI / "base", scores=MINI / "base-report.json")
        assert sum(one.solved for one in found.records) == 16
        assert found.run.grader == "SWE-bench"
        traps = imported(MINI / "traps", scores=MINI / "traps-report.json").records
        assert sorted(one.outcome for one in traps) == ["error", "solved", "wrong", "wrong"]
        broken = imported(MINI / "base", scores=MINI / "broken-report.json").records
        assert {one.case: one.error for one in broken if one.error} == {
            "mini-swe-agent:acme__sums-3": "SWE-bench did not judge it"
        }
        with pytest.raises(RecordError, match="not a report of SWE-bench"):
            imported(MINI / "base", scores=MINI / "base" / "preds.json")

    def test_a_response_that_could_not_be_written_leaves_the_tokens_missing(self, tmp_path):
        source = MINI / "base" / "acme__sums-1" / "acme__sums-1.traj.json"
        path = edited(
            source, tmp_path, lambda d: d["messages"][2]["extra"].update(response="Response(...)")
        )
        (one,) = imported(path).records
        assert (one.usage, one.finish_reason) == (None, "stop")

    def test_runs_of_several_models_are_refused(self, tmp_path):
        folder = Path(shutil.copytree(MINI / "traps", tmp_path / "both"))
        shutil.copytree(MINI / "wordy" / "acme__sums-2", folder / "acme__sums-2")
        with pytest.raises(RecordError, match="2 models, so import one folder for each"):
            imported(folder)
