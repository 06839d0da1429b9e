import itertools
import math

import msgspec
import numpy as np
import pytest
from gate_runs import TOKENS, recorded
from scipy import stats
from statsmodels.regression.linear_model import OLS

from pytest_llmops.compare.estimates.effects import (
    EXACT_CLUSTERS,
    FLIPS,
    Mean,
    cluster_sums,
    clustered_mean,
    sign_flips,
    token_effects,
)
from pytest_llmops.compare.pairing import pair_records

RNG = np.random.default_rng(7)


def differences(count=60, shift=0.05, spread=0.3):
    return RNG.normal(shift, spread, count)


def effect(before, after, **fields):
    paired = pair_records(recorded(before, **fields).records, recorded(after, **fields).records)
    return token_effects(paired)[0]


def symmetric(mean):
    return msgspec.structs.replace(mean, skew=0.0)


@pytest.mark.parametrize("count", [2, 20, 263])
def test_cases_of_their_own_files_give_the_paired_t_test_but_for_skew(count):
    before, change = RNG.normal(5, 1, count), differences(count)
    mean = symmetric(clustered_mean(change, np.arange(count)))
    reference = stats.ttest_rel(before + change, before, alternative="greater")
    assert mean.p_above(0.0) == pytest.approx(reference.pvalue)
    assert mean.degrees == pytest.approx(reference.df)
    low, high = stats.ttest_rel(before + change, before).confidence_interval(0.9)
    assert (mean.lower(0.05), mean.upper(0.05)) == pytest.approx((low, high))


UNEQUAL = [(3, 3, 3, 3), (1, 2, 30), (7,) * 40, (1, 1, 50, 2, 5), (120, *(6,) * 24)]


@pytest.mark.parametrize("sizes", [(3, 3, 3, 3), (7,) * 40])
def test_with_files_of_one_size_the_standard_error_is_the_clustered_one_of_statsmodels(sizes):
    clusters = np.repeat(np.arange(len(sizes)), sizes)
    change = differences(len(clusters)) + RNG.normal(0, 0.5, len(sizes))[clusters]
    mean = symmetric(clustered_mean(change, clusters))
    model = OLS(change, np.ones(len(change))).fit(
        cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True
    )
    # statsmodels' small-sample factor G/(G-1) * (N-1)/(N-1) is that of CR2 then.
    assert mean.error == pytest.approx(model.bse[0])
    assert mean.estimate == pytest.approx(model.params[0])
    low, high = model.conf_int(alpha=0.1)[0]
    assert (mean.lower(0.05), mean.upper(0.05)) == pytest.approx((low, high))


def matrices(change, clusters, weights):
    """CR2 and Bell and McCaffrey's degrees by their definition: n x n matrices, no shortcut."""
    count, root = len(change), np.sqrt(weights)
    design = root[:, None]
    bread = np.linalg.inv(design.T @ design)
    hat = design @ bread @ design.T
    residuals = root * change - hat @ (root * change)
    square, forms = 0.0, []
    for group in np.unique(clusters):
        own = np.flatnonzero(clusters == group)
        values, vectors = np.linalg.eigh(np.eye(len(own)) - hat[np.ix_(own, own)])
        adjust = vectors @ np.diag(np.maximum(values, 1e-12) ** -0.5) @ vectors.T
        row = bread @ design[own].T @ adjust
        square += float((row @ residuals[own]).item() ** 2)
        forms.append((row @ (np.eye(count) - hat)[own]).ravel())
    gram = np.array(forms) @ np.array(forms).T
    return math.sqrt(square), np.trace(gram) ** 2 / (gram**2).sum()


@pytest.mark.parametrize("sizes", UNEQUAL)
@pytest.mark.parametrize("weighted", [False, True])
def test_error_and_degrees_are_those_of_the_matrices_that_define_them(sizes, weighted):
    clusters = np.repeat(np.arange(len(sizes)), sizes)
    change = differences(len(clusters)) + RNG.normal(0, 0.5, len(sizes))[clusters]
    weights = RNG.uniform(0.5, 3, len(clusters)) if weighted else np.ones(len(clusters))
    mean = clustered_mean(change, clusters, weights)
    assert mean.estimate == pytest.approx(np.average(change, weights=weights))
    assert (mean.error, mean.degrees) == pytest.approx(matrices(change, clusters, weights))


def test_equal_weights_are_none():
    change, clusters = differences(30), np.arange(30) // 4
    assert clustered_mean(change, clusters, np.full(30, 2.0)).error == pytest.approx(
        clustered_mean(change, clusters).error
    )


@pytest.mark.parametrize("skew", [-0.5, -0.1, 0.0, 0.1, 0.5])
@pytest.mark.parametrize("alpha", [0.4, 0.05, 0.001, 1e-7])
def test_a_bound_is_where_halls_statistic_has_its_quantile(skew, alpha):
    mean = Mean(0.3, 0.2, 11.0, skew)

    def hall(limit):
        w = (mean.estimate - limit) / mean.error
        return w + skew * w**2 / 3 + skew**2 * w**3 / 27 + skew / 6

    assert hall(mean.lower(alpha)) == pytest.approx(stats.t.isf(alpha, 11))
    assert hall(mean.upper(alpha)) == pytest.approx(-stats.t.isf(alpha, 11))
    assert mean.p_above(mean.lower(alpha)) == pytest.approx(alpha)
    assert mean.lower(alpha) < mean.upper(alpha)


def test_skewed_means_are_covered_where_t_fails():
    """Exponential values: t misses their mean from below in 11 % of samples of 20, not 5."""
    rows, clusters = RNG.exponential(size=(3000, 20)), np.arange(20)
    means = [clustered_mean(row, clusters) for row in rows]
    plain = np.mean([symmetric(mean).upper(0.05) < 1 for mean in means])
    assert plain > 0.09
    assert np.mean([mean.upper(0.05) < 1 for mean in means]) < plain - 0.02


def test_clusters_that_move_together_widen_the_interval():
    clusters = np.repeat(np.arange(10), 6)
    change = np.repeat(differences(10), 6)
    alone = clustered_mean(change, np.arange(60))
    assert clustered_mean(change, clusters).error > 2 * alone.error


def test_numbers_of_clusters_need_not_be_dense_nor_in_order():
    change = differences(12)
    dense = clustered_mean(change, np.repeat([0, 1, 2], 4))
    found = clustered_mean(change, np.repeat([9, 2, 5], 4))
    assert found.error == pytest.approx(dense.error)
    assert found.estimate == dense.estimate
    assert found.degrees == pytest.approx(2)


def test_equal_runs_have_a_ratio_of_exactly_one():
    found = effect(TOKENS, TOKENS)
    assert (found.ratio.low, found.ratio.estimate, found.ratio.high) == (1, 1, 1)
    assert (found.standard_error, found.p_increase, found.p_permutation) == (0, 1, 1)


def test_uniform_growth_is_exact_because_pairing_cancels_difficulty():
    found = effect(TOKENS, [2 * count for count in TOKENS])
    assert (found.ratio.low, found.ratio.estimate, found.ratio.high) == pytest.approx((2, 2, 2))
    assert found.p_increase == pytest.approx(0, abs=1e-30)


def test_noise_alone_does_not_raise_the_geometric_mean():
    after = [count * (2 if number % 2 else 0.5) for number, count in enumerate(TOKENS)]
    found = effect(TOKENS, [int(count) for count in after])
    assert found.ratio.estimate == pytest.approx(1, abs=0.01)
    arithmetic = np.mean(np.array(after) / TOKENS)
    assert arithmetic > 1.2


def test_samples_of_a_case_count_as_one_observation():
    once = effect(TOKENS, [count + 9 for count in TOKENS])
    thrice = effect([[n] * 3 for n in TOKENS], [[n + 9] * 3 for n in TOKENS])
    assert thrice.standard_error == pytest.approx(once.standard_error)
    assert thrice.degrees == once.degrees


def test_runs_with_other_numbers_of_samples_pair_by_their_means():
    found = effect(TOKENS, [[n, n, n, n, n] for n in TOKENS])
    assert (found.ratio.estimate, found.standard_error) == (1, 0)


def test_one_source_file_says_nothing_of_others():
    found = effect(TOKENS, [count + 9 for count in TOKENS], per_file=len(TOKENS))
    assert found.ratio.estimate > 1
    for value in (found.ratio.low, found.ratio.high, found.p_increase, found.p_permutation):
        assert math.isnan(value)


def test_no_cases_give_nan():
    mean = clustered_mean(np.array([math.nan]), np.array([0]))
    assert math.isnan(mean.estimate)
    assert math.isnan(mean.p_above(0.0))


def test_cases_without_tokens_are_left_out():
    change = differences(20)
    hole = np.append(change, math.nan)
    alone = clustered_mean(change, np.arange(20))
    assert clustered_mean(hole, np.arange(21)) == alone


@pytest.mark.parametrize("groups", [1, 2, 5, 9])
def test_few_clusters_are_flipped_in_every_way(groups):
    sums = RNG.normal(0.2, 1, groups)
    totals = [np.dot(sums, signs) for signs in itertools.product((1, -1), repeat=groups)]
    exact = np.mean(np.array(totals) >= sums.sum() - 1e-9)
    assert sign_flips(sums[:, None])[0] == exact


def test_flips_agree_with_scipy_on_clusters_of_one():
    change = differences(12, shift=0.1)
    reference = stats.permutation_test(
        (change,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative="greater"
    )
    found = sign_flips(cluster_sums(change, np.arange(12))[:, None])[0]
    assert found == pytest.approx(reference.pvalue)


@pytest.mark.parametrize("groups", [EXACT_CLUSTERS + 1, 60, 3000])
def test_many_clusters_are_flipped_by_chance(groups):
    sums = RNG.normal(1 / math.sqrt(groups), 1, groups)
    normal = stats.norm.sf(sums.sum() / math.sqrt((sums**2).sum()))
    found = sign_flips(sums[:, None])[0]
    assert found == pytest.approx(normal, abs=4 * math.sqrt(normal / FLIPS) + 0.01)
    assert found == sign_flips(sums[:, None])[0]


def test_every_metric_is_flipped_by_the_same_signs():
    sums = RNG.normal(0, 1, (40, 3))
    together = sign_flips(sums)
    assert together == pytest.approx([sign_flips(sums[:, [column]])[0] for column in range(3)])


def test_sums_that_are_equal_but_for_rounding_count_as_reached():
    sums = np.full((10, 1), 0.1)
    assert sign_flips(sums)[0] == 2**-10
    assert sign_flips(-sums)[0] == 1


def test_a_p_value_of_drawn_flips_is_never_zero():
    assert sign_flips(np.ones((50, 1)))[0] == 1 / (FLIPS + 1)


def test_false_alarms_of_t_and_flips_keep_their_level():
    """Under no change, with cases of one file alike and heavy tails, both reject near 5 %."""
    rounds, files, each = 600, 30, 4
    clusters = np.repeat(np.arange(files), each)
    noise = RNG.standard_t(4, (rounds, files))[:, clusters] + RNG.normal(0, 1, (rounds, 120))
    by_t = np.mean([clustered_mean(row, clusters).p_above(0.0) < 0.05 for row in noise])
    sums = np.stack([cluster_sums(row, clusters) for row in noise], axis=1)
    by_flips = np.mean(sign_flips(sums) < 0.05)
    for found in (by_t, by_flips):
        assert 0.02 <= found <= 0.08  # 0.05 +- 3.4 standard errors
