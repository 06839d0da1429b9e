"""What a change alters of its own judge: a comment must say so before anybody reads its verdict."""

from collections.abc import Iterable
from fnmatch import fnmatch

from pytest_llmops.report.texts import visible

JUDGES = {
    "baseline": ("benchmarks/baselines/*",),
    "options of pytest": (
        *("pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "pyproject.toml", "tox.ini"),
        *("setup.cfg", "conftest.py", "*/conftest.py", "*/pytest.ini", "*/pyproject.toml"),
    ),
    "workflow": (".github/*", ".gitlab-ci.yml", ".gitlab/*", "Makefile"),
    "models and prices": ("models.toml",),
    "agents": ("agents.toml",),
    "cases and their tests": ("cases/*",),
    "benchmark": ("benchmarks/*.py",),
}
"""Kinds of files that a verdict rests on, by patterns of their names from the root."""
NAMED = 5
"""Files of a kind that are named; the others are counted."""


def judges_changed(names: Iterable[str]) -> dict[str, list[str]]:
    """The changed files that a verdict rests on, by kind; a file counts for its first kind."""
    found: dict[str, list[str]] = {}
    for name in sorted({line.strip() for line in names} - {""}):
        kinds = (kind for kind, patterns in JUDGES.items() if _matches(name, patterns))
        if kind := next(kinds, ""):
            found.setdefault(kind, []).append(name)
    return found


def changed_line(names: Iterable[str]) -> str:
    """One line of text for people; "" where nothing that judges was changed."""
    found = judges_changed(names)
    if not found:
        return ""
    told = [
        f"{kind} ({', '.join(visible(name) for name in files[:NAMED])}{_rest(files)})"
        for kind, files in found.items()
    ]
    return f"This change alters what judges it; review that first: {'; '.join(told)}"


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _rest(files: list[str]) -> str:
    return f" and {len(files) - NAMED} more" if len(files) > NAMED else ""
