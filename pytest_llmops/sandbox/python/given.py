"""What a process is handed of a source tree, and what its tests load.

It gets the texts of the tree but test files that are not the job's own: they would tell what others
expect. What an answer may import is what its file imports, and harmless modules; that keeps answers
comparable, and protects nothing, as code can import in ways that no list of names foresees.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from pytest_llmops.sandbox.job import TestJob, Transformed
from pytest_llmops.sandbox.python.program import PACKAGES
from pytest_llmops.sandbox.texts import Taken, texts_for
from pytest_llmops.tasks.code.languages import PYTHON_3
from pytest_llmops.tasks.code.python_imports import (
    ROOTS,
    conftests,
    imported,
    packages_around,
    statements,
    written,
)

TAKEN = Taken(
    endings=(".py", ".pyi", ".json", ".txt", ".toml", ".cfg", ".ini", ".csv", ".yaml", ".yml"),
    apart=frozenset({".git", ".venv", "node_modules", "__pycache__", "build", "dist"}),
    largest=2**20,
    most=2**24,
)
"""What of a tree is handed over; documentation is not."""
HARMLESS = frozenset(
    {
        *("__future__", "abc", "array", "base64", "binascii", "bisect", "calendar", "cmath"),
        *("codecs", "collections", "colorsys", "contextlib", "contextvars", "copy", "csv"),
        *("dataclasses", "datetime", "decimal", "difflib", "enum", "fnmatch", "fractions"),
        *("functools", "graphlib", "hashlib", "heapq", "hmac", "html", "io", "ipaddress"),
        *("itertools", "json", "keyword", "logging", "math", "numbers", "operator", "pprint"),
        *("queue", "random", "re", "reprlib", "secrets", "shlex", "statistics", "string"),
        *("struct", "textwrap", "time", "tomllib", "types", "typing", "unicodedata"),
        *("urllib.parse", "uuid", "warnings", "weakref", "zlib", "zoneinfo"),
    }
)
"""Modules that have no effect on anything outside."""


class Given:
    """Makes jobs ready; a `pool.Preparer` that needs no process of its own."""

    def transform(self, job: TestJob, root: Path) -> Transformed:
        """Give a job's texts as `runner.py` reads them.

        Raises:
            SandboxError: A test file is not in the tree, or the tree is too large.
        """
        tree = texts_for(job, root, TAKEN)
        if job.survey:
            found, missing = loaded(job.tests, tree)
            return Transformed("ready", "", files=found, missing=missing)
        files = {path: text for path, text in tree.items() if not _is_other_test(path, job)}
        answers = [] if job.trusted else [one for one in job.overlay if one not in job.tests]
        payload = {
            "tests": job.tests,
            "files": files,
            "overlay": dict(job.overlay),
            "allowed": {path: _allowed(path, tree, job) for path in answers},
            "roots": [one for one in ROOTS if not one or any(_under(one, path) for path in tree)],
        }
        return Transformed("ready", "", json.dumps(payload).encode())

    def confine(self, bwrap: Path) -> None:
        """Nothing to do: no text of an answer is parsed here."""

    def abandon(self) -> None:
        """Nothing to end."""

    def close(self) -> None:
        """Nothing to end."""


def _is_other_test(path: str, job: TestJob) -> bool:
    return bool(PYTHON_3.test_names.search(path)) and path not in job.tests


def _under(folder: str, path: str) -> bool:
    return path.startswith(f"{folder}/")


def _allowed(path: str, tree: Mapping[str, str], job: TestJob) -> list[str]:
    """Modules that a text may import in the place of a file."""
    own = {name for node in statements(tree.get(path, "")) for name in written(node)}
    return sorted(own | HARMLESS | frozenset(job.allows or ()))


def loaded(
    tests: Iterable[str], tree: Mapping[str, str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which files tests load, and which of their imports are neither here nor in the sandbox."""
    waiting: list[str] = [one for test in tests for one in (test, *conftests(test, tree))]
    found: set[str] = set()
    missing: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        waiting += packages_around(path, tree)
        for name, files in imported(path, tree.get(path, ""), tree):
            waiting += files
            top = name.partition(".")[0]
            if not files and top not in sys.stdlib_module_names and top not in PACKAGES:
                missing.add(f"{path}: imports {name}, which is not in the sandbox")
    return tuple(sorted(found)), tuple(sorted(missing))
