import math

import evalsig
import numpy as np
import pytest

from pytest_llmops.compare.estimates.effects import Mean, clustered_mean
from pytest_llmops.compare.estimates.power import cases_needed, detectable, samples_needed

RNG = np.random.default_rng(3)
ALPHA = 0.05


def found_share(true, spread, cases, margin, rounds=3000):
    """How often the gate's rule for one metric proves a true change."""
    means = [
        clustered_mean(row, np.arange(cases)) for row in RNG.normal(true, spread, (rounds, cases))
    ]
    return np.mean([mean.p_above(margin) < ALPHA for mean in means])


@pytest.mark.parametrize("margin", [0.0, math.log(1.05), math.log(1.2)])
def test_what_is_called_detectable_is_found_four_times_of_five(margin):
    spread, cases = 0.4, 60
    mean = Mean(0.0, spread / math.sqrt(cases), cases - 1)
    true = detectable(mean.reach(ALPHA), mean.error, margin)
    assert found_share(true, spread, cases, margin) == pytest.approx(0.8, abs=0.03)


def test_detectable_without_a_margin_is_that_of_evalsig_but_for_t():
    mean = Mean(0.0, 0.3 / math.sqrt(400), 399)
    reference = evalsig.mde(0.3, 400, alpha=ALPHA, power=0.8, one_sided=True).mde
    assert detectable(mean.reach(ALPHA), mean.error, 0.0) == pytest.approx(reference, rel=0.01)


def test_the_cases_needed_are_those_of_evalsig_but_for_t():
    mean = Mean(0.0, 0.5 / math.sqrt(400), 399)
    found = cases_needed(400, mean.reach(ALPHA), mean, ALPHA, 0.05)
    reference = evalsig.required_n(0.05, 0.5, alpha=ALPHA, power=0.8, one_sided=True)
    assert found == pytest.approx(reference, rel=0.01)


def test_the_cases_needed_settle_it_four_times_of_five():
    true, spread, margin = 0.02, 0.3, math.log(1.05)
    mean = Mean(true, spread / math.sqrt(100), 99)
    cases = cases_needed(100, mean.reach(ALPHA), mean, ALPHA, margin - true)
    rows = RNG.normal(true, spread, (1500, cases))
    held = [clustered_mean(row, np.arange(cases)).upper(ALPHA) <= margin for row in rows]
    assert np.mean(held) == pytest.approx(0.8, abs=0.04)


def test_the_rest_of_a_rate_without_changes_shrinks_with_the_cases():
    nothing = Mean(0.0, 0.0, 99)
    z2 = 1.6448536**2
    found = cases_needed(100, z2 / (100 + z2), nothing, ALPHA, 0.02)
    assert 128 <= found <= 136  # 133 are exact


@pytest.mark.parametrize(
    ("error", "gap"), [(0.05, 0.0), (0.05, -0.01), (0.05, 1e-9), (math.nan, 0.05)]
)
def test_what_lies_on_the_margin_or_is_unknown_needs_no_number_of_cases(error, gap):
    mean = Mean(0.0, error, 0 if math.isnan(error) else 99)
    assert cases_needed(100, mean.reach(ALPHA), mean, ALPHA, gap) is None
    within = np.full((100, 2), 0.04)
    assert samples_needed(within, np.full((100, 2), 3.0), mean, ALPHA, gap) is None


@pytest.mark.parametrize("samples", [2, 3])
def test_more_samples_settle_what_varies_within_cases(samples):
    cases, between, within, gap = 100, 0.1, 0.5, 0.08

    def error(count):
        return math.sqrt((between**2 + 2 * within**2 / count) / cases)

    mean = Mean(0.0, error(samples), cases - 1)
    spread = np.full((cases, 2), within**2)
    needed = samples_needed(spread, np.full((cases, 2), float(samples)), mean, ALPHA, gap)
    steps = mean.reach(ALPHA) / mean.error + 0.8416
    assert steps * error(needed) <= gap < steps * error(needed - 1)


def test_no_number_of_samples_settles_what_varies_between_cases():
    mean = Mean(0.0, 0.1, 99)
    none = np.zeros((100, 2))
    assert samples_needed(none, np.full((100, 2), 3.0), mean, ALPHA, 0.05) is None


def test_one_sample_does_not_tell_how_samples_vary():
    mean = Mean(0.0, 0.1, 99)
    unknown = np.full((100, 2), math.nan)
    assert samples_needed(unknown, np.ones((100, 2)), mean, ALPHA, 0.05) is None
