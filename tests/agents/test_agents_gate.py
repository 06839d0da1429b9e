"""The gate judges what a rules file costs: the real Cline CLI, through the command line."""

import re
import shutil
from pathlib import Path

import pytest
from agent_server import AgentServer, done, shell
from chat_server import serving
from project import PYTEST_INI
from test_agents_programs import missing

from pytest_llmops.cli.main import main
from pytest_llmops.runs.reading import find_run, read_run

EXAMPLE = Path(__file__).parents[2] / "examples" / "agents"
ASKED = re.compile(r"In the file (\S+) the body of the function `plus(\d)`")
THROW, DO = 'throw new Error("not implemented");', "return value + {n};"
FIX = f"sed -i '/plus{{n}}(/,/^}}/ s|{THROW}|{DO}|' {{file}}"
WORK = [shell(f"cat {{file}} # {look}") for look in range(7)]
LOOK = shell("cat {file}")


class Obedient(AgentServer):
    """A model that works on whichever case it is asked, and does what the rules say."""

    def _tool(self, step, turn):
        if "shell" not in step:
            return super()._tool(step, turn)
        file, number = ASKED.search(self._said).groups()
        command = step["shell"].replace("{file}", file).replace("{n}", number)
        return super()._tool({"shell": command}, turn)

    async def _play(self, one):
        self._said = str([message["content"] for message in one.body["messages"]])
        rules = "read the whole file again" in self._said
        self._steps = [*WORK, shell(FIX), *([LOOK] * rules), done()]
        await super()._play(one)


@pytest.fixture
def project(pytester, mined_wide, monkeypatch):
    if reason := missing("cline"):
        pytest.skip(reason)
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    monkeypatch.setenv("COLUMNS", "300")
    shutil.copytree(mined_wide / "cases", pytester.path / "cases")
    (pytester.path / "pytest.ini").write_text(PYTEST_INI)
    (pytester.path / "benchmarks").mkdir()
    text = "def test_function(attempt):\n    attempt.complete()\n    attempt.grade()\n"
    (pytester.path / "benchmarks" / "test_functions.py").write_text(text)
    shutil.copytree(EXAMPLE, pytester.path, dirs_exist_ok=True)
    return pytester


def latest(project):
    return read_run(find_run("latest", project.path / "runs"))


def test_a_rules_file_that_costs_a_turn_is_caught_and_an_unchanged_one_is_not(project):
    with serving(Obedient("cline")) as (url, _):
        asked = ("benchmarks", f"--model=openai:m@{url}")
        gate = ("--gate=cline", "--gate-max-tokens=1.05", "--gate-max-solve-loss=0.5")
        assert project.runpytest_subprocess(*asked, "--agent=cline-plain").ret == 0
        before = latest(project)
        assert main(["bless", "latest", "--name=cline"]) == 0
        same = project.runpytest_subprocess(*asked, "--agent=cline-plain", *gate)
        worse = project.runpytest_subprocess(*asked, "--agent=cline-thorough", *gate)
        after = latest(project)
    assert all(record.solved for record in (*before.records, *after.records))
    ratio = sum(r.priced for r in after.records) / sum(r.priced for r in before.records)
    assert 1.08 < ratio < 1.15
    assert (same.ret, worse.ret) == (0, 1)
    same.stdout.fnmatch_lines(["*priced tokens*held*"])
    worse.stdout.fnmatch_lines(["*priced tokens*regressed*"])
    worse.stdout.fnmatch_lines(["*agent: cline-plain (cline *) * -> cline-thorough (cline *) *"])
