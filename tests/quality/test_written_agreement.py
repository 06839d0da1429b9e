"""Forty answers that a person judged before any tool had run: do the figures agree?"""

import tomllib
from itertools import combinations
from pathlib import Path

import pytest
from made_tasks import fenced

from pytest_llmops.grading.extract import answered
from pytest_llmops.quality import tools
from pytest_llmops.quality.checker import Checker
from pytest_llmops.quality.measured import measure, to_check
from pytest_llmops.tasks.lookup import Lookup

HERE = Path(__file__).parent
LEVELS = ("bad", "middling", "good")
RISING = {"consistency": 1, "best_practices": 1, "error_rate": -1, "duplication": -1}
JUDGED = {"error_rate": "errors"}
"""Names of figures that the judge called otherwise."""


@pytest.fixture(scope="module")
def answers():
    tools.install()
    found = []
    for path in sorted((HERE / "judged").glob("*.toml")):
        found += tomllib.loads(path.read_text("utf-8"))["answer"]
    lookup = Lookup(HERE.parents[1] / "cases" / "suites.toml")
    ready = []
    for one in found:
        task = lookup.task(one["case"])
        candidate = answered(fenced(one["code"]), {}, task)
        ready.append((one, candidate, task, *to_check(candidate, task)))
    with Checker(ready[0][2].tree.root) as checker:
        results = checker.check([file for *_, mine, before in ready for file in (mine, before)])
    return [
        (one["judged"], measure((one["case"], 0), candidate, task, *results[2 * at : 2 * at + 2]))
        for at, (one, candidate, task, *_) in enumerate(ready)
    ]


def ranked(answers, figure):
    """The level that was judged, and the figure with more as better."""
    return [
        (LEVELS.index(judged[JUDGED.get(figure, figure)]), RISING[figure] * value)
        for judged, found in answers
        if (value := getattr(found, figure)) is not None
    ]


def concordance(pairs):
    """Of two answers that were judged differently, how often the figure orders them alike.

    A tie is half.
    """
    scores = [
        0.5 if x == y else float((a < b) == (x < y))
        for (a, x), (b, y) in combinations(pairs, 2)
        if a != b
    ]
    return sum(scores) / len(scores)


def test_there_are_forty_and_all_are_measured(answers):
    assert len(answers) == 40
    assert all(found.error_rate is not None for _, found in answers)


@pytest.mark.parametrize(
    ("figure", "count", "agreement"),
    [
        ("consistency", 38, 1.0),
        ("best_practices", 38, 0.98),
        ("error_rate", 40, 0.99),
        ("duplication", 38, 1.0),
    ],
)
def test_figures_order_answers_as_a_person_does(answers, figure, count, agreement):
    pairs = ranked(answers, figure)
    assert len(pairs) == count
    assert concordance(pairs) >= agreement


def test_all_that_is_judged_good_measures_better_than_all_that_is_judged_bad(answers):
    for figure in RISING:
        pairs = ranked(answers, figure)
        good = [value for level, value in pairs if level == 2]
        bad = [value for level, value in pairs if level == 0]
        assert min(good) > max(bad)
