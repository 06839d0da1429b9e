"""`llmops sync --verify`: what a server acknowledged and lost is found, told and sent again."""

import argparse
import os

import pytest
from records import RUN
from sink_project import deliver, make_records, write_run
from tool_stand_ins import CollectorStandIn, LangfuseStandIn, environment_of

from pytest_llmops.cli import sinks as command
from pytest_llmops.observability import verify as verification
from pytest_llmops.sinks.delivery.ledger import Ledger
from pytest_llmops.sinks.probe import place
from pytest_llmops.sinks.settings import read

ATTEMPTS = 6
TOOLS = ("langfuse", "openllmetry")


@pytest.fixture
def sent(tmp_path, monkeypatch):
    """A run that both tools took, where settings lead to them."""
    monkeypatch.setattr(verification, "PAUSE", 0.05)
    monkeypatch.setattr(verification.verify, "__kwdefaults__", {"patience": 0.2})
    folder = write_run(tmp_path, make_records(ATTEMPTS))
    with LangfuseStandIn() as langfuse, CollectorStandIn() as collector:
        for name, value in environment_of(langfuse, collector).items():
            monkeypatch.setenv(name, value)
        assert deliver(folder, TOOLS, os.environ).delivery.complete
        yield folder, {"langfuse": langfuse, "openllmetry": collector}


def sync(folder, *arguments):
    parser = argparse.ArgumentParser()
    command.add(parser.add_subparsers())
    options = parser.parse_args(["sync", *arguments, "--runs", str(folder.parent)])
    return options.run(options)


def told(folder, sink):
    """Attempts delivered and verified, as the ledger has them."""
    ledger, where = Ledger(folder), place(read(sink, os.environ))
    return len(ledger.delivered(sink, where)), len(ledger.verified(sink, where))


def test_delivered_is_told_from_verified(sent, capsys):
    folder, _ = sent
    assert [told(folder, one) for one in TOOLS] == [(ATTEMPTS, 0)] * 2
    assert sync(folder, "--verify") == 0
    assert [told(folder, one) for one in TOOLS] == [(ATTEMPTS, ATTEMPTS)] * 2
    lines = capsys.readouterr().out.splitlines()
    assert sum(f"{ATTEMPTS} of them read back" in line for line in lines) == 2


def lose_a_score(server):
    server.scores.pop(next(name for name, one in server.scores.items() if "traceId" in one))


def lose_a_span(server):
    for request in server.requests["traces"]:
        del request.resource_spans[0].scope_spans[0].spans[2]


def lose_the_summary(server):
    server.scores = {name: one for name, one in server.scores.items() if "datasetRunId" not in one}


@pytest.mark.parametrize(
    ("sink", "lose", "lost"),
    [
        ("langfuse", lose_a_score, 1),
        ("langfuse", lose_a_span, 1),
        ("langfuse", lose_the_summary, 1),
        ("openllmetry", lose_a_span, 1),
        ("openllmetry", lambda server: server.requests["traces"].clear(), ATTEMPTS),
        ("openllmetry", lambda server: server.requests["metrics"].clear(), 1),
    ],
)
def test_what_a_server_lost_is_told_and_sent_again(sent, capsys, sink, lose, lost):
    folder, servers = sent
    lose(servers[sink])
    assert sync(folder, "--verify", "--sink", sink) == 0
    out = capsys.readouterr().out
    assert f"{sink}: {lost} delivered, but cannot be read back; sent again" in out
    assert told(folder, sink) == (ATTEMPTS, ATTEMPTS)
    assert sync(folder, "--verify") == 0
    assert "cannot be read back" not in capsys.readouterr().out


def test_only_what_is_missing_is_sent_again(sent):
    folder, servers = sent
    before = len(servers["openllmetry"].spans)
    lose_a_span(servers["openllmetry"])
    sync(folder, "--verify")
    assert before <= len(servers["openllmetry"].spans) <= before + 3


def test_what_stays_lost_is_an_exit_status(sent, capsys):
    folder, servers = sent
    servers["langfuse"].spoil = lambda path, body: (
        {**body, "data": []} if path.endswith("v3/scores") else body
    )
    assert sync(folder, "--verify", "--sink", "langfuse") == 1
    assert "after another delivery still not" in capsys.readouterr().out
    assert told(folder, "langfuse")[1] == 0


def test_again_sends_everything_to_the_same_ids(sent):
    folder, servers = sent
    ids = {span.span_id for span in servers["openllmetry"].spans}
    count = len(servers["openllmetry"].spans)
    assert sync(folder, "--again", "--sink", "openllmetry") == 0
    assert len(servers["openllmetry"].spans) == 2 * count
    assert {span.span_id for span in servers["openllmetry"].spans} == ids
    assert told(folder, "openllmetry") == (ATTEMPTS, 0)
    assert told(folder, "langfuse") == (ATTEMPTS, 0)


def test_a_back_end_that_is_away_empties_no_other_s_figures(sent, monkeypatch, capsys):
    folder, _ = sent
    monkeypatch.setenv("LLMOPS_LOKI_URL", "http://127.0.0.1:9")
    assert sync(folder, "--verify", "--sink", "openllmetry") == 1
    assert "http://127.0.0.1:9" in capsys.readouterr().out
    assert told(folder, "openllmetry") == (ATTEMPTS, ATTEMPTS)
    assert RUN.id in str(folder)


def lose_a_trace(store, info):
    store.delete_traces(info.experiment_id, trace_ids=[info.trace_id])


def lose_an_assessment(store, info):
    store.delete_assessment(info.trace_id, info.assessments[0].assessment_id)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of MLflow's parts, in this process
@pytest.mark.parametrize("lose", [lose_a_trace, lose_an_assessment])
def test_what_a_real_mlflow_lost_is_told_and_sent_again(tmp_path, monkeypatch, capsys, lose):
    from mlflow import MlflowClient  # noqa: PLC0415
    from mlflow.tracing.client import TracingClient  # noqa: PLC0415

    monkeypatch.setattr(verification.verify, "__kwdefaults__", {"patience": 0.2})
    uri = f"sqlite:///{tmp_path}/m.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    folder = write_run(tmp_path, make_records(ATTEMPTS))
    assert deliver(folder, ["mlflow"], os.environ).complete
    client = MlflowClient(uri, uri)
    experiment = client.get_experiment_by_name("llmops starter").experiment_id
    traces = client.search_traces(locations=[experiment])
    lose(TracingClient(uri).store, traces[0].info)
    assert sync(folder, "--verify") == 0
    assert "mlflow: 1 delivered, but cannot be read back; sent again" in capsys.readouterr().out
    assert told(folder, "mlflow") == (ATTEMPTS, ATTEMPTS)
    assert sync(folder, "--verify") == 0
    assert "cannot be read back" not in capsys.readouterr().out
