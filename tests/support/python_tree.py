"""A tree in Python whose one function is put to candidates, and what judges them."""

from pytest_llmops.cases import Case, Suite
from pytest_llmops.completions import Completion, Timing, Usage
from pytest_llmops.mining.mine import Miner
from pytest_llmops.mining.parallel import Crew
from pytest_llmops.tasks.materialize import materialize
from pytest_llmops.tasks.sources import SourceTree

SOURCE = '''\
"""Numbers."""

import math


def doubled(value: int, times: int = 1) -> int:
    """Double a number so many times."""
    # by shifting
    return value << times


class Counter:
    """Counts."""

    def __init__(self):
        self.count = 0

    def add(self, step):
        """Add a step and return the sum."""
        self.count += step
        return self.count
'''
TESTS = """\
import pytest
from numbers_lib import Counter, doubled


def test_a_number_is_doubled():
    assert doubled(3) == 6


@pytest.mark.parametrize(("value", "times", "expected"), [(1, 2, 4), (5, 0, 5), (3, 3, 24)])
def test_it_is_doubled_so_many_times(value, times, expected):
    assert doubled(value, times) == expected


def test_text_cannot_be_doubled():
    with pytest.raises(TypeError):
        doubled("x")


def test_steps_are_added():
    counter = Counter()
    assert counter.add(2) == 2
    assert counter.add(3) == 5
"""
SUITE = Suite(name="own", manifests=(), language="python")


def python_tree(folder, source=SOURCE, tests=TESTS):
    """A tree with one module and one test file."""
    folder.joinpath("numbers_lib.py").write_text(source)
    folder.joinpath("test_numbers_lib.py").write_text(tests)
    return SourceTree(folder.resolve(), "", language="python")


def mined(tree, pool):
    """The cases of a tree, by symbol, and what was left out."""
    with Crew(1) as crew:
        found = Miner(SUITE, tree, pool, crew).mine()
    return {case.symbol: case for case in found.cases}, found


def task_of(case: Case, tree):
    """The task of a case."""
    return materialize(case, tree)


def answered(text):
    """A completion with that text."""
    return Completion(
        text=text,
        finish_reason="stop",
        usage=Usage(input=0, output=0),
        timing=Timing(started=0.0, queue=0.0, total=0.0),
    )


def fenced(code):
    """Code as a model gives it."""
    return f"Here it is:\n\n```python\n{code}\n```\n"
