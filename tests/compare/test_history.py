import math

import msgspec
import numpy as np
import pytest
from records import IDENTITY, RUN, record

from pytest_llmops.compare.history import (
    SHORTEST,
    Change,
    change_points,
    measure,
    sharpest_cut,
)
from pytest_llmops.completions import Usage
from pytest_llmops.errors import CompareError
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import End

CASES = 24


def recorded(day, *, ratio=1.0, solved=12, suite_hash="0123456789abcdef"):
    """A run of one attempt per case; case n takes 100 + n tokens times the ratio."""
    records = [
        record(
            f"starter:m{number // 4}#f{number}",
            cluster=f"m{number // 4}",
            usage=Usage(input=100, output=round((100 + number) * ratio * 100)),
            outcome="solved" if number < solved else "wrong",
        )
        for number in range(CASES)
    ]
    run = msgspec.structs.replace(
        RUN,
        id=f"run-{day}",
        started=RUN.started + 86_400 * day,
        cases=CASES,
        attempts=CASES,
        suite_hash=suite_hash,
        identity=msgspec.structs.replace(IDENTITY, tokenizer_sha256="t"),
    )
    end = End(finished=run.started + 1, exit_status=0)
    return RecordedRun(path=f"run-{day}", run=run, records=tuple(records), end=end)


def slow_sharpest(values):
    """Straight from the definition, to check the cumulative sums."""

    def mean(pairs):
        return math.fsum(abs(x - y) for x, y in pairs) / len(pairs)

    best = (0, -math.inf)
    for cut in range(SHORTEST, len(values) - SHORTEST + 1):
        one, other = values[:cut], values[cut:]
        across = mean([(x, y) for x in one for y in other])
        inner = [
            mean([(x, y) for i, x in enumerate(part) for j, y in enumerate(part) if i != j])
            for part in (one, other)
        ]
        score = len(one) * len(other) / len(values) * (2 * across - sum(inner))
        best = max(best, (cut, score), key=lambda found: found[1])
    return best


class TestChangePoints:
    @pytest.mark.parametrize("at", [6, 15, 24])
    @pytest.mark.parametrize("step", [0.05, -0.05])
    def test_a_step_is_found_where_it_is(self, at, step):
        noise = np.random.default_rng(at).normal(1, 0.01, 30)
        (change,) = change_points([*noise[:at], *(noise[at:] + step)])
        assert abs(change.index - at) <= 1
        assert change.after - change.before == pytest.approx(step, abs=0.01)
        assert change.p <= 0.01

    def test_two_steps_are_found_in_order(self):
        noise = np.random.default_rng(1).normal(0, 0.01, 36)
        values = noise + np.repeat([1.0, 1.1, 1.04], 12)
        found = change_points(list(values))
        assert [change.index for change in found] == pytest.approx([12, 24], abs=1)
        assert found[0].after == found[1].before == pytest.approx(1.1, abs=0.01)

    def test_many_small_steps_in_one_direction_do_not_pass_unseen(self):
        """Each is far below the noise of one run."""
        noise = np.random.default_rng(2).normal(0, 0.01, 40)
        found = change_points(list(1 + np.arange(40) * 0.002 + noise))
        assert found
        assert all(change.after > change.before for change in found)

    def test_pure_noise_rarely_has_one(self):
        generator = np.random.default_rng(3)
        found = [
            bool(change_points(list(generator.normal(1, 0.02, 12)), seed=seed))
            for seed in range(30)
        ]
        assert sum(found) <= 5  # P(more) = 0.3 % at 5 %

    def test_equal_values_have_none(self):
        assert change_points([1.0] * 30) == ()

    @pytest.mark.parametrize("length", [0, 1, 2 * SHORTEST - 1])
    def test_too_few_values_have_none(self, length):
        assert change_points([1.0, 2.0, 9.0, 1.0, 7.0][:length]) == ()

    def test_indices_count_values_that_are_not_finite(self):
        values = [1.0] * 6 + [math.inf, math.nan] + [2.0] * 6
        (change,) = change_points(values)
        assert change == Change(index=8, before=1.0, after=2.0, p=change.p)

    def test_the_seed_decides(self):
        values = [*np.random.default_rng(5).normal(0, 1, 20)]
        values[10:] = [value + 1.2 for value in values[10:]]
        assert change_points(values, seed=1) == change_points(values, seed=1)

    def test_a_stricter_level_finds_less(self):
        values = [*np.random.default_rng(4).normal(0, 1, 16)]
        values[8:] = [value + 1.5 for value in values[8:]]
        assert len(change_points(values, alpha=0.0005)) == 0
        assert len(change_points(values, alpha=0.2)) >= 1


class TestTheSharpestCut:
    @pytest.mark.parametrize("length", [6, 7, 13])
    def test_it_is_that_of_the_definition(self, length):
        values = np.random.default_rng(length).normal(size=length)
        cut, score = sharpest_cut(np.abs(values[:, None] - values))
        slow = slow_sharpest(list(values))
        assert cut == slow[0]
        assert score == pytest.approx(slow[1])

    def test_a_short_series_has_none(self):
        assert sharpest_cut(np.zeros((5, 5))) == (0, -math.inf)


def values(runs, metric):
    """Of runs that the first of them is the reference of."""
    return [measure(runs[0], run, metric).value for run in runs]


class TestMeasures:
    def test_a_run_is_measured_against_the_reference(self):
        runs = [recorded(day, ratio=1.1**day) for day in range(3)]
        assert values(runs, "token ratio") == pytest.approx([1, 1.1, 1.21], rel=1e-3)
        found = measure(recorded(1, ratio=2.0), recorded(5), "token ratio")
        assert (found.run, found.value) == ("run-5", pytest.approx(0.5))

    def test_solve_rate_and_cost_of_pass(self):
        runs = [recorded(0), recorded(1, solved=6), recorded(2, solved=0)]
        costs = values(runs, "cost of pass")
        assert values(runs, "solve rate") == [0.5, 0.25, 0]
        assert costs[1] == pytest.approx(2 * costs[0])
        assert costs[2] == math.inf

    def test_a_run_of_other_cases_is_refused(self):
        with pytest.raises(CompareError, match="run-0 and run run-1 cannot be compared"):
            measure(recorded(0), recorded(1, suite_hash="f" * 16), "solve rate")

    def test_an_interrupted_run_is_refused(self):
        broken = msgspec.structs.replace(recorded(1), end=None)
        with pytest.raises(CompareError, match="interrupted"):
            measure(recorded(0), broken, "token ratio")
