import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from pytest_llmops.compare import rates
from pytest_llmops.compare.effects import FLIPS, sign_flips
from pytest_llmops.compare.rates import exact_flips, mcnemar, tango_upper, worsening

RNG = np.random.default_rng(11)
Z2 = stats.norm.ppf(0.95) ** 2


def change(worse, better, cases, *, samples=1, per_file=1):
    values = np.zeros(cases)
    values[:worse] = 1
    values[worse : worse + better] = -1
    counts = np.full((cases, 2), float(samples))
    return worsening(values, counts, np.arange(cases) // per_file)


@pytest.mark.parametrize("worse", [0, 1, 3, 8, 40])
@pytest.mark.parametrize("better", [0, 1, 5, 30])
def test_mcnemar_is_the_exact_binomial_test(worse, better):
    found = mcnemar(worse, better)
    if worse + better:
        reference = stats.binomtest(worse, worse + better, 0.5, alternative="greater")
        assert found == pytest.approx(reference.pvalue)
    else:
        assert found == 1
    if worse > better:
        both = statsmodels_mcnemar([[0, worse], [better, 0]], exact=True).pvalue
        assert min(1, 2 * found) == pytest.approx(both)


def closed_form(more, less, cases, alpha):
    """Bounds as the roots of a polynomial of degree 4 (Yang, Sun and Hardin 2013)."""
    g, d, both = stats.norm.ppf(1 - alpha) ** 2, more - less, more + less
    polynomial = [
        cases**2 * (cases / g + 1) ** 2,
        -cases * d * (cases / g + 1) * (4 * cases / g + 1),
        2 * cases * d**2 * (3 * cases / g + 2) / g - cases**2 * (both / g + 1),
        cases * d * (2 * both / g + 1) - d**3 * (4 * cases / g + 1) / g,
        d**2 * (d**2 / g - both) / g,
    ]
    roots = np.roots(polynomial)
    real = np.sort(roots[np.abs(roots.imag) < 1e-6].real)
    return real[0], real[-1]


@pytest.mark.parametrize("alpha", [0.05, 0.05 / 3, 0.025])
@pytest.mark.parametrize(
    ("more", "less", "cases"),
    [(1, 0, 20), (7, 1, 21), (32, 20, 160), (40, 20, 160), (5, 0, 263), (3, 9, 1000), (10, 0, 10)],
)
def test_tango_bounds_are_the_roots_of_the_closed_form(more, less, cases, alpha):
    low, high = closed_form(more, less, cases, alpha)
    assert tango_upper(more, less, cases, alpha) == pytest.approx(min(1, high), abs=1e-6)
    assert -tango_upper(less, more, cases, alpha) == pytest.approx(max(-1, low), abs=1e-6)


@pytest.mark.parametrize(("cases", "within"), [(132, False), (133, True)])
def test_133_cases_without_a_change_exclude_a_loss_of_two_points(cases, within):
    assert tango_upper(0, 0, cases, 0.05) == pytest.approx(Z2 / (cases + Z2))
    assert (change(0, 0, cases).upper(0.05) <= 0.02) is within


@pytest.mark.parametrize(("worse", "better"), [(0, 0), (20, 0), (0, 20), (20, 20)])
def test_bounds_stay_around_the_estimate_and_within_one(worse, better):
    found = change(worse, better, 20 if 0 in {worse, better} else 40)
    assert -1 <= found.lower(0.01) <= found.mean.estimate <= found.upper(0.01) <= 1


def test_bounds_keep_their_confidence():
    rounds, cases, worse, better = 4000, 120, 0.08, 0.04
    cells = RNG.multinomial(cases, [worse, better, 1 - worse - better], size=rounds)
    missed = [tango_upper(up, down, cases, 0.05) < worse - better for up, down, _ in cells]
    assert np.mean(missed) <= 0.065


def test_cases_of_their_own_files_give_mcnemar():
    assert change(6, 1, 60).p == pytest.approx(mcnemar(6, 1))


def test_losses_in_one_file_count_as_one():
    spread, together = change(6, 0, 60), change(6, 0, 60, per_file=6)
    assert spread.p == pytest.approx(2**-6)
    assert together.p == 0.5
    assert together.upper(0.05) > spread.upper(0.05)
    assert together.lower(0.05) < spread.lower(0.05)


def test_one_source_file_says_nothing_of_others():
    found = change(6, 0, 60, per_file=60)
    assert math.isnan(found.p)
    assert math.isnan(found.upper(0.05))


def test_samples_give_the_clustered_t_interval():
    values = RNG.choice([-0.2, 0, 0.2, 0.4], 80)
    found = worsening(values, np.full((80, 2), 5.0), np.arange(80))
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    assert (found.lower(0.05), found.upper(0.05)) == pytest.approx((low, high))
    reference = stats.ttest_1samp(values, 0, alternative="greater")
    assert found.p == pytest.approx(reference.pvalue, abs=0.01)


@pytest.mark.parametrize("seed", range(5))
def test_exact_flips_count_all_of_them(seed):
    sums = np.random.default_rng(seed).integers(-4, 6, 12)
    assert exact_flips(sums) == pytest.approx(sign_flips(sums[:, None].astype(float))[0], abs=1e-12)


def test_exact_flips_of_many_clusters_are_those_that_are_drawn():
    sums = np.random.default_rng(3).integers(-3, 5, 90)
    assert exact_flips(sums) == pytest.approx(sign_flips(sums[:, None].astype(float))[0], abs=0.01)


def test_exact_flips_have_no_smallest_p_value():
    assert exact_flips(np.ones(60, dtype=int)) == pytest.approx(2**-60)
    assert exact_flips(-np.ones(60, dtype=int)) == 1
    assert exact_flips(np.zeros(60, dtype=int)) == 1


def test_shares_of_unequal_attempts_are_flipped_exactly():
    """Shares of three attempts and of two, which are multiples of a sixth."""
    generator = np.random.default_rng(4)
    before, after = generator.integers(0, 4, 40) / 3, generator.integers(0, 3, 40) / 2
    samples = np.tile([3.0, 2.0], (40, 1))
    found = worsening(before - after, samples, np.arange(40)).flips
    drawn = sign_flips((before - after)[:, None])[0]
    assert found == pytest.approx(drawn, abs=0.015)


def test_very_many_clusters_are_drawn(monkeypatch):
    monkeypatch.setattr(rates, "STEPS", 100)
    assert change(30, 0, 30, samples=3).flips == 1 / (FLIPS + 1)


def test_samples_without_a_change_prove_no_more_than_their_cases():
    found = change(0, 0, 60, samples=5)
    assert found.mean.error == 0
    assert found.upper(0.05) == pytest.approx(Z2 / (60 + Z2))
    assert found.p == 1
