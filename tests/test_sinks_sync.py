import argparse
import os
import subprocess
import sys

import pytest
from otlp_receiver import Receiver
from records import RUN
from sink_project import SECRET, make_records, write_run

from pytest_llmops.cli.sinks import add
from pytest_llmops.errors import SinkError
from pytest_llmops.sinks.sync import sync


def environment(receiver):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "TRACELOOP_BASE_URL": receiver.url}


def run_command(arguments):
    """Run the command as `llmops` does."""
    parser = argparse.ArgumentParser()
    add(parser.add_subparsers())
    options = parser.parse_args(arguments)
    return options.run(options)


def test_sync_sends_a_run_to_a_sink_it_was_not_for_and_says_so(tmp_path, monkeypatch, capsys):
    write_run(tmp_path, make_records(3))
    with Receiver() as receiver:
        monkeypatch.setenv("TRACELOOP_BASE_URL", receiver.url)
        status = run_command(["sync", RUN.id, "--sink", "openllmetry", "--runs", str(tmp_path)])
    assert status == 0
    assert capsys.readouterr().out == f"openllmetry: 3 attempts delivered to {receiver.url}\n"
    assert len(receiver.spans) == 10


def test_sync_without_names_takes_the_sinks_that_were_asked_for(tmp_path, monkeypatch, capsys):
    write_run(tmp_path, make_records(3))
    with Receiver() as receiver:
        monkeypatch.setenv("TRACELOOP_BASE_URL", receiver.url)
        receiver.dies_after = 0
        named = ["sync", RUN.id, "--sink", "openllmetry", "--runs", str(tmp_path)]
        assert run_command(named) == 1
    assert "3 wait" in capsys.readouterr().out
    with Receiver(port=receiver.port) as revived:
        assert run_command(["sync", "--runs", str(tmp_path)]) == 0
        assert len(revived.spans) == 10
        assert run_command(["sync", "--runs", str(tmp_path)]) == 0
        assert len(revived.spans) == 10


def test_sync_needs_a_sink_to_be_named_once(tmp_path):
    folder = write_run(tmp_path, make_records(2))
    with pytest.raises(SinkError, match="was recorded without a sink; name one with --sink"):
        sync(folder / "records.jsonl", [], content=True, environment={})


def test_sync_can_withhold_what_the_records_hold(tmp_path, monkeypatch):
    write_run(tmp_path, make_records(3))
    with Receiver(secret_key=SECRET) as receiver:
        monkeypatch.setenv("LANGFUSE_BASE_URL", receiver.url)
        monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk-lf-1")
        monkeypatch.setenv("LANGFUSE_SECRET_KEY", SECRET)
        told = ["sync", "--sink", "langfuse", "--no-content", "--runs", str(tmp_path)]
        assert run_command(told) == 0
    assert b"Write f0." not in b"".join(receiver.bodies)


def test_a_sink_at_another_place_is_sent_everything_again(tmp_path):
    folder = write_run(tmp_path, make_records(3))
    with Receiver() as one, Receiver() as other:
        for receiver in (one, other):
            sinks = sync(
                folder / "records.jsonl",
                ["openllmetry"],
                content=True,
                environment=environment(receiver),
            )
            assert sinks.delivery.complete
    assert len(one.spans) == len(other.spans) == 10


def test_neither_the_plugin_nor_the_command_imports_an_sdk():
    script = (
        "import sys, pytest_llmops.plugin, pytest_llmops.cli.sinks, pytest_llmops.sinks.open;"
        "heavy = {'mlflow', 'langfuse', 'traceloop', 'opentelemetry', 'requests', 'google'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert found.stdout.strip() == "[]", found.stderr
