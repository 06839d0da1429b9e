import itertools
import math

import numpy as np
import pytest
from scipy import stats

from pytest_llmops.compare.estimates.ranks import Ranks, scores
from pytest_llmops.compare.estimates.tokens import LOOP, finished_mean, longer
from pytest_llmops.compare.paired import Attempts, paired_from

RNG = np.random.default_rng(13)
LIMIT = math.log(512)


def attempts(logs, limit=math.inf):
    """Answers that are truncated where they reach the limit."""
    logs = np.asarray(logs, dtype=float)
    truncated = (logs >= limit).astype(float)
    return Attempts(
        output=np.minimum(logs, limit), truncated=truncated, solved=np.ones_like(truncated)
    )


def made(cases=60, samples=3, *, ratio=1.0, limit=math.inf, sd=0.5, baseline=None):
    levels = RNG.normal(4.6, 0.4, (cases, 1))
    sides = [
        levels + RNG.normal(0, sd, (cases, count)) + shift
        for count, shift in ((baseline or samples, 0.0), (samples, math.log(ratio)))
    ]
    return attempts(sides[0], limit), attempts(sides[1], limit)


def compared(sides, per_file=1, limit=math.inf):
    clusters = np.arange(len(sides[0].output)) // per_file
    return paired_from(sides, clusters, limit=limit)


def gehan(one, other):
    """Of one pair, by its definition: which answer is known to be longer."""
    (before, truncated), (after, later_cut) = one, other
    if not truncated and after > before + 1e-9:
        return 1
    return -1 if not later_cut and before > after + 1e-9 else 0


@pytest.mark.parametrize("limit", [math.inf, LIMIT, 4.6])
@pytest.mark.parametrize("shift", [0.0, 0.1, -0.7])
def test_the_score_of_a_case_is_gehans(limit, shift):
    before, after = made(20, 3, limit=limit, baseline=2)
    found = scores(before, after, shift)
    for case in range(20):
        pairs = itertools.product(
            zip(before.output[case], before.truncated[case], strict=True),
            zip(after.output[case] - shift, after.truncated[case], strict=True),
        )
        assert found[case] == pytest.approx(np.mean([gehan(*pair) for pair in pairs]))


def test_without_cut_answers_a_case_scores_as_mann_whitney():
    before, after = made(20, 5)
    rows = zip(before.output, after.output, scores(before, after, 0.0), strict=True)
    for one, other, score in rows:
        larger = stats.mannwhitneyu(other, one).statistic
        assert score == pytest.approx(2 * larger / 25 - 1)


def test_of_a_shift_that_all_answers_share_the_estimate_is_that_shift():
    levels = RNG.normal(4.6, 0.5, (40, 3))
    ranks = Ranks((attempts(levels), attempts(levels + math.log(1.3))), np.arange(40))
    assert ranks.mean().estimate == pytest.approx(math.log(1.3), abs=0.05)
    assert ranks.lower(0.05) <= ranks.mean().estimate <= ranks.upper(0.05)


def test_bounds_are_where_the_test_has_its_level():
    ranks = Ranks(made(80, limit=LIMIT), np.arange(80) // 4)
    for alpha in (0.2, 0.05, 0.01):
        assert ranks.p_above(ranks.lower(alpha) - 0.01) <= alpha
        assert ranks.p_above(ranks.lower(alpha) + 0.01) >= alpha


@pytest.mark.parametrize("per_file", [1, 6])
def test_false_alarms_keep_their_level_where_half_is_cut(per_file):
    clusters = np.arange(60) // per_file
    alarms = [Ranks(made(limit=4.6), clusters).p_above(0.0) < 0.05 for _ in range(600)]
    assert np.mean(alarms) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 600)


def test_a_growth_that_the_limit_hides_is_found_by_ranks():
    """Of 40 % truncated: the mean of counts sees a part of the growth, ranks see all of it."""
    sides = made(400, 3, ratio=1.3, limit=math.log(120))
    found = longer(compared(sides, limit=math.log(120)))
    assert found.method == "censored ranks"
    assert found.mean.estimate == pytest.approx(math.log(1.3), abs=0.08)
    assert found.counted.estimate < 0.75 * math.log(1.3)


def test_all_equal_and_all_cut_answers_have_no_shift():
    same = attempts(np.full((30, 2), 4.0))
    truncated = attempts(np.full((30, 2), 7.0), limit=LIMIT)
    assert Ranks((same, same), np.arange(30)).score(0.0).estimate == 0
    assert longer(compared((truncated, truncated), limit=LIMIT)).upper(0.05) <= 1e-3


def test_one_file_has_no_bounds():
    found = longer(compared(made(30, limit=4.6), per_file=30))
    assert math.isnan(found.lower(0.05))
    assert math.isnan(found.upper(0.05))
    assert math.isfinite(found.mean.estimate)


def test_where_no_answer_ended_the_counts_are_what_is_known():
    truncated = attempts(RNG.normal(8.0, 0.1, (30, 3)), limit=LIMIT)
    found = longer(compared((truncated, truncated), limit=LIMIT))
    assert found.method == "censored ranks"
    assert found.p_above(0.0) > 0.4


def test_finished_answers_are_weighted_by_how_many_there_are():
    sides = made(50, 3, limit=5.2, baseline=10)
    paired = compared(sides, limit=5.2)
    changes, weights = [], []
    for rows in zip(*(side.finished for side in sides), strict=True):
        one, other = (row[~np.isnan(row)] for row in rows)
        if len(one) and len(other):
            changes.append(other.mean() - one.mean())
            weights.append(len(one) * len(other) / (len(one) + len(other)))
    expected = np.average(changes, weights=weights)
    assert finished_mean(paired).estimate == pytest.approx(expected)


def test_few_cut_answers_leave_the_finished_ones_to_judge():
    found = longer(compared(made(limit=6.5), limit=6.5))
    assert (found.method, found.truncated < 0.05) == ("finished answers", True)


def test_regressed_asks_of_all_counted_tokens_that_they_grew_too():
    """Long answers that end at last make the finished ones longer, not the bill."""
    before = np.full((40, 3), 4.0) + RNG.normal(0, 0.01, (40, 3))
    before[:, 0] = 7.0
    after = before.copy()
    after[:6, 0] = 6.0
    paired = compared((attempts(before, LIMIT), attempts(after, LIMIT)), limit=LIMIT)
    assert finished_mean(paired).estimate > 0.05
    found = longer(paired)
    assert found.counted.estimate < 0
    assert found.lower(0.05) < 0
    assert found.p_above(0.0) >= 0.5


def test_held_asks_of_all_counted_tokens_that_they_stay_within():
    """Answers truncated in one run only are no proof of thrift."""
    before = np.full((60, 3), 4.0) + RNG.normal(0, 0.01, (60, 3))
    after = before.copy()
    after[:20, 0] = 7.0
    paired = compared((attempts(before, LIMIT), attempts(after, LIMIT)), limit=LIMIT)
    found = longer(paired)
    assert finished_mean(paired).upper(0.05) < 0.05
    assert found.upper(0.05) > found.counted.estimate > 0.2


@pytest.mark.parametrize(
    ("limit", "worst"), [(math.inf, LOOP), (LIMIT, LOOP), (5.1, 1.1), (3.9, LOOP)]
)
def test_the_worst_file_loops_as_far_as_the_limit_lets_it(limit, worst):
    """A limit that a count is beyond is none."""
    same = attempts(np.full((30, 2), 4.0))
    found = longer(compared((same, same), limit=limit))
    assert found.unseen.worst == pytest.approx(worst)


def test_the_order_of_attempts_does_not_matter():
    before, after = made(40, 4, limit=5.2)
    turned = Attempts(
        output=after.output[:, ::-1],
        truncated=after.truncated[:, ::-1],
        solved=after.solved[:, ::-1],
    )
    one, other = (longer(compared((before, side), limit=5.2)) for side in (after, turned))
    assert one.mean == other.mean
    assert one.upper(0.05) == other.upper(0.05)
