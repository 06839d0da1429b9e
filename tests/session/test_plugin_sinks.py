"""Sinks, through whole sessions of pytest."""

import json
import shutil
import subprocess
import sys

import pytest
from mlflow_server import mlflow_server
from otlp_receiver import Receiver, attributes
from project import write_answers, write_benchmark

from pytest_llmops.cli.main import main
from pytest_llmops.runs.reading import find_run, read_run


@pytest.fixture
def project(pytester, mined, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    monkeypatch.delenv("TRACELOOP_BASE_URL", raising=False)
    shutil.copytree(mined / "cases", pytester.path / "cases")
    write_benchmark(pytester.path)
    write_answers(pytester.path)
    return pytester


def run(project, *arguments):
    return project.runpytest_subprocess("benchmarks", "--model=recorded", *arguments)


@pytest.mark.parametrize("spread", [("-n0",), ("-n2",)])
def test_a_sink_gets_every_token_of_the_records_once(project, monkeypatch, spread):
    with Receiver() as receiver:
        monkeypatch.setenv("TRACELOOP_BASE_URL", receiver.url)
        result = run(project, "--sink", "openllmetry", *spread)
        assert result.ret == 0
        result.stdout.fnmatch_lines(["openllmetry: 3 attempts delivered to *"])
        records = read_run(find_run("latest", project.path / "runs")).records
        assert tokens(receiver.spans, "output") == sum(record.usage.output for record in records)


def test_a_key_in_an_error_is_not_put_on_record(project, monkeypatch):
    monkeypatch.setenv("SOME_PAT", "ghp-0123456789")
    (project.path / "benchmarks" / "test_functions.py").write_text(
        "def test_function(attempt):\n"
        "    attempt.complete()\n"
        "    raise RuntimeError('refused: ghp-0123456789 at http://me:word@host/v1')\n"
    )
    assert run(project).ret == 1
    kept = find_run("latest", project.path / "runs")
    assert "ghp-0123456789" not in kept.read_text()
    errors = {record.error for record in read_run(kept).records}
    assert errors == {"RuntimeError: refused: (hidden) at http://host/v1"}


def test_nothing_is_sent_unless_asked_for(project, monkeypatch):
    with Receiver() as receiver:
        monkeypatch.setenv("TRACELOOP_BASE_URL", receiver.url)
        assert run(project).ret == 0
        assert not receiver.paths


def test_a_sink_asked_for_by_name_must_be_there(project, monkeypatch):
    monkeypatch.setenv("TRACELOOP_BASE_URL", "http://127.0.0.1:9")
    result = run(project, "--sink", "openllmetry")
    assert result.ret == 4
    assert "openllmetry" in result.stderr.str()
    assert not (project.path / "runs").exists()


def test_a_configured_sink_that_is_not_there_is_left_out_and_told(project, monkeypatch):
    monkeypatch.setenv("TRACELOOP_BASE_URL", "http://127.0.0.1:9")
    (project.path / "pytest.ini").write_text("[pytest]\nllmops_sinks = openllmetry\n")
    result = run(project)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*openllmetry*127.0.0.1:9*"])


def test_a_sink_that_is_gone_at_its_first_batch_is_told_and_synced(project, monkeypatch, capsys):
    with Receiver() as receiver:
        monkeypatch.setenv("TRACELOOP_BASE_URL", receiver.url)
        receiver.dies_after = 0
        result = run(project, "--sink", "openllmetry")
        assert result.ret == 0
        assert "3 wait" in result.stdout.str()
        assert "llmops sync" in " ".join(result.stdout.str().split())
    with Receiver(port=receiver.port) as revived:
        runs = str(project.path / "runs")
        assert main(["sync", "latest", "--runs", runs]) == 0
        records = read_run(find_run("latest", project.path / "runs")).records
        assert tokens(revived.spans, "output") == sum(record.usage.output for record in records)


PATIENT = """import pathlib, time

def delivered():
    ledgers = pathlib.Path("runs").glob("*/delivery.jsonl")
    lines = [line for ledger in ledgers for line in ledger.read_text().splitlines()]
    return any("openllmetry" in line and "attempts" in line for line in lines)

def test_function(attempt, begun=[]):
    attempt.complete()
    attempt.grade()
    deadline = time.monotonic() + 120
    while begun and not delivered() and time.monotonic() < deadline:
        time.sleep(0.1)
    begun.append(attempt)
"""
"""A benchmark in which only the first attempt ends before a batch has been delivered."""


@pytest.mark.slow
def test_all_sinks_have_the_tokens_of_the_records_though_one_was_killed_after_a_batch(
    project, monkeypatch, tmp_path_factory
):
    shutil.rmtree(project.path / "recorded")
    write_answers(project.path, samples=2)
    (project.path / "benchmarks" / "test_functions.py").write_text(PATIENT)
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk-lf-1")
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "sk-lf-0123456789abcdef")
    with (
        mlflow_server(tmp_path_factory.mktemp("mlflow")) as mlflow,
        Receiver(secret_key="sk-lf-0123456789abcdef") as langfuse,
    ):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow)
        monkeypatch.setenv("LANGFUSE_BASE_URL", langfuse.url)
        with Receiver() as killed:
            killed.dies_after = 2  # the spans and the logs of the first batch
            monkeypatch.setenv("TRACELOOP_BASE_URL", killed.url)
            result = run(project, "--sink", "all", "--samples=2")
        told = " ".join(result.stdout.str().split())
        assert result.ret == 0
        assert "openllmetry: 1 attempts delivered to" in told
        assert "5 wait" in told
        runs = project.path / "runs"
        with Receiver(port=killed.port) as revived:
            assert main(["sync", "latest", "--runs", str(runs)]) == 0
        found = read_run(find_run("latest", runs))
        traces = tracked_traces(mlflow, found.run.id)
    usages = [record.usage for record in found.records]
    expected = (sum(one.input for one in usages), sum(one.output for one in usages))
    assert expected == (
        sum(usage["input_tokens"] for _, usage in traces),
        sum(usage["output_tokens"] for _, usage in traces),
    )
    collected = [*killed.spans, *revived.spans]
    for spans in (collected, langfuse.spans):
        assert expected == (tokens(spans, "input"), tokens(spans, "output"))
        ids = [span.span_id for span in spans]
        assert len(ids) == len(set(ids)) == 4 * 6
    metered = {
        attributes(point)["gen_ai.token.type"]: point.sum
        for point in revived.metrics["gen_ai.client.token.usage"].histogram.data_points
    }
    assert expected == (metered["input"], metered["output"])
    identities = {span.trace_id.hex() for span in collected}
    assert identities == {span.trace_id.hex() for span in langfuse.spans}
    assert sorted(identities) == sorted(trace for trace, _ in traces)


def tokens(spans, kind):
    """Of the calls, as the conventions name them."""
    return sum(attributes(span).get(f"gen_ai.usage.{kind}_tokens", 0) for span in spans)


READ_BACK = """import json, sys
from mlflow import MlflowClient

uri, run_id = sys.argv[1:]
client = MlflowClient(uri, uri)
experiment = client.get_experiment_by_name("llmops mini").experiment_id
(run,) = client.search_runs([experiment], f"tags.`llmops.run_id` = '{run_id}'")
options = {"locations": [experiment], "run_id": run.info.run_id}
traces = client.search_traces(**options, max_results=100)
found = [[one.info.trace_id.removeprefix("tr-"), one.info.token_usage] for one in traces]
print(json.dumps(found))
"""


def tracked_traces(uri, run_id):
    """Id and token usage of the traces of a run in MLflow, by its own client.

    It runs in a process of its own: what is imported beside pytester is imported again later.
    """
    command = [sys.executable, "-W", "ignore", "-c", READ_BACK, uri, run_id]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])
