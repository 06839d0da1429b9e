"""Which folders a wheel holds besides the package, and how it is described; else pyproject.toml.

They stay where they are in a checkout. In a wheel they lie inside the package, because a top-level
`finetune` or `cases` in a user's environment would be in the way of the user's own.
"""

import re
import shutil
import sys
import tomllib
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
CARRIED = {
    "finetune": "finetune",
    "cases/suites.toml": "carried/cases/suites.toml",
    "cases/starter.jsonl": "carried/cases/starter.jsonl",
    "cases/starter": "carried/cases/starter",
    "cases/starter-python.jsonl": "carried/cases/starter-python.jsonl",
    "cases/starter-python": "carried/cases/starter-python",
    ".github/workflows/token-gate.yml": "carried/.github/workflows/token-gate.yml",
    "docs": "carried/docs",
    "benchmarks/baselines/base.jsonl": "carried/benchmarks/baselines/base.jsonl",
}
"""From where, and to where in the package."""

LEFT_OUT = (
    *("conf.py", "*.png", "observability.json"),
    *("index.md", "api.md", "progress.md", "experiments.md"),
)
"""Of the folder `docs`: what the site alone needs."""


def described() -> str:
    """Return README.md for a page elsewhere, where links to other files of a checkout lead nowhere.

    They lead to the `Repository` of `[project.urls]`; while there is none, a page that a wheel
    carries is named by the command that shows it.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    home = project.get("urls", {}).get("Repository", "").rstrip("/")
    text = (ROOT / "README.md").read_text("utf-8")
    if home:
        text = re.sub(r"(!\[[^]]*\]\()(?!https?:|#)", rf"\1{home}/raw/HEAD/", text)
        return re.sub(r"((?<!!)\[[^]]*\]\()(?!https?:|#)", rf"\1{home}/blob/HEAD/", text)
    text = re.sub(r"^!?\[[^]]*\]\((?!https?:)[^)]*\)\n\n", "", text, flags=re.MULTILINE)
    return re.sub(r"(\()?\[([^]]+)\]\((?!https?:|#)([^)#]+)[^)]*\)", _named, text)


def _named(link: re.Match[str]) -> str:
    opened, words, path = link[1] or "", link[2], Path(link[3])
    if path.parent != Path("docs") or any(map(path.match, LEFT_OUT)):
        return opened + words
    command = f"`llmops docs {path.stem}`"
    return f"({words}: {command}" if opened else f"{words} ({command})"


class Build(build_py):
    """Copies what a wheel carries."""

    def run(self) -> None:
        """Build the package, then put the rest into it."""
        super().run()
        if self.editable_mode:
            return
        for source, target in CARRIED.items():
            path = Path(self.build_lib) / "pytest_llmops" / target
            path.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / source).is_dir():
                unwanted = shutil.ignore_patterns("__pycache__", *LEFT_OUT)
                shutil.copytree(ROOT / source, path, ignore=unwanted, dirs_exist_ok=True)
            else:
                shutil.copyfile(ROOT / source, path)


in_place = ["finetune*"] if "editable_wheel" in sys.argv else []
setup(
    packages=find_packages(include=["pytest_llmops*", *in_place]),
    cmdclass={"build_py": Build},
    long_description=described(),
    long_description_content_type="text/markdown",
)
