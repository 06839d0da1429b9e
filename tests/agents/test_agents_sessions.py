"""Sessions of agents, from the command line to what they leave: records, files, verdicts."""

import json
import re
from xml.etree import ElementTree

import pytest
from agent_server import AgentServer, done, shell, varying
from chat_server import serving
from commit_repo import FIXED, WORDS, make_repository, write_suites
from project import BENCHMARK, PYTEST_INI
from sessions import run_session
from test_agents_foreign import FIX, TABLES
from test_agents_programs import WRONG, missing

from pytest_llmops.cli.main import main
from pytest_llmops.runs.loop_figures import loop_figures
from pytest_llmops.runs.reading import find_run, read_run
from pytest_llmops.runs.trajectory import FOLDER, file_name

ASKED = re.compile(r"the body of the function `(\w+)`")
KILLED = shell("kill -9 $PPID")
PRESENT = "--agent-tests=present"


@pytest.fixture
def project(agent_project):
    (agent_project.path / "agents.toml").write_text(TABLES)
    return agent_project


def attempt(project, *steps, options=(), agent="mine"):
    """A session of one case; gives its run, its record and the server."""
    server = AgentServer("pi", *steps)
    with serving(server) as (url, _):
        asked = (f"--model=openai:m@{url}", f"--agent={agent}", "-k", "double", *options)
        assert run_session(project, "benchmarks", *asked).ret == 0
    found = latest(project)
    (record,) = found.records
    return found, record, server


def latest(project):
    return read_run(find_run("latest", project.path / "runs"))


@pytest.mark.parametrize(("options", "there"), [((PRESENT,), True), ((), False)])
def test_the_judging_tests_lie_in_the_workspace_where_that_is_asked_for(options, there, project):
    _, record, _ = attempt(project, shell("ls"), done(), options=options)
    (tool,) = record.loop.turns[0].tools
    assert "small.ts" in tool.result
    assert ("small.test.ts" in tool.result) is there
    assert ("which you may read" in record.prompt[0].content) is there


@pytest.mark.parametrize(
    ("steps", "options", "outcome", "ending"),
    [
        ([shell(WRONG), done("All tests pass.")], (), "wrong", "done"),
        ([shell(WRONG), KILLED], (), "aborted", "failed"),
        ([shell(FIX), KILLED], (), "solved", "failed"),
        ([shell("echo > small.test.ts"), done()], (PRESENT,), "edited_tests", "done"),
        ([shell("echo > small.test.ts; " + FIX), done()], (PRESENT,), "solved", "done"),
    ],
)
def test_tests_decide_and_not_an_agent_s_word_or_its_end(steps, options, outcome, ending, project):
    _, record, _ = attempt(project, *steps, options=options)
    assert (record.outcome, record.loop.ending) == (outcome, ending)


def test_a_session_leaves_a_trajectory_and_properties_with_the_tokens_of_the_server(project):
    options = ("--junitxml=junit.xml",)
    run, record, server = attempt(project, shell("ls"), shell(FIX), done(), options=options)
    assert record.usage == server.usage
    path = run.path.parent / FOLDER / file_name(record)
    found = json.loads(path.read_text())
    final = found["final_metrics"]
    spent = [final["total_prompt_tokens"], final["total_completion_tokens"]]
    assert [*spent, final["total_cached_tokens"]] == [*server.counted, server.usage.cached]
    steps = [step["metrics"] for step in found["steps"] if step["source"] == "agent"]
    assert sum(one["prompt_tokens"] for one in steps) == server.counted[0]
    assert len(steps) == 3
    (case,) = ElementTree.parse(project.path / "junit.xml").iter("testcase")
    told = {one.get("name"): one.get("value") for one in case.iter("property")}
    figures = loop_figures(record.loop, record.priced)
    assert {name: told[f"llmops.{name}"] for name in figures} == {
        name: str(value) for name, value in figures.items()
    }
    assert (told["llmops.turns"], told["llmops.tool_calls"]) == ("3", "2")


class ByFunction(AgentServer):
    """Plays a scenario of its own for each function."""

    def __init__(self, agent, scenarios):
        super().__init__(agent)
        self._scenarios = scenarios

    async def _play(self, one):
        (function, *_) = [*ASKED.findall(str(one.body["messages"])), "double"]
        self._steps = self._scenarios[function]
        await super()._play(one)


@pytest.mark.parametrize("workers", [("-n", "2"), ("-p", "no:xdist")], ids="-".join)
def test_scenarios_of_one_session_end_each_in_its_own_way(workers, project):
    if reason := missing("mini"):
        pytest.skip(reason)
    (project.path / "agents.toml").write_text('[mine]\nkind = "mini"\nbudget = { turns = 3 }\n')
    scenarios = {
        "double": [shell(FIX), done()],
        "add": [shell(WRONG), done()],
        "isEven": [varying("echo {n}")],
    }
    server = ByFunction("mini", scenarios)
    with serving(server) as (url, _):
        asked = (f"--model=openai:m@{url}", "--agent=mine", *workers)
        assert run_session(project, "benchmarks", *asked).ret == 0
    records = latest(project).records
    ended = {one.case.partition("#")[2]: (one.outcome, one.loop.ending) for one in records}
    assert ended == {
        "double": ("solved", "done"),
        "add": ("wrong", "done"),
        "isEven": ("budget", "turns"),
    }
    sums = [sum(one.usage.input for one in records), sum(one.usage.output for one in records)]
    assert sums == server.counted


def test_a_commit_is_made_again_by_a_real_agent_and_solved(pytester, monkeypatch):
    if reason := missing("pi"):
        pytest.skip(reason)
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    ids = make_repository(pytester.path / "origin")
    suites = write_suites(
        pytester.path / "cases" / "suites.toml", pytester.path / "origin", until="2025-02-28"
    )
    mine = ["mine", "commits", "--suite", "words", "--suites", str(suites)]
    assert main(mine) == 0
    (pytester.path / "pytest.ini").write_text(PYTEST_INI)
    (pytester.path / "benchmarks").mkdir()
    (pytester.path / "benchmarks" / "test_functions.py").write_text(BENCHMARK)
    write = f"cat > {WORDS} <<'END_OF_FILE'\n{FIXED}END_OF_FILE"
    server = AgentServer("pi", shell("git log; cat " + WORDS), shell(write), done())
    with serving(server) as (url, _):
        asked = (f"--model=openai:m@{url}", "--agent=pi", "--suite=words", "-k", ids["fix"][:12])
        assert run_session(pytester, "benchmarks", *asked).ret == 0
    (record,) = latest(pytester).records
    assert (record.outcome, record.loop.ending) == ("solved", "done"), record.loop.detail
    assert record.usage == server.usage
    assert record.loop.files == {WORDS: FIXED}
    assert "Make this change" in record.prompt[0].content
    assert "Fixes #11" not in record.loop.turns[0].tools[0].result  # no history to look it up in
