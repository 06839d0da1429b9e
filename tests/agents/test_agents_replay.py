"""Recorded loops played to their agents again: the same work, on another day, without a model."""

import pytest
from agent_server import AgentServer, done, shell
from chat_server import serving
from sessions import run_session
from test_agents_foreign import FIX
from test_agents_programs import missing

from pytest_llmops.agents.requests import key_of
from pytest_llmops.runs.reading import find_run, read_run


def asked(text, **fields):
    return {"model": "m", "messages": [{"role": "user", "content": text, **fields}]}


SAME = [
    ("Today is 2026-11-29.", "Today is 2027-01-02."),
    ("at 2026-11-29T00:12:01.5Z", "at 2027-01-02 23:59:59+01:00"),
    ("Date: Sunday, November 29, 2026", "Date: Monday, November 30, 2026"),
    ("Sun Nov 29 00:12:01 UTC 2026", "Tue Jan  2 03:04:05 UTC 2027"),
    ("29 Nov 2026 00:12", "2 January 2027 03:04"),
    ("11/29/2026, 12:12:01 AM", "1/2/2027, 3:04:05 PM"),
    ("-rw-r--r-- 1 a a 70 Nov 29 00:12 a.ts", "-rw-r--r-- 1 a a 70 Jan  2 03:04 a.ts"),
    ("took 12 ms", "took 340.5 ms"),
    ("took 1.2s", "took 31 seconds"),
    ('{"durationMs": 12}', '{"durationMs": 3405}'),
    ("/tmp/pi-bash-01ab.log", "/tmp/pi-bash-77ff.log"),
    ("Linux 6.1.0-13-amd64 #1 SMP Debian", "Linux 6.8.2-arch #44 SMP PREEMPT"),
]
OTHER = [
    ("return value * 2;", "return value * 3;"),
    ("/workspace/a.ts", "/workspace/b.ts"),
    ("3 of 5 tests fail", "4 of 5 tests fail"),
    ("version 1.2.3", "version 1.2.4"),
    ("expected 6 to be 8", "expected 7 to be 8"),
    ("a 1:2 ratio", "a 1:3 ratio"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_a_request_is_known_again_on_another_day(one, other):
    assert key_of(asked(one)) == key_of(asked(other))


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_what_makes_another_question_is_not_left_out(one, other):
    assert key_of(asked(one)) != key_of(asked(other))


def test_ids_and_sampling_are_no_part_of_a_question():
    first = asked("x", tool_call_id="call_1") | {"seed": 1, "stream": True}
    assert key_of(first) == key_of(asked("x", tool_call_id="call_2") | {"model": "other"})
    assert key_of(first) != key_of(first | {"tools": [{"type": "function"}]})


@pytest.fixture
def project(agent_project, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    table = '[tiny]\nkind = "tiny.py"\n'
    for kind in ("cline", "mini", "pi"):
        (agent_project.path / "rules.md").write_text("Look at every file twice.\n")
        table += f'[{kind}-other]\nkind = "{kind}"\nrules = "rules.md"\n'
    table += '[tiny-other]\nkind = "tiny.py"\nrules = "rules.md"\n'
    (agent_project.path / "agents.toml").write_text(table)
    return agent_project


def latest(project):
    return read_run(find_run("latest", project.path / "runs"))


@pytest.mark.parametrize("kind", ["tiny", "cline", "mini", "pi"])
def test_a_program_is_run_again_with_the_answers_of_then(kind, project):
    if kind != "tiny" and (reason := missing(kind)):
        pytest.skip(reason)
    server = AgentServer("pi" if kind == "tiny" else kind, shell("date; ls -l"), shell(FIX), done())
    with serving(server) as (url, _):
        session = ("benchmarks", f"--agent={kind}", "-k", "double")
        assert run_session(project, *session, f"--model=openai:m@{url}").ret == 0
    first = latest(project)
    replay = f"--model=replay:{first.run.id}"
    assert run_session(project, *session, replay).ret == 0
    again = latest(project)
    (was,), (now,) = first.records, again.records
    assert (again.run.replays, again.run.agent) == (first.run.id, first.run.agent)
    assert again.run.identity == first.run.identity
    assert (now.outcome, now.usage, now.loop.files) == (was.outcome, was.usage, was.loop.files)
    assert [turn.key for turn in now.loop.turns] == [turn.key for turn in was.loop.turns]
    assert [turn.usage for turn in now.loop.turns] == [turn.usage for turn in was.loop.turns]
    assert now.timing.started > was.timing.started
    other = ("benchmarks", f"--agent={kind}-other", "-k", "double", replay)
    assert run_session(project, *other).ret == 1
    (missed,) = latest(project).records
    assert "the recorded run holds no answer to this request" in missed.error
