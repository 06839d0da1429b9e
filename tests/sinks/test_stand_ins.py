"""Stand-ins behave as the real servers were seen to (4.16 of Langfuse, 2.13 of Jaeger)."""

import gzip
import json
import os

import grpc
import httpx
import msgspec
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from otlp_receiver import wait_until
from real_servers import JaegerStandIn
from records import RUN
from sink_project import SECRET, deliver, make_records, write_run
from tool_stand_ins import CollectorStandIn, LangfuseStandIn, environment_name, environment_of

from pytest_llmops.observability.measure import compare
from pytest_llmops.observability.openllmetry import Pipeline
from pytest_llmops.observability.verify import verify
from pytest_llmops.runs.reading import read_run
from pytest_llmops.runs.record import RECORDS
from pytest_llmops.runs.traces import trace_id

FIRST = trace_id(RUN.id, "starter:eval/text#f0", 0)
SCORE = {
    "id": "s",
    "name": "solved",
    "value": 1,
    "dataType": "BOOLEAN",
    "traceId": "t",
    "environment": "e",
    "timestamp": "2026-01-01T00:00:00Z",
}


def environment(langfuse=None, collector=None):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return environment_of(langfuse, collector, **kept)


@pytest.fixture
def langfuse():
    with LangfuseStandIn(secret_key=SECRET) as server:
        yield server


@pytest.fixture
def collector():
    with CollectorStandIn() as server:
        yield server


@pytest.fixture
def sent(tmp_path, langfuse, collector):
    folder = write_run(tmp_path, make_records(3))
    places = environment(langfuse, collector)
    assert deliver(folder, ["langfuse", "openllmetry"], places).delivery.complete
    return folder, places


def ask(server, method, path, **content):
    client = httpx.Client(base_url=server.url, auth=("pk-lf-1", SECRET))
    with client:
        return client.request(method, path, **content)


def observations(server, **query):
    found = ask(server, "GET", "/api/public/v2/observations", params=query)
    return found.json()["data"]


def test_langfuse_shows_a_span_twice_until_it_merges(sent, langfuse):
    langfuse.requests["traces"] *= 2
    ids = [one["id"] for one in observations(langfuse, traceId=FIRST)]
    assert len(ids) == 2 * len(set(ids)) == 2 * 4
    langfuse.merged = True
    assert len(observations(langfuse, traceId=FIRST)) == 4


def test_langfuse_keeps_metadata_flat_and_in_it_what_became_fields(sent, langfuse):
    chat = next(one for one in observations(langfuse) if one["type"] == "GENERATION")
    names = chat["metadata"].keys()
    assert {"attributes.gen_ai.usage.input_tokens", "attributes.session.id"} <= names
    assert {"attributes.langfuse.experiment.id", "scope.name"} <= names
    assert not any(isinstance(value, dict) for value in chat["metadata"].values())
    assert chat["statusMessage"] == ""


@pytest.mark.parametrize(
    ("name", "kept"),
    [("Bad Env", "default"), ("langfuse-x", "x"), ("e" * 60, "e" * 40), ("bench", "bench")],
)
def test_langfuse_renames_environments(name, kept):
    assert environment_name(name) == kept


def test_langfuse_shows_scores_some_time_after_its_answer(sent, langfuse):
    folder, places = sent
    langfuse.delay = 1.0
    ask(langfuse, "POST", "/api/public/scores", json=[SCORE])
    scores = ask(langfuse, "GET", "/api/public/v3/scores", params={"traceId": FIRST}).json()
    assert scores["data"] == []
    (checked,) = verify(read_run(folder / RECORDS), ["langfuse"], places)
    assert (checked.verified, checked.lost) == (3, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"value": True},
        {"value": 2},
        {"dataType": "NUMERIC", "value": "x"},
        {"dataType": "CATEGORICAL", "value": 1},
        {"datasetRunId": "r"},
        {"traceId": None},
    ],
    ids=str,
)
def test_langfuse_refuses_scores_of_wrong_types(langfuse, change):
    wrong = {name: value for name, value in {**SCORE, **change}.items() if value is not None}
    assert ask(langfuse, "POST", "/api/public/scores", json=[SCORE]).is_success
    assert ask(langfuse, "POST", "/api/public/scores", json=[wrong]).status_code == 400


def test_langfuse_takes_a_score_of_a_run_that_it_does_not_know(langfuse):
    whole = {name: value for name, value in SCORE.items() if name != "traceId"}
    made = ask(langfuse, "POST", "/api/public/scores", json=[{**whole, "datasetRunId": "none"}])
    assert made.is_success


def test_langfuse_refuses_what_is_too_large_and_pages_that_are_too_long(langfuse):
    many = [{**SCORE, "comment": "x" * 1000} for _ in range(1100)]
    assert ask(langfuse, "POST", "/api/public/scores", json=many).status_code == 413
    item = {"datasetName": "d", "id": "i", "input": "x" * 4_600_000}
    assert ask(langfuse, "POST", "/api/public/dataset-items", json=item).status_code == 413
    for path, limit in (("v3/scores", 101), ("v2/observations", 1001)):
        found = ask(langfuse, "GET", f"/api/public/{path}", params={"limit": limit})
        assert found.status_code == 400


def test_langfuse_answers_otlp_in_json_even_to_garbage_but_to_no_newer_version(langfuse):
    path = "/api/public/otel/v1/traces"
    told = ask(langfuse, "POST", path, content=b"\xff\xff")
    assert (told.status_code, told.json()) == (200, {})
    empty = ask(langfuse, "POST", path, content=gzip.compress(b""))
    assert empty.headers["content-type"] == "application/json"
    newer = {"x-langfuse-ingestion-version": "5"}
    assert ask(langfuse, "POST", path, content=b"", headers=newer).status_code == 400
    assert httpx.post(langfuse.url + path, auth=("pk-lf-1", "wrong")).status_code == 401


def test_langfuse_invents_the_cost_of_a_model_of_its_list_and_that_is_seen(
    tmp_path, langfuse, monkeypatch
):
    """Delivery says that there is none; this one leaves it out."""
    records = [msgspec.structs.replace(one, cost=None) for one in make_records(2) if one.usage]
    records = [msgspec.structs.replace(one, served_model="gpt-4o-mini") for one in records]
    folder = write_run(tmp_path, records)
    places = environment(langfuse)
    deliver(folder, ["langfuse"], places)
    found = read_run(folder / RECORDS)

    def wrong():
        (tool,) = compare(found, ["langfuse"], places, send=False).tools
        return tool.traceability.wrong_cost_spans

    assert wrong() == 0
    for span in langfuse.spans:
        for one in [one for one in span.attributes if one.key.endswith("cost_details")]:
            span.attributes.remove(one)
    assert wrong() == 1


def test_langfuse_cuts_costs_to_12_decimals_and_that_is_no_other_cost(tmp_path, langfuse):
    records = [
        msgspec.structs.replace(one, cost=0.000123456789012345)
        for one in make_records(2)
        if one.usage
    ]
    folder = write_run(tmp_path, records)
    places = environment(langfuse)
    deliver(folder, ["langfuse"], places)
    chat = next(one for one in observations(langfuse) if one["type"] == "GENERATION")
    assert chat["costDetails"] == {"total": 0.000123456789}
    (tool,) = compare(read_run(folder / RECORDS), ["langfuse"], places, send=False).tools
    assert tool.traceability.wrong_cost_spans == 0


def test_jaeger_keeps_a_span_once_and_loki_a_log_record_as_often_as_it_came(sent, collector):
    _, places = sent
    pipeline = Pipeline(places, RUN)
    before = pipeline.fetch(FIRST)
    for signal in ("traces", "logs"):
        collector.requests[signal] *= 2
    path, query = "/loki/api/v1/query_range", {"query": f"{{}} | trace_id = `{FIRST}`"}
    streams = httpx.get(collector.url + path, params=query).json()["data"]["result"]
    after = pipeline.fetch(FIRST)
    pipeline.seen.close()
    assert len(streams) == 2
    assert len(after.spans) == len(before.spans) == 4
    assert after.logs == before.logs == 1  # the reader knows it by its uid


def export(port, size, count=1):
    """Send spans with an attribute of so many bytes; gives the status."""
    request = ExportTraceServiceRequest()
    about = request.resource_spans.add().scope_spans.add()
    for number in range(count):
        span = about.spans.add(name="x", trace_id=b"t" * 16, span_id=bytes([number]) * 8)
        span.attributes.add(key="text").value.string_value = "x" * size
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            TraceServiceStub(channel).Export(request, timeout=20)
        except grpc.RpcError as error:
            return error.code()
    return grpc.StatusCode.OK


def test_jaeger_takes_four_mebibytes_unless_it_is_told_otherwise():
    for mebibytes, status in ((4, grpc.StatusCode.RESOURCE_EXHAUSTED), (32, grpc.StatusCode.OK)):
        with JaegerStandIn(mebibytes=mebibytes) as jaeger:
            assert export(jaeger.port, 60_000, count=100) == status
            assert export(jaeger.port, 60_000, count=10) == grpc.StatusCode.OK


def test_jaeger_refuses_an_attribute_above_its_keys_as_if_it_might_take_it_later():
    with JaegerStandIn() as jaeger:
        assert export(jaeger.port, 64_800) == grpc.StatusCode.OK
        assert export(jaeger.port, 65_000) == grpc.StatusCode.UNAVAILABLE
        wait_until(lambda: len(jaeger.refused) == 1)


def test_a_stand_in_says_so_in_every_answer(langfuse, collector):
    paths = ("/", "/api/public/health", "/api/traces/00")
    for server in (langfuse, collector):
        assert all("x-llmops-stand-in" in httpx.get(server.url + path).headers for path in paths)
    assert json.loads(ask(langfuse, "GET", "/api/public/health").text)["version"]
