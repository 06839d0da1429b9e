"""The product as a user runs it: the embedded model, the starter suite, the records read back."""

import math
import subprocess
import sys

import pytest

from pytest_llmops.grading.graded import Grade
from pytest_llmops.runs.reading import find_run, read_run

CASES = ["characterCount", "containsText", "isEmptyText", "repeated", "trimmed", "upperCase"]
"""Trivial ones: a model of 135M parameters solves some of them."""
COMMAND = [
    *(sys.executable, "-m", "pytest", "benchmarks", "--model=base", "--suite=starter"),
    *("-k", "text_basics", "--max-tokens=96", "--no-cache", "-p", "no:cacheprovider"),
]


@pytest.fixture(scope="module", params=["0", "2"], ids=["alone", "two-workers"])
def session(request, tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    command = [*COMMAND, f"--runs={runs}", "-n", request.param]
    done = subprocess.run(command, cwd=request.config.rootpath, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, read_run(find_run("latest", runs))


@pytest.mark.torch
@pytest.mark.slow
class TestTheEmbeddedModelOnStarterCases:
    def test_every_case_is_attempted_and_graded(self, session):
        _, found = session
        assert sorted(r.case.partition("#")[2] for r in found.records) == CASES
        assert all(isinstance(r.grade, Grade) and not r.error for r in found.records)
        assert all(r.grade.tests_expected >= 5 for r in found.records)

    def test_the_easiest_are_within_reach(self, session):
        _, found = session
        assert sum(r.solved for r in found.records) >= 1

    def test_tokens_times_and_memory_are_measured(self, session):
        _, found = session
        for record in found.records:
            assert 50 < record.usage.input < 1000
            assert 0 < record.usage.output <= 96
            assert 0 < record.timing.first_token <= record.timing.total
            assert record.engine_memory > 200 * 2**20
            assert record.grade.memory is None or 30 * 2**20 < record.grade.memory < 2**30
            assert (record.finish_reason == "length") == (record.usage.output == 96)
        assert any(record.grade.memory for record in found.records)

    def test_the_run_names_what_answered(self, session):
        _, found = session
        identity = found.run.identity
        assert (identity.model, identity.served) == ("base", "embedded:smollm2-135m-instruct")
        assert len(identity.weights_sha256) == len(identity.tokenizer_sha256) == 64
        assert found.run.versions["torch"]
        assert found.end.exit_status == 0

    def test_the_summary_agrees_with_the_records(self, session):
        text, found = session
        solved = sum(r.solved for r in found.records)
        tokens = sum(r.usage.output for r in found.records)
        assert f"{tokens:,} out" in text
        row = next(line for line in text.splitlines() if line.startswith("starter easy")).split()
        assert row[2:4] == ["6", str(solved)]
        assert math.isclose(float(row[4].rstrip("%")) / 100, solved / 6, abs_tol=1e-3)
