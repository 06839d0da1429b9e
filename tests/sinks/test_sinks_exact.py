"""Quantiles and counts that a run sends of itself."""

import pytest
from records import RUN, record, unanswered

from pytest_llmops.completions import Timing, Usage
from pytest_llmops.sinks.openllmetry.exact import Stretch, exact_gauges

LABELS = {"gen_ai.request.model": "base"}


def gauges(records):
    """Value by name and by the attributes beside the labels."""
    return {
        (
            metric.name,
            *(str(one) for name, one in point.attributes.items() if name not in LABELS),
        ): (point.value)
        for metric in exact_gauges(RUN, records, LABELS, Stretch(1, 2))
        for point in metric.data.data_points
    }


def made(count):
    return [
        record(
            f"case{number}",
            usage=Usage(input=1, output=number),
            timing=Timing(started=RUN.started, queue=0.0, total=number / 10),
        )
        for number in range(1, count + 1)
    ]


def test_quantiles_are_values_of_the_records():
    found = gauges(made(100))
    assert found["llmops.call.output_tokens", "0.5"] == 50
    assert found["llmops.call.output_tokens", "0.95"] == 95
    assert found["llmops.call.seconds", "0.95"] == 9.5
    assert found["llmops.step.seconds", "chat", "0.95"] == pytest.approx(9.5)
    assert found["llmops.step.seconds", "grade", "0.5"] == pytest.approx(0.1)


def test_steps_are_counted_by_status():
    found = gauges([*made(3), unanswered("gone")])
    assert found["llmops.steps", "case", "ok"] == 3
    assert found["llmops.steps", "case", "error"] == 1
    assert found["llmops.steps", "chat", "ok"] == 3
    assert ("llmops.steps", "chat", "error") not in found


def test_a_run_without_an_answer_has_no_quantiles_of_calls():
    names = {name for name, *_ in gauges([unanswered("gone")])}
    assert names == {"llmops.step.seconds", "llmops.steps"}
    assert exact_gauges(RUN, [], LABELS, Stretch(1, 2)) == []
