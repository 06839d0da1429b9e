"""What users install: the wheel, in an empty folder outside of the checkout."""

import ast
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from packaging.metadata import Metadata
from project import write_answers
from wheel_installs import ROOT, Install, build, uv

import pytest_llmops
from pytest_llmops.cli.docs import pages
from pytest_llmops.sandbox.judge.build import carried_folder
from pytest_llmops.sandbox.judge.bundle import COMPILER, FALLBACK, JUDGE, LICENSES
from pytest_llmops.sandbox.judge.program import CODE, SCRIPT


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def bare(built, tmp_path_factory):
    """An environment without any extra."""
    return Install(tmp_path_factory.mktemp("bare") / "env", built[0], "pytest")


def names(wheel):
    return zipfile.ZipFile(wheel).namelist()


def test_nothing_but_the_package_lands_in_site_packages(built):
    tops = {name.partition("/")[0] for name in names(built[0])}
    (metadata,) = (name for name in tops if name.endswith(".dist-info"))
    assert tops - {metadata} == {"pytest_llmops"}
    text = zipfile.ZipFile(built[0]).read(f"{metadata}/top_level.txt")
    assert text.split() == [b"pytest_llmops"]


def test_the_wheel_has_all_that_is_in_the_package_and_what_it_carries(built):
    there = set(names(built[0]))
    for path in (ROOT / "pytest_llmops").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts and "built" not in path.parts:
            assert str(path.relative_to(ROOT)) in there
    for folder, place in (("finetune", "finetune"), ("cases/starter", "carried/cases/starter")):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and path.suffix != ".pyc":
                assert f"pytest_llmops/{place}/{path.relative_to(ROOT / folder)}" in there
    assert "pytest_llmops/carried/benchmarks/baselines/base.jsonl" in there
    assert {f"pytest_llmops/carried/docs/{name}.md" for name in pages()} <= there
    assert not [name for name in there if name.startswith("pytest_llmops/carried/cases/cline")]


def test_the_sdist_has_what_the_wheel_is_built_of(built):
    with tarfile.open(built[1]) as archive:
        there = {name.partition("/")[2] for name in archive.getnames()}
    for name in names(built[0]):
        if ".dist-info/" not in name:
            source = name.removeprefix("pytest_llmops/carried/")
            source = source.replace("pytest_llmops/finetune/", "finetune/")
            assert source in there


def test_a_wheel_carries_a_judge_that_was_built_into_the_package_with_its_licences(built, tmp_path):
    with tarfile.open(built[1]) as archive:
        archive.extractall(tmp_path, filter="data")
    (copy,) = tmp_path.iterdir()
    folder = "pytest_llmops/sandbox/judge/built"
    judge, program = f"{folder}/{carried_folder().name}", f"{folder}/program-of-a-node"
    files = {f"{judge}/{name}" for name in (JUDGE, COMPILER, FALLBACK, LICENSES)}
    files |= {f"{program}/{name}" for name in (SCRIPT, CODE)}
    for name in files:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text(f"a stub of {name}")
    uv("build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable, copy)
    (wheel,) = (copy / "dist").glob("*.whl")
    assert files <= set(names(wheel))
    assert (
        zipfile.ZipFile(wheel).read(f"{judge}/{LICENSES}")
        == f"a stub of {judge}/{LICENSES}".encode()
    )


def test_the_metadata_is_valid_and_whole(built):
    archive = zipfile.ZipFile(built[0])
    (path,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
    found = Metadata.from_email(archive.read(path), validate=True)
    for field in ("summary", "description", "keywords", "author", "requires_python"):
        assert getattr(found, field), field
    assert found.license_expression == "Apache-2.0"
    assert {"Framework :: Pytest", "Typing :: Typed"} <= set(found.classifiers)


def test_the_description_links_to_nothing_that_is_not_there(built):
    archive = zipfile.ZipFile(built[0])
    (path,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
    told = Metadata.from_email(archive.read(path)).description
    links = re.findall(r"\]\(([^)]+)\)", told)
    assert links
    assert all(link.startswith("https://") for link in links)
    named = set(re.findall(r"`llmops docs ([\w-]+)`", told))
    assert {"gate", "tutorial", "sandbox"} <= named <= set(pages())


def test_with_an_address_of_the_repository_the_description_links_to_it(tmp_path):
    for name in ("setup.py", "README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    settings = (tmp_path / "pyproject.toml").read_text()
    settings = re.sub(r"(?s)\[project.urls\].*?\n\n", "", settings)
    home = '[project.urls]\nRepository = "https://git.example/me/it"\n\n'
    place = "[project.optional-dependencies]"
    (tmp_path / "pyproject.toml").write_text(settings.replace(place, home + place))
    command = [sys.executable, "setup.py", "-q", "--long-description"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "](https://git.example/me/it/blob/HEAD/docs/gate.md)" in done.stdout
    assert "](https://git.example/me/it/raw/HEAD/docs/report.png)" in done.stdout
    assert "](docs/" not in done.stdout


def test_public_names_are_there_and_typed():
    stub = ast.parse(Path(pytest_llmops.__file__).with_suffix(".pyi").read_text())
    typed = {
        alias.asname
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert typed == set(pytest_llmops.__all__) - {"__version__"}
    for name in typed:
        assert getattr(pytest_llmops, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        pytest_llmops.Nothing  # noqa: B018


COMMANDS = {
    "serve": "a local model needs",
    "finetune": "needs tomlkit: pip install 'pytest-llmops[finetune]'",
    "finetune study": "needs tomlkit: pip install 'pytest-llmops[finetune]'",
    "report latest": "needs numpy, scipy, jinja2, plotly: pip install 'pytest-llmops[report]'",
    "report latest --output o.html": "plotly: pip install 'pytest-llmops[report]'",
    "report latest --output o.md": "pip install 'pytest-llmops[gate]'",
    "history --output o.html": "plotly: pip install 'pytest-llmops[report]'",
    "view": "needs starlette: pip install 'pytest-llmops[view]'",
    "report latest --output o.parquet": "needs pyarrow: pip install 'pytest-llmops[report]'",
    "compact latest": "needs pyarrow: pip install 'pytest-llmops[report]'",
    "history": "pip install 'pytest-llmops[gate]'",
    "gate latest latest": "pip install 'pytest-llmops[gate]'",
    "calibrate --run latest": "pip install 'pytest-llmops[gate]'",
    "sync latest --sink mlflow": "sink mlflow needs: pip install 'pytest-llmops[mlflow]'",
}
"""What the core alone cannot do, and the command that says how to mend it."""


@pytest.fixture(scope="module")
def begun(bare, tmp_path_factory):
    """A folder in which `llmops init` has been run, with a recorded run."""
    folder = tmp_path_factory.mktemp("begun")
    write_answers(folder / "runs")
    assert bare.run("llmops", "init", cwd=folder)[0] == 0
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_without_extras_a_command_says_in_one_line_which_to_install(command, bare, begun):
    status, told = bare.run("llmops", *command.split(), cwd=begun)
    lines = told.strip().splitlines()
    assert "Traceback" not in told
    assert status
    assert len(lines) == 1, told
    assert COMMANDS[command] in lines[0]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--model=base",), "a local model needs torch"),
        (
            ("--model=openai:m@http://127.0.0.1:9/v1", "--gate=base"),
            "pip install 'pytest-llmops[gate]'",
        ),
    ],
)
def test_without_extras_a_session_says_so_too(arguments, told, bare, begun):
    status, text = bare.run("pytest", "benchmarks", *arguments, cwd=begun)
    assert status == 4
    assert "INTERNALERROR" not in text
    (line,) = (line for line in text.splitlines() if line.startswith("ERROR: "))
    assert told in line
    assert "pip install 'pytest-llmops[" in line


def test_without_a_model_the_new_benchmark_is_skipped(bare, begun):
    status, text = bare.run("pytest", cwd=begun)
    assert (status, "1 skipped: no model is named" in text) == (0, True)


@pytest.mark.torch
def test_the_embedded_model_answers_in_an_empty_folder(built, tmp_path):
    pytest.importorskip("torch")
    folder = tmp_path / "project"
    folder.mkdir()
    whole = Install(tmp_path / "env", built[0])
    assert whole.run("llmops", "init", cwd=folder)[0] == 0
    status, text = whole.run(
        "pytest", "benchmarks", "--model=base", "-k", "text_case and capitalize", cwd=folder
    )
    assert status == 0, text
    assert "llmops: model base; starter: 263 eval cases" in text
    assert "unsolved" in text or "solved" in text
    told = whole.run("python", "-c", "import finetune", cwd=folder)[1]
    assert "No module named 'finetune'" in told
    status, text = whole.run("llmops", "finetune", "--help", cwd=folder)
    assert (status, text.startswith("usage: llmops finetune")) == (0, True)
