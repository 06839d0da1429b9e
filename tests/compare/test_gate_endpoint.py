"""What people change at an endpoint, judged through whole sessions: the prompt, the model."""

import re
import shutil

import pytest
from chat_server import ChatServer, serving
from project import write_benchmark
from sessions import run_session

from pytest_llmops.cli.main import main

MODELS = """
[m]
url = "{url}"
model = "m"
prices = {{ input = 1.0, output = 4.0 }}

[told]
url = "{url}"
model = "m"
instruction = "Be brief."
prices = {{ input = 1.0, output = 4.0 }}

[n]
url = "{url}"
model = "n"
"""


async def reply(call):
    """The right body; the model `n` takes half as many tokens again."""
    asked = call.body["messages"][-1]["content"]
    number = int((re.findall(r"plus(\d)", asked) or ["1"])[-1])
    await call.head()
    await call.text(
        f"```ts\nfunction plus{number}(value: number) {{ return value + {number}; }}\n```"
    )
    tokens = 40 + 10 * number
    await call.finish(usage=(200 + len(asked), tokens if call.body["model"] == "m" else 3 * tokens))


@pytest.fixture
def project(pytester, mined_wide, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.chdir(pytester.path)
    shutil.copytree(mined_wide / "cases", pytester.path / "cases")
    write_benchmark(pytester.path)
    return pytester


def test_a_changed_prompt_and_another_model_get_a_verdict(project, capsys):
    def run(model, *options):
        command = ("benchmarks", f"--model={model}", "-q", "-p", "no:xdist", *options)
        return run_session(project, *command)

    with serving(ChatServer(reply)) as (url, _):
        (project.path / "models.toml").write_text(MODELS.format(url=url))
        assert run("m").ret == 0
        assert main(["bless", "latest"]) == 0
        # Eight files without harm leave one in three, unseen, that may do it: 1.9 times the tokens.
        told = run("told", "--gate", "m", "--gate-max-tokens=2", "--gate-max-cost=2")
        other = run("n", "--gate", "m")
    assert told.ret == 0
    told.stdout.fnmatch_lines(
        [
            "output tokens * held",
            "priced tokens * held",
            "cost per solved * held",
            "note: what differs: prompt: instruction changed",
            "held: told*",
        ]
    )
    assert other.ret == 1
    other.stdout.fnmatch_lines(
        [
            "priced tokens * regressed",
            "note: what differs: model: m at * -> n at *",
            "regressed: n*",
        ]
    )
    other.stdout.fnmatch_lines(["note: output tokens left out: the tokenizers of m at *"])
    assert main(["gate", "m", "n"]) == 1
    assert "priced tokens" in capsys.readouterr().out
