"""Which nodes of a cluster get what is no judging, and what becomes of them; in this process."""

from contextlib import contextmanager

import pytest
from small_ray import SmallRay

from pytest_llmops.errors import AgentError, LostError, PlaceError
from pytest_llmops.places.hosts import RayHosts
from pytest_llmops.places.seats import Seat, Seats

pytest.importorskip("ray", reason="Ray is not installed")


A, B = "a" * 56, "b" * 56
"""Ids of nodes."""


class Link:
    """A connection that is there."""

    name = "--run-on=ray"

    def __init__(self, ray):
        self.ray = ray

    @contextmanager
    def holding(self):
        yield

    def awaited(self, pending):
        return self.ray.get(pending, timeout=1)


class Kind:
    """Something that can be done on nodes, of which some lack what it needs."""

    lacking = ()
    made = 0

    def __init__(self):
        Kind.made += 1
        self._number = Kind.made

    def check(self):
        if self._number in Kind.lacking:
            raise AgentError("no program")

    def told(self, text):
        return f"{text}!"

    def fails(self):
        raise OSError("full")


@pytest.fixture
def opened(monkeypatch):
    """Makes hosts of nodes, each with a judge, and the module that they ask."""
    monkeypatch.setattr(Kind, "made", 0)

    def make(*nodes, dead=()):
        ray = SmallRay(*nodes, dead=dead)
        seats = Seats(ray, "", "bwrap")
        seats._taken = {node: Seat(node, node, f"10.0.0.1 ({node[0]})", set()) for node in nodes}
        return RayHosts(Link(ray), seats), ray, seats

    return make


def test_what_is_opened_goes_where_the_fewest_are(opened):
    hosts, ray, _ = opened(A, B)
    assert (hosts.room, hosts.address) == (2, "10.0.0.1")
    first, second = hosts.open(Kind), hosts.open(Kind)
    assert first.call("told", "one") == "one!"
    second.close()
    hosts.open(Kind)
    first.close()
    first.close()  # safe to repeat
    assert [actor.node for actor in ray.killed] == [B, A]
    assert hosts.told() == []


def test_a_node_that_lacks_something_is_named_and_gets_nothing(opened, monkeypatch):
    hosts, *_ = opened(A, B)
    monkeypatch.setattr(Kind, "lacking", (1,))
    hosts.require(Kind, "check")
    assert hosts.told() == ["Ray: no attempts were made on 10.0.0.1 (a): no program"]
    assert {hosts.open(Kind)._node for _ in range(3)} == {"10.0.0.1 (b)"}


def test_where_all_nodes_lack_it_the_place_is_refused_with_each(opened, monkeypatch):
    hosts, ray, _ = opened(A, B)
    monkeypatch.setattr(Kind, "lacking", (1, 2))
    line = r"^--run-on=ray: 10.0.0.1 \(a\): no program; 10.0.0.1 \(b\): no program$"
    with pytest.raises(PlaceError, match=line):
        hosts.require(Kind, "check")
    assert len(ray.killed) == 2


def test_what_is_lost_is_told_and_the_next_goes_elsewhere(opened):
    hosts, *_ = opened(A, B, dead={A})
    with pytest.raises(LostError, match=r"^10.0.0.1 \(a\): the actor died$"):
        hosts.open(Kind).call("told", "one")
    assert hosts.open(Kind).call("told", "two") == "two!"
    assert hosts.open(Kind).call("told", "three") == "three!"
    said = "Ray: attempts were lost on 10.0.0.1 (a) (1); they were made again elsewhere"
    assert hosts.told() == [said]


def test_what_a_method_raises_is_raised_with_its_node(opened):
    hosts, *_ = opened(A)
    with pytest.raises(PlaceError, match=r"^10.0.0.1 \(a\): OSError\('full'\)$"):
        hosts.open(Kind).call("fails")


def test_a_node_that_is_left_out_has_no_judge_any_more(opened):
    hosts, ray, seats = opened(A, B)
    first, second = seats.each()
    seats.leave_out(first, "cannot install")
    assert ray.killed == [first.judge]
    assert seats.each() == [second]
    assert (first in seats, second in seats, len(seats)) == (False, True, 1)
    assert seats.told() == ["Ray: 10.0.0.1 (a) was left out: cannot install"]
    seats.leave_out(second, "gone")
    with pytest.raises(PlaceError, match="no node of the cluster is left"):
        hosts.open(Kind)
