"""A place that goes in the middle of a session; on real clusters in test_ray_deaths.py."""

import shutil
import socket
import threading

import pytest
from project import ANSWERS, write_answers, write_benchmark

from pytest_llmops.places import head
from pytest_llmops.runs.reading import find_run, read_run

LOSING = """
from pytest_llmops.errors import SandboxError
from pytest_llmops.places.local import LocalPlace

judge, judged = LocalPlace.judge, []


def judge_some(place, tree):
    judged.append(tree)
    if len(judged) > 4:
        place.lost = "the cluster has gone"
        raise SandboxError(place.lost)
    return judge(place, tree)


LocalPlace.judge = judge_some
"""


@pytest.fixture
def door(monkeypatch):
    """Something that listens, and is looked at often."""
    monkeypatch.setattr(head, "PAUSE", 0.02)
    monkeypatch.setattr(head, "AWAY", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def test_a_head_that_does_not_answer_any_more_is_told_once(door):
    said, told = [], threading.Event()
    address = f"127.0.0.1:{door.getsockname()[1]}"
    watch = head.Watch(address, lambda why: (said.append(why), told.set()))
    for _ in range(3):
        door.accept()[0].close()  # it was looked at
    assert not said
    door.close()
    assert told.wait(20)
    watch._thread.join(20)
    (why,) = said
    assert why.startswith(f"the head of the Ray cluster, {address}, has not answered for 0 s (Conn")


def test_a_head_is_looked_at_until_the_place_is_closed(door):
    watch = head.Watch(f"127.0.0.1:{door.getsockname()[1]}", pytest.fail)
    door.accept()[0].close()
    watch.close()
    watch._thread.join(20)
    assert not watch._thread.is_alive()


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_session_ends_with_its_place_and_records_no_fault_of_it(workers, pytester, mined):
    shutil.copytree(mined / "cases", pytester.path / "cases")
    write_benchmark(pytester.path)
    write_answers(pytester.path, samples=4)
    pytester.makeconftest(LOSING)
    result = pytester.runpytest_subprocess("--model=recorded", "--samples=4", "-n", workers)
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    result.stdout.fnmatch_lines(["*Exit: the cluster has gone*"])
    found = read_run(find_run("latest", pytester.path / "runs"))
    assert 1 <= len(found.records) < 4 * len(ANSWERS)
    assert {record.error for record in found.records} == {""}
    assert found.end.exit_status == pytest.ExitCode.INTERNAL_ERROR
