import math

import numpy as np
import pytest
from scipy import stats

from pytest_llmops.compare.estimates.bootstrap import cost_of_pass, cost_of_pass_ratio

RNG = np.random.default_rng(19)


def sums(groups=40, growth=1.2, rate=0.5):
    """(G, 4) of clusters of six cases each."""
    tokens = RNG.gamma(3, 40, (groups, 1)) * RNG.gamma(9, 1 / 9, (groups, 2)) * [6, 6 * growth]
    solved = RNG.binomial(6, rate, (groups, 2))
    return np.column_stack([tokens[:, 0], solved[:, 0], tokens[:, 1], solved[:, 1]]).astype(float)


def ratio(one, two, three, four, axis=-1):
    return three.sum(axis) / four.sum(axis) / (one.sum(axis) / two.sum(axis))


@pytest.mark.parametrize("rate", [0.15, 0.5])
def test_the_interval_is_that_of_scipy(rate):
    data = sums(rate=rate)
    reference = stats.bootstrap(
        tuple(data.T), ratio, paired=True, method="BCa", n_resamples=10_000, rng=1, vectorized=True
    ).confidence_interval
    found = cost_of_pass_ratio(data)
    assert found.estimate == pytest.approx(ratio(*data.T))
    width = reference.high - reference.low
    assert found.low == pytest.approx(reference.low, abs=0.06 * width)
    assert found.high == pytest.approx(reference.high, abs=0.06 * width)


def test_equal_arguments_give_equal_results():
    data = sums()
    assert cost_of_pass_ratio(data) == cost_of_pass_ratio(data.copy())


def test_the_interval_covers_the_truth():
    """95 % of intervals over draws from a known population hold its ratio; 80 rounds."""
    population = sums(groups=5000)
    truth = ratio(*population.T)
    covered = 0
    for _ in range(80):
        drawn = population[RNG.integers(0, len(population), 40)]
        found = cost_of_pass_ratio(drawn)
        covered += found.low <= truth <= found.high
    assert covered >= 69


def test_equal_runs_cost_the_same():
    data = sums()
    data[:, 2:] = data[:, :2]
    found = cost_of_pass_ratio(data)
    assert (found.low, found.estimate, found.high) == (1, 1, 1)


@pytest.mark.parametrize("column", [1, 3])
def test_a_run_without_solves_has_no_ratio(column):
    data = sums()
    data[:, column] = 0
    found = cost_of_pass_ratio(data)
    assert all(math.isnan(value) for value in (found.low, found.estimate, found.high))


def test_where_resamples_lose_all_solves_the_bound_is_infinite():
    data = sums()
    data[1:, 3] = 0
    data[0, 3] = 1
    found = cost_of_pass_ratio(data)
    assert math.isfinite(found.estimate)
    assert found.high == math.inf


def test_one_cluster_has_no_bounds():
    found = cost_of_pass_ratio(sums(groups=1, rate=0.99))
    assert math.isfinite(found.estimate)
    assert math.isnan(found.low)


def test_the_cost_of_pass_counts_all_tokens():
    assert cost_of_pass(1000, 4) == 250
    assert cost_of_pass(1000, 0) == math.inf
    assert math.isnan(cost_of_pass(0, 0))
