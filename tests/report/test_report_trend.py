import json
import re
import weakref
from functools import partial

import msgspec
import pytest
from plotly import graph_objects
from report_runs import attempts, recorded

from pytest_llmops.errors import CompareError, RecordError
from pytest_llmops.report.html import history_html
from pytest_llmops.report.trend import Source, trend, trend_figure, value_text


def runs(ratios, **fields):
    return [
        recorded(attempts(24, ratio=ratio, **fields), model=f"m{number}", number=number)
        for number, ratio in enumerate(ratios)
    ]


def sources(found):
    """Of runs as a command hands them over: by the time they started."""
    ordered = sorted(found, key=lambda run: (run.run.started, run.run.id))
    return [Source(run.run.id, lambda run=run: run) for run in ordered]


def series(found, metric):
    return trend(sources(found), metric)


def broken():
    raise RecordError("line 3")


def test_a_series_is_measured_against_its_first_run():
    found = series(runs([1.0, 0.5, 2.0]), "token ratio")
    assert [point.model for point in found.points] == ["m0", "m1", "m2"]
    assert [point.value for point in found.points] == pytest.approx([1.0, 0.5, 2.0], rel=0.02)
    assert found.left_out == ()


def test_a_lasting_change_is_found_and_drawn():
    found = series(runs([1.0] * 6 + [1.5] * 6), "token ratio")
    assert [change.index for change in found.changes] == [6]
    drawn = trend_figure(found)
    assert drawn["layout"]["shapes"][0]["x0"] == 6.5
    assert drawn["data"][1]["x"] == [0.6, 6.4]
    assert drawn["data"][2]["y"] == pytest.approx([1.5, 1.5], rel=0.02)
    text = re.sub(r'"@\w+"', '"#123456"', json.dumps(drawn))
    assert graph_objects.Figure(json.loads(text)).layout.yaxis.title.text


def test_dollars_have_a_series_in_which_a_run_without_prices_is_a_gap():
    priced = runs([1.0, 1.0], cost=0.01)
    found = series([*priced, recorded(attempts(24), number=2)], "dollars per solved")
    assert [point.value for point in found.points][:2] == pytest.approx([0.02, 0.02])
    assert value_text(found.points[0].value, found.metric) == "$0.0200"
    assert value_text(found.points[2].value, found.metric) == "\N{EN DASH}"
    assert trend_figure(found)["data"][0]["y"][2] is None


def test_loops_have_a_series_of_priced_tokens_per_solved_attempt():
    looped = runs([1.0, 1.0], priced=40.0)
    found = series([*looped, recorded(attempts(24), number=2)], "priced per solved")
    assert [point.value for point in found.points][:2] == pytest.approx([80.0, 80.0])
    assert value_text(found.points[0].value, found.metric) == "80"
    assert value_text(found.points[2].value, found.metric) == "\N{EN DASH}"


def test_runs_of_other_suites_and_unfinished_ones_are_left_out_and_told():
    found = runs([1.0, 1.1, 1.2])
    other = recorded(attempts(24), suite_hash="f" * 16, id="other")
    killed = recorded(attempts(24), ended=False, id="killed", number=1)
    shown = trend([Source("broken", broken), *sources([*found, other, killed])], "token ratio")
    assert [point.model for point in shown.points] == ["m0", "m1", "m2"]
    reasons = dict(shown.left_out)
    assert set(reasons) == {"other", "killed", "broken"}
    assert "suite_hash" in reasons["other"]
    assert "interrupted" in reasons["killed"]
    assert reasons["broken"] == "line 3"


def test_runs_whose_cases_were_asked_with_another_prompt_are_left_out_and_told():
    one, other = (
        [recorded(attempts(24, prompt_sha256=sha), number=n, id=f"{sha}{n}") for n in range(2)]
        for sha in ("old", "new")
    )
    later = [msgspec.structs.replace(r.run, started=r.run.started + 10**6) for r in other]
    new = [msgspec.structs.replace(r, run=run) for r, run in zip(other, later, strict=True)]
    shown = series([*one, *new], "token ratio")
    assert [point.run for point in shown.points] == ["new0", "new1"]
    reasons = dict(shown.left_out)
    assert set(reasons) == {"old0", "old1"}
    assert all("24 cases were asked with another prompt" in why for why in reasons.values())


def test_a_series_of_several_models_says_so():
    mixed = series(runs([1.0, 1.1]), "token ratio")
    assert mixed.models == ("m0", "m1")
    assert "2 models in one series" in history_html(mixed)
    alone = series([recorded(attempts(24), number=n) for n in range(2)], "token ratio")
    assert "models in one series" not in history_html(alone)


def test_the_latest_run_decides_which_suite_is_meant():
    old = recorded(attempts(24), suite_hash="f" * 16, id="old")
    new = msgspec.structs.replace(runs([1.0, 1.0])[1])
    assert [point.run for point in series([old, new], "solve rate").points] == [new.run.id]


def test_without_a_complete_run_there_is_no_history():
    killed = recorded(attempts(24), ended=False, id="killed")
    with pytest.raises(CompareError, match=r"no complete run(.|\n)*killed: .*interrupted"):
        series([killed], "token ratio")
    with pytest.raises(CompareError, match="there are no runs"):
        series([], "token ratio")


def test_a_value_that_is_infinite_is_a_gap_in_the_plot():
    found = series([*runs([1.0, 1.0]), *runs([1.0] * 3, solved=0.0)[2:]], "cost of pass")
    assert trend_figure(found)["data"][0]["y"][2] is None
    assert value_text(found.points[2].value, "cost of pass") == value_text(
        float("nan"), "solve rate"
    )


def test_three_runs_are_in_memory_at_a_time():
    alive = weakref.WeakSet()
    most = []

    class Kept(list):
        """Records that can be counted while they are alive."""

        __hash__ = object.__hash__
        __eq__ = object.__eq__

    def read(number):
        run = recorded(attempts(24), number=number)
        held = Kept(run.records)
        alive.add(held)
        most.append(len(alive))
        return msgspec.structs.replace(run, records=held)

    trend([Source(f"{n}", partial(read, n)) for n in range(12)], "token ratio")
    assert max(most) <= 4  # latest, reference, the one before, and the one that is read
