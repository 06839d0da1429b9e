import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from otlp_receiver import Receiver, attributes, wait_until
from records import RUN, record
from sink_project import END, SECRET, deliver, make_records, start, write_run

from pytest_llmops.errors import SinkError
from pytest_llmops.runs.record import RecordFile
from pytest_llmops.sinks.delivery.child import QUIET
from pytest_llmops.sinks.delivery.ledger import LEDGER
from pytest_llmops.sinks.dialects import openllmetry


def environment(receiver, **more):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "TRACELOOP_BASE_URL": receiver.url, **more}


def ids(spans):
    return [(span.trace_id, span.span_id) for span in spans]


def test_traces_metrics_and_logs_arrive_with_the_numbers_of_the_records(tmp_path):
    records = make_records()
    with Receiver() as receiver:
        folder = write_run(tmp_path, records)
        sinks = deliver(folder, ["openllmetry"], environment(receiver))
    assert sinks.delivery.complete
    chats = [attributes(span) for span in receiver.spans if span.name.startswith("chat")]
    usages = [one.usage for one in records if one.usage]
    for name, kind in (("input", "input"), ("output", "output"), ("cache_read.input", "cached")):
        sent = sum(chat[f"gen_ai.usage.{name}_tokens"] for chat in chats)
        assert sent == sum(getattr(usage, kind) for usage in usages)
    tokens = receiver.metrics["gen_ai.client.token.usage"].histogram.data_points
    found = {attributes(point)["gen_ai.token.type"]: (point.count, point.sum) for point in tokens}
    assert found == {
        "input": (7, sum(usage.input for usage in usages)),
        "output": (7, sum(usage.output for usage in usages)),
    }
    durations = receiver.metrics["gen_ai.client.operation.duration"].histogram.data_points
    assert [(point.count, point.sum) for point in durations] == [(7, 14.0)]
    assert receiver.metrics["llmops.solve_rate"].gauge.data_points[0].as_double == 3 / 8
    assert len(receiver.logs) == len(records) + 1
    assert [log.severity_text for log in receiver.logs].count("ERROR") == 1
    assert {log.trace_id for log in receiver.logs if log.trace_id} == {
        span.trace_id for span in receiver.spans
    }


def test_spans_carry_what_openllmetrys_own_decorators_write():
    """A contract with the installed package, whose decorators run in a process of their own."""
    quiet = {"TRACELOOP_METRICS_ENABLED": "false", "TRACELOOP_TRACE_CONTENT": "false"}
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    program = Path(__file__).parents[1] / "support" / "traceloop_spans.py"
    ended = subprocess.run(
        [sys.executable, str(program)],
        env={**kept, **QUIET, **quiet},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    theirs = json.loads(ended.stdout.splitlines()[-1])
    ours = openllmetry(RUN, record(usage=None))
    assert ours.keys() == theirs.keys()
    named = ("traceloop.span.kind", "traceloop.entity.name", "gen_ai.agent.name")
    conventions = {"tool": {"gen_ai.tool.name"}}  # the span of a tool has the tool's own name there
    for kind, attributes_of_theirs in theirs.items():
        said = ours[kind].keys() | conventions.get(kind, set())
        assert said == attributes_of_theirs.keys(), kind
        for name in named:
            assert ours[kind].get(name) == attributes_of_theirs.get(name)


def test_a_second_sync_sends_nothing_and_one_without_a_ledger_the_same_ids(tmp_path):
    folder = write_run(tmp_path, make_records())
    with Receiver() as receiver:
        deliver(folder, ["openllmetry"], environment(receiver))
        before, posts = ids(receiver.spans), len(receiver.requests["metrics"])
        deliver(folder, ["openllmetry"], environment(receiver))
        assert ids(receiver.spans) == before
        assert len(receiver.requests["metrics"]) == posts
        first = receiver.requests["metrics"][0]
        (folder / LEDGER).unlink()
        deliver(folder, ["openllmetry"], environment(receiver))
        assert set(ids(receiver.spans)) == set(before)
        assert receiver.requests["metrics"][1] == first  # the same points of the same stream


def test_a_receiver_killed_in_the_middle_loses_nothing_after_a_sync(tmp_path):
    records = make_records(130)
    folder = write_run(tmp_path, records)
    with Receiver() as receiver:
        receiver.dies_after = 3  # the first batch and its logs, and the spans of the second
        sinks = deliver(folder, ["openllmetry"], environment(receiver))
        first = receiver.spans
    (one,) = sinks.delivery.sinks
    assert (one.delivered, one.waiting, one.finished) == (50, 80, False)
    assert "80 wait" in sinks.lines()[0]
    assert f"llmops sync {RUN.id}" in sinks.lines()[0]
    with Receiver(port=receiver.port) as revived:
        sinks = deliver(folder, ["openllmetry"], environment(revived))
        assert sinks.delivery.complete
        arrived = {*ids(first), *ids(revived.spans)}
        assert len(arrived) == 4 * 129 + 2  # four spans a case, two for the one without an answer
        again = set(ids(first)) & set(ids(revived.spans))
        assert not again  # spans go last, so that none was taken without being known for it
        logs = [attributes(one)["log.record.uid"] for one in [*receiver.logs, *revived.logs]]
        assert len(set(logs)) == len(logs) == 131


def test_a_sink_that_dies_while_the_run_goes_on_is_tried_again_at_its_end(tmp_path):
    records = make_records(3)
    file = RecordFile(tmp_path, msgspec.structs.replace(RUN, attempts=3))
    folder = file.path.parent
    with Receiver() as receiver:
        sinks = start(folder, ["openllmetry"], environment(receiver))
        file.write(records[0])
        sinks.emit(records[0])
        wait_until(lambda: receiver.spans)
        assert len(receiver.spans) == 4  # delivered while the run goes on
        receiver.status = 503
        file.write(records[1])
        wait_until(lambda: receiver.paths[-1] == "/v1/logs" and len(receiver.paths) > 3)
        receiver.status = 200
        file.write(records[2])
        file.close()
        done = sinks.close(END, records)
        assert done.complete
        assert len(receiver.spans) == 4 + 4 + 2


def test_a_record_that_is_refused_does_not_keep_the_others_back(tmp_path):
    records = make_records(20)
    folder = write_run(tmp_path, records)
    with Receiver() as receiver:
        receiver.refuses = lambda span: span.name.endswith("#f7")
        sinks = deliver(folder, ["openllmetry"], environment(receiver))
    (one,) = sinks.delivery.sinks
    assert (one.delivered, one.waiting) == (19, 1)
    assert "400" in one.problem
    assert one.problem.endswith("sent again as it is, it would be refused again")
    names = [span.name for span in receiver.spans if span.name.startswith("case")]
    assert len(names) == len(set(names)) == 19


def test_secrets_are_in_no_request_and_in_no_file(tmp_path):
    secrets = {
        "TRACELOOP_HEADERS": f"x-key={SECRET}",
        "OPENAI_API_KEY": "sk-model-9876543210",
        "DATABASE_URL": "postgres://me:hunter2hunter2@db/x",
    }
    words = ("sk-model-9876543210", "hunter2hunter2", SECRET)
    told = record(text=f"key is {' '.join(words)}", error="", prompt=())
    broken = record(
        "starter:eval/text#x",
        grade=None,
        error="EndpointError: https://user:pass@host/v1 refused sk-model-9876543210",
    )
    folder = write_run(tmp_path, [told, broken])
    with Receiver() as receiver:
        sinks = deliver(folder, ["openllmetry"], environment(receiver, **secrets))
    assert sinks.delivery.complete
    assert receiver.headers[-1]["x-key"] == SECRET  # where it belongs
    sent = b"".join(receiver.bodies)
    for word in (*words, "user:pass"):
        assert word.encode() not in sent
        assert word not in (folder / LEDGER).read_text()
        assert word not in "".join(sinks.lines())
    assert b"(hidden)" in sent


def test_without_content_no_text_is_sent_even_when_the_records_have_it(tmp_path):
    folder = write_run(tmp_path, make_records())
    with Receiver() as receiver:
        deliver(folder, ["openllmetry"], environment(receiver), content=False)
    sent = b"".join(receiver.bodies)
    for text in (b"Write f1.", b"return 1;", b"drops spaces"):
        assert text not in sent
    assert b"gen_ai.usage.input_tokens" in sent


def test_openllmetrys_own_switch_keeps_texts_from_the_collector_alone(tmp_path):
    folder = write_run(tmp_path, make_records())
    with Receiver() as collector, Receiver(secret_key=SECRET) as langfuse:
        told = environment(
            collector,
            TRACELOOP_TRACE_CONTENT="False",
            LANGFUSE_BASE_URL=langfuse.url,
            LANGFUSE_PUBLIC_KEY="pk-lf-1",
            LANGFUSE_SECRET_KEY=SECRET,
        )
        assert deliver(folder, ["openllmetry", "langfuse"], told).delivery.complete
    for text in (b"Write f1.", b"return 1;", b"drops spaces"):
        assert text not in b"".join(collector.bodies)
        assert text in b"".join(langfuse.bodies)
    assert b"gen_ai.usage.input_tokens" in b"".join(collector.bodies)


def test_a_server_that_is_not_there_is_an_error_only_where_it_is_required(tmp_path):
    folder = write_run(tmp_path, make_records())
    with Receiver() as receiver:
        pass
    with pytest.raises(SinkError, match="sink openllmetry: http://127.0.0.1.*cannot be reached"):
        start(folder, ["openllmetry"], environment(receiver))
    sinks = deliver(folder, ["openllmetry"], environment(receiver), required=False)
    assert sinks.delivery.sinks == ()
    assert "cannot be reached" in sinks.lines()[0]


def test_a_server_that_never_answers_is_given_up_at_the_start(tmp_path):
    folder = write_run(tmp_path, make_records())
    with Receiver() as receiver:
        receiver.hang()
        with pytest.raises(SinkError, match="does not answer within 2 s"):
            start(folder, ["openllmetry"], environment(receiver))


def test_a_server_that_stops_answering_does_not_hold_the_session_up(tmp_path, monkeypatch):
    monkeypatch.setattr("pytest_llmops.sinks.delivery.open.FLUSH_SECONDS", 3.0)
    folder = write_run(tmp_path, make_records())
    with Receiver() as receiver:
        sinks = start(folder, ["openllmetry"], environment(receiver))
        receiver.hang()
        done = sinks.close(END, make_records())
    assert done.sinks[0].waiting == 8
    assert "time was up" in done.sinks[0].problem


def test_the_link_of_an_attempt_leads_where_the_variable_says(tmp_path):
    folder = write_run(tmp_path, make_records(2))
    with Receiver() as receiver:
        told = environment(receiver, LLMOPS_TRACE_URL="http://jaeger/trace/{trace_id}")
        sinks = deliver(folder, ["openllmetry"], told)
    link = sinks.links["starter:eval/text#f0@0"]
    assert link["openllmetry"] == f"http://jaeger/trace/{link['trace']}"
    assert bytes.fromhex(link["trace"]) in {span.trace_id for span in receiver.spans}
    assert json.loads((folder / "links.json").read_text()) == sinks.links
