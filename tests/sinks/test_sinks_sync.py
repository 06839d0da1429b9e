import argparse
import os
import subprocess
import sys

import pytest
import sink_project
from otlp_receiver import Receiver, wait_until
from records import RUN
from sink_project import END, SECRET, make_records, start, write_run

from pytest_llmops.cli.sinks import add
from pytest_llmops.errors import SinkError
from pytest_llmops.runs.traces import trace_id
from pytest_llmops.sinks.delivery.ledger import Ledger, claim
from pytest_llmops.sinks.delivery.sync import sync


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


def test_a_run_that_is_being_delivered_is_not_delivered_twice_at_once(tmp_path):
    records = make_records(3)
    folder = write_run(tmp_path, records)
    with Receiver() as receiver:
        told = environment(receiver)
        sinks = start(folder, ["openllmetry"], told)
        with pytest.raises(SinkError, match="is being delivered by another process"):
            sync(folder / "records.jsonl", [], content=True, environment=told)
        assert sinks.close(END, records).complete
        assert sync(folder / "records.jsonl", [], content=True, environment=told).delivery.complete
        assert len(receiver.spans) == 10


def test_the_delivery_of_a_session_that_was_killed_keeps_others_out_until_it_ends(tmp_path):
    folder = write_run(tmp_path, make_records(3))
    killed = (
        "import os, pathlib, sys; sys.path.insert(0, sys.argv[1]); import sink_project;"
        "sink_project.start(pathlib.Path(sys.argv[2]), ['openllmetry'], os.environ);"
        "os.kill(os.getpid(), 9)"
    )
    with Receiver() as receiver:
        receiver.stalls = True
        here = os.path.dirname(sink_project.__file__)
        command = [sys.executable, "-c", killed, here, str(folder)]
        subprocess.run(command, env=environment(receiver))
        wait_until(lambda: len(receiver.paths) > 1)  # after the probe: the delivery goes on
        with pytest.raises(SinkError, match="is being delivered"):
            claim(folder)
        receiver.stalls = False
        wait_until(lambda: is_free(folder))
        assert len(receiver.spans) == 10
    assert Ledger(folder).finished("openllmetry", receiver.url)


def is_free(folder):
    try:
        claim(folder).close()
    except SinkError:
        return False
    return True


def test_a_configured_sink_that_was_not_there_is_synced_later(tmp_path, monkeypatch, capsys):
    folder = write_run(tmp_path, make_records(3))
    with Receiver() as receiver:
        pass
    sinks = start(folder, ["openllmetry"], environment(receiver), required=False)
    assert sinks.lines()[-1] == f"left out: openllmetry; once there: llmops sync {RUN.id}"
    monkeypatch.setenv("TRACELOOP_BASE_URL", receiver.url)
    with Receiver(port=receiver.port) as revived:
        assert run_command(["sync", "--runs", str(tmp_path)]) == 0
        assert len(revived.spans) == 10


def test_a_sink_that_is_down_keeps_no_other_from_what_it_lacks(tmp_path, monkeypatch, capsys):
    folder = write_run(tmp_path, make_records(3))
    with Receiver() as receiver:
        pass
    found = environment(receiver) | {
        "LANGFUSE_BASE_URL": "http://127.0.0.1:9",
        "LANGFUSE_PUBLIC_KEY": "pk-lf-1",
        "LANGFUSE_SECRET_KEY": SECRET,
    }
    start(folder, ["langfuse", "openllmetry"], found, required=False)
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    with Receiver(port=receiver.port) as revived:
        assert run_command(["sync", "--runs", str(tmp_path)]) == 1
        assert len(revived.spans) == 10
    said = capsys.readouterr().out
    assert f"openllmetry: 3 attempts delivered to {revived.url}" in said
    assert f"left out: langfuse; once there: llmops sync {RUN.id}" in said


def test_the_terminal_leads_to_an_attempt_that_was_not_solved(tmp_path):
    folder = write_run(tmp_path, make_records(3))
    with Receiver() as receiver:
        told = {**environment(receiver), "LLMOPS_TRACE_URL": "http://jaeger/{trace_id}"}
        sinks = sync(folder / "records.jsonl", ["openllmetry"], content=True, environment=told)
    case = "starter:eval/text#f1"  # the first is solved
    address = f"http://jaeger/{trace_id(RUN.id, case, 0)}"
    assert sinks.lines()[1] == f"  {case}@0, wrong: {address}"


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
        "import sys, pytest_llmops.plugin, pytest_llmops.cli.sinks;"
        "import pytest_llmops.sinks.delivery.open;"
        "heavy = {'mlflow', 'langfuse', 'traceloop', 'opentelemetry', 'requests', 'google'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert found.stdout.strip() == "[]", found.stderr
