"""Sinks, through whole sessions of pytest."""

import shutil

import pytest
from otlp_receiver import Receiver
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


def output_tokens(receiver):
    """Summed over the spans that are model calls."""
    values = [
        attribute.value.int_value
        for span in receiver.spans
        for attribute in span.attributes
        if attribute.key == "gen_ai.usage.output_tokens"
    ]
    return sum(values)


@pytest.mark.parametrize("spread", [("-n0",), ("-n2",)])
def test_a_sink_gets_every_token_of_the_records_once(project, monkeypatch, spread):
    with Receiver() as receiver:
        monkeypatch.setenv("TRACELOOP_BASE_URL", receiver.url)
        result = run(project, "--sink", "openllmetry", *spread)
        assert result.ret == 0
        result.stdout.fnmatch_lines(["openllmetry: 3 attempts delivered to *"])
        records = read_run(find_run("latest", project.path / "runs")).records
        assert output_tokens(receiver) == sum(record.usage.output for record in records)


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


def test_a_sink_that_dies_later_is_told_and_synced(project, monkeypatch, capsys):
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
        assert output_tokens(revived) == sum(record.usage.output for record in records)
