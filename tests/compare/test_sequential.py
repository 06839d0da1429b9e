import itertools
import math

import msgspec
import numpy as np
import pytest
from records import unanswered
from sequences import ALONE, CASES, CLUSTERS, LOOSE, NAMES, attempts, planned, run_of, until_stop

from pytest_llmops.compare.gate import compare_runs
from pytest_llmops.compare.margins import Margins
from pytest_llmops.compare.pairing import pair_records
from pytest_llmops.compare.questions import questions_of
from pytest_llmops.compare.sequence.boundary import SLOPE, anytime_p, crossing, nominal, start
from pytest_llmops.compare.sequence.plan import BURN_IN, clock, make_plan
from pytest_llmops.compare.sequence.sequential import look
from pytest_llmops.compare.sequence.stopping import FILES, Moment, judge
from pytest_llmops.completions import Usage
from pytest_llmops.errors import CompareError
from pytest_llmops.report.look import look_parts
from pytest_llmops.report.terminal import render

TIMES = tuple(float(t) for t in np.linspace(0.1, 1, 10))


class TestTheBoundary:
    def test_with_one_look_it_is_the_quantile_of_the_normal_distribution(self):
        assert start(0.05, (1.0,)) + SLOPE == pytest.approx(1.645, abs=2e-3)
        assert nominal(0.05, 1.0, (1.0,)) == pytest.approx(0.05, abs=2e-4)

    def test_with_very_many_looks_it_is_the_formula_of_a_line(self):
        """Bachelier-Levy: P(W crosses a + ct before 1), less what 1,000 looks miss."""
        many, line = tuple(np.arange(1, 1001) / 1000), 1.215
        formula = 0.0499
        found = float(crossing(np.array([line]), many)[0])
        # Siegmund's correction: discrete looks see a line that is 0.583 sqrt(step) farther.
        assert formula - 0.003 < found < formula

    def test_brownian_paths_cross_it_as_often_as_it_says(self):
        generator = np.random.default_rng(3)
        steps = generator.normal(0, math.sqrt(0.1), (40_000, 10))
        highest = (steps.cumsum(axis=1) - SLOPE * np.array(TIMES)).max(axis=1)
        for alpha in (0.2, 0.05, 0.05 / 3):
            assert (highest >= start(alpha, TIMES)).mean() == pytest.approx(alpha, abs=0.005)

    def test_p_value_and_bound_say_the_same(self):
        for time, alpha in itertools.product(TIMES, (0.05, 0.01)):
            at_bound = anytime_p(nominal(alpha, time, TIMES), time, TIMES)
            assert at_bound == pytest.approx(alpha, rel=1e-6)

    def test_a_look_costs_evidence(self):
        for time in TIMES:
            assert nominal(0.05, time, TIMES) < 0.05
            assert anytime_p(0.01, time, TIMES) > 0.01

    def test_a_p_value_of_nothing_stays_nothing(self):
        assert math.isnan(anytime_p(math.nan, 0.5, TIMES))
        assert anytime_p(0.0, 0.5, TIMES) < 1e-6
        assert anytime_p(1.0, 0.5, TIMES) > 0.99


class TestThePlan:
    def test_every_attempt_is_in_one_batch(self):
        plan = planned()
        asked = [key for batch in plan.batches for key in batch]
        assert sorted(asked) == sorted((name, s) for name in NAMES for s in range(3))
        assert (plan.cases, plan.attempts) == (CASES, 3 * CASES)

    def test_every_case_is_seen_before_one_is_asked_again(self):
        order = [sample for batch in planned().batches for _, sample in batch]
        assert order == sorted(order)

    def test_the_first_look_waits_for_enough_cases(self):
        assert len(planned().batches[0]) == BURN_IN
        assert len(planned(names=NAMES[:12]).batches[0]) == 12

    def test_the_first_look_sees_every_cluster_in_its_share(self):
        first = planned().batches[0]
        assert {CLUSTERS[case] for case, _ in first} == set(CLUSTERS.values())

    def test_every_case_is_as_likely_to_come_early(self):
        names = [f"c{n}" for n in range(8)]
        clusters = dict(zip(names, "aaaaaabc", strict=True))
        keys = [(name, 0) for name in names]
        counts = dict.fromkeys(names, 0)
        for seed in range(400):
            plan = make_plan(keys, clusters, baseline_samples=1, seed=seed, batch=1)
            order = [case for batch in plan.batches for case, _ in batch]
            for case in order[:4]:
                counts[case] += 1
        assert all(150 < count < 250 for count in counts.values())

    def test_the_order_depends_on_the_seed_alone(self):
        keys = [(name, sample) for name in NAMES for sample in range(2)]
        plans = [
            make_plan(order, CLUSTERS, baseline_samples=1, seed=seed)
            for order, seed in ((keys, 1), (keys[::-1], 1), (keys, 2))
        ]
        assert plans[0] == plans[1]
        assert plans[0].batches != plans[2].batches
        assert plans[0].times == plans[2].times

    def test_the_clock_rises_to_one(self):
        times = planned().times
        assert all(0 < one < other for one, other in itertools.pairwise(times))
        assert times[-1] == 1

    def test_the_first_sample_tells_more_than_the_second(self):
        batches = [tuple((name, sample) for name in NAMES) for sample in range(3)]
        assert clock(batches, 3) == pytest.approx([0.5, 0.8, 1])
        assert clock(batches, 10**9) == pytest.approx([1 / 3, 2 / 3, 1])

    @pytest.mark.parametrize(
        ("keys", "told"),
        [
            ([], "nothing to ask"),
            ([("a", 0), ("a", 0)], "attempt twice: a"),
            ([("a", 0), ("b", 1)], "lack their first sample: b"),
        ],
    )
    def test_what_cannot_be_planned_is_refused(self, keys, told):
        with pytest.raises(CompareError, match=told):
            make_plan(keys, {"a": "x", "b": "y"}, baseline_samples=1)


"""Margins at which output tokens alone decide."""


class TestLooking:
    baseline = run_of(attempts(3), samples=3)

    def test_many_more_tokens_end_the_session_early(self):
        looks = until_stop(self.baseline, attempts(3, ratio=1.5, seed=1), planned(), LOOSE)
        assert looks[-1].verdict == "regressed"
        assert looks[-1].attempts < CASES
        assert looks[-1].interval.low > 1
        assert "output tokens regressed" in looks[-1].reason

    def saved(self):
        """A session that saves two fifths of the tokens, on cases of a file each."""
        baseline = run_of(attempts(3, names=ALONE), samples=3)
        keys = [(name, sample) for name in ALONE for sample in range(3)]
        plan = make_plan(keys, {name: name for name in ALONE}, baseline_samples=3)
        candidate = attempts(3, ratio=0.6, seed=1, names=ALONE)
        return until_stop(baseline, candidate, plan, LOOSE), candidate

    def test_far_fewer_tokens_hold_early(self):
        looks, _ = self.saved()
        assert looks[-1].verdict == "held"
        assert looks[-1].attempts <= CASES
        assert looks[-1].interval.high < 1.05

    def test_it_says_what_it_saved(self):
        (*_, last), candidate = self.saved()
        assert last.tokens_planned == pytest.approx(
            sum(one.usage.output for one in candidate), rel=0.1
        )
        assert last.tokens_spent < 0.4 * last.tokens_planned
        assert last.attempts <= CASES
        assert last.planned == 3 * CASES

    def test_few_files_hold_late_or_never_however_much_is_saved(self):
        """Fifteen files, none of which got worse, do not exclude that one in six would."""
        candidate = attempts(3, ratio=0.75, seed=1)
        looks = until_stop(self.baseline, candidate, planned(), LOOSE)
        assert looks[-1].verdict == "undecided"
        assert looks[-1].interval.high > 1.05

    def test_files_not_seen_count_at_one_level_however_often_one_looks(self):
        """Where nothing else is left, the bound is the same at every look."""
        runs = [attempts(1, sd=0.0, ratio=ratio, seed=seed) for seed, ratio in ((0, 1.0), (1, 0.6))]
        paired = pair_records(*runs, listed=False)
        question = questions_of(paired, LOOSE)[-1]
        plan = planned()
        seen = [time for time in plan.times if time < 1]
        for time in seen[-3:]:
            moment = Moment(time=time, times=plan.times, cases=CASES, partial=False)
            ruling = judge([question], moment)
            assert ruling.checks[0].change.high == pytest.approx(
                math.exp(question.evidence.upper(0.05 * FILES))
            )

    def test_it_asks_on_while_undecided(self):
        margins = msgspec.structs.replace(LOOSE, tokens=1.3)
        baseline = run_of(attempts(3, sd=0.6), samples=3)
        candidate = attempts(3, ratio=1.45, sd=0.6, seed=2)
        looks = until_stop(baseline, candidate, planned(), margins)
        assert len(looks) > 3
        assert all(one.verdict == "undecided" for one in looks[:-1])

    def test_it_stops_when_the_rest_of_the_plan_cannot_decide(self):
        noisy = run_of(attempts(3, sd=1.0), samples=3)
        looks = until_stop(noisy, attempts(3, sd=1.0, seed=9), planned(), Margins(tokens=1.001))
        assert (looks[-1].verdict, looks[-1].stop) == ("undecided", True)
        assert looks[-1].attempts < 3 * CASES
        assert "the rest of the plan has a chance of" in looks[-1].reason

    def test_the_order_of_records_does_not_matter(self):
        plan = planned()
        first = set(plan.batches[0])
        seen = [one for one in attempts(3, seed=4) if (one.case, one.sample) in first]
        assert look(self.baseline, seen, plan) == look(self.baseline, seen[::-1], plan)

    def test_a_lost_solve_rate_regresses(self):
        solving = run_of(attempts(3, solve=1.0), samples=3)
        looks = until_stop(solving, attempts(3, solve=0.5, seed=3), planned(), Margins())
        assert looks[-1].verdict == "regressed"
        assert "solve rate regressed" in looks[-1].reason

    def test_a_lost_solve_rate_regresses_at_the_first_look_if_it_is_large(self):
        """So early a p-value must be smaller than drawn flips can make it."""
        names = [f"starter:m{number:03}#f" for number in range(120)]
        solving = run_of(attempts(3, solve=1.0, names=names), samples=3)
        keys = [(name, sample) for name in names for sample in range(3)]
        plan = make_plan(keys, {name: name for name in names}, baseline_samples=3)
        candidate = attempts(3, solve=0.0, seed=3, names=names)
        looks = until_stop(solving, candidate, plan, Margins())
        assert (looks[-1].verdict, looks[-1].attempts) == ("regressed", BURN_IN)

    def test_a_crash_ends_it_at_once(self):
        plan = planned()
        seen = [
            attempts(1, names=[name])[0] if n else unanswered(name)
            for n, (name, _) in enumerate(plan.batches[0])
        ]
        found = look(self.baseline, seen, plan)
        assert (found.verdict, found.stop, found.reason) == (
            "regressed",
            True,
            "1 attempts crashed, 0 allowed",
        )

    def test_at_the_end_the_estimate_is_that_of_the_gate(self):
        candidate = attempts(3, ratio=1.02, seed=6)
        last = look(self.baseline, candidate, planned(), LOOSE)
        again = run_of(candidate, samples=3, path="candidate", name="again")
        whole = compare_runs(self.baseline, again, LOOSE)
        for mine, theirs in zip(last.checks, whole.checks[1:], strict=True):
            assert mine.change.estimate == theirs.change.estimate
            assert mine.change.low <= theirs.change.low
            assert mine.change.high >= theirs.change.high
            assert mine.p >= theirs.p
        assert last.stop

    def test_equal_answers_hold_at_the_end_only(self):
        """Cases that all agree say nothing about those not asked yet."""
        same = attempts(1)
        plan = planned(1, 1)
        looks = until_stop(run_of(same, samples=1), same, plan, LOOSE)
        assert len(looks) == len(plan.batches)
        assert looks[-1].verdict == "held"


class TestRefusals:
    baseline = run_of(attempts(1), samples=1)

    @pytest.mark.parametrize(
        "seen",
        [
            pytest.param([], id="none"),
            pytest.param(attempts(1)[:7], id="a part of a batch"),
            pytest.param(attempts(2), id="more than planned"),
        ],
    )
    def test_attempts_that_are_not_whole_batches(self, seen):
        with pytest.raises(CompareError, match="not those of whole batches"):
            look(self.baseline, seen, planned(1))

    def test_an_attempt_twice(self):
        with pytest.raises(CompareError, match="recorded twice"):
            look(self.baseline, attempts(1) * 2, planned(1))

    def test_attempts_without_a_grade(self):
        seen = [msgspec.structs.replace(one, grade=None) for one in attempts(1)]
        with pytest.raises(CompareError, match="60 cases are not graded"):
            look(self.baseline, seen, planned(1))

    def test_answers_without_tokens(self):
        """A ratio to 0 has no meaning; left out, what remains would decide for all."""
        seen = [
            msgspec.structs.replace(one, usage=Usage(input=100, output=0)) if n % 4 else one
            for n, one in enumerate(attempts(1, ratio=0.6))
        ]
        with pytest.raises(CompareError, match="45 cases have an answer without output tokens"):
            look(self.baseline, seen, planned(1), LOOSE)

    def test_counts_of_ours_against_those_of_a_server(self):
        seen = [msgspec.structs.replace(one, counted_by="local") for one in attempts(1)]
        with pytest.raises(CompareError, match="60 of 60 answers of the candidate are counted"):
            look(self.baseline, seen, planned(1), LOOSE)

    def test_a_case_that_the_baseline_lacks(self):
        small = run_of(attempts(1, names=NAMES[1:]), samples=1)
        with pytest.raises(CompareError, match="1 cases are not in the baseline: starter:m00#f0"):
            look(small, attempts(1), planned(1))

    def test_an_interrupted_baseline(self):
        with pytest.raises(CompareError, match="interrupted"):
            look(msgspec.structs.replace(self.baseline, end=None), attempts(1), planned(1))


class TestErrorRates:
    """Small; `benchmarks/perf/gate.py` has the figures."""

    @staticmethod
    def sessions(ratio, count, margins=LOOSE):
        baseline = [run_of(attempts(2, sd=0.3, seed=seed), samples=2) for seed in range(count)]
        plan = planned(2, 2, batch=20)
        return [
            until_stop(base, attempts(2, ratio=ratio, sd=0.3, seed=1000 + n), plan, margins)[-1]
            for n, base in enumerate(baseline)
        ]

    def test_an_unchanged_model_rarely_regresses(self):
        found = [one.verdict for one in self.sessions(1.0, 40)]
        assert found.count("regressed") <= 7  # P(more) < 0.1 % at 5 %

    def test_a_model_at_the_margin_rarely_holds(self):
        found = [one.verdict for one in self.sessions(1.06, 40)]
        assert found.count("held") <= 7

    def test_a_much_longer_model_is_found_with_fewer_attempts(self):
        found = self.sessions(1.4, 20)
        assert all(one.verdict == "regressed" for one in found)
        assert all(one.attempts <= 60 for one in found)


def test_one_cluster_decides_nothing():
    """Bounds of one source file are unknown, and unknown is neither held nor regressed."""
    one = dict.fromkeys(NAMES, "one")
    before, after = (
        [msgspec.structs.replace(each, cluster="one") for each in attempts(1, ratio=r, seed=s)]
        for r, s in ((1.0, 0), (3.0, 1))
    )
    keys = [(name, 0) for name in NAMES]
    plan = make_plan(keys, one, baseline_samples=1)
    found = look(run_of(before, samples=1), after, plan, LOOSE)
    assert (found.verdict, found.stop) == ("undecided", True)


def test_bounds_that_overflow_are_infinite():
    """With two clusters an early look has Student's t at a level of 1e-7."""
    two = {name: str(number % 2) for number, name in enumerate(NAMES)}
    before, after = (
        [
            msgspec.structs.replace(each, cluster=two[each.case])
            for each in attempts(3, seed=seed, sd=2.0)
        ]
        for seed in (0, 1)
    )
    keys = [(name, sample) for name in NAMES for sample in range(3)]
    plan = make_plan(keys, two, baseline_samples=3, batch=2)
    seen = [one for one in after if (one.case, one.sample) in set(plan.batches[0])]
    found = look(run_of(before, samples=3), seen, plan, LOOSE)
    assert (found.verdict, found.interval.low) == ("undecided", 0)
    assert found.interval.high == math.inf
    assert "but nothing can be ruled out yet, and" in found.checks[-1].reason
    text = render(look_parts(found, "new"), width=200, color=False)
    assert "inf" not in text
    assert "hardly decide" not in text


def test_a_moment_knows_the_end():
    assert Moment(time=1.0, times=TIMES, cases=1, partial=False).last
    assert not Moment(time=0.5, times=TIMES, cases=1, partial=False).last
