"""The real collector with our YAML: what it acknowledged arrives, whatever is killed meanwhile.

Jaeger and Loki behind it are stand-ins with the limits measured at the real ones; `make
servers-check` puts the real Jaeger there.
"""

import json
import signal
from concurrent.futures import ThreadPoolExecutor

import grpc
import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from otlp_receiver import Receiver, attributes, wait_until
from real_servers import Collector, JaegerStandIn, path_of
from records import RUN, record
from sink_project import deliver, write_run

from pytest_llmops.runs.traces import trace_id
from pytest_llmops.sinks.delivery.ledger import Ledger

CUT = " ... (cut for Jaeger; whole in the record)"
SIZES = (1_000, 60_000, 64_900, 80_000, 200_000, 2_000_000, 5_000_000)


@pytest.fixture(scope="module")
def program():
    return path_of("collector", make=True)


@pytest.fixture
def loki():
    with Receiver() as found:
        yield found


def made(count, size=2_000):
    """Attempts whose answers have so many bytes, not all ASCII."""
    return [
        record(f"starter:eval/text#f{number}", text=("日本語 ü " * (size // 14 + 1))[: size // 2])
        for number in range(count)
    ]


def send(folder, collector, records, **options):
    environment = {"TRACELOOP_BASE_URL": collector.url}
    return deliver(folder, ["openllmetry"], environment, **options).delivery.sinks[0]


def expected(records):
    return {bytes.fromhex(trace_id(RUN.id, one.case, one.sample)) for one in records}


def uids(loki):
    return [attributes(one)["log.record.uid"] for one in loki.logs]


def written(collector):
    """Spans of the scorecard, whole lines only."""
    lines = collector.scorecard.read_text().split("\n")[:-1]
    return [
        span
        for line in lines
        for about in json.loads(line).get("resourceSpans", ())
        for scope in about["scopeSpans"]
        for span in scope["spans"]
    ]


def test_answers_of_every_size_arrive_and_jaeger_s_are_cut_visibly(program, tmp_path, loki):
    records = [
        record(f"starter:eval/text#s{size}", text="ä" * (size // 2), error="") for size in SIZES
    ]
    with (
        JaegerStandIn() as jaeger,
        Collector(program, tmp_path / "col", jaeger=jaeger.port, loki=loki.port) as collector,
    ):
        done = send(write_run(tmp_path, records), collector, records)
        assert (done.delivered, done.waiting, done.problem) == (len(SIZES), 0, "")
        wait_until(lambda: len(jaeger.ids) == 4 * len(SIZES))
        assert jaeger.refused == []
        wait_until(lambda: len(uids(loki)) == len(SIZES) + 1)
        wait_until(lambda: len(written(collector)) == 4 * len(SIZES))
        whole = {
            attribute["value"]["stringValue"]
            for span in written(collector)
            for attribute in span["attributes"]
            if attribute["key"] == "gen_ai.output.messages"
        }
    chats = {
        span.trace_id: attributes(span)["gen_ai.output.messages"]
        for span in jaeger.spans
        if span.name.startswith("chat")
    }
    for size, one in zip(SIZES, records, strict=True):
        shown = chats[bytes.fromhex(trace_id(RUN.id, one.case, 0))]
        assert shown.endswith(CUT) == (size >= 60_000), size
        assert any("ä" * (size // 2) in text for text in whole), size


@pytest.mark.parametrize("way", ["http", "grpc"])
def test_one_limit_holds_over_http_and_grpc(program, tmp_path, way):
    with Collector(program, tmp_path / "col") as collector:
        assert [post(collector, way, size) for size in (31, 33)] == [True, False]


def post(collector, way, mebibytes):
    """Whether the receiver takes one span of so many MiB."""
    request = ExportTraceServiceRequest()
    about = request.resource_spans.add()
    span = about.scope_spans.add().spans.add(name="x", trace_id=b"t" * 16, span_id=b"s" * 8)
    span.attributes.add(key="text").value.string_value = "x" * (mebibytes * 2**20)
    if way == "http":
        headers = {"content-type": "application/x-protobuf"}
        url, body = f"{collector.url}/v1/traces", request.SerializeToString()
        return httpx.post(url, content=body, headers=headers, timeout=60).is_success
    with grpc.insecure_channel(f"127.0.0.1:{collector.grpc}") as channel:
        try:
            TraceServiceStub(channel).Export(request, timeout=60)
        except grpc.RpcError:
            return False
    return True


@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_a_collector_that_ends_while_jaeger_is_away_loses_nothing(program, tmp_path, loki, how):
    records = made(60)
    with JaegerStandIn() as first:
        port = first.port
    with Collector(program, tmp_path / "col", jaeger=port, loki=loki.port) as collector:
        assert send(write_run(tmp_path, records), collector, records).complete
        collector.end(signal.SIGKILL if how == "killed" else signal.SIGTERM)
        with JaegerStandIn(port) as jaeger:
            collector.start()
            wait_until(lambda: {trace for trace, _ in jaeger.ids} == expected(records), 60)
            assert len(jaeger.ids) == 4 * len(records)


def test_a_collector_killed_right_after_its_answer_loses_nothing(program, tmp_path, loki):
    records = made(60)
    with (
        JaegerStandIn() as jaeger,
        Collector(program, tmp_path / "col", jaeger=jaeger.port, loki=loki.port) as collector,
    ):
        assert send(write_run(tmp_path, records), collector, records).complete
        collector.kill()
        collector.start()
        wait_until(lambda: len(jaeger.ids) == 4 * len(records), 60)
        wait_until(lambda: len(set(uids(loki))) == len(records) + 1, 60)


def test_a_collector_killed_during_delivery_is_made_whole_by_sync(program, tmp_path, loki):
    records = made(600, size=20_000)
    folder = write_run(tmp_path, records)
    with (
        JaegerStandIn() as jaeger,
        Collector(program, tmp_path / "col", jaeger=jaeger.port, loki=loki.port) as collector,
        ThreadPoolExecutor() as threads,
    ):
        sending = threads.submit(send, folder, collector, records)
        wait_until(lambda: jaeger.spans or sending.done())
        collector.kill()
        first = sending.result()
        assert 0 < first.waiting < len(records), "the kill came before or after all of it"
        collector.start()
        assert send(folder, collector, records).complete
        wait_until(lambda: len(jaeger.ids) == 4 * len(records), 60)
        wait_until(lambda: len(set(uids(loki))) == len(records) + 1, 60)


def test_jaeger_killed_between_two_batches_gets_what_was_acknowledged(program, tmp_path, loki):
    records = made(60, size=60_000)
    with JaegerStandIn() as first:
        port = first.port
        with Collector(program, tmp_path / "col", jaeger=port, loki=loki.port) as collector:
            first.stalls.set()  # it has what it never answered
            assert send(write_run(tmp_path, records), collector, records).complete
            first.__exit__()
            with JaegerStandIn(port) as second:
                wait_until(lambda: len(second.ids | first.ids) == 4 * len(records), 90)


def test_what_the_limiter_refuses_is_counted_once_when_it_is_taken(program, tmp_path, loki):
    records = made(400, size=90_000)
    folder = write_run(tmp_path, records)
    often = {"check_interval": "20ms", "limit_mib": 45, "spike_limit_mib": 10}
    limit = {"processors": {"memory_limiter": often}}
    with (
        JaegerStandIn() as jaeger,
        Collector(
            program, tmp_path / "col", jaeger=jaeger.port, loki=loki.port, changes=limit
        ) as collector,
    ):
        jaeger.stalls.set()  # what is on its way there stays in memory
        done = send(folder, collector, records)
        jaeger.stalls.clear()
        refused, rounds = done.waiting, 0  # as much as the memory that Go has not yet freed
        while not done.complete:
            rounds += 1
            assert rounds < 20, done.problem
            done = send(folder, collector, records)
        assert refused, "the limiter refused nothing"
        wait_until(lambda: len(jaeger.ids) == 4 * len(records), 60)
        wait_until(lambda: calls(collector, "attempt") == len(records))
        assert calls(collector, "chat") == len(records)
        assert len(written(collector)) == 4 * len(records)
        wait_until(lambda: len(uids(loki)) >= len(records) + 1, 60)
        assert sorted(uids(loki)) == sorted(set(uids(loki)))
        assert len(uids(loki)) == len(records) + 1
    assert len(Ledger(folder).delivered("openllmetry", collector.url)) == len(records)


def calls(collector, step):
    """How many spans of a step the collector has counted."""
    return sum(
        value
        for series, value in collector.scrape().items()
        if series.startswith("traces_span_metrics_calls_total{") and f'span_name="{step}"' in series
    )
