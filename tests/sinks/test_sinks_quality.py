"""Code quality in the sinks: figures of a run, where somebody has measured it."""

import os
from types import SimpleNamespace

from otlp_receiver import Receiver, attributes
from records import RUN
from sink_project import END, SECRET, deliver, make_records, write_run
from test_sinks_langfuse import environment

from pytest_llmops.quality.stored import QUALITY, store
from pytest_llmops.quality.values import Measured
from pytest_llmops.runs.record import RECORDS
from pytest_llmops.sinks.mlflow.tracked import log_run
from pytest_llmops.sinks.run_scores import figures, run_scores
from pytest_llmops.sinks.written import quality_figures

FIGURES = {
    "quality_consistency": 0.5,
    "quality_best_practices": 1.0,
    "quality_error_rate": 0.25,
    "quality_duplication": 0.0,
}


def measured(folder):
    """A run of three attempts, one of which was measured."""
    made = write_run(folder, make_records(3))
    one = Measured(
        case="starter:eval/text#f0",
        sample=0,
        consistency=0.5,
        best_practices=1.0,
        error_rate=0.25,
        duplication=0.0,
        lines=4,
    )
    store(made / RECORDS, RUN, [one, Measured(case="b", sample=0, why_not="no code")])
    return made


def test_a_run_that_nobody_measured_has_none(tmp_path):
    folder = write_run(tmp_path, make_records(3))
    assert quality_figures(folder, RUN) == {}
    assert not [name for name in figures(make_records(3)) if name.startswith("quality")]


def test_figures_that_cannot_be_read_keep_no_run_from_being_delivered(tmp_path):
    folder = measured(tmp_path)
    assert quality_figures(folder, RUN) == FIGURES
    (folder / QUALITY).write_text("{}")
    assert quality_figures(folder, RUN) == {}


def test_they_stand_beside_the_figures_of_the_records():
    records = make_records(3)
    assert figures(records, FIGURES) == figures(records) | FIGURES
    told = {score.name: score.value for score in run_scores(records, FIGURES)}
    assert told.items() >= FIGURES.items()


def test_langfuse_has_them_as_scores_of_the_experiment(tmp_path):
    folder = measured(tmp_path)
    with Receiver(secret_key=SECRET) as receiver:
        assert deliver(folder, ["langfuse"], environment(receiver)).delivery.complete
    whole = [one for one in receiver.scores.values() if one.get("datasetRunId") == RUN.id]
    assert {one["name"]: one["value"] for one in whole}.items() >= FIGURES.items()


def test_a_collector_has_them_as_gauges_and_in_the_log_record_of_the_run(tmp_path):
    folder = measured(tmp_path)
    with Receiver() as receiver:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        place = {**kept, "TRACELOOP_BASE_URL": receiver.url}
        assert deliver(folder, ["openllmetry"], place).delivery.complete
    found = {
        name.removeprefix("llmops."): metric.gauge.data_points[0].as_double
        for name, metric in receiver.metrics.items()
        if name.startswith("llmops.quality_")
    }
    assert found == FIGURES
    (run,) = (one for one in receiver.logs if one.event_name == "llmops.run")
    assert attributes(run)["llmops.quality_consistency"] == 0.5


def test_mlflow_has_them_as_metrics():
    said = {}
    client = SimpleNamespace(
        log_values=lambda _, **values: said.update(values["metrics"]),
        log_parts=lambda *_: None,
        set_terminated=lambda *_: None,
    )
    tracked = SimpleNamespace(info=SimpleNamespace(run_id="r"))
    log_run(client, tracked, RUN, make_records(3), END, quality=FIGURES)
    assert said.items() >= FIGURES.items()
