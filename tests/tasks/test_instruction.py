"""An instruction of models.toml, from the file to what a server is asked and what is recorded."""

import shutil

import pytest
from chat_server import ChatServer, answer, serving
from project import write_benchmark
from sessions import run_session

from pytest_llmops.runs.reading import find_run, read_run

MODEL = '[told]\nurl = "{url}"\nmodel = "m"\ninstruction = "Be brief."\n'


@pytest.fixture
def project(pytester, mined, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    shutil.copytree(mined / "cases", pytester.path / "cases")
    write_benchmark(pytester.path)
    return pytester


def test_is_sent_recorded_and_replayed(project):
    server = ChatServer(answer("no code"))
    with serving(server) as (url, _):
        (project.path / "models.toml").write_text(MODEL.format(url=url))
        assert run_session(project, "benchmarks", "--model=told").ret == 0
    asked = [call.body["messages"][-1]["content"] for call in server.calls]
    assert len(asked) == 3
    assert all("add no imports. Be brief.\n" in text for text in asked)
    told = read_run(find_run("latest", project.path / "runs"))
    assert told.run.identity.instruction == "Be brief."
    replayed = run_session(project, "benchmarks", f"--model=replay:{told.run.id}")
    assert replayed.ret == 0
    again = read_run(find_run("latest", project.path / "runs"))
    assert [r.outcome for r in again.records] == [r.outcome for r in told.records]
