import math

import evalsig
import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from pytest_llmops.compare.holm import holm, holm_levels

RNG = np.random.default_rng(5)
DRAWN = [list(RNG.uniform(0, 0.1, count)) for count in (1, 2, 3, 3, 3, 4, 7)]


@pytest.mark.parametrize("values", [*DRAWN, [0.02, 0.02, 0.02], [0.0, 1.0, 0.5]])
def test_holm_is_that_of_statsmodels_and_evalsig(values):
    found = holm(values)
    assert found == pytest.approx(multipletests(values, method="holm")[1])
    assert found == pytest.approx(evalsig.holm(np.array(values)).p_adjusted)


@pytest.mark.parametrize("values", [*DRAWN, [0.02, 0.024, 0.9], [0.01, 0.02, 0.03]])
def test_bounds_at_the_levels_agree_with_the_corrected_test(values):
    """A bound at its level excludes 0 exactly where the corrected p-value is below alpha."""
    for adjusted, value, level in zip(holm(values), values, holm_levels(values, 0.05), strict=True):
        assert (adjusted < 0.05) == (value < level)


def test_what_cannot_be_tested_counts_as_not_worse():
    found = holm([0.01, math.nan, 0.04])
    assert found[0] == pytest.approx(0.03)
    assert math.isnan(found[1])
    assert found[2] == pytest.approx(0.08)
    assert holm_levels([math.nan] * 2, 0.05) == [0.025, 0.025]


def test_nothing_needs_no_correction():
    assert (holm([]), holm_levels([], 0.05)) == ([], [])
