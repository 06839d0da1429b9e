"""Which metrics judge two runs, and in which unit."""

import math

import msgspec
import pytest
from gate_runs import MANY, recorded, with_records

from pytest_llmops.compare.baseline import bless
from pytest_llmops.compare.gate import compare_runs
from pytest_llmops.compare.margins import Margins
from pytest_llmops.compare.metrics import METRICS, parse_metrics
from pytest_llmops.completions import Usage
from pytest_llmops.errors import CompareError
from pytest_llmops.models import Prices
from pytest_llmops.runs.reading import read_run

CHEAP = Prices(input=1.0, cached=0.1, output=4.0)
DEAR = Prices(input=2.0, cached=0.2, output=8.0)


def hosted(tokens=MANY, *, served="m at http://a", prices=None, name="base", **fields):
    """A run of a model at an endpoint, whose tokenizer nobody knows."""
    run = recorded(tokens, name=name, **fields)
    identity = msgspec.structs.replace(run.run.identity, served=served, tokenizer_sha256="")
    described = msgspec.structs.replace(run.run, identity=identity, prices=prices)
    return msgspec.structs.replace(run, run=described)


def other(*, model="n at http://a", growth=1.0, prices=None, **fields):
    tokens = [round(growth * count) for count in MANY]
    return hosted(tokens, served=model, prices=prices, name="new", **fields)


def names(comparison):
    return [check.name for check in comparison.checks]


def check(comparison, name):
    return next(one for one in comparison.checks if one.name == name)


def test_another_model_at_an_endpoint_is_judged_by_priced_tokens():
    found = compare_runs(hosted(), other())
    assert names(found) == ["errors", "truncation", "solve rate", "priced tokens"]
    assert found.verdict == "held"
    assert found.notes[:2] == (
        "what differs: model: m at a -> n at a",
        "output tokens left out: the tokenizers of m at a and n at a are not known to be the same",
    )
    assert compare_runs(hosted(), other(growth=2.0)).verdict == "regressed"


def test_the_same_model_at_an_endpoint_is_judged_by_its_tokens():
    found = compare_runs(hosted(), other(model="m at http://a"))
    assert names(found) == ["errors", "truncation", "solve rate", "output tokens"]


def test_where_output_tokens_judge_priced_ones_are_shown_and_missing_dollars_named():
    found = compare_runs(hosted(), other(model="m at http://a", growth=1.5))
    assert names(found)[-1] == "output tokens"
    shown = {effect.metric: effect for effect in found.effects}
    assert 1.1 < shown["priced tokens"].ratio.estimate < 1.5
    assert "dollars left out: the baseline has no prices in models.toml" in found.notes


def test_where_both_have_prices_dollars_judge():
    """Half the tokens at twice the price cost the same."""
    baseline, candidate = hosted(prices=CHEAP), other(growth=0.5, prices=DEAR)
    found = compare_runs(baseline, candidate)
    assert names(found) == ["errors", "truncation", "solve rate", "dollars"]
    dollars = check(found, "dollars")
    records = zip(baseline.records, candidate.records, strict=True)
    ratios = [math.log(DEAR.cost(two.usage) / CHEAP.cost(one.usage)) for one, two in records]
    expected = math.exp(sum(ratios) / len(ratios))
    assert dollars.candidate / dollars.baseline == pytest.approx(expected, rel=1e-3)
    shown = {effect.metric for effect in found.effects}
    assert {"output", "priced tokens", "dollars"} <= shown


def test_a_changed_prompt_is_judged_by_what_it_costs_too():
    def longer(records):
        return [
            msgspec.structs.replace(
                r, usage=Usage(input=r.usage.input + 900, output=r.usage.output)
            )
            for r in records
        ]

    run = recorded(MANY, name="new")
    identity = msgspec.structs.replace(run.run.identity, instruction="Be brief.")
    run = msgspec.structs.replace(run, run=msgspec.structs.replace(run.run, identity=identity))
    found = compare_runs(recorded(MANY), with_records(run, longer))
    assert found.notes[0] == "what differs: prompt: instruction changed"
    assert check(found, "output tokens").verdict == "held"
    assert check(found, "priced tokens").verdict == "regressed"


def test_kinds_of_tokens_weigh_by_their_prices():
    usage = Usage(input=100, output=10, cached=40, cache_write=20)
    run = with_records(
        hosted(prices=CHEAP),
        lambda records: [msgspec.structs.replace(r, usage=usage) for r in records],
    )
    again = msgspec.structs.replace(run, run=msgspec.structs.replace(run.run, id="again"))
    priced = check(compare_runs(run, again, metrics=("priced tokens",)), "priced tokens")
    assert priced.baseline == pytest.approx((40 + 0.1 * 40 + 20) / 4 + 10)
    unpriced = with_records(hosted(), lambda _: run.records)
    free = msgspec.structs.replace(unpriced, run=msgspec.structs.replace(unpriced.run, id="again"))
    priced = check(compare_runs(unpriced, free, metrics=("priced tokens",)), "priced tokens")
    assert priced.baseline == pytest.approx(100 / 5 + 10)  # the usual ratio, and no cache


def test_the_user_chooses_what_judges():
    found = compare_runs(hosted(), other(growth=2.0), metrics=("solve rate",))
    assert (names(found), found.verdict) == (["errors", "solve rate"], "held")
    assert parse_metrics("dollars, solve-rate") == ("solve rate", "dollars")
    for text in ("", "speed", "solve-rate,sped"):
        with pytest.raises(CompareError, match="is none of truncation, solve-rate, output-tokens"):
            parse_metrics(text)
    with pytest.raises(CompareError, match="'solve-rat' is none of .*; did you mean solve-rate"):
        parse_metrics("solve-rat")


@pytest.mark.parametrize(
    ("metric", "why"),
    [
        ("output tokens", "the tokenizers of m at"),
        ("dollars", "the baseline has no prices in models.toml"),
        ("code characters", "the baseline does not tell them"),
    ],
)
def test_what_was_asked_for_and_cannot_be_judged_is_refused(metric, why):
    with pytest.raises(CompareError, match=f"{metric} cannot be judged: {why}"):
        compare_runs(hosted(), other(), metrics=(metric,))


def test_the_cost_gate_judges_dollars_per_attempt_and_per_solved_case():
    baseline = hosted(prices=CHEAP)
    worse = other(prices=CHEAP, solved=[n % 4 == 0 for n in range(len(MANY))])
    found = compare_runs(baseline, worse, Margins(cost=1.2), ("dollars",))
    assert names(found)[2:] == ["cost per attempt", "cost per solved"]
    assert check(found, "cost per attempt").verdict == "held"
    solved = check(found, "cost per solved")
    assert solved.verdict == "regressed"
    assert solved.change.estimate == pytest.approx(2.0, rel=0.02)
    total = sum(CHEAP.cost(record.usage) for record in baseline.records)
    assert solved.baseline == pytest.approx(total / 150)
    with pytest.raises(CompareError, match="the cost cannot be judged: a run names no prices"):
        compare_runs(hosted(), worse, Margins(cost=1.2))


def test_a_run_that_solves_nothing_has_no_cost_per_solved_case():
    none = other(prices=CHEAP, solved=[False] * len(MANY))
    found = compare_runs(hosted(prices=CHEAP), none, Margins(cost=1.2))
    assert check(found, "cost per solved").verdict == "undecided"
    assert found.verdict == "regressed"


def test_a_baseline_keeps_what_has_a_price(tmp_path):
    usage = Usage(input=100, output=10, cached=40)
    run = with_records(
        hosted(prices=CHEAP),
        lambda records: [msgspec.structs.replace(r, usage=usage, cost=0.1) for r in records],
    )
    bless(run, tmp_path / "base.jsonl")
    kept = read_run(tmp_path / "base.jsonl")
    assert kept.run.prices == CHEAP
    assert {record.usage for record in kept.records} == {usage}
    assert {record.cost for record in kept.records} == {None}


def test_every_metric_can_be_named():
    text = ",".join(name.replace(" ", "-") for name in METRICS)
    assert parse_metrics(text) == METRICS


def looped(run):
    """The run as one of an agent's loops."""
    return msgspec.structs.replace(run, run=msgspec.structs.replace(run.run, agent="cline 3.0.65"))


def test_priced_tokens_per_solved_attempt_are_judged_where_they_are_named():
    """Half as many are solved for the same tokens: a solved one costs twice as much."""
    baseline = looped(recorded(MANY, solved=[True] * len(MANY)))
    worse = looped(recorded(MANY, solved=[n % 2 for n in range(len(MANY))], name="new"))
    asked = ("priced tokens", "priced per solved")
    found = compare_runs(baseline, worse, metrics=asked)
    assert names(found) == ["errors", *asked]
    assert [check(found, name).verdict for name in asked] == ["held", "regressed"]
    one = check(found, "priced per solved")
    assert one.candidate / one.baseline == pytest.approx(2.0, rel=0.02)
    same = looped(recorded(MANY, solved=[True] * len(MANY), name="new"))
    assert compare_runs(baseline, same, metrics=asked).verdict == "held"
    assert "priced per solved" not in names(compare_runs(baseline, worse))
    nothing = looped(recorded(MANY, solved=[False] * len(MANY)))
    with pytest.raises(CompareError, match="priced per solved cannot be judged: the baseline sol"):
        compare_runs(nothing, worse, metrics=asked)


def counted_by(who, run, count=None):
    """The run with its first records, or all, counted by someone else."""

    def change(records):
        ours = [msgspec.structs.replace(one, counted_by=who) for one in records[:count]]
        return [*ours, *records[len(ours) :]]

    return with_records(run, change)


@pytest.mark.parametrize("count", [1, len(MANY)])
@pytest.mark.parametrize("side", [0, 1])
def test_counts_of_ours_are_not_held_against_those_of_a_server(count, side):
    runs = [recorded(MANY), recorded(MANY, name="new")]
    runs[side] = counted_by("local", runs[side], count)
    with pytest.raises(CompareError, match=rf"{count} of 300 answers .*no.*hidden reasoning"):
        compare_runs(*runs)
    with pytest.raises(CompareError, match="output tokens cannot be judged: .* hidden reasoning"):
        compare_runs(*runs, metrics=("output tokens",))
    found = compare_runs(*runs, metrics=("truncation", "solve rate"))
    assert names(found) == ["errors", "truncation", "solve rate"]


@pytest.mark.parametrize("who", ["local", "total"])
def test_counts_of_one_kind_are_compared(who):
    both = counted_by(who, recorded(MANY)), counted_by(who, recorded(MANY, name="new"))
    assert compare_runs(*both).verdict == "held"
    if who == "total":
        assert compare_runs(recorded(MANY), both[1]).verdict == "held"


def test_a_baseline_keeps_who_counted(tmp_path):
    path = tmp_path / "base.jsonl"
    bless(counted_by("local", recorded(MANY)), path)
    with pytest.raises(CompareError, match="300 of 300 answers of the baseline"):
        compare_runs(read_run(path), recorded(MANY, name="new"))


def test_prices_of_nothing_are_named_as_such():
    free = Prices(input=0.0, output=0.0)
    runs = recorded(MANY, prices=free), recorded(MANY, name="new", prices=CHEAP)
    with pytest.raises(
        CompareError, match="dollars cannot be judged: the baseline has prices of 0"
    ):
        compare_runs(*runs, metrics=("dollars",))


def test_the_cost_per_solved_case_says_that_nothing_is_solved():
    none = [0] * len(MANY)
    runs = [recorded(MANY, solved=none, name=name, prices=CHEAP) for name in ("base", "new")]
    found = compare_runs(*runs, Margins(cost=1.2))
    assert check(found, "cost per solved").reason == "a run solves nothing"
