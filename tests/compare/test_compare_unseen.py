import math

import numpy as np
import pytest

from pytest_llmops.compare.estimates.unseen import Unseen, unseen

RNG = np.random.default_rng(12)


def equal(values, worst, size=6.0):
    values = np.asarray(values, dtype=float)
    return Unseen(values * size, np.full(len(values), size), worst)


def drawn(found, alpha, draws=200_000):
    """The bound by its definition: exponential weights, the worst file among the others."""
    weights = RNG.exponential(size=(draws, len(found.sums) + 1))
    size = math.sqrt((found.sizes**2).mean())
    sums = np.append(found.sums, size * found.worst)
    means = weights @ sums / (weights @ np.append(found.sizes, size))
    return np.quantile(means, 1 - alpha)


@pytest.mark.parametrize("files", [1, 2, 5, 42, 1000])
@pytest.mark.parametrize("alpha", [0.05, 0.01, 1e-6])
@pytest.mark.parametrize("worst", [1.0, math.log(8)])
def test_without_a_change_it_is_what_so_many_files_exclude(files, alpha, worst):
    exact = worst * (1 - alpha ** (1 / files))
    found = equal(np.zeros(files), worst)
    assert found.upper(alpha) == pytest.approx(exact, rel=0.006)
    assert found.upper(alpha) >= exact - 1e-6
    assert found.floor(alpha) == pytest.approx(exact)


@pytest.mark.parametrize("spread", [0.05, 0.3, 1.0])
@pytest.mark.parametrize("files", [5, 42, 200])
@pytest.mark.parametrize("alpha", [0.5, 0.05, 0.005])
def test_it_is_the_quantile_of_the_drawn_means(spread, files, alpha):
    found = Unseen(RNG.normal(0, spread, files) * 6, RNG.integers(1, 12, files).astype(float), 2.0)
    assert found.upper(alpha) == pytest.approx(drawn(found, alpha), abs=0.02 * found.upper(0.001))


def test_one_file_of_half_the_cases_counts_as_one():
    sizes = np.append(120.0, np.full(20, 6.0))
    found = Unseen(np.zeros(21), sizes, 1.0)
    assert found.upper(0.05) == pytest.approx(drawn(found, 0.05), rel=0.02)


@pytest.mark.parametrize("shift", [-3.0, 0.0, 0.7])
def test_a_shift_of_everything_shifts_the_bound(shift):
    values = RNG.normal(0, 0.3, 30)
    one, other = equal(values, 2.0), equal(values + shift, 2.0 + shift)
    assert other.upper(0.05) == pytest.approx(one.upper(0.05) + shift, abs=1e-5)


def test_the_order_of_files_does_not_matter():
    values = RNG.normal(0, 0.3, 30)
    assert equal(values, 2.0).upper(0.05) == pytest.approx(equal(values[::-1], 2.0).upper(0.05))


def test_a_stricter_level_has_a_higher_bound():
    found = equal(RNG.normal(0, 0.3, 42), 2.0)
    bounds = [found.upper(alpha) for alpha in (0.5, 0.2, 0.05, 0.01, 1e-4, 1e-9)]
    assert bounds == sorted(bounds)
    assert bounds[-1] < 2.0


def test_many_files_come_near_the_normal_bound():
    values = RNG.normal(0, 0.3, 20_000)
    found = equal(values, 2.0)
    normal = values.mean() + 1.645 * values.std() / math.sqrt(20_000)
    assert found.upper(0.05) == pytest.approx(normal, abs=3.0 / 20_000)


def test_rare_harm_is_covered_as_promised():
    """Bernoulli harm, the least favourable there is: the bound is exact where none was seen."""
    files, share = 42, 0.0688
    missed = np.mean(
        [equal(RNG.random(files) < share, 1.0).upper(0.05) < share for _ in range(1500)]
    )
    assert missed <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 1500)


@pytest.mark.parametrize(
    ("values", "worst", "bound"),
    [([2.0, 2.0], 2.0, 2.0), ([3.0, 3.0], 2.0, 3.0), ([], 1.0, math.nan)],
)
def test_nothing_worse_than_the_worst_leaves_the_mean(values, worst, bound):
    assert equal(values, worst).upper(0.05) == pytest.approx(bound, nan_ok=True)


def test_cases_without_counts_are_left_out():
    values, clusters = np.array([0.1, 0.2, math.nan, 0.3, math.nan]), np.array([0, 0, 1, 2, 2])
    found = unseen(values, clusters, 1.0)
    assert found.sums == pytest.approx([0.3, 0.3])
    assert found.sizes == pytest.approx([2, 1])
