import math

import numpy as np
import pytest
from scipy import stats

from pytest_llmops.compare.estimates import rates
from pytest_llmops.compare.estimates.effects import FLIPS, sign_flips
from pytest_llmops.compare.estimates.rates import exact_flips, worsening

RNG = np.random.default_rng(11)


def change(worse, better, cases, *, samples=1, per_file=1, worst=1.0):
    values = np.zeros(cases)
    values[:worse] = 1
    values[worse : worse + better] = -1
    counts = np.full((cases, 2), float(samples))
    return worsening(values, counts, np.arange(cases) // per_file, worst)


@pytest.mark.parametrize(
    ("cases", "per_file", "files"), [(148, 1, 148), (263, 6, 44), (263, 7, 38), (30, 15, 2)]
)
def test_what_cases_without_a_change_exclude_counts_their_files(cases, per_file, files):
    found = change(0, 0, cases, per_file=per_file)
    assert found.mean.error == 0
    assert found.upper(0.05) == pytest.approx(1 - 0.05 ** (1 / files), rel=0.02)
    assert found.upper(0.05) >= 1 - 0.05 ** (1 / files) - 1e-6
    assert found.p_above(0.0) == 1


def test_more_samples_without_a_change_prove_no_more_than_their_files():
    once, often = (change(0, 0, 60, per_file=6, samples=samples) for samples in (1, 9))
    assert once.upper(0.05) == often.upper(0.05)


def test_a_file_can_lose_no_more_than_was_solved():
    assert change(0, 0, 60, worst=0.4).upper(0.05) == pytest.approx(
        0.4 * change(0, 0, 60).upper(0.05)
    )


@pytest.mark.parametrize(("worse", "better"), [(0, 0), (20, 0), (0, 20), (20, 20)])
def test_bounds_stay_around_the_estimate_and_within_one(worse, better):
    found = change(worse, better, 20 if 0 in {worse, better} else 40)
    assert -1 <= found.lower(0.01) <= found.mean.estimate <= found.upper(0.01) <= 1


@pytest.mark.parametrize("lost", [0.02, 0.05, 0.2])
def test_a_loss_by_files_is_missed_in_five_per_cent_at_most(lost):
    """Some files lose all of the two fifths that they solved, as they come."""
    clusters, missed, rounds = np.arange(120) // 6, 0, 400
    for _ in range(rounds):
        hit = RNG.random(20) < lost / 0.4
        values = (hit[clusters] & (RNG.random(120) < 0.4)).astype(float)
        missed += worsening(values, np.ones((120, 2)), clusters, 0.4).upper(0.05) < lost
    assert missed / rounds <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / rounds)


def test_the_share_that_is_missed_by_t_alone_is_far_larger():
    clusters, missed = np.arange(120) // 6, 0
    for _ in range(400):
        hit = RNG.random(20) < 0.05 / 0.4
        values = (hit[clusters] & (RNG.random(120) < 0.4)).astype(float)
        mean = worsening(values, np.ones((120, 2)), clusters, 0.4).mean
        missed += mean.symmetric.upper(0.05) < 0.05
    assert missed / 400 > 0.1


def test_cases_of_their_own_files_are_flipped_as_mcnemar_does():
    exact = stats.binomtest(6, 7, alternative="greater").pvalue
    assert change(6, 1, 60).flips == pytest.approx(exact)


def test_losses_in_one_file_count_as_one():
    spread, together = change(6, 0, 60), change(6, 0, 60, per_file=6)
    assert spread.flips == pytest.approx(2**-6)
    assert together.p_above(0.0) == 0.5
    assert together.upper(0.05) > spread.upper(0.05)
    assert together.lower(0.05) <= 0 < spread.lower(0.05)


def test_a_bound_beyond_nothing_is_a_proof_by_flips_too():
    """At every level, a lower bound above a limit and a p-value below the level are the same."""
    for worse, better in ((3, 0), (6, 0), (9, 2), (0, 5)):
        found = change(worse, better, 60)
        for level in (0.2, 0.05, 0.01, 0.001):
            for limit in (0.0, 0.02):
                assert (found.lower(level) > limit) == (found.p_above(limit) < level)


def test_one_source_file_says_nothing_of_others():
    found = change(6, 0, 60, per_file=60)
    assert math.isnan(found.p_above(0.0))
    assert math.isnan(found.upper(0.05))


def test_samples_give_the_clustered_t_interval_but_for_skew_and_what_was_not_seen():
    values = RNG.choice([-0.2, 0, 0.2, 0.4], 80)
    found = worsening(values, np.full((80, 2), 5.0), np.arange(80), 0.4)
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    assert found.lower(0.05) == pytest.approx(low, abs=0.002)
    assert high < found.upper(0.05) < high + 0.4 / 40
    reference = stats.ttest_1samp(values, 0, alternative="greater")
    assert found.p_above(0.0) == pytest.approx(reference.pvalue, abs=0.01)


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
    found = worsening(before - after, samples, np.arange(40), 1.0).flips
    drawn = sign_flips((before - after)[:, None])[0]
    assert found == pytest.approx(drawn, abs=0.015)


def test_very_many_clusters_are_drawn(monkeypatch):
    monkeypatch.setattr(rates, "STEPS", 100)
    assert change(30, 0, 30, samples=3).flips == 1 / (FLIPS + 1)
