"""Cline's own repository, in tests that are skipped where it is out of reach, and only there."""

import os
import subprocess
from contextlib import contextmanager

import pytest

from pytest_llmops.errors import SourceError
from pytest_llmops.tasks.trees.history import open_tree

REPOSITORY = "https://github.com/cline/cline"


@contextmanager
def within_reach():
    """Skip what raises `SourceError` where the repository does not answer; fail where it does."""
    try:
        yield
    except SourceError as error:
        asked = ["git", "ls-remote", "--quiet", REPOSITORY, "HEAD"]
        quiet = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
        if subprocess.run(asked, capture_output=True, env=quiet).returncode == 0:
            raise
        pytest.skip(str(error))


def spread(cases, count):
    """As many cases, from all over the manifest."""
    return cases[:: max(1, len(cases) // count)][:count]


def trees_of(suite, cases):
    """The trees of a suite, with those of the cases laid out."""
    with within_reach():
        found = open_tree(suite)
        found.fetch(case.change for case in cases)
    return found
