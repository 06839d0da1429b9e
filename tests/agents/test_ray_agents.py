"""Programs on the nodes of a Ray cluster: the records of this machine, and the model's key here."""

import os
import time

import msgspec
import pytest
from agent_server import AgentServer, done, shell
from chat_server import serving
from ray_cluster import cluster
from ray_sessions import lines, start
from test_agents_foreign import TABLES
from test_agents_programs import MEND, WRONG, missing

from pytest_llmops.runs.reading import find_run, read_run

pytestmark = [
    pytest.mark.ray,
    pytest.mark.slow,
    pytest.mark.skipif(
        "LLMOPS_RAY" not in os.environ, reason="starts Ray clusters, for minutes: `make ray-check`"
    ),
]
MADE = "echo 'export const made = 1;' > made.ts; rm small.test.ts; ls -a"
STEPS = [shell(WRONG), shell(f"{MADE}; echo words > notes.txt"), shell(MEND), done()]
PRESENT = "--agent-tests=present"


@pytest.fixture
def project(agent_project):
    (agent_project.path / "agents.toml").write_text(TABLES)
    return agent_project.path


def attempted(folder):
    """What the latest run says of each attempt, without what took time."""
    found = read_run(find_run("latest", folder / "runs")).records
    told = {(r.case, r.sample): lasting(r) for r in found}
    assert len(found) == len(told)
    return told


def lasting(record):
    turns = [
        msgspec.structs.replace(
            turn, timing=None, tool_seconds=0.0, tools=tuple(map(used, turn.tools))
        )
        for turn in record.loop.turns
    ]
    loop = record.loop
    did = loop.ending, loop.files, loop.diffs, loop.edited_tests, loop.detail
    grade = msgspec.structs.replace(record.grade, seconds=0.0, started=None, memory=None)
    return grade, record.text, record.usage, record.error, did, turns


def used(tool):
    return msgspec.structs.replace(tool, started=None, seconds=None)


@pytest.mark.parametrize("kind", ["mine", "cline", "mini", "pi"])
def test_attempts_on_nodes_have_the_records_of_this_machine(kind, project):
    if kind != "mine" and (reason := missing(kind)):
        pytest.skip(reason)
    samples = 6 if kind == "mine" else 1
    asked = ("--no-cache", PRESENT, f"--agent={kind}", "-p", "no:xdist")
    with serving(AgentServer(kind if kind != "mine" else "pi", *STEPS)) as (url, _):
        session = start(project, {}, *asked, model=f"openai:m@{url}", samples=samples)
        said, _ = session.communicate(timeout=300)
        assert session.returncode == 0, said
        wanted, before = attempted(project), lines(project)
        assert len(wanted) == 3 * samples
        assert {one[4][3] for one in wanted.values()} == {("small.test.ts",)}
        with cluster(3) as (address, environment, tell):
            environment["XDG_CACHE_HOME"] = os.environ["XDG_CACHE_HOME"]
            where = f"--run-on=ray:{address}"
            session = start(
                project, environment, *asked, where, model=f"openai:m@{url}", samples=samples
            )
            while kind == "mine" and lines(project) < before + 3:
                assert session.poll() is None, session.communicate()
                time.sleep(0.02)
            if kind == "mine":
                tell("kill")
            said, _ = session.communicate(timeout=300)
        assert session.returncode == 0, said
        assert attempted(project) == wanted, said
        assert ("attempts were lost on" in said) == (kind == "mine"), said
