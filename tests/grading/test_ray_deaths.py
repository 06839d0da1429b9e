"""What becomes of a session whose Ray cluster dies, or its way there, or has too little memory."""

import os
import re
import shutil
import time

import pytest
import wide
from chat_server import ChatServer, answer, serving
from project import write_benchmark
from ray_cluster import cluster
from ray_sessions import command, lines, recorded, start

from pytest_llmops.runs.reading import find_run, read_run

pytestmark = [
    pytest.mark.ray,
    pytest.mark.slow,
    pytest.mark.skipif(
        "LLMOPS_RAY" not in os.environ, reason="starts Ray clusters, for minutes: `make ray-check`"
    ),
]
SAMPLES = 10
ATTEMPTS = SAMPLES * wide.CASES
ANSWER = "function plus1(value: number): number {\n  return value + 1;\n}"

NODE = re.compile(r"127\.0\.0\.1 \((\w{8})\)")
"""A node, as the end of a session names it where it was lost or left out."""


@pytest.fixture
def project(pytester, mined_wide):
    shutil.copytree(mined_wide / "cases", pytester.path / "cases")
    write_benchmark(pytester.path)
    return pytester.path


DEATHS = {
    "head": "the head of the Ray cluster, 127.0.0.1:",
    "raylet": "the Ray node of this machine, 127.0.0.1:",
}


@pytest.mark.parametrize(("dead", "workers"), [("head", "0"), ("head", "2"), ("raylet", "0")])
def test_a_session_that_loses_its_cluster_ends_and_the_next_goes_on(project, dead, workers):
    (project / "conftest.py").write_text(
        "from pytest_llmops.places import head\nhead.PAUSE, head.AWAY, head.GONE = 0.2, 1.0, 1.0\n"
    )
    server = ChatServer(answer(ANSWER), models=[{"id": "served"}])
    with serving(server) as (url, _), cluster(2) as (address, environment, tell):
        (project / "models.toml").write_text(f'[served]\nurl = "{url}"\nmodel = "served"\n')
        asked = {"model": "served", "samples": SAMPLES}
        session = start(project, environment, f"--run-on=ray:{address}", "-n", workers, **asked)
        while len(server.calls) < ATTEMPTS or lines(project) < 8:
            assert session.poll() is None, session.communicate()
            time.sleep(0.02)
        tell(dead)
        said, _ = session.communicate(timeout=120)
        assert session.returncode == pytest.ExitCode.INTERNAL_ERROR, said
        assert f"--run-on=ray:{address}: {DEATHS[dead]}" in said, said
        assert "has not answered for " in said
        assert "answers so far are in the completion cache" in said

        broken = find_run("latest", project / "runs")
        first = read_run(broken).records
        assert 8 <= len(first) < ATTEMPTS
        assert {(r.error, bool(r.grade)) for r in first} == {("", True)}
        assert len({(r.case, r.sample) for r in first}) == len(first)
        listed = command(project, environment, "runs")
        assert f"/{len(first)} " in listed.stdout, listed
        assert "incomplete" in listed.stdout, listed

        session = start(project, environment, "-p", "no:xdist", **asked)
        said, _ = session.communicate(timeout=300)
        assert session.returncode == 0, said
        assert recorded(project)[1] == ATTEMPTS
        assert len(server.calls) == ATTEMPTS
        whole = find_run("latest", project / "runs")
        gated = command(project, environment, "gate", str(whole), str(broken), "--trust-cache")
        assert gated.returncode, gated
        told = f"it has {len(first)} records for {ATTEMPTS} attempts; run it again"
        assert told in gated.stderr, gated


def test_what_is_judged_where_memory_runs_out_is_judged_elsewhere(project):
    """Ray kills what works on one node, and the system what judges on another."""
    wide.write_run(project / "runs" / "recorded", samples=SAMPLES, unsolved=3)
    (project / "models.toml").write_text('[recorded]\nreplay = "runs/recorded/records.jsonl"\n')
    session = start(project, {}, "-p", "no:xdist", samples=SAMPLES)
    said, _ = session.communicate(timeout=300)
    assert session.returncode == 0, said
    wanted, before = recorded(project), lines(project)
    assert wanted[1] == ATTEMPTS
    with cluster(3, starved=1) as (address, environment, tell):
        session = start(project, environment, f"--run-on=ray:{address}", samples=SAMPLES)
        while lines(project) < before + 8:
            assert session.poll() is None, session.communicate()
            time.sleep(0.02)
        assert tell("oom")
        said, _ = session.communicate(timeout=300)
    assert session.returncode == 0, said
    assert recorded(project) == wanted
    assert "Ray: judges were lost on " in said, said
    assert len(set(NODE.findall(said))) == 2, said
