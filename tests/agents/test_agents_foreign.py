"""An agent of the user's own: one file beside agents.toml."""

import base64
import json
import shutil
from pathlib import Path

import pytest
from agent_server import AgentServer, done, shell, varying
from chat_server import serving
from sessions import run_session

from pytest_llmops.agents.settings import resolve
from pytest_llmops.errors import AgentError
from pytest_llmops.runs.reading import find_run, read_run

SHIPPED = Path(__file__).parents[2] / "cases"
EXAMPLE = Path(__file__).parents[2] / "examples" / "agents" / "tiny.py"
FIX = """sed -i 's|throw new Error("not implemented");|return value * 2;|' small.ts"""
TABLES = '[mine]\nkind = "tiny.py"\n[short]\nkind = "tiny.py"\nbudget = { turns = 3 }\n'


@pytest.fixture
def project(agent_project):
    (agent_project.path / "agents.toml").write_text(TABLES)
    return agent_project


def run(project, agent, *steps):
    """A session of one case; gives its result, its record and the server's own sums."""
    server = AgentServer("pi", *steps)
    with serving(server) as (url, _):
        asked = (f"--model=openai:m@{url}", f"--agent={agent}", "-k", "double")
        result = run_session(project, "benchmarks", *asked)
    found = read_run(find_run("latest", project.path / "runs"))
    (record,) = found.records
    return result, found.run, record, server.counted


def test_an_agent_of_one_file_is_counted_and_judged_as_any_other(project):
    result, of_run, record, counted = run(project, "mine", shell("false"), shell(FIX), done())
    assert result.ret == 0
    assert (record.outcome, record.loop.ending) == ("solved", "done")
    assert [record.usage.input, record.usage.output] == counted
    assert of_run.agent == "mine (tiny 1)"
    assert [[tool.failed for tool in turn.tools] for turn in record.loop.turns] == [
        *([True], [False], [])
    ]


def test_an_agent_writes_a_function_in_python_and_is_judged_by_its_tests(project):
    ini = project.path / "pytest.ini"
    ini.write_text(ini.read_text().replace("cases/suites.toml", str(SHIPPED / "suites.toml")))
    whole = (SHIPPED / "starter-python" / "training" / "names.py").read_bytes()
    write = f"echo {base64.b64encode(whole).decode()} | base64 -d > training/names.py"
    look = "find . -name '*.py' | sort; grep -c NotImplementedError training/names.py"
    server = AgentServer("pi", shell(look), shell(write), done())
    with serving(server) as (url, _):
        asked = (f"--model=openai:m@{url}", "--agent=mine", "--suite=starter-python")
        result = run_session(project, "benchmarks", *asked, "--split=all", "-k", "initials")
    assert result.ret == 0
    (record,) = read_run(find_run("latest", project.path / "runs")).records
    assert (record.outcome, record.loop.ending) == ("solved", "done")
    seen = json.loads(server.calls[1].body["messages"][-1]["content"])
    assert seen["output"] == "./training/__init__.py\n./training/names.py\n1\n"


def test_budgets_end_an_agent_of_one_file(project):
    _, _, record, counted = run(project, "short", varying("echo {n}"))
    assert (record.outcome, record.loop.ending) == ("budget", "turns")
    assert len(record.loop.turns) == 3
    assert [record.usage.input, record.usage.output] == counted


def test_what_the_file_holds_is_part_of_the_agent_s_identity(tmp_path):
    place = tmp_path / "tiny.py"
    tables = tmp_path / "agents.toml"
    tables.write_text(TABLES)
    digests = []
    for text in (EXAMPLE.read_text(), EXAMPLE.read_text() + "\n# changed\n"):
        place.write_text(text)
        digests.append(resolve("mine", tables).sha256)
    assert len(set(digests)) == 2
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    shutil.copy(place, moved)
    (moved / "agents.toml").write_text(TABLES)
    assert resolve("mine", moved / "agents.toml").sha256 == digests[1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, r"\[mine\] kind: .*tiny.py.*No such file"),
        ("import nonsense_that_is_none", r"\[mine\] kind: .*tiny.py: ModuleNotFoundError: "),
        ("VERSION = '1'\nPLACE = ''\n", r"tiny.py has no install, prepare, ending, failed"),
    ],
)
def test_a_file_that_is_no_adapter_is_refused_with_its_place(text, told, tmp_path):
    (tmp_path / "agents.toml").write_text(TABLES)
    if text is not None:
        (tmp_path / "tiny.py").write_text(text)
    with pytest.raises(AgentError, match=told):
        resolve("mine", tmp_path / "agents.toml")
