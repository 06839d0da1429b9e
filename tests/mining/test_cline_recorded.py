"""Whole sessions over Cline's commits and edits, from recorded answers: `make cline-check`."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from cline_trees import trees_of
from project import BENCHMARK, write_answers

from pytest_llmops.cases import load_suites
from pytest_llmops.manifests import load_cases
from pytest_llmops.runs.reading import find_run, read_run
from pytest_llmops.tasks.changes import materialize_change

SUITES = Path(__file__).parents[2] / "cases" / "suites.toml"

pytestmark = [
    pytest.mark.cline,
    pytest.mark.slow,
    pytest.mark.skipif(
        "LLMOPS_CLINE" not in os.environ,
        reason="judges all cases of two suites, for minutes: `make cline-check`",
    ),
]


@pytest.mark.parametrize("name", ["cline-commits", "cline-edits"])
def test_the_reference_patches_solve_all_and_empty_ones_none(name, tmp_path):
    suite = load_suites(SUITES)[name]
    cases = load_cases(suite)
    shelf = trees_of(suite, cases)
    references = {case.id: materialize_change(case, shelf).reference for case in cases}
    (tmp_path / "pytest.ini").write_text(f"[pytest]\nllmops_suites = {SUITES}\n")
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "test_changes.py").write_text(BENCHMARK)
    for outcome, answers in {
        "solved": references,
        "empty": dict.fromkeys(references, ""),
    }.items():
        (tmp_path / outcome).mkdir()
        write_answers(tmp_path / outcome, answers)
        session = [sys.executable, "-m", "pytest", "benchmarks", f"--suite={name}", "--split=all"]
        recorded = f"--model=replay:{outcome}/recorded/records.jsonl"
        done = subprocess.run([*session, recorded], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        run = read_run(find_run("latest", tmp_path / "runs"))
        told = {one.case: one.grade.detail for one in run.records if one.outcome != outcome}
        assert told == {}
        assert Counter(record.case for record in run.records) == Counter([*references])
