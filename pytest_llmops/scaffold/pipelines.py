"""The gate in a pipeline: this project's workflow and the job of docs/ci.md, made the user's."""

from importlib import resources
from pathlib import Path

from pytest_llmops.scaffold.changes import Change, read, unless_there
from pytest_llmops.scaffold.wishes import EMBEDDED_MODEL, Wishes
from pytest_llmops.shipped import ROOT

GITHUB = ".github/workflows/token-gate.yml"
GITLAB = ".gitlab-ci.yml"
GITLAB_BESIDE = ".gitlab/token-gate.yml"
"""Where a project has jobs already, which are not ours to change."""


def pipeline(folder: Path, wishes: Wishes) -> list[Change]:
    """The file of the pipeline that is wished for; none for none."""
    if wishes.ci == "github":
        return [unless_there(folder, GITHUB, github(wishes), "is yours, and not compared")]
    if wishes.ci == "none":
        return []
    there = read(folder, GITLAB)
    if there is None or there == gitlab(wishes):
        return [unless_there(folder, GITLAB, gitlab(wishes))]
    change = unless_there(folder, GITLAB_BESIDE, gitlab(wishes))
    if GITLAB_BESIDE in there:
        return [change]
    remark = f"name it in {GITLAB}: include: [{{ local: {GITLAB_BESIDE} }}]"
    return [Change(path=change.path, before=change.before, after=change.after, remark=remark)]


def github(wishes: Wishes) -> str:
    """The workflow that measures pull requests."""
    text = (ROOT / GITHUB).read_text("utf-8")
    text = _without(text, "# In a repository of your own:")
    text = text.replace("PACKAGE: .[local,report]", f"PACKAGE: {_package(wishes)}")
    text = text.replace("docs/ci.md says how to adapt it.", "Written by `llmops init`.")
    text = text.replace("dependency-path: pyproject.toml", "dependency-path: models.toml")
    text = text.replace("default: base", f"default: {wishes.name}")
    text = text.replace("|| 'base'", f"|| '{wishes.name}'")
    if wishes.key_env:
        key = f"        env:\n          {wishes.key_env}: ${{{{ secrets.{wishes.key_env} }}}}\n"
        text = text.replace("        id: gate\n", f"        id: gate\n{key}")
    return text


def gitlab(wishes: Wishes) -> str:
    """The job that measures merge requests."""
    text = resources.files(__package__).joinpath("gitlab.yml").read_text("utf-8")
    text = text.replace("pytest-llmops[local,report]", _package(wishes))
    text = text.replace(": base\n", f": {wishes.name}\n")
    return _without(text, "pytest_llmops.engine.weights") if wishes.url else text


def _package(wishes: Wishes) -> str:
    local = "local," if wishes.name == EMBEDDED_MODEL else ""
    return f"pytest-llmops[{local}report]"


def _without(text: str, line: str) -> str:
    """The text without the lines that hold another."""
    return "".join(one for one in text.splitlines(keepends=True) if line not in one)
