"""Figures of patches, and where they are shown."""

import pytest

from pytest_llmops.quality.patches import surplus
from pytest_llmops.quality.totals import quality_line, quality_lines, totals
from pytest_llmops.quality.values import Measured


@pytest.mark.parametrize(
    ("lines", "reference", "share"), [(0, 4, 0), (2, 4, 0), (4, 4, 0), (8, 4, 0.5), (400, 4, 0.99)]
)
def test_surplus_lies_between_0_and_1(lines, reference, share):
    assert surplus(lines, reference) == share


def test_a_run_of_changes_shows_their_figures_and_no_others():
    attempts = [
        Measured(case=case, sample=0, surplus=0.5, strays=0.0, lines=4) for case in "abcdefg"
    ]
    found = totals(attempts)
    assert found.shown == ("surplus", "strays")
    assert quality_line(found) == "code quality: surplus 0.500, strays 0.000 (of 7 answers)"
    assert [line.split()[0] for line in quality_lines(found)] == ["surplus", "strays"]
    one = Measured(case="f", sample=0, consistency=1, best_practices=1, error_rate=0, duplication=0)
    assert len(totals([*attempts, one]).shown) == 6
    assert len(totals([one]).shown) == 4
