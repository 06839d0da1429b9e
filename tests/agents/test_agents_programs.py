"""Real agents' programs in their sandbox, against a model that plays scenarios."""

import asyncio
import fcntl
import os
import re
import shutil
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

import msgspec
import psutil
import pytest
from agent_server import AgentServer, call, done, say, shell, varying
from chat_server import cut, hang, request, serving, whole
from cline_trees import within_reach
from msgspec.structs import replace
from once import made_once
from project import DOUBLE, write_benchmark

from pytest_llmops.agents.attach import Bench, attach, worded
from pytest_llmops.agents.installed import folder_of
from pytest_llmops.agents.programs import KINDS
from pytest_llmops.agents.settings import Budget, ProgramAgent
from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.completions import Completion, Usage
from pytest_llmops.errors import EndpointError
from pytest_llmops.generation.cache import cache_key
from pytest_llmops.grading.grade import grade
from pytest_llmops.runs.reading import read_run
from pytest_llmops.sandbox import NodePool
from pytest_llmops.sandbox.node.installation import installed
from pytest_llmops.tasks.selection import Choice, select

CASES = Path(__file__).parents[2] / "cases" / "suites.toml"
FIX = """sed -i 's|throw new Error("not implemented");|return value * 2;|' small.ts"""
WRONG = FIX.replace("* 2", "+ 2")
MEND = "sed -i 's|return value + 2;|return value * 2;|' small.ts"
LEFT = "sleep 31415"
SHORT = Budget(turns=6, retries=2, silence=90, seconds=300)
HANGING = replace(SHORT, silence=20)
OVERLOADED = whole(500, {"error": {"message": "overloaded", "type": "server_error"}})
THROTTLED = whole(429, {"error": {"message": "slow down"}}, retry_after="1")
LOOK = "pwd; ls -a; git log > /dev/null 2>&1 && echo history; true"
REACH = "node -e 'fetch(process.argv[1]).then(() => console.log(\"reached\"))' {url}/models"

SCENARIOS = {
    "solves": [shell(LOOK), shell(FIX), shell("cat small.ts"), done()],
    "repairs": [shell(WRONG), shell("cat small.test.ts"), shell(MEND), done()],
    "never ends": [varying("echo {n}")],
    "repeats": [shell("echo again")],
    "torn arguments": [call("run_commands", '{"commands": ["ls"')],
    "unknown tool": [call("no_such_tool", "{}")],
    "cut stream": [shell("ls"), cut],
    "hangs": [shell("ls"), hang],
    "overloaded": [OVERLOADED],
    "throttled": [THROTTLED],
    "throttled once": [shell(FIX), done()],
    "configured": [done()],
    "empty": [say("")],
    "leaves a process": [shell(f"({LEFT} >/dev/null 2>&1 &) ; " + FIX), done()],
    "edits the tests": [shell("echo > small.test.ts"), done()],
    "reaches out": [shell(REACH), done()],
    "only talks": [say("I would multiply it by two.")],
}
TOOLS = {
    "cline": {"read_files", "search_codebase", "run_commands", "editor"},
    "mini": {"bash"},
    "pi": {"read", "bash", "edit", "write"},
}
"""What a model may call by default."""
COARSE = 0.002
"""Seconds by which two clocks of a machine may differ, of which one is read in milliseconds."""
SYSTEM = "You are a parrot."
CONFIGURED = {
    "cline": {"disabled_tools": ("editor",), "args": ("--thinking", "high")},
    "mini": {"args": ("-c", "model.model_kwargs.presence_penalty=0.5")},
    "pi": {"disabled_tools": ("edit", "write"), "args": ("--append-system-prompt", "Say no more.")},
}
"""As agents.toml may have it, and `SYSTEM` as the system prompt."""
WITH_TESTS = {"repairs", "edits the tests"}
FAILS = {
    "cut stream": "broke off|peer closed|incomplete",
    "overloaded": "overloaded",
    "throttled": "slow down",
}
"""Scenarios that end as errors, and what these say."""
FAULTS = {"throttled once": [THROTTLED, OVERLOADED]}


def missing(kind):
    """Why a program cannot be run here; "" where it can."""
    pinned = ProgramAgent(kind=kind).pinned
    installed = folder_of(kind, pinned).is_dir() and sys.platform == "linux"
    return "" if installed else f"python -m pytest_llmops.agents {kind} was not run"


class Played(msgspec.Struct):
    """What came of a scenario: a completion, or an error; and what the server saw."""

    completion: Completion | None
    error: str
    usage: Usage
    asked: list[dict]
    """Bodies of all requests."""
    looks: list[str]
    left: list[str]
    """Processes of ours that run when all scenarios have ended."""


KEPT = "played.json"


@pytest.fixture(scope="module", params=KINDS)
def played(request, mined, tmp_path_factory):
    """All scenarios played to one agent, some at once: by one worker, for all."""
    if reason := missing(request.param):
        pytest.skip(reason)
    name = f"played-{request.param}"
    folder = made_once(tmp_path_factory, name, lambda at: play(request.param, mined, at))
    return request.param, msgspec.json.decode((folder / KEPT).read_bytes(), type=dict[str, Played])


def play(kind, mined, folder):
    selection = select(Choice(suites_file=mined / "cases" / "suites.toml"))
    found = asyncio.run(play_all(kind, selection))
    (folder / KEPT).write_bytes(msgspec.json.encode(found))


async def play_all(kind, selection):
    found = {}
    at_once = asyncio.Semaphore(3)

    async def play(name):
        steps = list(SCENARIOS[name])
        server = AgentServer(kind, *steps, faults=FAULTS.get(name, ()))
        budget = HANGING if name == "hangs" else SHORT
        agent = ProgramAgent(kind=kind, name=kind, budget=budget, tests=name in WITH_TESTS)
        if name == "configured":
            agent = replace(agent, system_prompt=SYSTEM, **CONFIGURED[kind])
        async with at_once, server as url:
            server.place = url
            completion, error = await attempt(agent, selection, url)
            asked = [one.body for one in server.calls]
            found[name] = Played(completion, error, server.usage, asked, server.looks, [])

    before = psutil.Process().children(recursive=True)  # of other tests
    await asyncio.gather(*map(play, SCENARIOS))
    after = psutil.Process().children(recursive=True)
    left = [" ".join(one.cmdline()) for one in after if one not in before]
    return {name: replace(one, left=left) for name, one in found.items()}


async def attempt(agent, selection, url, asked=None):
    endpoint = Endpoint(base_url=url, model="m")
    with NodePool(next(iter(selection.trees.values())).root) as pool:
        answerer = attach(agent, endpoint, Bench(lambda case: (selection.task(case), pool)), None)
        try:
            return await answerer.complete(asked or request(DOUBLE)), ""
        except EndpointError as error:
            return None, str(error)
        finally:
            await answerer.aclose()


def come_of(played, name):
    kind, found = played
    return kind, found[name].completion, found[name]


@pytest.mark.parametrize("name", ["solves", "repairs", "leaves a process", "throttled once"])
def test_a_case_is_solved_and_every_token_counted_once(name, played, mined):
    _, completion, server = come_of(played, name)
    assert completion.loop.ending == "done"
    assert completion.usage == server.usage
    assert len(completion.loop.turns) == len(SCENARIOS[name])
    assert "return value * 2;" in completion.text
    assert list(completion.loop.files) == ["small.ts"]
    task = select(Choice(suites_file=mined / "cases" / "suites.toml")).task(DOUBLE)
    packages = installed(task.tree.lock) if task.tree.lock else None
    with NodePool(task.tree.root, packages=packages) as pool:
        assert grade(task, completion, pool).solved


def test_the_workspace_is_always_in_one_place_and_has_no_history(played):
    _, completion, _ = come_of(played, "solves")
    (tool,) = completion.loop.turns[0].tools
    shown = set(re.split(r"[\s\"]|\\n", tool.result))
    assert {"/workspace", "..", "small.ts"} <= shown
    assert not {".git", "history", "small.test.ts"} & shown


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_ends_as_it_should(name, played):
    kind, completion, server = come_of(played, name)
    if told := FAILS.get(name):
        assert completion is None
        assert len(server.asked) <= SHORT.retries + 2  # a cut stream comes after a turn
        assert kind in server.error
        assert re.search(told, server.error), server.error
        return
    expected = {
        "never ends": "turns",
        "repeats": "repeated",
        "torn arguments": "repeated" if kind == "pi" else "failed",
        "unknown tool": "repeated" if kind == "pi" else "failed",
        "hangs": "silence",
        "empty": "done" if kind == "pi" else "failed",
        "only talks": "failed" if kind == "mini" else "done",
    }
    endings = {expected.get(name, "done")}
    if name == "torn arguments":  # Cline ends by its limit of errors or by that of repetitions
        endings.add("repeated")
    assert completion.loop.ending in endings, completion.loop.detail
    assert completion.usage == server.usage


@pytest.mark.parametrize(
    ("name", "passing"),
    [("solves", [False, True, True, True]), ("repairs", [False, False, True, True])],
)
def test_it_is_told_after_which_turn_the_files_pass_and_what_that_took(name, passing, played):
    _, completion, _ = come_of(played, name)
    turns = completion.loop.turns
    assert [turn.passing for turn in turns] == passing
    spent = [turn.usage.input + turn.usage.output for turn in turns]
    assert completion.loop.tokens_to_pass() == sum(spent[: passing.index(True) + 1])
    assert completion.loop.memory > 20 * 2**20
    assert "+  return value * 2;" in completion.loop.diffs["small.ts"]


def test_tries_of_a_call_are_no_turns(played):
    _, completion, server = come_of(played, "throttled once")
    assert (len(completion.loop.turns), completion.retries) == (2, 2)
    assert len(server.asked) == 4


def test_a_budget_of_turns_is_kept_to_the_turn(played):
    _, completion, server = come_of(played, "never ends")
    assert len(completion.loop.turns) == SHORT.turns == len(server.asked)
    assert completion.loop.detail == "the budget of turns was spent; 1 further call was refused"


def test_what_is_asked_has_the_run_s_sampling_and_not_the_agent_s(played):
    _, _, server = come_of(played, "solves")
    asked = request(DOUBLE)
    for body in server.asked:
        assert (body["temperature"], body["seed"]) == (0.0, asked.seed)
        assert (body["max_tokens"], body["model"]) == (8192, "m")


def test_tools_are_offered_that_a_case_needs_and_no_others(played):
    kind, _, server = come_of(played, "solves")
    for body in server.asked:
        assert tools_of(body) == TOOLS[kind]


def test_settings_reach_the_program(played):
    kind, completion, server = come_of(played, "configured")
    plain = played[1]["solves"].asked[0]
    (body, *_) = server.asked
    assert completion.loop.ending == "done", completion.loop.detail
    assert body["messages"][0]["role"] == "system"
    assert body["messages"][0]["content"].startswith(SYSTEM)
    off = set(CONFIGURED[kind].get("disabled_tools", ()))
    assert tools_of(body) == tools_of(plain) - off == TOOLS[kind] - off
    effect = {
        "cline": lambda one: one.get("reasoning_effort") == "high",
        "mini": lambda one: one.get("presence_penalty") == 0.5,
        "pi": lambda one: "Say no more." in one["messages"][0]["content"],
    }[kind]
    assert (effect(body), effect(plain)) == (True, False)


def tools_of(body):
    return {tool["function"]["name"] for tool in body["tools"]}


def test_tools_are_told_with_what_they_gave_back(played):
    _, completion, _ = come_of(played, "solves")
    tools = [tool for turn in completion.loop.turns for tool in turn.tools]
    assert "small.ts" in tools[0].result
    assert "return value * 2;" in tools[2].result
    assert not any(tool.failed for tool in tools)


def test_tools_have_the_times_that_the_program_tells(played):
    kind, completion, _ = come_of(played, "solves")
    turns = [turn for turn in completion.loop.turns if turn.tools]
    if kind != "cline":
        assert {tool.seconds for turn in turns for tool in turn.tools} == {None}
        return
    for turn in turns:
        answered = turn.timing.started + turn.timing.total
        (tool,) = turn.tools
        assert answered - COARSE < tool.started  # its events have milliseconds
        assert tool.started + tool.seconds < answered + turn.tool_seconds + COARSE


def test_a_tool_that_failed_is_told(played):
    _, completion, _ = come_of(played, "reaches out")
    (tool, *_) = completion.loop.turns[0].tools
    assert tool.failed
    assert "reached" not in tool.result.splitlines()


def test_there_is_no_way_out_but_the_model(played):
    _, _, server = come_of(played, "reaches out")
    assert server.looks == []


def test_edited_tests_are_told_and_never_taken(played):
    _, completion, _ = come_of(played, "edits the tests")
    assert completion.loop.edited_tests == ("small.test.ts",)
    assert completion.loop.files == {}


def test_nothing_is_left_when_all_have_ended(played):
    _, found = played
    assert {tuple(one.left) for one in found.values()} == {()}
    lines = [" ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"])]
    assert not [line for line in lines if LEFT in line and "grep" not in line]
    for folder in Path(tempfile.gettempdir()).glob("llmops-agent-*"):
        assert is_held(folder), f"{folder} is nobody's"


def is_held(folder):
    """Whether a process works with a folder; another test may."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def test_an_agent_is_asked_for_work_in_a_folder(mined):
    task = select(Choice(suites_file=mined / "cases" / "suites.toml")).task(DOUBLE)
    first = worded(request(DOUBLE), task, "a", "workspace")
    (asked,) = first.messages
    assert "In the file small.ts the body of the function `double` is missing" in asked.content
    assert "tests that are not in this folder" in asked.content
    second = worded(request(DOUBLE), task, "a", "workspace with tests")
    (shown,) = second.messages
    assert "judged by small.test.ts, which you may read" in shown.content
    third = worded(request(DOUBLE), task, "a", "")
    assert third.messages == request(DOUBLE).messages
    assert len({one.subject for one in (request(DOUBLE), first, second, third)}) == 4
    assert worded(request(DOUBLE), task, "", "") == request(DOUBLE)


def test_a_loop_is_not_found_in_the_cache_where_files_of_its_workspace_changed():
    keys = {cache_key("who", replace(request(DOUBLE), subject=one)) for one in ("", "a", "b")}
    assert len(keys) == 3


@pytest.fixture
def project(pytester, mined, monkeypatch):
    if reason := missing("cline"):
        pytest.skip(reason)
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    shutil.copytree(mined / "cases", pytester.path / "cases")
    write_benchmark(pytester.path)
    return pytester


@pytest.mark.parametrize("workers", [("-n", "2"), ("-p", "no:xdist")], ids="-".join)
def test_cline_solves_a_case_in_a_session_and_its_loop_is_kept(workers, project):
    server = AgentServer("cline", shell(FIX), done())
    with serving(server) as (url, _):
        asked = ("benchmarks", f"--model=openai:m@{url}", "--agent=cline", "-k", "double")
        first = project.runpytest_subprocess(*asked, *workers)
        counted, calls = server.usage, len(server.calls)
        again = project.runpytest_subprocess(*asked, *workers)
    assert (first.ret, again.ret) == (0, 0)
    assert len(server.calls) == calls == 2
    first.stdout.fnmatch_lines(["loops (cline *): 2 turns, 2.0 per attempt, 1 tool calls (0 fail*"])
    runs = [read_run(path) for path in sorted((project.path / "runs").glob("*/records.jsonl"))]
    for run in runs:
        (record,) = run.records
        assert (record.outcome, record.loop.ending) == ("solved", "done")
        assert record.usage == counted
        assert run.run.agent == f"cline {ProgramAgent(kind='cline').pinned}"
        assert "In the file small.ts" in record.prompt[0].content
    assert [run.records[0].from_cache for run in runs] == [False, True]
    replay = project.runpytest_subprocess(
        "benchmarks", f"--model=replay:{runs[0].run.id}", "-k", "double"
    )
    replay.stdout.fnmatch_lines(["outcomes: 1 solved"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suite", ["starter", "cline"])
def test_a_case_of_each_suite_is_solved_with_the_tokens_of_the_server(suite, kind):
    if reason := missing(kind):
        pytest.skip(reason)
    with within_reach() if suite == "cline" else nullcontext():
        selection = select(Choice(suites_file=CASES, suites=(suite,)))
    task = selection.task(next(iter(selection.cases)))
    path, whole_file = task.case.source.path, task.module.source.decode()
    write = f"cat > {path} <<'END_OF_FILE'\n{whole_file}\nEND_OF_FILE"
    server = AgentServer(kind, shell(write), done())
    agent = ProgramAgent(kind=kind, name=kind, budget=SHORT)
    asked = worded(request(task.case.id), task, "a", "workspace")

    async def play():
        async with server as url:
            return await attempt(agent, selection, url, asked)

    completion, error = asyncio.run(play())
    assert error == ""
    assert completion.usage == server.usage
    assert list(completion.loop.files) == [path]
    packages = installed(task.tree.lock) if task.tree.lock else None
    with NodePool(task.tree.root, packages=packages) as pool:
        assert grade(task, completion, pool).solved
