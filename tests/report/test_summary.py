import math

import pytest
from records import record, unanswered

from pytest_llmops.completions import Usage
from pytest_llmops.report.summary import common_tries, percentile, summarize, wilson


def test_a_group_is_counted():
    group = [
        record("a", output=10),
        record("b", output=30, outcome="wrong"),
        record("c", output=64, outcome="truncated", finish_reason="length"),
        unanswered("d"),
    ]
    total = summarize(group)
    assert (total.attempts, total.cases, total.solved) == (4, 4, 1)
    assert (total.truncated, total.errors) == (1, 1)
    assert (total.tokens_median, total.tokens_p95, total.output_tokens) == (30, 64, 104)
    assert (total.input_tokens, total.cached_tokens) == (300, 30)
    assert total.tokens_per_solved == 104
    assert total.outcomes == {"solved": 1, "wrong": 1, "truncated": 1, "error": 1}


def test_errors_stay_in_the_denominator():
    assert summarize([record("a"), unanswered("b")]).rate.estimate == 0.5


def test_without_a_solved_attempt_the_cost_of_pass_is_infinite():
    assert summarize([record(outcome="wrong")]).tokens_per_solved == math.inf


def test_nothing_is_summarized_without_a_crash():
    total = summarize([])
    assert total.attempts == 0
    assert math.isnan(total.tokens_median)
    assert math.isnan(total.rate.estimate)


def test_cost_is_unknown_rather_than_zero_without_prices():
    assert summarize([record()]).cost is None
    found = summarize(
        [record(cost=0.25), record("b", cost=0.5, outcome="wrong"), record("c", from_cache=True)]
    )
    assert (found.cost, found.cost_per_solved, found.cost_cached) == (0.75, 0.375, 0.0)
    cached = summarize([record(cost=0.25, from_cache=True, outcome="wrong")])
    assert (cached.cost, cached.cost_per_solved, cached.cost_cached) == (0.25, math.inf, 0.25)


def test_samples_of_a_case_do_not_narrow_the_interval():
    one = summarize([record("a"), record("b", outcome="wrong")])
    four = summarize(
        [record(c, s, outcome=o) for c, o in (("a", "solved"), ("b", "wrong")) for s in range(4)]
    )
    assert four.rate == one.rate


def test_the_order_of_records_does_not_matter():
    group = [record(str(n), output=n, usage=Usage(input=1, output=n)) for n in (5, 1, 4, 2)]
    assert summarize(group) == summarize(group[::-1])


def outcomes(case, *solved):
    return [
        record(case, sample, outcome="solved" if one else "wrong")
        for sample, one in enumerate(solved)
    ]


def test_chances_of_several_attempts_are_means_over_cases():
    total = summarize([*outcomes("a", 1, 1, 1), *outcomes("b", 1, 0, 0), *outcomes("c", 0, 0, 0)])
    assert total.tries == 3
    assert total.passes(3) == (pytest.approx(2 / 3), pytest.approx(1 / 3))
    assert total.passes(2) == (pytest.approx((1 + 2 / 3) / 3), pytest.approx(1 / 3))


def test_no_chance_is_told_of_more_attempts_than_a_case_has_nor_of_one():
    total = summarize([*outcomes("a", 1, 1, 1), *outcomes("b", 1, 0)])
    assert total.tries == 2
    assert (total.passes(3), total.passes(1)) == (None, None)
    assert summarize([record(grade=None), record(sample=1, grade=None)]).passes(2) is None


def test_runs_are_compared_at_the_attempts_that_each_of_those_with_several_has():
    one, three, five = (summarize(outcomes("a", *[1] * n)) for n in (1, 3, 5))
    assert common_tries([one, five, three]) == 3
    assert common_tries([one]) == 0


@pytest.mark.parametrize(
    ("solved", "n", "low", "high"),
    [  # computed with statsmodels.stats.proportion.proportion_confint(method="wilson")
        (0, 10, 0.0, 0.27753),
        (5, 10, 0.23659, 0.76341),
        (10, 10, 0.72247, 1.0),
        (37, 120, 0.23268, 0.39585),
        (1, 1, 0.20654, 1.0),
    ],
)
def test_the_interval_is_wilson_s(solved, n, low, high):
    rate = wilson(solved / n, n)
    assert (rate.low, rate.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))
    assert rate.low <= rate.estimate <= rate.high


@pytest.mark.parametrize(
    ("values", "share", "found"),
    [([1], 0.95, 1), (range(1, 21), 0.95, 19), (range(1, 22), 0.95, 20), ([1, 2], 0.5, 1)],
)
def test_a_percentile_is_a_value_that_occurred(values, share, found):
    assert percentile(list(values), share) == found


def test_no_values_have_no_percentile():
    assert math.isnan(percentile([], 0.95))
