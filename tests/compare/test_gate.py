import math
import random
from argparse import ArgumentTypeError

import evalsig
import msgspec
import numpy as np
import pytest
from gate_runs import CASES, MANY, TOKENS, case, recorded, with_records

from pytest_llmops.compare.gate import Margins, compare_runs
from pytest_llmops.compare.margins import ratio, share
from pytest_llmops.completions import Usage
from pytest_llmops.errors import CompareError


def noisy(tokens, growth=1.0, spread=0.0, seed=1):
    draw = random.Random(seed)
    return [max(1, round(n * growth * math.exp(draw.gauss(0, spread)))) for n in tokens]


def compared(candidate, *, baseline=None, **margins):
    return compare_runs(baseline or recorded(MANY), candidate, Margins(**margins))


def check(comparison, name):
    return next(one for one in comparison.checks if one.name == name)


def solved(lost=(), gained=()):
    """Half of the many cases, without some and with others."""
    return [(n % 2 == 0 and n not in lost) or n in gained for n in range(len(MANY))]


def test_an_unchanged_model_holds():
    found = compared(recorded(MANY, name="again"))
    assert found.verdict == "held"
    assert [one.verdict for one in found.checks] == ["held"] * 4
    assert (found.gained, found.lost) == (0, 0)


def test_the_checks_stand_in_the_order_of_the_gate():
    names = [one.name for one in compared(recorded(MANY, name="again")).checks]
    assert names == ["errors", "truncation", "solve rate", "output tokens"]


def test_identical_answers_hold_even_where_cases_are_few():
    again = msgspec.structs.replace(recorded(TOKENS[:20]).run, id="again")
    run = recorded(TOKENS[:20])
    found = compare_runs(run, msgspec.structs.replace(run, run=again))
    assert found.verdict == "held"
    assert found.notes[-1] == "every answer is the same in both runs, so nothing is estimated"


def test_few_cases_that_merely_agree_prove_nothing_of_the_solve_rate():
    found = compare_runs(recorded(), recorded(name="again"), Margins(solve_rate=0.02))
    assert check(found, "output tokens").verdict == "held"
    rate = check(found, "solve rate")
    assert (found.verdict, rate.verdict) == ("undecided", "undecided")
    # 148 cases of their own files, none changed, exclude a loss of 2 points of the half solved.
    assert 0.5 * (1 - 0.05 ** (1 / 74)) < 0.02 < 0.5 * (1 - 0.05 ** (1 / 73))
    assert 68 <= rate.cases_needed <= 80


@pytest.mark.parametrize(
    ("growth", "spread", "verdict"),
    [
        (1.0, 0.05, "held"),
        (0.7, 0.5, "held"),
        (1.1, 0.0, "held"),
        (1.1, 0.2, "held"),
        (1.15, 0.2, "undecided"),
        (1.25, 0.0, "regressed"),
        (1.3, 0.2, "regressed"),
        (1.0, 1.5, "undecided"),
    ],
)
def test_the_verdict_follows_the_tokens(growth, spread, verdict):
    found = compared(recorded(noisy(MANY, growth, spread), name="new"))
    assert found.verdict == verdict
    assert check(found, "output tokens").verdict == verdict
    assert [one.verdict for one in found.checks[:3]] == ["held"] * 3


def test_a_small_real_growth_within_the_margin_is_held():
    candidate = recorded(noisy(MANY, 1.03, 0.02), name="new")
    tokens = check(compared(candidate), "output tokens")
    assert (tokens.verdict, tokens.p) == ("held", pytest.approx(1))
    assert tokens.change.low > 1


def test_asked_for_proof_of_any_change_a_small_real_growth_regresses():
    candidate = recorded(noisy(MANY, 1.03, 0.02), name="new")
    tokens = check(compared(candidate, proof="change"), "output tokens")
    assert (tokens.verdict, tokens.level) == ("regressed", pytest.approx(0.03))
    assert tokens.p < 0.03
    assert tokens.reason.endswith("so worse than the baseline (1.200x is allowed)")
    fewer = recorded(noisy(MANY, 0.97, 0.02), name="new")
    assert check(compared(fewer, proof="change"), "output tokens").verdict == "held"


def test_growth_below_the_margin_is_not_called_regressed_however_well_it_is_proved():
    """1.045 of 1.05: proved to be growth, and not to be beyond the margin."""
    candidate = recorded(noisy(MANY, 1.045, 0.02), name="new")
    found = compared(candidate, tokens=1.05)
    assert check(found, "output tokens").verdict == "undecided"
    assert check(found, "output tokens").change.low > 1.03


def test_numbers_of_a_check_read_as_candidate_against_baseline():
    candidate = recorded(noisy(MANY, 1.1, 0.2), name="new")
    tokens = check(compared(candidate, tokens=1.05), "output tokens")
    assert tokens.unit == "ratio"
    assert 1 < tokens.change.low < tokens.change.estimate < tokens.change.high < 1.2
    assert tokens.change.estimate == pytest.approx(tokens.candidate / tokens.baseline)
    assert tokens.margin == pytest.approx(1.05)
    assert tokens.detectable > 1.05
    rate = check(compared(recorded(MANY, solved=solved(lost=range(20)), name="new")), "solve rate")
    assert (rate.unit, rate.margin) == ("points", -0.05)
    assert rate.change.estimate == pytest.approx(-10 / 300) == rate.candidate - rate.baseline
    assert rate.change.low < rate.change.estimate < rate.change.high < 0
    assert rate.detectable < -0.05


def test_fewer_tokens_do_not_excuse_lost_cases():
    found = compared(recorded(noisy(MANY, 0.5), solved=solved(lost=range(60)), name="new"))
    assert found.verdict == "regressed"
    assert check(found, "solve rate").verdict == "regressed"
    assert check(found, "output tokens").verdict == "held"
    assert (found.lost, found.gained) == (30, 0)
    assert found.cost_of_pass[0] == pytest.approx(sum(MANY) / 150)


@pytest.mark.parametrize(
    ("lost", "gained", "verdict"),
    [
        ((), (), "held"),
        ((0,), (), "held"),
        ((0, 2, 4), (), "held"),
        (range(12), (), "held"),
        (range(30), (), "undecided"),
        (range(60), (), "regressed"),
        (range(6), (1, 3, 5, 7, 9, 11), "held"),
        ((), range(60), "held"),
    ],
)
def test_the_verdict_follows_the_solve_rate(lost, gained, verdict):
    candidate = recorded(MANY, solved=solved(lost, gained), name="new")
    assert check(compared(candidate), "solve rate").verdict == verdict


def test_of_a_weak_baseline_no_more_than_half_may_be_lost():
    few = [number < 4 for number in range(300)]
    baseline = recorded(MANY, solved=few)
    nothing = recorded(MANY, solved=[False] * 300, name="new")
    found = compared(nothing, baseline=baseline)
    rate = check(found, "solve rate")
    assert (rate.verdict, rate.margin) == ("undecided", pytest.approx(-2 / 300))
    assert "the baseline solves 1.3%; a loss of half of it is accepted, no more" in found.notes
    better = recorded(MANY, solved=[number < 60 for number in range(300)], name="new")
    assert check(compared(better, baseline=baseline), "solve rate").verdict == "held"


def test_more_truncated_answers_regress_before_tokens_are_believed():
    found = compared(recorded(noisy(MANY, 0.9), truncated=range(60), name="new"))
    assert [one.verdict for one in found.checks] == ["held", "regressed", "held", "held"]
    assert found.verdict == "regressed"


def test_counts_at_the_limit_are_lower_bounds_and_doubled_to_see_what_they_hide():
    truncated = range(12)
    found = compared(recorded(noisy(MANY, 1.14), truncated=truncated, name="new"))
    assert check(found, "output tokens").verdict == "held"
    (note,) = [note for note in found.notes if "twice as long" in note]
    assert note.startswith("output tokens would be undecided (1.2")
    both = compared(
        recorded(noisy(MANY, 1.14), truncated=truncated, name="new"),
        baseline=recorded(MANY, truncated=truncated),
    )
    assert not any("twice as long" in note for note in both.notes)


def crashed(run, numbers, **fields):
    def change(records):
        for number in numbers:
            records[number] = msgspec.structs.replace(
                records[number], error="EndpointError: gone", **fields
            )
        return records

    return with_records(run, change)


def test_a_crash_regresses_and_is_named():
    lost = {"usage": None, "grade": None, "finish_reason": None}
    found = compared(crashed(recorded(MANY, name="new"), [7], **lost))
    errors = check(found, "errors")
    assert (found.verdict, errors.verdict, errors.candidate) == ("regressed", "regressed", 1)
    assert errors.reason.endswith(f"first: {case(7)} sample 0: EndpointError: gone")
    assert "1 cases without token counts (crashed) are left out of the token effects" in found.notes
    assert math.isnan(found.pairs[7].output[1])


def test_accepted_crashes_count_as_not_solved():
    found = compared(crashed(recorded(MANY, name="new"), [0, 2]), errors=2)
    assert check(found, "errors").verdict == "held"
    assert check(found, "solve rate").change.estimate == pytest.approx(-2 / 300)


def test_a_run_that_crashed_throughout_is_regressed_without_numbers():
    lost = {"usage": None, "grade": None, "finish_reason": None}
    found = compared(crashed(recorded(MANY, name="new"), range(300), **lost))
    assert found.verdict == "regressed"
    tokens = check(found, "output tokens")
    assert (tokens.verdict, tokens.reason) == ("undecided", "no case has counts in both runs")


def test_one_source_file_is_undecided():
    one = {"per_file": 300}
    found = compared(recorded(noisy(MANY, 1.5), name="new", **one), baseline=recorded(MANY, **one))
    assert found.verdict == "undecided"
    assert "one source file" in check(found, "output tokens").reason


def test_a_regressed_check_outweighs_an_undecided_one():
    margins = Margins(solve_rate=0.02)
    found = compare_runs(recorded(), recorded(noisy(TOKENS, 1.3), name="new"), margins)
    assert [one.verdict for one in found.checks[1:]] == ["held", "undecided", "regressed"]
    assert found.verdict == "regressed"


def test_an_undecided_check_says_how_many_samples_would_do():
    def samples(seed):
        runs = [noisy(MANY[:150], 1.0, 0.5, seed + k) for k in range(3)]
        return [list(counts) for counts in zip(*runs, strict=True)]

    found = compared(recorded(samples(10), name="new"), baseline=recorded(samples(20)), tokens=1.06)
    tokens = check(found, "output tokens")
    assert tokens.verdict == "undecided"
    assert tokens.samples_needed > 3
    assert tokens.cases_needed > 150


def test_a_value_on_the_margin_is_held():
    exact = Margins(tokens=1.0, solve_rate=0.0)
    assert compare_runs(recorded(MANY), recorded(MANY, id="again"), exact).verdict == "held"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"id": "run-base"}, "are the same run, run-base, or copies of it"),
        ({"replays": "run-base"}, "hold the same answers, those of run run-base"),
    ],
)
def test_a_run_is_not_held_against_its_own_answers(fields, message):
    with pytest.raises(CompareError, match=message):
        compare_runs(recorded(MANY), recorded(MANY, **{"id": "other", **fields}))


def test_replays_of_two_runs_are_compared():
    one, other = (recorded(MANY, id=f"{n}-again", replays=n) for n in ("one", "other"))
    assert compare_runs(one, other).verdict == "held"


def test_a_margin_below_one_asks_for_proof_of_savings():
    candidate = recorded(noisy(MANY, 0.85, 0.1), name="new")
    assert compared(candidate, tokens=0.9).verdict == "held"
    assert compared(candidate, tokens=0.86).verdict == "undecided"
    assert compared(candidate, tokens=0.8).verdict == "regressed"


def test_order_of_records_does_not_matter():
    candidate = recorded(noisy(MANY, 1.03, 0.3), name="new")
    shuffled = list(candidate.records)
    random.Random(3).shuffle(shuffled)
    assert compared(msgspec.structs.replace(candidate, records=tuple(shuffled))) == compared(
        candidate
    )


def test_a_proof_is_asked_for_at_the_level_of_its_check():
    for seed in range(100):
        candidate = recorded(noisy(MANY, 1.25, 0.5, seed), name="new")
        tokens = check(compare_runs(recorded(MANY), candidate), "output tokens")
        if tokens.level < tokens.p < 0.05:
            assert tokens.verdict == "undecided"
            assert tokens.change.low < 1.2
            return
    pytest.fail("no draw lies between the two levels")


def test_the_report_says_which_estimator_judged_tokens_and_why():
    found = compared(recorded(MANY, truncated=range(12), name="new"))
    assert check(found, "output tokens").method.startswith("judged by finished answers")
    assert "as 2.0% of all were truncated" in check(found, "output tokens").method
    assert any(note.startswith("output tokens: judged by finished answers") for note in found.notes)
    many = compared(recorded(MANY, truncated=range(200), name="new"))
    assert check(many, "output tokens").method.startswith("judged by censored ranks")
    assert check(compared(recorded(MANY, name="new")), "output tokens").method == ""


def frame(name, values):
    items = [evalsig.ItemResult(item_id=str(n), score=float(v)) for n, v in enumerate(values)]
    return evalsig.RunFrame(name, name, "t", "tokens", items)


def test_proofs_of_growth_are_those_of_evalsig_but_for_skew():
    """Its gate by a paired t test: worse beyond the margin."""
    margin, agreed = math.log(1.05), {True: 0, False: 0}
    for seed in range(30):
        growth = 1 + 0.25 * (seed % 5) / 4
        after = noisy(MANY, growth, 0.1 + 0.1 * (seed % 3), seed)
        found = check(compared(recorded(after, name="new"), tokens=1.05), "output tokens")
        before, logs = np.log(MANY), np.log(after)
        # It wants the mean beyond the least change and significance against none: move by it.
        worse = evalsig.gate(
            frame("a", before + margin),
            frame("b", logs),
            min_delta=1e-12,
            alpha=found.level,
            method="paired_t",
        )
        proved = worse.verdict.value == "ALLOW"
        assert (found.verdict == "regressed") is proved
        agreed[proved] += 1
    assert min(agreed.values()) >= 3


def test_estimates_of_the_solve_rate_are_those_of_evalsig():
    for lost in (3, 8, 12):
        candidate = recorded(MANY, solved=solved(lost=range(2 * lost), gained=(1,)), name="new")
        found = check(compared(candidate, proof="change"), "solve rate")
        theirs = evalsig.compare(
            frame("a", solved(lost=range(2 * lost), gained=(1,))),
            frame("b", solved()),
            method="mcnemar",
            one_sided=True,
        )
        assert found.change.estimate == pytest.approx(-theirs.delta)
        # Exact McNemar is what flipping the signs of files of one case is: no p is below it.
        assert found.p >= theirs.p_value - 1e-12


def test_an_unchanged_model_with_noise_is_rarely_called_regressed():
    """Under no change at most 5 % of sessions are regressed; 60 cases in files of three."""
    alarms = 0
    for seed in range(80):
        draw = random.Random(seed)
        files = [draw.gauss(0, 0.2) for _ in range(CASES // 3)]
        after = [
            max(1, round(n * math.exp(files[i // 3] + draw.gauss(0, 0.2))))
            for i, n in enumerate(TOKENS)
        ]
        flipped = [draw.random() < 0.1 for _ in TOKENS]
        good = [(i % 2 == 0) != flipped[i] for i in range(CASES)]
        run = recorded(after, solved=good, per_file=3, name="new")
        alarms += compare_runs(recorded(per_file=3), run).verdict == "regressed"
    assert alarms <= 9  # 5 % of 80 and 2.5 standard errors


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"tokens": 0}, "margin tokens: 0"),
        ({"tokens": math.nan}, "margin tokens: nan"),
        ({"solve_rate": -0.1}, "margin solve_rate: -0.1"),
        ({"solve_rate": 1.5}, "is not between 0 and 1"),
        ({"truncation": math.inf}, "margin truncation: inf"),
        ({"errors": -1}, "margin errors: -1 is below 0"),
    ],
)
def test_margins_out_of_range_are_refused(fields, message):
    with pytest.raises(CompareError, match=message):
        Margins(**fields)


@pytest.mark.parametrize(
    ("parse", "text"), [(ratio, "0"), (ratio, "nan"), (share, "2"), (share, "x")]
)
def test_options_out_of_range_are_refused(parse, text):
    with pytest.raises(ArgumentTypeError, match=f"'{text}' is not a number from"):
        parse(text)


def test_options_are_read():
    assert (ratio("1.1"), share("0.05")) == (1.1, 0.05)


def test_input_tokens_that_a_server_does_not_count_do_not_stop_the_gate():
    def change(records):
        return [msgspec.structs.replace(r, usage=Usage(input=0, output=9)) for r in records]

    found = compare_runs(
        with_records(recorded(MANY), change), with_records(recorded(MANY, name="n"), change)
    )
    assert math.isnan(found.effects[1].ratio.estimate)
    assert found.effects[2].ratio.estimate == 1
