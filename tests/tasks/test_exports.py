"""Cases as tasks of Harbor and Inspect.

With the real programs: `pytest -m harnesses tests/tasks/test_exports.py`, with LLMOPS_TEST_HARBOR
(a Python that has harbor), LLMOPS_TEST_INSPECT (one that has inspect-ai and this package) and
LLMOPS_TEST_VITEST (a folder with vitest in node_modules); what is not named is skipped.
"""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pytest_llmops.cases import id_of_test
from pytest_llmops.cli.main import main
from pytest_llmops.exports.judging import Judges
from pytest_llmops.imports.assembly import Asked, run_of
from pytest_llmops.imports.logs import read_log
from pytest_llmops.sandbox.binaries import find_node
from pytest_llmops.tasks.selection import Choice, select

SUITES = Path(__file__).parents[2] / "cases" / "suites.toml"
COLORIZE, STRIP = (f"starter:eval/ansi_text#{name}" for name in ("colorize", "stripColors"))
FOLDER = "starter-eval-ansi-text-colorize"


def export(harness, folder, *cases, suite="starter"):
    options = ["--suite", suite, "--suites", str(SUITES)]
    return main(["export", harness, str(folder), *cases, *options])


@pytest.fixture(scope="module")
def tasks():
    """The two cases, materialized."""
    selection = select(Choice(suites_file=SUITES, suites=("starter",)))
    return {name: selection.task(name) for name in (COLORIZE, STRIP)}


def reference(task):
    return task.module.text(task.declaration.start, task.declaration.end)


class TestHarbor:
    @pytest.fixture
    def folder(self, tmp_path):
        assert export("harbor", tmp_path / "out", COLORIZE, STRIP) == 0
        return tmp_path / "out" / FOLDER

    def test_the_agent_sees_neither_tests_nor_the_body(self, folder, tasks):
        task = tasks[COLORIZE]
        seen = [path for path in (folder / "environment").rglob("*") if path.is_file()]
        assert sorted(path.name for path in seen) == ["Dockerfile", "ansi_text.ts"]
        source = (folder / "environment" / "app" / "eval" / "ansi_text.ts").read_text()
        assert task.reference not in source
        assert 'throw new Error("not implemented")' in source
        assert source.count("export function") == task.module.source.count(b"export function")

    def test_a_task_tells_its_case_and_file(self, folder):
        described = tomllib.loads((folder / "task.toml").read_text())["metadata"]
        assert described["case"] == COLORIZE
        assert described["file"] == "eval/ansi_text.ts"
        assert "`colorize` in `/app/eval/ansi_text.ts`" in (folder / "instruction.md").read_text()
        assert "npm install vitest@4.1.12" in (folder / "environment" / "Dockerfile").read_text()

    @pytest.mark.parametrize(
        ("change", "reward"),
        [
            (lambda ids: ids, 1),
            (lambda ids: {**ids, min(ids): "failed"}, 0),
            (lambda ids: {title: state for title, state in ids.items() if title != min(ids)}, 0),
            (lambda _: {}, 0),
        ],
    )
    def test_each_expected_test_must_be_reported_as_passed(self, change, reward, folder, tmp_path):
        """By what the pinned vitest reports, of the titles that this suite's tests have."""
        titles = change(dict.fromkeys(("a > first", "a > second"), "passed"))
        tests = [
            {"ancestorTitles": ["a"], "title": title.split(" > ")[1], "status": state}
            for title, state in titles.items()
        ]
        assert judged(folder, tests, tmp_path) == reward

    def test_a_run_without_a_report_is_not_solved(self, folder, tmp_path):
        assert judged(folder, None, tmp_path) == 0

    def test_in_python_pytest_tells_the_reference_from_the_stub(self, tmp_path):
        """By the script of the task itself, with this Python in the place of the container's."""
        asked = "starter-python:assistant/window.py#Window.share"
        assert export("harbor", tmp_path / "out", asked, suite="starter-python") == 0
        (folder,) = (tmp_path / "out").iterdir()
        seen = {path.name for path in (folder / "environment").rglob("*") if path.is_file()}
        assert seen == {"Dockerfile", "__init__.py", "window.py"}
        assert f"pytest=={pytest.__version__}" in (folder / "environment/Dockerfile").read_text()
        assert "the Python method `Window.share`" in (folder / "instruction.md").read_text()
        app, logs = folder / "environment" / "app", tmp_path / "logs"
        env = {**os.environ, "APP": str(app), "PYTHON": sys.executable, "LOGS": str(logs)}
        answer = app / "assistant" / "window.py"
        for reward, text in (("0", ""), ("1", "reference"), ("0", "def broken(:\n")):
            if text == "reference":
                subprocess.run([folder / "solution" / "solve.sh"], env=env, check=True)
            elif text:
                answer.write_text(text)
            subprocess.run([folder / "tests" / "test.sh"], env=env, check=True)
            assert (logs / "reward.txt").read_text().strip() == reward


def judged(folder, tests, tmp_path):
    """The reward that `judge.mjs` prints for a report; the two tests of `a` are expected."""
    tree = tmp_path / "tree"
    (tree / "eval").mkdir(parents=True)
    file = tree / "eval" / "x.test.ts"
    file.touch()
    expected = [id_of_test("eval/x.test.ts", f"a > {name}") for name in ("first", "second")]
    (tmp_path / "expected.json").write_text(json.dumps(expected))
    if tests is not None:
        report = {"testResults": [{"name": str(file), "assertionResults": tests}]}
        (tree / "report.json").write_text(json.dumps(report))
    judge = folder / "tests" / "judge.mjs"
    command = [find_node(), judge, tree, tmp_path / "expected.json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout)


class TestInspect:
    def test_samples_are_asked_as_a_session_asks(self, tmp_path):
        assert export("inspect", tmp_path / "out", COLORIZE, STRIP) == 0
        lines = (tmp_path / "out" / "cases.jsonl").read_text().splitlines()
        first, second = map(json.loads, lines)
        assert first["id"] == COLORIZE.partition(":")[2]
        assert first["metadata"] == {"file": "eval/ansi_text.ts", "difficulty": "easy"}
        assert "Write the TypeScript function `colorize`" in first["input"][0]["content"]
        assert second["id"] == STRIP.partition(":")[2]
        compile((tmp_path / "out" / "task.py").read_text(), "task.py", "exec")

    def test_its_scorer_is_the_judge_of_a_session(self, tasks):
        judges = Judges(str(SUITES), "starter", size=1)
        right = f"```ts\n{reference(tasks[COLORIZE])}\n```"
        assert judges.grade(COLORIZE, right, "stop").solved
        wrong = judges.grade(COLORIZE, right.replace("text", "test", 1), "stop")
        assert (wrong.solved, wrong.outcome) == (False, "wrong")
        assert judges.grade(COLORIZE, "I would", "max_tokens").outcome == "truncated"
        judges.close()
        judges.close()


class TestRefusals:
    def test_a_folder_with_something_in_it_is_left_alone(self, tmp_path, capsys):
        (tmp_path / "mine.txt").write_text("keep")
        for harness in ("harbor", "inspect"):
            assert export(harness, tmp_path, COLORIZE) == 2
            assert "has something in it; name a new folder" in capsys.readouterr().err
        assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]

    def test_unknown_cases_and_suites_are_named(self, tmp_path, capsys):
        assert export("harbor", tmp_path / "out", "starter:eval/none#f") == 2
        assert "no case starter:eval/none#f" in capsys.readouterr().err
        assert export("harbor", tmp_path / "out", suite="none") == 2
        assert "'none' is not in" in capsys.readouterr().err
        assert not (tmp_path / "out").exists()


def named(variable):
    """What the variable names; a test that needs it is skipped where it names nothing."""
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} names nothing")
    return value


LOAD = """
import sys
from pathlib import Path
from harbor.models.task.task import Task
for folder in sorted(Path(sys.argv[1]).iterdir()):
    assert Task.is_valid_dir(folder), folder
    task = Task(folder)
    print(task.name, task.config.metadata["case"], task.instruction.splitlines()[0])
"""


@pytest.mark.harnesses
def test_real_harbor_loads_every_task(tmp_path):
    python = named("LLMOPS_TEST_HARBOR")
    assert export("harbor", tmp_path / "out") == 0
    command = [python, "-c", LOAD, tmp_path / "out"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(lines) == len(list((tmp_path / "out").iterdir())) > 200
    assert f"{FOLDER} {COLORIZE} Write the TypeScript function" in "\n".join(lines)


@pytest.mark.harnesses
def test_real_vitest_tells_the_reference_from_the_stub(tmp_path):
    vitest = named("LLMOPS_TEST_VITEST")
    assert export("harbor", tmp_path / "out", COLORIZE, STRIP) == 0
    for folder in (tmp_path / "out").iterdir():
        app, logs = tmp_path / folder.name, tmp_path / "logs"
        shutil.copytree(folder / "environment" / "app", app)
        env = os.environ | {"APP": str(app), "VITEST": vitest, "LOGS": str(logs)}
        rewards = []
        for script in ("tests/test.sh", "solution/solve.sh", "tests/test.sh"):
            subprocess.run([folder / script], env=env, check=True)
            rewards.append((logs / "reward.txt").read_text().strip())
        assert (rewards[0], rewards[-1]) == ("0", "1")


EVAL = """
import json, sys
from inspect_ai import eval
from inspect_ai.model import ModelOutput, ModelUsage, get_model
sys.path.insert(0, sys.argv[1])
import task
answers = json.loads(sys.argv[3])
def outputs(messages, *_):
    out = ModelOutput.from_content("mockllm/model", answers[messages[-1].text])
    out.usage = ModelUsage(input_tokens=300, output_tokens=50, total_tokens=350)
    return out
model = get_model("mockllm/model", custom_outputs=outputs)
(log,) = eval(task.cases(), model=model, log_dir=sys.argv[2], display="none")
print(log.location)
"""


@pytest.mark.harnesses
def test_real_inspect_runs_the_task_and_its_log_comes_back(tmp_path, tasks):
    python = named("LLMOPS_TEST_INSPECT")
    assert export("inspect", tmp_path / "out", COLORIZE, STRIP) == 0
    asked = [
        json.loads(line) for line in (tmp_path / "out" / "cases.jsonl").read_text().splitlines()
    ]
    right = f"```ts\n{reference(tasks[COLORIZE])}\n```"
    answers = json.dumps({one["input"][0]["content"]: right for one in asked})
    command = [python, "-c", EVAL, tmp_path / "out", tmp_path / "logs", answers]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    log = Path(done.stdout.split()[-1])
    found = run_of(read_log(log, asked=Asked(cluster_by="file"))).records
    assert {one.case: one.outcome for one in found} == {COLORIZE: "solved", STRIP: "wrong"}
    assert {(one.cluster, one.usage.output) for one in found} == {("eval/ansi_text.ts", 50)}
