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


class Ray:
    """What a watch asks of the module: where the head is, and the node of this machine."""

    def __init__(self, head, node):
        self.gcs_address = f"127.0.0.1:{head.getsockname()[1]}"
        self._port = node.getsockname()[1]

    def get_runtime_context(self):
        return self

    def get_node_id(self):
        return "own"

    def nodes(self):
        other = {"NodeID": "other", "NodeManagerAddress": "192.0.2.1", "NodeManagerPort": 1}
        own = {"NodeID": "own", "NodeManagerAddress": "127.0.0.1", "NodeManagerPort": self._port}
        return [other, own]


@pytest.fixture
def doors(monkeypatch):
    """A head and a node: things that listen, and are looked at often."""
    for name, seconds in (("PAUSE", 0.02), ("AWAY", 0.1), ("GONE", 0.1)):
        monkeypatch.setattr(head, name, seconds)
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("", 0)) as other:
        yield one, other


@pytest.mark.parametrize(
    ("which", "what"),
    [(0, "the head of the Ray cluster"), (1, "the Ray node of this machine")],
)
def test_what_does_not_answer_any_more_is_told_once(which, what, doors):
    said, told = [], threading.Event()
    watch = head.Watch(Ray(*doors), lambda why: (said.append(why), told.set()))
    for _ in range(3):
        doors[which].accept()[0].close()  # it was looked at
    assert not said
    port = doors[which].getsockname()[1]
    doors[which].close()
    assert told.wait(20)
    watch._thread.join(20)
    (why,) = said
    assert why.startswith(f"{what}, 127.0.0.1:{port}, has not answered for 0 s (Connection ref")


def test_a_head_is_looked_at_until_the_place_is_closed(doors):
    watch = head.Watch(Ray(*doors), pytest.fail)
    doors[0].accept()[0].close()
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
