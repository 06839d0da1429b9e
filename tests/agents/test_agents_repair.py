"""Agents as a user meets them: `--agent`, and the loop in which a model sees the failing tests."""

import json
import shutil

import msgspec
import pytest
from chat_server import ChatServer, answer, serving
from project import ADD, DOUBLE, EVEN, OTHER_WRONG, RIGHT, WRONG, write_benchmark
from records import IDENTITY, RUN
from sessions import run_session

from pytest_llmops.agents.settings import RepairAgent, load_agents, resolve
from pytest_llmops.compare.comparable import what_differs
from pytest_llmops.errors import AgentError
from pytest_llmops.runs.reading import find_run, read_run
from pytest_llmops.session.agents import open_agent
from pytest_llmops.session.choosing import AgentChoice
from pytest_llmops.session.options import Options
from pytest_llmops.tasks.selection import Choice


@pytest.fixture
def project(pytester, mined, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    shutil.copytree(mined / "cases", pytester.path / "cases")
    write_benchmark(pytester.path)
    return pytester


def ask(project, server, *arguments, agent="repair:3", cases="double"):
    """Run a session against a scripted server; gives the session and its record of each case."""
    with serving(server) as (url, _):
        asked = ("benchmarks", f"--model=openai:m@{url}", f"--agent={agent}", "-k", cases)
        result = run_session(project, *asked, *arguments)
    return result, latest(project)


def latest(project):
    return read_run(find_run("latest", project.path / "runs"))


def only(run):
    (record,) = run.records
    return record


def server(*scripts):
    return ChatServer(*scripts, models=[{"id": "m"}])


@pytest.mark.parametrize("workers", [("-n", "2"), ("-p", "no:xdist")], ids="-".join)
def test_the_messages_of_failing_tests_come_back_until_the_case_is_solved(workers, project):
    scripted = server(answer(WRONG, usage=(40, 9)), answer(RIGHT, usage=(90, 8)))
    result, run = ask(project, scripted, *workers)
    assert result.ret == 0
    record = only(run)
    assert (record.outcome, record.text) == ("solved", RIGHT)
    first, second = (call.body["messages"] for call in scripted.calls)
    assert [one["role"] for one in second] == ["user", "assistant", "user"]
    assert second[:2] == [*first, {"role": "assistant", "content": WRONG}]
    assert "tests fail:\n- double > doubles: " in second[2]["content"]
    assert "expected 6 to be 8" in second[2]["content"]
    assert (run.run.agent, run.run.identity.agent_sha256) == (
        "repair:3",
        RepairAgent(turns=3).sha256,
    )


def test_a_loop_is_recorded_turn_by_turn(project):
    scripted = server(answer(WRONG, usage=(40, 9)), answer(RIGHT, usage=(90, 8)))
    _, run = ask(project, scripted)
    record = only(run)
    assert (record.usage.input, record.usage.output) == (130, 17)
    loop = record.loop
    assert (loop.ending, [turn.passing for turn in loop.turns]) == ("done", [False, True])
    assert [turn.usage.input for turn in loop.turns] == [40, 90]
    assert (loop.resent, loop.tokens_to_pass()) == (49, 147)
    assert loop.turns[0].tool_seconds > 0
    assert loop.model_seconds + loop.tool_seconds == pytest.approx(loop.seconds)
    assert record.timing.total == pytest.approx(loop.seconds)
    assert record.priced == pytest.approx((130 + 5 * 17) / 5)
    xml = dict(record.properties())
    assert (xml["llmops.turns"], xml["llmops.ending"]) == (2, "done")


def test_a_loop_ends_when_its_turns_are_spent(project):
    scripted = server(answer(WRONG), answer(OTHER_WRONG))
    _, run = ask(project, scripted, agent="repair:2")
    assert (only(run).outcome, only(run).loop.ending) == ("budget", "turns")
    assert len(scripted.calls) == 2
    assert "expected 7 to be 8" in only(run).grade.detail


def test_a_loop_ends_when_the_model_repeats_itself(project):
    scripted = server(answer(WRONG))
    _, run = ask(project, scripted, agent="repair:9")
    assert (only(run).outcome, only(run).loop.ending) == ("repeated", "repeated")
    assert len(scripted.calls) == 2


def test_a_loop_ends_when_the_model_refuses(project):
    scripted = server(answer(WRONG), answer("I may not.", reason="content_filter"), answer(RIGHT))
    _, run = ask(project, scripted)
    assert (only(run).outcome, only(run).loop.ending) == ("gave_up", "gave_up")
    assert len(scripted.calls) == 2


def test_what_holds_no_code_and_what_does_not_parse_is_told_to_the_model(project):
    torn = "```typescript\nexport function double(value: number): number {\n  return (;\n}\n```"
    scripted = server(answer("I do not know."), answer(torn), answer(RIGHT))
    _, run = ask(project, scripted)
    assert only(run).solved
    said = [call.body["messages"][-1]["content"] for call in scripted.calls]
    assert said[1].startswith("There is no code of `double` in your answer.")
    assert said[2].startswith("The tests did not run: syntax error: ")


def test_a_solved_first_answer_costs_what_a_direct_one_does(project):
    _, run = ask(project, server(answer(RIGHT, usage=(40, 8))))
    assert [turn.usage.input for turn in only(run).loop.turns] == [40]
    _, direct = ask(project, server(answer(RIGHT, usage=(40, 8))), agent="direct")
    assert only(direct).usage == only(run).usage
    assert (only(direct).loop, direct.run.agent, direct.run.identity.agent_sha256) == (None, "", "")


def test_a_finished_loop_is_not_run_twice_and_a_direct_answer_is_not_its(project):
    scripted = server(answer(WRONG), answer(RIGHT))
    with serving(scripted) as (url, _):
        for agent in ("repair:3", "repair:3", "repair:2"):
            scripted.play(answer(WRONG), answer(RIGHT))
            asked = ("benchmarks", f"--model=openai:m@{url}", f"--agent={agent}", "-k", "double")
            assert run_session(project, *asked).ret == 0
            record = only(latest(project))
            assert (record.outcome, len(record.loop.turns)) == ("solved", 2)
    assert len(scripted.calls) == 4
    assert not record.from_cache


def test_a_recorded_loop_is_replayed_and_graded_again(project):
    scripted = server(answer(WRONG), answer(RIGHT))
    _, first = ask(project, scripted)
    replay = ("benchmarks", f"--model=replay:{first.run.id}", "-k", "double")
    assert run_session(project, *replay).ret == 0
    again = latest(project)
    assert (again.run.agent, again.run.identity) == (first.run.agent, first.run.identity)
    assert (only(again).loop, only(again).outcome) == (only(first).loop, "solved")
    calls = len(scripted.calls)
    for agent, turns, outcome in (("repair:2", 2, "solved"), ("repair:1", 1, "budget")):
        assert run_session(project, *replay, f"--agent={agent}").ret == 0
        run = latest(project)
        assert (run.run.agent, run.run.replays) == (agent, first.run.id)
        assert (len(only(run).loop.turns), only(run).outcome) == (turns, outcome)
    assert len(scripted.calls) == calls


def test_answers_without_loops_are_not_played_to_an_agent(project):
    _, direct = ask(project, server(answer(WRONG)), agent="direct")
    replay = ("benchmarks", f"--model=replay:{direct.run.id}", "-k", "double", "--agent=repair")
    refused = run_session(project, *replay)
    assert refused.ret == 4
    refused.stderr.fnmatch_lines(["*answers are those of agent direct, *leave --agent out*"])


def test_texts_of_turns_are_withheld_where_contents_are(project):
    _, run = ask(project, server(answer(WRONG), answer(RIGHT)), "--no-content")
    assert [turn.text for turn in only(run).loop.turns] == ["", ""]
    assert "value" not in json.dumps(msgspec.to_builtins(only(run)))


def test_the_summary_tells_what_the_loops_took(project):
    result, _ = ask(project, server(answer(WRONG, usage=(40, 9)), answer(RIGHT, usage=(90, 8))))
    result.stdout.fnmatch_lines(["loops (repair:3): 2 turns, 2.0 per attempt; 43 priced tokens, *"])


def test_a_comparison_names_the_agent_that_changed():
    looped = msgspec.structs.replace(IDENTITY, agent_sha256="f" * 64)
    after = msgspec.structs.replace(RUN, agent="repair:2", identity=looped)
    assert what_differs(RUN, after, ((), ())) == f"agent: direct -> repair:2 {'f' * 12}"
    other = msgspec.structs.replace(
        after, identity=msgspec.structs.replace(looped, agent_sha256="0")
    )
    told = what_differs(after, other, ((), ()))
    assert told == f"agent: repair:2 {'f' * 12} -> repair:2 0"


def test_agents_are_named_in_a_file(tmp_path):
    path = tmp_path / "agents.toml"
    path.write_text('[fix]\nkind = "repair"\nturns = 5\n')
    assert resolve("fix", path) == RepairAgent(name="fix", turns=5)
    assert resolve("fix", path).sha256 == resolve("repair:5", path).sha256
    assert resolve("repair", path).label == "repair:3"
    assert resolve("fix", path).label == "fix (repair:5)"
    assert resolve("direct", path) is None
    assert load_agents(tmp_path / "none.toml") == {}


@pytest.mark.parametrize(
    ("text", "name", "told"),
    [
        (
            "",
            "fixx",
            r"'fixx' is not in .*\(known: cline, direct, mini, pi, repair\[:N\]\)",
        ),
        ("", "repair:0", "'repair:0' should read repair:N, with N from 1 to 1000"),
        ("", "repair:many", "'repair:many' should read repair:N"),
        (
            '[fix]\nkind = "repair"\nturns = 0\n',
            "fix",
            r"\[fix\]: 'turns' is 0, and should be a whole number from 1 to 1000",
        ),
        (
            '[fix]\nkind = "repair"\nturn = 1\n',
            "fix",
            r"\[fix\]: 'turn' is no known key .*did you mean turns",
        ),
        (
            "[fix]\nturns = 1\n",
            "fix",
            r"\[fix\] needs a 'kind', one of repair, cline, mini, pi, or a",
        ),
        ('[lean]\nkind = "cline"\nrules = "none.md"\n', "lean", r"\[lean\] rules: .*none.md"),
        (
            '[lean]\nkind = "cline"\nbudget = { turns = 0 }\n',
            "lean",
            "'budget.turns' is 0, .* from 1",
        ),
        (
            '[lean]\nkind = "cline"\nbudget = { cost = 0 }\n',
            "lean",
            "'budget.cost' is 0, .* above 0",
        ),
        ('[direct]\nkind = "repair"\n', "fix", r"\[direct\] is the name of the single answer"),
        ("[fix\n", "fix", "not TOML"),
    ],
)
def test_what_names_no_agent_is_refused_with_its_place(text, name, told, tmp_path):
    path = tmp_path / "agents.toml"
    path.write_text(text)
    with pytest.raises(AgentError, match=told):
        resolve(name, path)


def test_a_wrong_agent_is_told_before_anything_is_asked(project):
    scripted = server(answer(RIGHT))
    with serving(scripted) as (url, _):
        model = f"--model=openai:m@{url}"
        unknown = run_session(project, "benchmarks", model, "--agent=reapir")
        blind = run_session(project, "benchmarks", model, "--agent=repair", "--no-grade")
    assert (unknown.ret, blind.ret, scripted.calls) == (4, 4, [])
    unknown.stderr.fnmatch_lines(["*--agent: 'reapir' is not in *"])
    blind.stderr.fnmatch_lines(
        ["*--agent=repair needs the results of the tests; leave --no-grade out*"]
    )


def test_a_program_that_is_missing_is_told_with_the_way_to_get_it(project):
    (project.path / "agents.toml").write_text('[old]\nkind = "cline"\nversion = "1.0.0"\n')
    scripted = server(answer(RIGHT))
    with serving(scripted) as (url, _):
        found = run_session(project, "benchmarks", f"--model=openai:m@{url}", "--agent=old")
    assert (found.ret, scripted.calls) == (4, [])
    found.stderr.fnmatch_lines(
        ["*agent old: cline 1.0.0 is not installed; *python -m pytest_llmops.agents cline==1.0.0"]
    )


def test_the_engine_of_this_package_is_refused_to_agents_that_call_tools(project, monkeypatch):
    monkeypatch.setattr("pytest_llmops.agents.installed.require", lambda _: None)
    (project.path / "models.toml").write_text('[base]\nweights = "embedded:tiny"\n')
    choice = Choice(suites_file=project.path / "cases" / "suites.toml")
    options = Options(
        model="base",
        models_file=project.path / "models.toml",
        agent=AgentChoice(name="cline"),
        choice=choice,
        runs=project.path / "runs",
        root=project.path,
    )
    with pytest.raises(AgentError, match=r"calls tools, and model base cannot: .*engine"):
        open_agent(options)
    with pytest.raises(
        AgentError, match="cline runs a program, which --sandbox=process cannot confine"
    ):
        open_agent(msgspec.structs.replace(options, sandbox="process"))
    shown = AgentChoice(name="repair", tests=True)
    with pytest.raises(AgentError, match="repair has no workspace; leave it out"):
        open_agent(msgspec.structs.replace(options, agent=shown))


def test_every_case_has_a_loop_of_its_own(project):
    scripted = server(answer(RIGHT))
    _, run = ask(project, scripted, agent="repair:4", cases="add or double or isEven")
    found = {record.case: (record.outcome, len(record.loop.turns)) for record in run.records}
    assert found[DOUBLE] == ("solved", 1)
    assert found[ADD] == found[EVEN] == ("repeated", 2)
