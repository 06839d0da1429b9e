"""Answers that were wrong at first and right in the end, as examples of one turn."""

import shutil

import pytest
from chat_server import ChatServer, answer, serving
from finetuning import make_project
from project import DOUBLE, RIGHT, WRONG, write_benchmark

from finetune.collect import collecting, repaired
from finetune.command import _parser, _settings
from finetune.errors import FinetuneError
from finetune.examples import Question, choose, sampled_answers
from finetune.project import find_base
from finetune.settings import Collect, Data, Settings
from finetune.suite import Session, run_session
from pytest_llmops.tasks.selection import Choice, select


@pytest.fixture
def root(tmp_path, mined, monkeypatch):
    """The small suite, its cases all of split `train`."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    shutil.copytree(mined / "cases", tmp_path / "cases")
    manifest = tmp_path / "cases" / "mini.jsonl"
    manifest.write_text(manifest.read_text().replace('"split":"eval"', '"split":"train"'))
    write_benchmark(tmp_path)
    return tmp_path


def questions(root):
    """The training cases as a single answer is asked for them."""
    selection = select(Choice(suites_file=root / "cases" / "suites.toml", split="train"))
    asked = [selection.request(case, 0, 1500) for case in selection.cases]
    return {
        one.case_id: Question(case=one.case_id, suite="mini", cluster="x", messages=one.messages)
        for one in asked
    }


def test_what_is_right_in_the_end_is_learnt_as_the_first_answer(root):
    server = ChatServer(answer(WRONG), answer(RIGHT), models=[{"id": "m"}])
    with serving(server) as (url, _):
        (root / "models.toml").write_text(f'[served]\nurl = "{url}"\nmodel = "m"\n')
        session = Session(
            model="served",
            models_file=str(root / "models.toml"),
            identity="one",
            suites=("mini",),
            split="train",
            arguments=("--llmops-agent=repair:3", "-k", "double"),
        )
        suites = root / "cases" / "suites.toml"
        run, _ = run_session(session, root=root, suites_file=suites, runs=root / "runs")
    assert repaired([run]) == 1
    asked = questions(root)
    (found,) = sampled_answers(run, asked, lambda text: len(text.split()))
    assert (found.completion, found.correct) == (RIGHT, True)
    assert found.question.messages == asked[DOUBLE].messages
    assert found.output_tokens == len(RIGHT.split())
    assert choose([found], Data(), 0) == [found]


def test_the_agent_is_part_of_the_session_that_samples(tmp_path):
    project = make_project(tmp_path)
    (tmp_path / "tiny" / "model.safetensors").write_bytes(b"weights")
    base = find_base(project, "base")
    sessions = [
        collecting(project, Settings(collect=Collect(agent=agent)), base)
        for agent in ("", "repair:2", "repair:3")
    ]
    assert len({session.identity for session in sessions}) == 3
    assert "--llmops-agent=repair:3" in sessions[2].command(tmp_path)
    assert not any(part.startswith("--llmops-agent") for part in sessions[0].command(tmp_path))
    with pytest.raises(FinetuneError, match=r"agent cline: it works on files.*repair:N"):
        collecting(project, Settings(collect=Collect(agent="cline")), base)


@pytest.mark.parametrize("line", ["collect --agent repair:2", "--agent repair:2 dataset"])
def test_the_command_takes_the_agent(line, tmp_path):
    options = _parser("finetune").parse_args(line.split())
    assert _settings(options, make_project(tmp_path)).collect.agent == "repair:2"
