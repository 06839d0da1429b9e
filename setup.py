"""Which folders a wheel holds besides the package; all else is in pyproject.toml.

They stay where they are in a checkout. In a wheel they lie inside the package, because a top-level
`finetune` or `cases` in a user's environment would be in the way of the user's own.
"""

import shutil
import sys
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
CARRIED = {
    "finetune": "finetune",
    "cases/suites.toml": "carried/cases/suites.toml",
    "cases/starter.jsonl": "carried/cases/starter.jsonl",
    "cases/starter": "carried/cases/starter",
    ".github/workflows/token-gate.yml": "carried/.github/workflows/token-gate.yml",
    "docs": "carried/docs",
    "benchmarks/baselines/base.jsonl": "carried/benchmarks/baselines/base.jsonl",
}
"""From where, and to where in the package."""

LEFT_OUT = ("conf.py", "*.png", "observability.json", "progress.md", "experiments.md")
"""Of the folder `docs`: what the site alone needs."""


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
setup(packages=find_packages(include=["pytest_llmops*", *in_place]), cmdclass={"build_py": Build})
