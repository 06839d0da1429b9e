import numpy as np
import pytest
from scipy import stats

from pytest_llmops.compare.levels import ALPHA, levels

THREE = ["truncation", "solve rate", "output tokens"]


def test_the_checks_of_the_gate_have_one_one_and_three_per_cent():
    assert levels(THREE) == pytest.approx([0.01, 0.01, 0.03])


@pytest.mark.parametrize("names", [THREE, THREE[:2], ["output tokens"], ["cost", *THREE]])
def test_the_levels_add_up_to_that_of_the_gate(names):
    assert sum(levels(names)) == pytest.approx(ALPHA)
    assert min(levels(names)) > 0


def test_no_checks_have_no_levels():
    assert levels([]) == []


@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_false_alarms_of_all_checks_together_keep_the_level(correlation):
    """Whatever the metrics have in common."""
    generator = np.random.default_rng(5)
    covariance = np.full((3, 3), correlation) + (1 - correlation) * np.eye(3)
    values = stats.norm.sf(generator.multivariate_normal(np.zeros(3), covariance, 40_000))
    alarms = (values < np.array(levels(THREE))).any(axis=1).mean()
    assert alarms <= ALPHA + 0.003
