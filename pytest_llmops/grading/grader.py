"""What judges: runs are held against runs with the same grader only."""

import platform
from collections.abc import Iterable
from importlib.metadata import version

from pytest_llmops.cases import Case
from pytest_llmops.tasks.code.languages import PYTHON_3, language_of

GRADER = "vitest 4.1.12, 3"
"""Of TypeScript: vitest's version, and a number that rises where ours may change a verdict."""


def grader_of(cases: Iterable[Case]) -> str:
    """The grader of cases; of several languages, all of theirs."""
    languages = {language_of(case.source.path) for case in cases}
    named = [GRADER] if languages - {PYTHON_3} or not languages else []
    if PYTHON_3 in languages:
        named.append(f"pytest {version('pytest')} on Python {platform.python_version()}, 3")
    return "; ".join(named)
