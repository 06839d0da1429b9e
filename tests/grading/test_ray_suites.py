"""Both suites whole on a Ray cluster of three nodes, of which one dies in the middle."""

import os
import re
import sys
import time
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from cline_trees import within_reach
from project import BENCHMARK, write_answers
from ray_cluster import cluster
from ray_sessions import lines, recorded, start

from pytest_llmops.caches import user_cache
from pytest_llmops.cases import load_suites
from pytest_llmops.manifests import load_cases
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
RACES = "hub/discovery/index"
"""Cases judged by a test of Cline that passes at times: two writers race for a lock file in it."""
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
    return "" if RACES in case else grade, *more


def test_both_suites_have_the_records_of_this_machine_where_a_node_dies(tmp_path):
    (tmp_path / "pytest.ini").write_text(f"[pytest]\nllmops_suites = {SUITES}\n")
    (tmp_path / "models.toml").write_text('[recorded]\nreplay = "recorded/records.jsonl"\n')
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "test_functions.py").write_text(BENCHMARK)
    answers = answers_of("starter") | answers_of("cline")
    write_answers(tmp_path, answers)
    asked = ("--suite=starter", "--suite=cline", "--underspecified", "-p", "no:xdist")
    began = time.monotonic()
    session = start(tmp_path, {}, *asked, samples=1)
    said, _ = session.communicate(timeout=600)
    assert session.returncode == 0, said
    took = [f"local: {time.monotonic() - began:.0f} s"]
    wanted, count = told(tmp_path)
    assert count == len(wanted) == len(answers) == 864
    before = lines(tmp_path)
    with cluster(3) as (address, environment, tell):
        # Cline is there; the nodes have caches of their own.
        environment["XDG_CACHE_HOME"] = str(user_cache().parent)
        began = time.monotonic()
        session = start(tmp_path, environment, *asked, f"--run-on=ray:{address}", samples=1)
        while lines(tmp_path) < before + count // 3:
            assert session.poll() is None, session.communicate()
            time.sleep(0.02)
        tell("kill")
        said, _ = session.communicate(timeout=600)
        took.append(f"three nodes: {time.monotonic() - began:.0f} s")
    assert session.returncode == 0, said
    found = told(tmp_path)
    assert found[1] == count
    assert {
        key: (found[0].get(key), one) for key, one in wanted.items() if found[0].get(key) != one
    } == {}
    assert "judges were lost on" in said, said
    outcomes = Counter(grade.outcome for grade, *_ in wanted.values() if grade)
    assert set(outcomes) >= {"solved", "timeout", "syntax_error"}
    sys.stdout.write(f"{count} attempts: {dict(outcomes)}; {', '.join(took)}\n{said}")
