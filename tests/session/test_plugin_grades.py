"""Answers graded as they arrive: what a session does with the pool of graders."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from judging import wait_until_one_is_at_work
from project import ADD, ANSWERS, DOUBLE, EVEN, write_answers, write_benchmark

from pytest_llmops.runs.reading import find_run, read_run

ENDLESS = "function double(value: number): number {\n  while (true) {}\n}"


@pytest.fixture
def project(pytester, mined, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    shutil.copytree(mined / "cases", pytester.path / "cases")
    write_benchmark(pytester.path)
    return pytester


def run(project, *arguments, timeout=None):
    return project.runpytest_subprocess(
        "benchmarks", "--model=recorded", *arguments, timeout=timeout
    )


def latest(project):
    return read_run(find_run("latest", project.path / "runs"))


def outcomes(project):
    return {record.case: record.outcome for record in latest(project).records}


def write_test(project, text):
    (project.path / "benchmarks" / "test_functions.py").write_text(text)


def children_of(pid):
    """Ids of the processes that descend from one."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended
    found, new = set(), {pid}
    while new:
        new = {child for child, parent in parents.items() if parent in new} - found
        found |= new
    return found


def running(pids):
    alive = set()
    for pid in pids:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            continue
        if stat.rpartition(")")[2].split()[0] != "Z":
            alive.add(pid)
    return alive


def all_gone(pids, seconds=20):
    end = time.monotonic() + seconds
    while running(pids) and time.monotonic() < end:
        time.sleep(0.05)
    return not running(pids)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_an_answer_that_a_test_has_changed_is_the_one_that_is_graded(workers, project):
    write_answers(project.path, {**ANSWERS, DOUBLE: ANSWERS[ADD]})
    write_test(
        project,
        "import msgspec\ndef test_function(attempt):\n    answer = attempt.complete()\n"
        "    text = answer.text.replace('left + right', 'left - right')\n"
        "    attempt.completion = msgspec.structs.replace(answer, text=text)\n"
        "    attempt.grade()\n",
    )
    assert run(project, "-n", workers).ret == 0
    assert outcomes(project)[ADD] == "wrong"


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_sandbox_that_fails_is_the_same_fault_in_every_process(workers, project):
    write_answers(project.path)
    conftest = (
        "from pytest_llmops.errors import SandboxError\nfrom pytest_llmops.grading import grade\n"
        "def broken(*_):\n    raise SandboxError('no namespaces left')\n"
        "grade.grade = broken\n"
    )
    (project.path / "conftest.py").write_text(conftest)
    result = run(project, "-n", workers)
    assert result.ret == 1
    faults = {record.error for record in latest(project).records}
    assert faults == {"pytest_llmops.errors.SandboxError: no namespaces left"}
    told = result.stdout.str()
    assert told.count("\nSandboxError: no namespaces left\n") == len(latest(project).records)
    assert "pytest_llmops/session" not in told


def test_a_test_that_asks_twice_is_graded_twice(project):
    write_answers(project.path)
    write_test(
        project,
        "def test_function(attempt):\n    attempt.complete()\n    first = attempt.grade()\n"
        "    assert attempt.grade().outcome == first.outcome\n",
    )
    assert run(project).ret == 0
    assert outcomes(project) == {ADD: "solved", DOUBLE: "wrong", EVEN: "empty"}


PATIENT = (
    "import msgspec\nfrom pytest_llmops.sandbox import NodePool\n"
    "judged = NodePool.run\n"
    "def patient(pool, job):\n"
    "    return judged(pool, msgspec.structs.replace(job, timeout=3600.0))\n"
    "NodePool.run = patient\n"
)
"""Judges give endless code an hour, so a session that waits for them is seen to wait."""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_stopping_does_not_wait_for_what_is_being_judged(workers, project):
    (project.path / "conftest.py").write_text(PATIENT)
    write_answers(project.path, {**ANSWERS, DOUBLE: ENDLESS})
    write_test(
        project,
        "def test_function(attempt):\n    attempt.complete()\n"
        "    attempt.grade() if 'add' in attempt.case.id else attempt.complete()\n"
        "    assert 'add' not in attempt.case.id\n",
    )
    result = run(project, "-x", "-n", workers, timeout=900)
    assert result.ret in {1, 2}
    assert latest(project).end.exit_status == result.ret


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGKILL])
def test_a_session_that_is_ended_while_it_judges_leaves_nothing(ended_by, project):
    write_answers(project.path, dict.fromkeys(ANSWERS, ENDLESS))
    write_test(
        project,
        "def test_function(attempt):\n    attempt.complete()\n    attempt.grade()\n",
    )
    scratch = project.path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-m", "pytest", "benchmarks", "--model=recorded", "-p", "no:xdist"]
    session = subprocess.Popen(
        command,
        cwd=project.path,
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        text=True,
    )
    wait_until_one_is_at_work(session.pid)
    ours = children_of(session.pid)
    assert ours
    session.send_signal(ended_by)
    session.communicate(timeout=30)
    assert session.returncode == (2 if ended_by == signal.SIGINT else -signal.SIGKILL)
    assert all_gone(ours)
    if ended_by == signal.SIGINT:
        assert list(scratch.iterdir()) == []
        assert latest(project).end.exit_status == 2
