import re
import shlex
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from project import ADD, write_answers, write_suite

from pytest_llmops import __version__
from pytest_llmops.cases import read_manifest
from pytest_llmops.cli.main import _parser, main
from pytest_llmops.manifests import write_manifest
from pytest_llmops.runs.record import End

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("llmops")
COMMANDS = {
    *("finetune", "init", "docs"),
    *("runs", "merge", "compact", "quality"),
    *("models", "serve", "show", "report", "view", "history", "gate", "bless", "calibrate", "sync"),
    *("observability", "validate", "mine", "cases", "import", "export"),
}
MODELS = """
[base]
weights = "embedded:tiny"
[lora]
base = "base"
adapter = "/adapters/lora"
[hosted]
url = "https://api.example.com/v1"
model = "mini-2"
[recorded]
replay = "runs/recorded"
"""


@pytest.fixture(scope="module")
def mined(tmp_path_factory):
    """A folder with the small suite, and what mining it printed."""
    folder = tmp_path_factory.mktemp("mined")
    write_suite(folder)
    command = [COMMAND, "mine", "functions", "--suite=mini", "-n2"]
    return folder, subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.fixture
def project(tmp_path, mined, monkeypatch):
    """The small project, mined, as current folder, with every form of a model."""
    shutil.copytree(mined[0] / "cases", tmp_path / "cases")
    (tmp_path / "models.toml").write_text(MODELS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def documented():
    """Every `llmops` command line of README and docs, in code spans and code blocks."""
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = path.read_text("utf-8")
        spans = re.findall(r"(?<!`)`(llmops [^`]+)`", text)
        lines = re.findall(r"^\s*(?:\$ )?(llmops .+)", text, re.MULTILINE)
        yield from (f"{path.name}: {' '.join(found.split())}" for found in spans)
        yield from (f"{path.name}: {found}" for found in lines)


@pytest.mark.parametrize("line", sorted(set(documented())))
def test_every_documented_command_line_parses(line):
    _, *words = shlex.split(line.partition(": ")[2], comments=True)
    assert callable(_parser().parse_args(words).run)


def test_every_command_is_documented():
    assert {line.split()[2] for line in documented()} == COMMANDS
    assert set(re.findall(r"^    (\w+)\b", _parser().format_help(), re.MULTILINE)) == COMMANDS


def test_the_table_of_options_names_those_that_help_shows():
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "--help"], cwd=ROOT, capture_output=True, text=True
    )
    group = re.search(r"^benchmarks of code models:\n((?: .*\n)+)", result.stdout, re.MULTILINE)
    shown = re.findall(r"^  (--[\w-]+)", group[1], re.MULTILINE)
    text = (ROOT / "docs" / "running.md").read_text("utf-8")
    table = re.findall(r"^\| `(--[\w-]+)` \|", text, re.MULTILINE)
    assert len(shown) > 5
    assert sorted(table) == sorted(shown)


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"llmops {__version__}\n"


def test_models_are_listed_with_their_form(project, capsys):
    assert main(["models"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[1:] == [
        ["base", "local", "embedded:tiny"],
        ["lora", "adapter", "/adapters/lora", "on", "base"],
        ["hosted", "endpoint", "mini-2", "at", "https://api.example.com/v1"],
        ["recorded", "replay", "runs/recorded"],
    ]


def test_mining_writes_the_manifest_and_says_what_was_found(mined):
    folder, result = mined
    assert (result.returncode, result.stderr) == (0, "")
    assert "3 cases" in result.stdout
    cases = read_manifest(folder / "cases" / "mini.jsonl")
    assert [case.symbol for case in cases] == ["add", "double", "isEven"]


def test_cases_that_hold_are_valid(project, capsys):
    assert main(["validate"]) == 0
    assert capsys.readouterr().out == "3 cases, 3 valid, 0 not\n"


def test_a_case_that_does_not_hold_is_named(project, capsys):
    manifest = project / "cases" / "mini.jsonl"
    first, *rest = read_manifest(manifest)
    write_manifest(manifest, [msgspec.structs.replace(first, body_sha256="0" * 64), *rest])
    assert main(["validate", "--suite=mini", ADD]) == 1
    out = capsys.readouterr().out
    assert ADD in out
    assert "changed" in out
    assert out.endswith("1 cases, 0 valid, 1 not\n")


def end_of(folder):
    with (folder / "recorded" / "records.jsonl").open("ab") as file:
        file.write(msgspec.json.encode(End(finished=1_767_268_985.0, exit_status=0)) + b"\n")


@pytest.mark.parametrize("reference", [[], ["latest"], ["recorded"], ["runs/recorded"]])
def test_a_finished_run_is_shown_in_numbers(reference, project, capsys):
    write_answers(project / "runs")
    end_of(project / "runs")
    assert main(["show", *reference]) == 0
    out = capsys.readouterr().out
    assert "outcomes: 3 solved" in out
    assert "took: 3 min 05 s; grading" in out
    assert "run: recorded (base)" in out
    assert "interrupted" not in out
    assert "\x1b" not in out


def test_a_run_without_an_end_is_shown_as_interrupted(project, capsys):
    write_answers(project)
    assert main(["show", "recorded", "--runs", str(project)]) == 0
    out = capsys.readouterr().out
    assert "took: ?; grading" in out
    assert out.endswith("interrupted: the records end before the session did\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("show nope", "nope: no such run or records file. No runs yet in runs/"),
        ("show", "No runs yet in runs/. Start one with: pytest benchmarks --model=base"),
        ("show models.toml", "models.toml:1: "),
        ("serve --model hosted", "--model: 'hosted' is not a local model; nothing to serve"),
        ("serve --model recorded", "--model: 'recorded' is not a local model"),
        ("serve --model bsae", "--model: 'bsae' is not in models.toml (known: base, hosted"),
        ("models --models none.toml", "none.toml: no such file; `llmops init` makes one"),
        ("serve --model http://a/v1", "--model: 'http://a/v1' is not in models.toml"),
        ("models --models cases", "cases: cannot be read: Is a directory"),
        ("models --models cases/mini.jsonl", "cases/mini.jsonl: not TOML"),
        ("validate --suite nope", "--suite: 'nope' is not in cases/suites.toml (known: mini)"),
        ("validate mini:small#nope", "no case mini:small#nope; ids are SUITE:PATH#SYMBOL"),
        ("validate --suites cases", "cases: cannot be read: Is a directory"),
        ("validate --suites none.toml", "none.toml: no such file; `llmops init` makes one"),
        ("mine functions --suite nope", "--suite: 'nope' is not in"),
        ("mine functions --suite mini --limit 1", "--limit needs --output FILE"),
    ],
)
def test_a_mistake_is_one_line_on_stderr_and_status_2(arguments, message, project, capsys):
    assert main(arguments.split()) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"llmops: {message}")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "the following arguments are required: COMMAND"),
        ("nope", "invalid choice: 'nope'"),
        ("mine", "the following arguments are required: KIND"),
        ("mine functions", "the following arguments are required: --suite"),
        ("validate -n 0", "argument -n/--jobs: 0 is not a positive whole number"),
        ("validate -n two", "argument -n/--jobs: two is not a positive whole number"),
        ("mine functions --suite mini --limit -1", "argument --limit: -1 is not a positive whole"),
        ("serve --port http", "argument --port: invalid int value: 'http'"),
    ],
)
def test_a_command_line_that_does_not_parse_says_why(arguments, message, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments.split())
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_the_installed_command_ends_without_a_traceback(tmp_path):
    result = subprocess.run([COMMAND, "show"], cwd=tmp_path, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        "llmops: No runs yet in runs/. Start one with: pytest benchmarks --model=base"
    ]


def serve(folder, port):
    """Run `llmops serve`, which becomes the engine."""
    command = [COMMAND, "serve", "--port", str(port)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_serving_on_a_port_in_use_says_so_before_a_model_is_loaded(project):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = serve(project, port)
    assert done.returncode == 2
    assert done.stderr == f"llmops: cannot listen on 127.0.0.1:{port}: Address already in use\n"


def test_serving_on_no_port_says_so(project):
    done = serve(project, 65536)
    assert done.returncode == 2
    assert done.stderr == "llmops: --port must be 0 to 65535; is 65536\n"


def test_serving_imports_nothing_from_the_current_folder(project):
    for name in ("pytest_llmops", "socket", "msgspec"):
        (project / f"{name}.py").write_text(f"raise SystemExit('{name} of a stranger')\n")
    assert "stranger" not in serve(project, 65536).stderr


BAD_VALUES = {
    "a port that is none": ("serve --port 99999", "--port must be 0 to 65535; is 99999"),
    "a host that is none": ("serve --host 300.1.1.1", "cannot listen on 300.1.1.1"),
    "runs below none": ("runs --last=-3", "-3 is not a whole number of 0 or more"),
    "a temperature below none": ("calibrate --temperature=-1", "'-1' is not a number from 0 to 2"),
    "a temperature that is none": ("calibrate --temperature nan", "is not a number from 0 to 2"),
}


@pytest.mark.parametrize(("line", "told"), BAD_VALUES.values(), ids=BAD_VALUES)
def test_a_bad_value_ends_every_command_with_2(line, told, tmp_path):
    (tmp_path / "models.toml").write_text('[base]\nweights = "embedded:smollm2-135m-instruct"\n')
    found = subprocess.run([COMMAND, *line.split()], cwd=tmp_path, capture_output=True, text=True)
    assert found.returncode == 2
    assert told in found.stderr
    assert "Traceback" not in found.stderr
