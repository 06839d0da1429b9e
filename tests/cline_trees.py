"""Trees of cases that ask for changes of Cline; tests without a clone within reach are skipped."""

import pytest

from pytest_llmops.errors import SourceError
from pytest_llmops.tasks.trees.history import open_tree


def spread(cases, count):
    """As many cases, from all over the manifest."""
    return cases[:: max(1, len(cases) // count)][:count]


def trees_of(suite, cases):
    """The trees of a suite, with those of the cases laid out."""
    try:
        found = open_tree(suite)
        found.fetch(case.change for case in cases)
    except SourceError as error:
        pytest.skip(str(error))
    return found
