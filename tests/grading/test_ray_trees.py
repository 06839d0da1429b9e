"""Suites whose trees need more than one archive, on a Ray cluster: as on this machine."""

import os
import time

import commit_repo
import edit_repo
import pytest
from commit_repo import make_repository
from own_tree import with_body, write_own
from project import write_answers, write_benchmark
from ray_cluster import cluster
from ray_sessions import command, lines, recorded, start

from pytest_llmops.cases import load_suites
from pytest_llmops.manifests import load_cases
from pytest_llmops.tasks.changes import materialize_change
from pytest_llmops.tasks.trees.history import open_tree

pytestmark = [
    pytest.mark.ray,
    pytest.mark.slow,
    pytest.mark.skipif(
        "LLMOPS_RAY" not in os.environ, reason="starts Ray clusters, for minutes: `make ray-check`"
    ),
]
SAMPLES = 4
CHANGES = {"edits": "edits", "words": "commits"}
"""Suites of changes, and the commands that mine them."""
SUITES = ("--suites", "cases/suites.toml")


@pytest.fixture
def changed(tmp_path, monkeypatch):
    """A project whose cases are the edits of a repository and the commits of another."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "here"))
    make_repository(tmp_path / "edited", edit_repo.HISTORY)
    make_repository(tmp_path / "words")
    folder = tmp_path / "project"
    folder.mkdir()
    write_benchmark(folder)
    suites = edit_repo.write_suites(folder / "cases", tmp_path / "edited")
    commits = commit_repo.write_suites(folder / "words.toml", tmp_path / "words").read_text()
    suites.write_text(suites.read_text() + commits)
    return folder


def mined(folder, environment, *arguments):
    """What the two suites are after mining, by file."""
    for name, kind in CHANGES.items():
        done = command(folder, environment, "mine", kind, f"--suite={name}", *SUITES, *arguments)
        assert done.returncode == 0, done
    return {path.name: path.read_bytes() for path in (folder / "cases").rglob("*.jsonl")}


def answers_of(folder):
    """The reference patch of every second case, and none for the others."""
    answers = {}
    for name in CHANGES:
        suite = load_suites(folder / "cases" / "suites.toml")[name]
        shelf = open_tree(suite)
        for number, case in enumerate(load_cases(suite)):
            patch = materialize_change(case, shelf).reference
            answers[case.id] = "No." if number % 2 else f"```diff\n{patch}```"
    return answers


def test_changes_are_mined_proved_and_attempted_where_a_node_dies(changed):
    wanted = mined(changed, {})
    write_answers(changed, answers_of(changed), samples=SAMPLES)
    asked = ("--suite=edits", "--suite=words", "-p", "no:xdist")
    session = start(changed, {}, *asked, samples=SAMPLES)
    said, _ = session.communicate(timeout=300)
    assert session.returncode == 0, said
    records, before = recorded(changed), lines(changed)
    assert len({grade.outcome for grade, *_ in records[0].values()}) == 2
    with cluster(3) as (address, environment, tell):
        environment["XDG_CACHE_HOME"] = str(changed / "there")
        where = f"--run-on=ray:{address}"
        assert mined(changed, environment, where) == wanted
        for name in CHANGES:
            done = command(changed, environment, "validate", f"--suite={name}", *SUITES, where)
            assert done.returncode == 0, done
        session = start(changed, environment, *asked, where, samples=SAMPLES)
        while lines(changed) < before + 8:
            assert session.poll() is None, session.communicate()
            time.sleep(0.02)
        tell("kill")
        said, _ = session.communicate(timeout=300)
    assert session.returncode == 0, said
    assert recorded(changed) == records
    assert "judges were lost on" in said, said


def test_the_vitest_of_a_repository_judges_on_a_cluster(tmp_path):
    write_own(tmp_path / "cases")
    mining = ("mine", "functions", "--suite=own", *SUITES)
    done = command(tmp_path, {}, *mining)
    assert done.returncode == 0, done
    manifest = (tmp_path / "cases" / "own.jsonl").read_bytes()
    write_benchmark(tmp_path)
    bodies = {
        "own:src/price#seconds": "  return ms(text) / 1e3",
        "own:src/price#price": "  return 14",
    }
    write_answers(
        tmp_path,
        {
            case: f"```typescript\n{with_body(case.partition('#')[2], body)}\n```"
            for case, body in bodies.items()
        },
    )
    asked = ("--suite=own", "--split=all", "--underspecified", "-p", "no:xdist")
    session = start(tmp_path, {}, *asked, samples=1)
    said, _ = session.communicate(timeout=300)
    assert session.returncode == 0, said
    wanted = recorded(tmp_path)
    assert {grade.outcome for grade, *_ in wanted[0].values()} == {"solved", "wrong"}
    with cluster(2) as (address, environment, _):
        where = f"--run-on=ray:{address}"
        session = start(tmp_path, environment, *asked, where, samples=1)
        said, _ = session.communicate(timeout=300)
        assert session.returncode == 0, said
        assert recorded(tmp_path) == wanted
        done = command(tmp_path, environment, *mining, where)
        assert done.returncode == 0, done
    assert (tmp_path / "cases" / "own.jsonl").read_bytes() == manifest
