import math

import msgspec
import numpy as np
import pytest
from records import IDENTITY, RUN, record, unanswered

from pytest_llmops.compare.gate import compare_runs
from pytest_llmops.compare.margins import Margins
from pytest_llmops.compare.pairing import pair_records
from pytest_llmops.compare.planning.calibration import Calibration, calibrate, write_calibration
from pytest_llmops.compare.planning.needs import needs_of
from pytest_llmops.compare.planning.noise import (
    floors_of,
    judge_division,
    levels_of,
    outcomes,
    plant,
)
from pytest_llmops.compare.planning.samples import pair_arrays, samples_of, split
from pytest_llmops.completions import Usage
from pytest_llmops.errors import CompareError, RecordError
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import End

CASES = 48
CLUSTER = 4
DIFFICULTIES = ("easy", "medium", "hard")
MARGINS = Margins(tokens=1.05, solve_rate=0.5, truncation=0.5)
"""Margins at which output tokens alone decide."""


def wide(tokens):
    """Margins that few files can hold, where a file may loop."""
    return msgspec.structs.replace(MARGINS, tokens=tokens)


def recorded(samples=6, *, sd=0.3, cases=CASES, solve=0.5, seed=0, text=None):
    """A run whose attempts at a case differ by noise of a known standard deviation."""
    generator = np.random.default_rng(seed)
    records = []
    for number in range(cases):
        level = math.log(1000) + generator.normal(0, 0.8)
        for sample in range(samples):
            tokens = round(math.exp(level + generator.normal(0, sd)))
            records.append(
                record(
                    f"starter:m{number // CLUSTER:02}#f{number % CLUSTER}",
                    sample,
                    cluster=f"m{number // CLUSTER:02}",
                    difficulty=DIFFICULTIES[number % 3],
                    usage=Usage(input=100, output=tokens),
                    text_sha256=text or f"{number}-{sample}-{seed}",
                    outcome="solved" if generator.random() < solve else "wrong",
                    finish_reason="length" if number % 3 == 2 and sample == 0 else "stop",
                )
            )
    return run_of(records)


def run_of(records):
    counts = {}
    for one in records:
        counts[one.case] = counts.get(one.case, 0) + 1
    run = msgspec.structs.replace(
        RUN,
        samples=max(counts.values()),
        cases=len(counts),
        attempts=len(records),
        identity=msgspec.structs.replace(IDENTITY, tokenizer_sha256="t"),
    )
    end = End(finished=run.started + 1, exit_status=0)
    return RecordedRun(path="run", run=run, records=tuple(records), end=end)


class TestArrays:
    def test_the_order_of_records_does_not_matter(self):
        found = recorded()
        turned = msgspec.structs.replace(found, records=found.records[::-1])
        one, other = samples_of(found), samples_of(turned)
        assert (one.output == other.output).all()
        assert (one.clusters == other.clusters).all()
        assert one.shape == (CASES, 6)

    def test_a_division_is_paired_as_the_gate_pairs_records(self):
        """The trials judge what `compare_runs` would."""
        found = recorded(4)
        before = [one for one in found.records if one.sample < 2]
        after = [msgspec.structs.replace(r, sample=r.sample - 2) for r in found.records[:]]
        after = [one for one in after if one.sample >= 0]
        theirs = pair_records(before, after)
        at = np.tile(np.arange(4), (CASES, 1))
        mine = pair_arrays(samples_of(found), at[:, :2], at[:, 2:])
        names = ("clusters", "samples", "solved", "truncated", "output", "finished", "spread")
        for name in (*names, "spent"):
            np.testing.assert_allclose(getattr(mine, name), getattr(theirs, name), err_msg=name)
        assert mine.identical == theirs.identical

    def test_no_attempt_is_on_both_sides(self):
        samples = samples_of(recorded(2))
        paired = split(samples, 1, np.random.default_rng(0))
        np.testing.assert_allclose(paired.output.sum(axis=1), samples.output.sum(axis=1))
        turned = paired.output[:, 0] == samples.output[:, 1]
        assert 5 < turned.sum() < CASES - 5

    def test_equal_attempts_are_identical_runs(self):
        samples = samples_of(recorded(2, sd=0.0, solve=1.0))
        samples = msgspec.structs.replace(samples, truncated=np.zeros((CASES, 2)))
        assert split(samples, 1, np.random.default_rng(0)).identical

    def test_a_division_needs_enough_attempts(self):
        with pytest.raises(CompareError, match="two groups of 2 need 4 attempts per case, not 3"):
            split(samples_of(recorded(3)), 2, np.random.default_rng(0))


class TestRefusals:
    def test_one_attempt_a_case(self):
        with pytest.raises(
            CompareError, match="one attempt per case, which says nothing about noise"
        ):
            samples_of(recorded(1))

    def test_unequal_attempts(self):
        with pytest.raises(
            CompareError, match="1 cases have fewer than 3 attempts: starter:m00#f0"
        ):
            samples_of(run_of(recorded(3).records[1:]))

    def test_a_crashed_attempt(self):
        found = recorded(2)
        crashed = unanswered(found.records[0].case)
        with pytest.raises(CompareError, match="1 attempts crashed"):
            samples_of(run_of((crashed, *found.records[1:])))

    def test_an_interrupted_run(self):
        with pytest.raises(CompareError, match="interrupted"):
            samples_of(msgspec.structs.replace(recorded(), end=None))

    def test_too_few_cases(self):
        with pytest.raises(CompareError, match="too few"):
            samples_of(recorded(cases=8))


class TestComponents:
    def test_the_parts_of_the_variance_are_told_apart(self):
        whole = levels_of(samples_of(recorded(10, sd=0.3, cases=300)))[0]
        assert whole.repeat_sd == pytest.approx(0.3, rel=0.05)
        assert whole.case_sd == pytest.approx(0.8, rel=0.1)
        assert whole.solve_sd == pytest.approx(0.5, rel=0.05)

    def test_levels_are_all_cases_then_tiers(self):
        found = levels_of(samples_of(recorded()))
        assert [level.name for level in found] == ["all", "easy", "medium", "hard"]
        assert [level.cases for level in found] == [48, 16, 16, 16]
        assert [level.truncated for level in found] == pytest.approx([1 / 18, 0, 0, 1 / 6])

    def test_noise_of_truncated_cases_is_told(self):
        found = levels_of(samples_of(recorded()))
        assert found[1].truncated_part == 0
        assert found[3].truncated_part == 1
        assert 0.2 < found[0].truncated_part < 0.5

    def test_without_noise_there_is_no_share_of_it(self):
        samples = samples_of(recorded(sd=0.0))
        assert levels_of(samples)[0].repeat_sd == 0
        assert math.isnan(levels_of(samples)[0].truncated_part)
        assert floors_of(samples, MARGINS, [3])[0].ratio == 1


class TestFloors:
    def test_runs_of_the_same_model_stay_within_the_floor(self):
        samples = samples_of(recorded(6, cases=100))
        (floor,) = floors_of(samples, MARGINS, [3])
        generator = np.random.default_rng(1)
        divisions = [split(samples, 3, generator).output for _ in range(400)]
        ratios = np.array([(output[:, 1] - output[:, 0]).mean() for output in divisions])
        inside = np.abs(ratios) < math.log(floor.ratio)
        assert 0.92 <= inside.mean() <= 0.99

    def test_four_times_the_attempts_halve_it(self):
        one, four = floors_of(samples_of(recorded()), MARGINS, [1, 4])
        assert math.log(one.ratio) == pytest.approx(2 * math.log(four.ratio))
        assert one.detectable > four.detectable > 1.05


class TestTrials:
    samples = samples_of(recorded())

    def test_an_unchanged_model_rarely_regresses(self):
        found = outcomes(self.samples, MARGINS, divisions=200)
        assert found.regressed <= 0.09
        assert found.samples == 3
        assert found.regressed + found.held + found.undecided == pytest.approx(1)

    def test_more_tokens_are_found_more_often(self):
        shares = [
            outcomes(self.samples, MARGINS, planted=ratio, divisions=60).tokens_regressed
            for ratio in (1.0, 1.15, 1.5)
        ]
        assert shares == sorted(shares)
        assert shares[-1] == 1

    def test_power_agrees_with_the_floor(self):
        """80 % of divisions are found at the ratio that is told to be detectable."""
        (floor,) = floors_of(self.samples, MARGINS, [3])
        found = outcomes(self.samples, MARGINS, planted=floor.detectable, divisions=300)
        assert found.tokens_regressed == pytest.approx(0.8, abs=0.12)

    def test_the_seed_decides(self):
        one, same, other = (
            outcomes(self.samples, wide(1.65), divisions=40, seed=seed) for seed in (1, 1, 2)
        )
        assert one == same
        assert one != other

    def test_a_planted_ratio_moves_the_candidate_alone(self):
        paired = split(self.samples, 3, np.random.default_rng(0))
        moved = plant(paired, 1.1)
        np.testing.assert_allclose(moved.output - paired.output, [[0, math.log(1.1)]] * CASES)

    def test_a_division_is_judged_as_compare_runs_does(self):
        found = recorded(2, seed=5)
        halves = [
            run_of([msgspec.structs.replace(r, sample=0) for r in found.records if r.sample == s])
            for s in (0, 1)
        ]
        run = msgspec.structs.replace(halves[1].run, id="the other half")
        other = msgspec.structs.replace(halves[1], run=run)
        whole = compare_runs(halves[0], other, MARGINS)
        samples = samples_of(found)
        at = np.tile(np.arange(2), (CASES, 1))
        checks = judge_division(pair_arrays(samples, at[:, :1], at[:, 1:]), MARGINS)
        for mine, theirs in zip(checks, whole.checks[1:], strict=True):
            assert (mine.name, mine.verdict) == (theirs.name, theirs.verdict)
            assert mine.change.estimate == pytest.approx(theirs.change.estimate)
            assert mine.p == pytest.approx(theirs.p)


class TestNeeds:
    def test_what_is_asked_for_suffices(self):
        margins = wide(1.35)
        hold, find, _ = needs_of(samples_of(recorded(6, cases=100)), margins, 1.45)
        for need, planted, goal in ((hold, 1.0, "tokens_held"), (find, 1.45, "tokens_regressed")):
            enough = samples_of(recorded(2 * need.samples, cases=100, seed=3))
            found = outcomes(enough, margins, planted=planted, divisions=100)
            assert getattr(found, goal) > 0.55, need.goal

    def test_few_files_never_hold_output_tokens_but_more_cases_do(self):
        hold, *_ = needs_of(samples_of(recorded()), MARGINS, 1.1)
        assert hold.samples is None
        assert hold.cases > 100 * CASES / 12

    def test_a_change_within_the_margin_needs_more_than_there_is(self):
        _, find, _ = needs_of(samples_of(recorded()), MARGINS, 1.04)
        assert (find.samples, find.cases) == (None, None)

    def test_few_files_never_hold_a_solve_rate(self):
        *_, solve = needs_of(samples_of(recorded()), Margins(solve_rate=0.02), 1.1)
        assert solve.samples is None
        assert solve.cases >= 133

    def test_a_rate_within_the_margin_cannot_be_held(self):
        *_, solve = needs_of(samples_of(recorded(solve=0.0)), Margins(), 1.1)
        assert (solve.samples, solve.cases) == (None, None)


class TestCalibration:
    def test_it_is_written_and_read_back(self, tmp_path):
        found = calibrate(recorded(), MARGINS, divisions=20)
        path = write_calibration(found, tmp_path)
        assert path == tmp_path / "calibration.json"
        again = msgspec.json.decode(path.read_bytes(), type=Calibration)
        assert again == found
        assert (again.cases, again.clusters, again.samples) == (CASES, 12, 6)

    def test_repeats_of_equal_text_are_counted(self):
        assert calibrate(recorded(), MARGINS, divisions=2).identical == 0
        assert calibrate(recorded(text="same"), MARGINS, divisions=2).identical == 1

    def test_a_folder_that_cannot_be_written_is_named(self, tmp_path):
        found = calibrate(recorded(), MARGINS, divisions=2)
        with pytest.raises(RecordError, match="gone/calibration.json: cannot be written"):
            write_calibration(found, tmp_path / "gone")
