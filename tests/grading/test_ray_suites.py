"""Suites whole on a Ray cluster of three nodes, of which one dies in the middle."""

import os
import re
import sys
import time
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from cline_trees import trees_of, within_reach
from project import BENCHMARK, write_answers
from ray_cluster import cluster
from ray_sessions import lines, recorded, start

from pytest_llmops.caches import user_cache
from pytest_llmops.cases import load_suites
from pytest_llmops.manifests import load_cases
from pytest_llmops.tasks.changes import materialize_change
from pytest_llmops.tasks.materialize import materialize
from pytest_llmops.tasks.sources import open_source

pytestmark = [
    pytest.mark.ray,
    pytest.mark.slow,
    pytest.mark.skipif(
        "LLMOPS_RAY" not in os.environ, reason="starts Ray clusters, for minutes: `make ray-check`"
    ),
]
SUITES = Path(__file__).parents[2] / "cases" / "suites.toml"
BODIES = {
    "solved": "",
    "wrong": '{ throw new Error("no"); }',
    "no_code": None,
    "syntax_error": "{ return (; }",
}
NEVER_ENDS = "{ while (true) {} }"
DRAWN = re.compile(r"(?<=agent_|-test-)\w{6,8}\b")
"""What Cline's code draws, in what a test says: an id, or the name of a folder."""
RACES = ("cline:sdk/packages/core/src/hub/discovery/index#", "hub/discovery/index#afab86dcbd49")
"""Cases judged by tests of Cline that pass at times, on a machine with other work."""
EACH = 250
"""One body in so many never ends, as it takes ten seconds."""


def answers_of(name):
    """An answer to every case that a session attempts: right, wrong, endless, or none at all."""
    suite = load_suites(SUITES)[name]
    with within_reach():
        tree = open_source(suite)
    answers = {}
    for number, case in enumerate(one for one in load_cases(suite) if one.split == "eval"):
        task = materialize(case, tree)
        body = [*BODIES.values()][number % len(BODIES)]
        body = NEVER_ENDS if number % EACH == EACH - 1 else body
        before, after = (
            task.module.text(task.declaration.start, task.declaration.body_start),
            task.module.text(task.declaration.body_end, task.declaration.end),
        )
        said = "I do not know." if body is None else before + (body or task.reference) + after
        answers[case.id] = said if body is None else f"```typescript\n{said}\n```"
    return answers


def told(folder):
    """What the latest run says of each attempt, and its number of records; see `recorded`."""
    found, count = recorded(folder)
    return {key: _told(key[0], *one) for key, one in found.items()}, count


def _told(case, grade, *more):
    grade = msgspec.structs.replace(grade, detail=DRAWN.sub("ID", grade.detail))
    return "" if any(one in case for one in RACES) else grade, *more


def held_to_this_machine(folder, answers, asked):
    """Attempt all here, then on three nodes of which one dies after a third; gives outcomes."""
    (folder / "pytest.ini").write_text(f"[pytest]\nllmops_suites = {SUITES}\n")
    (folder / "models.toml").write_text('[recorded]\nreplay = "recorded/records.jsonl"\n')
    (folder / "benchmarks").mkdir()
    (folder / "benchmarks" / "test_all.py").write_text(BENCHMARK)
    write_answers(folder, answers)
    began = time.monotonic()
    session = start(folder, {}, *asked, "-p", "no:xdist", samples=1)
    here, _ = session.communicate(timeout=900)
    assert session.returncode == 0, here
    took = [f"local: {time.monotonic() - began:.0f} s"]
    wanted, count = told(folder)
    assert count == len(wanted) == len(answers)
    before = lines(folder)
    with cluster(3) as (address, environment, tell):
        # Cline is there; the nodes have caches of their own.
        environment["XDG_CACHE_HOME"] = str(user_cache().parent)
        began = time.monotonic()
        where = f"--run-on=ray:{address}"
        session = start(folder, environment, *asked, where, "-p", "no:xdist", samples=1)
        while lines(folder) < before + count // 3:
            assert session.poll() is None, session.communicate()
            time.sleep(0.02)
        tell("kill")
        there, _ = session.communicate(timeout=900)
        took.append(f"three nodes: {time.monotonic() - began:.0f} s")
    assert session.returncode == 0, there
    found = told(folder)
    assert found[1] == count
    others = [(key, found[0].get(key), one) for key, one in wanted.items()]
    assert [one for one in others if one[1] != one[2]] == []
    assert "judges were lost on" in there, there
    sys.stdout.write(f"{count} attempts; {', '.join(took)}\n{there}")
    return Counter(grade.outcome for grade, *_ in wanted.values() if grade)


def test_both_suites_have_the_records_of_this_machine_where_a_node_dies(tmp_path):
    answers = answers_of("starter") | answers_of("cline")
    assert len(answers) == 864
    asked = ("--suite=starter", "--suite=cline", "--underspecified")
    outcomes = held_to_this_machine(tmp_path, answers, asked)
    assert set(outcomes) == {"solved", "wrong", "empty", "syntax_error", "timeout"}


def test_all_commits_and_edits_have_the_records_of_this_machine_where_a_node_dies(tmp_path):
    answers = {}
    for name in ("cline-commits", "cline-edits"):
        suite = load_suites(SUITES)[name]
        cases = load_cases(suite)
        shelf = trees_of(suite, cases)
        for number, case in enumerate(cases):
            patch = f"```diff\n{materialize_change(case, shelf).reference}```"
            answers[case.id] = patch if number % 4 else "No."
    asked = ("--suite=cline-commits", "--suite=cline-edits", "--split=all")
    outcomes = held_to_this_machine(tmp_path, answers, asked)
    assert set(outcomes) == {"solved", "empty"}
