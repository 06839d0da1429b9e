import json
import math
import re
from functools import cache

import msgspec
import pytest
from plotly import graph_objects
from records import record, unanswered
from report_runs import attempts, graded, pair, recorded, subject

from pytest_llmops.compare.values import Interval
from pytest_llmops.completions import Usage
from pytest_llmops.report import charts, forest
from pytest_llmops.report.templating import TEMPLATES


def comparison(*runs):
    return subject(*runs).versus[0].comparison


def accepted(figure):
    """The figure as plotly's own schema takes it, colours put in for their roles."""
    text = re.sub(r'"@\w+"', '"#123456"', json.dumps(figure))
    return graph_objects.Figure(json.loads(text))


@cache
def every_figure():
    runs = pair()
    found = comparison(*runs)
    named = [("base", runs[0].records), ("lora", runs[1].records)]
    return {
        "overall": forest.overall([("lora", found)]),
        "clusters": forest.clusters(found),
        "cases": forest.cases(found),
        "pareto": charts.pareto(named),
        "parts": charts.token_parts(named),
    }


@pytest.mark.parametrize("name", every_figure())
def test_plotly_accepts_every_figure_and_its_axes_have_titles(name):
    drawn = accepted(every_figure()[name])
    assert drawn.layout.xaxis.title.text
    assert drawn.data


def test_every_colour_has_a_value_in_the_style_sheet():
    style = (TEMPLATES / "page.css").read_text("utf-8")
    roles = set(re.findall(r'"@(\w+)"', json.dumps(every_figure())))
    assert len(roles) > 5
    assert all(f"--{role}: light-dark(" in style for role in roles)


def test_ratios_of_clusters_are_geometric_means_with_t_intervals():
    pairs = comparison(*pair(ratio=0.8)).pairs
    rows = forest.cluster_ratios(pairs)
    assert [name for name, _, _ in sorted(rows)] == [f"eval/file{n}.ts" for n in range(4)]
    assert {count for _, count, _ in rows} == {6}
    assert [ratio.estimate for _, _, ratio in rows] == sorted(r.estimate for _, _, r in rows)
    name, _, ratio = rows[0]
    logs = [math.log(p.output[1] / p.output[0]) for p in pairs if p.cluster == name]
    mean = sum(logs) / 6
    error = math.sqrt(sum((log - mean) ** 2 for log in logs) / 5 / 6)
    assert ratio.estimate == pytest.approx(math.exp(mean))
    assert ratio.high == pytest.approx(math.exp(mean + 2.570582 * error))  # t, 5 degrees, 97.5 %


def test_a_cluster_of_few_cases_is_a_point_without_an_interval():
    found = forest.cluster_ratios(comparison(*pair()).pairs[:2])
    assert all(math.isnan(ratio.low) and math.isnan(ratio.high) for _, _, ratio in found)
    few = msgspec.structs.replace(comparison(*pair()), pairs=comparison(*pair()).pairs[:2])
    assert set(forest.clusters(few)["data"][0]["error_x"]["array"]) == {0.0}


def test_the_effects_stand_in_order_with_output_on_top():
    drawn = forest.overall([("lora", comparison(*pair()))])
    assert drawn["data"][0]["y"][::-1] == [
        *("lora  output", "lora  input", "lora  total", "lora  priced tokens")
    ]


@pytest.mark.parametrize(("low", "high"), [(0.02, 1.1), (0.8, 40.0), (0.001, 900.0)])
def test_no_interval_is_cut_at_the_edge_of_a_forest(low, high):
    found = comparison(*pair())
    input_ = msgspec.structs.replace(found.effects[1], ratio=Interval(low, 1.0, high))
    effects = (found.effects[0], input_, *found.effects[2:])
    drawn = forest.overall([("lora", msgspec.structs.replace(found, effects=effects))])
    start, end = (10**edge for edge in drawn["layout"]["xaxis"]["range"])
    assert start < low
    assert high < end


@pytest.mark.parametrize(("high", "labelled"), [(1.4, None), (40.0, "D2")])
def test_an_axis_that_spans_a_lot_labels_1_2_and_5_alone(high, labelled):
    """Else the labels of a narrow page lie upon each other."""
    found = comparison(*pair())
    input_ = msgspec.structs.replace(found.effects[1], ratio=Interval(0.9, 1.0, high))
    effects = (input_,)
    drawn = forest.overall([("lora", msgspec.structs.replace(found, effects=effects))])
    assert drawn["layout"]["xaxis"].get("dtick") == labelled


def test_cases_are_sorted_by_ratio_and_marked_by_who_solved_them():
    base = recorded(attempts(24, solved=0.5))
    other = recorded(attempts(24, solved=0.75, ratio=0.8), model="lora", number=1)
    drawn = forest.cases(comparison(base, other))
    names = {trace["name"] for trace in drawn["data"]}
    assert names == {"solved by both (12)", "solved by neither (6)", "gained (6)"}
    points = sorted((x, y) for t in drawn["data"] for x, y in zip(t["x"], t["y"], strict=True))
    assert [x for x, _ in points] == list(range(1, 25))
    assert [y for _, y in points] == sorted(y for _, y in points)
    assert len({trace["marker"]["symbol"] for trace in drawn["data"]}) == 3


def test_names_from_outside_are_no_markup_in_a_chart():
    runs = [recorded(attempts(4), model="<b>x</b>"), recorded(attempts(4), model="y", number=1)]
    named = [("<b>x</b>", runs[0].records), ("y", runs[1].records)]
    assert "<b>" not in json.dumps([charts.pareto(named), charts.token_parts(named)])


def test_the_line_joins_the_runs_that_none_beats():
    cheap, best = attempts(4, solved=0.25), attempts(4, solved=1.0, ratio=3)
    worse = attempts(4, solved=0.25, ratio=2)
    drawn = charts.pareto([("cheap", cheap), ("best", best), ("worse", worse)])
    assert len(drawn["data"][0]["x"]) == 2
    assert drawn["data"][0]["y"] == [25.0, 100.0]
    assert len(drawn["data"][1]["x"]) == 3


def test_the_parts_of_a_run_sum_to_its_mean_tokens():
    records = [
        record("a", usage=Usage(input=1, output=100), grade=graded("solved")),
        record("b", usage=Usage(input=1, output=60, reasoning=20), grade=graded("wrong")),
        record("c", usage=Usage(input=1, output=20), grade=None),
        unanswered("d"),
    ]
    found = charts.mean_parts(records)
    assert sum(found.values()) == pytest.approx(60)
    assert found["code"] == pytest.approx((60 + 24) / 3)
    assert found["hidden reasoning"] == pytest.approx(20 / 3)
    assert found["not apportioned"] == pytest.approx(20 / 3)


def test_runs_without_answers_draw_nothing_and_do_not_fail():
    nothing = [("base", [unanswered("a")])]
    assert charts.pareto(nothing)["data"][1]["x"] == []
    assert charts.token_parts(nothing)["data"] == []
    accepted(charts.pareto(nothing))
