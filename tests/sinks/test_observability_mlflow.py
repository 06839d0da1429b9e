"""A run in a real MLflow server, read back by its client, and spoilt there."""

import os

import msgspec
import pytest
from mlflow_server import mlflow_server
from sink_project import deliver, make_records, write_run

from pytest_llmops.completions import Usage
from pytest_llmops.observability.measure import compare
from pytest_llmops.observability.verify import verify
from pytest_llmops.runs.reading import read_run
from pytest_llmops.runs.record import RECORDS
from pytest_llmops.runs.traces import trace_id

pytestmark = [
    pytest.mark.slow,
    # MLflow's client is in this process; what its parts warn of is not ours.
    pytest.mark.filterwarnings("ignore"),
]

ATTEMPTS, SPANS = 8, 30


def counted(sent):
    folder, environment = sent
    (tool,) = compare(read_run(folder / RECORDS), ["mlflow"], environment, send=False).tools
    return tool


@pytest.fixture(scope="module")
def sent(tmp_path_factory):
    home = tmp_path_factory.mktemp("mlflow")
    records = make_records(ATTEMPTS)
    usage = Usage(input=50, output=40, cached=30, reasoning=20)
    records[0] = msgspec.structs.replace(records[0], usage=usage)
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with mlflow_server(home) as url:
        environment = {**kept, "MLFLOW_TRACKING_URI": url}
        folder = write_run(home / "runs", records)
        assert deliver(folder, ["mlflow"], environment).delivery.complete
        yield folder, environment


def test_a_run_is_found_again_whole_and_a_trace_deleted_in_the_server_is_missed(sent):
    tool = counted(sent)
    assert tool.problem == ""
    assert tool.measured_on == "server"
    found = tool.traceability
    assert (found.complete, found.attempts, found.spans) == (ATTEMPTS, ATTEMPTS, SPANS)
    assert (found.lost_spans, found.duplicated_spans, found.unexpected_spans) == (0, 0, 0)
    assert (found.wrong_token_spans, found.missing_scores, found.wrong_scores) == (0, 0, 0)
    debugging = tool.debugging
    assert (debugging.failing, debugging.queries) == (5, 2.0)
    assert (debugging.prompt, debugging.completion, debugging.error) == (1.0, 1.0, 1.0)
    assert (debugging.linked, debugging.opens) == (1.0, True)
    assert tool.granularity.token_kinds == ("input", "cached", "output")
    assert tool.footprint.memory > 2**20

    from mlflow import MlflowClient  # noqa: PLC0415

    folder, environment = sent
    run = read_run(folder / RECORDS).run
    client = MlflowClient(environment["MLFLOW_TRACKING_URI"])
    experiment = client.get_experiment_by_name("llmops starter").experiment_id
    gone = f"tr-{trace_id(run.id, 'starter:eval/text#f1', 0)}"
    client.delete_traces(experiment, trace_ids=[gone])
    after = counted(sent).traceability
    assert (after.complete, after.lost_spans) == (ATTEMPTS - 1, 4)
    assert after.missing_scores > 0


def test_a_server_proves_what_it_has_and_what_it_lost_is_found_and_sent_again(sent, tmp_path):
    _, environment = sent
    folder = write_run(tmp_path, make_records(ATTEMPTS), id="20260101-140000-base-eeee")
    assert deliver(folder, ["mlflow"], environment).complete
    found = read_run(folder / RECORDS)

    def proved():
        (checked,) = verify(found, ["mlflow"], environment, patience=0.5)
        return checked.verified, checked.lost, checked.problem

    from mlflow import MlflowClient  # noqa: PLC0415

    assert proved() == (ATTEMPTS, 0, "")
    client = MlflowClient(environment["MLFLOW_TRACKING_URI"])
    experiment = client.get_experiment_by_name("llmops starter").experiment_id
    gone = f"tr-{trace_id(found.run.id, 'starter:eval/text#f1', 0)}"
    client.delete_traces(experiment, trace_ids=[gone])
    assert proved() == (ATTEMPTS - 1, 1, "")
    assert deliver(folder, ["mlflow"], environment).complete
    assert proved() == (ATTEMPTS, 0, "")


def test_a_run_that_the_server_does_not_have_is_a_problem_that_says_what_to_do(sent, tmp_path):
    _, environment = sent
    folder = write_run(tmp_path, make_records(2), id="20260101-130000-base-ffff")
    tool = counted((folder, environment))
    assert tool.measured_on == "nothing"
    assert "llmops sync 20260101-130000-base-ffff" in tool.problem
