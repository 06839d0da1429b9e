"""Real Jaeger and Prometheus behind the real collector, each with the repository's configuration.

`make servers-check` makes the programs; where they are not kept, these tests are skipped by name.
"""

import json
import os
import time

import httpx
import msgspec
import pytest
from back_ends import Stack, started_jaeger, started_prometheus
from otlp_receiver import attributes, wait_until
from real_servers import ROOT, Collector, JaegerStandIn, free_port, is_kept, path_of
from records import RUN
from tool_stand_ins import CollectorStandIn

from pytest_llmops.observability.measure import compare
from pytest_llmops.observability.verify import verify
from pytest_llmops.report.summary import percentile
from pytest_llmops.runs.traces import trace_id
from pytest_llmops.sinks.delivery.ledger import Ledger
from pytest_llmops.sinks.spans import trace_of

pytestmark = pytest.mark.slow
DASHBOARD = json.loads((ROOT / "deploy/grafana/dashboards/llmops.json").read_text("utf-8"))
PANELS = [
    (panel["title"], target)
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
    if target["datasource"]["type"] == "prometheus"
]
NOW = time.time()
OLD = NOW - 40 * 86_400


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """All started, and two runs delivered; Jaeger is a stand-in where there is no real one."""
    programs = {name: path_of(name, make=False) for name in ("collector", "prometheus")}
    home = tmp_path_factory.mktemp("stack")
    otlp, query, prom = free_port(), free_port(), free_port()
    real = is_kept("jaeger")
    with (
        CollectorStandIn() as loki,
        started_jaeger(path_of("jaeger", make=False), home / "jaeger", otlp, query)
        if real
        else JaegerStandIn(otlp),
        Collector(
            programs["collector"], home / "collector", jaeger=otlp, loki=loki.port
        ) as collector,
        started_prometheus(programs["prometheus"], home / "prometheus", prom, collector.metrics),
    ):
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment = {
            **kept,
            "TRACELOOP_BASE_URL": collector.url,
            "LLMOPS_JAEGER_URL": f"http://127.0.0.1:{query}",
            "LLMOPS_PROMETHEUS_URL": f"http://127.0.0.1:{prom}",
            "LLMOPS_LOKI_URL": loki.url,
        }
        found = Stack(home / "runs", collector, loki, environment)
        found.deliver("now", NOW - 900)
        found.deliver("old", OLD)
        yield found


@pytest.fixture
def whole(stack):
    """The same, where Jaeger is the real one."""
    path_of("jaeger", make=False)
    return stack


@pytest.mark.parametrize("name", ["now", "old"])
@pytest.mark.parametrize(
    ("title", "target"), PANELS, ids=[f"{title} {one['refId']}" for title, one in PANELS]
)
def test_no_panel_is_empty_after_a_short_session_or_for_an_old_run(stack, title, target, name):
    at = 0 if target["instant"] else time.time()
    rows = stack.ask(target["expr"], name, at=at)
    values = [one for row in rows for one in row.get("values", [row.get("value")])]
    assert values, target["expr"]
    assert all(abs(float(value)) < 1e9 for _, value in values)  # and no NaN


def quantiles(found):
    """The records' own, by metric, step and quantile."""
    spans = [span for one in found.records for span in trace_of(found.run, one).spans]
    lists = {("llmops_call_output_tokens", ""): [one.usage.output for one in found.records]}
    lists["llmops_call_seconds", ""] = [one.timing.total for one in found.records]
    for kind in ("case", "attempt", "chat", "grade"):
        lengths = [(span.end - span.start) / 1e9 for span in spans if span.kind == kind]
        lists["llmops_step_seconds", kind] = lengths
    return {
        (*name, share): percentile(sorted(values), share)
        for name, values in lists.items()
        for share in (0.5, 0.95)
    }


def test_quantiles_are_those_of_the_records(stack):
    for (metric, step, share), expected in quantiles(stack.runs["now"]).items():
        labels = f'instance="$run", llmops_quantile="{share:g}", llmops_step="{step}"'
        asked = f"last_over_time({metric}{{{labels}}}[$__range])"
        (row,) = stack.ask(asked, "now")
        assert float(row["value"][1]) == pytest.approx(expected, rel=1e-6), asked


def test_quantiles_that_the_collector_counts_are_within_2_percent(stack):
    (live,) = (target for title, target in PANELS if "as they come" in title)
    rows = stack.ask(live["expr"], "now", at=time.time())
    shown = {row["metric"]["span_name"]: float(row["values"][-1][1]) for row in rows}
    expected = quantiles(stack.runs["now"])
    for step in ("case", "attempt", "chat"):
        spans = [
            (span.end - span.start) / 1e9
            for one in stack.runs["now"].records
            for span in trace_of(stack.runs["now"].run, one).spans
            if span.kind == step
        ]
        near = min(spans, key=lambda one: abs(one - shown[step]))
        assert shown[step] == pytest.approx(near, rel=0.022)
        # Between the same two values as the records' quantile: one place of fifty is 9 % here.
        assert shown[step] == pytest.approx(expected["llmops_step_seconds", step, 0.95], rel=0.1)


def test_exemplars_name_traces_of_the_run(stack):
    place = stack.environment["LLMOPS_PROMETHEUS_URL"]
    asked = {
        "query": f'traces_span_metrics_duration_seconds{{instance="{RUN.id}-now"}}',
        "start": NOW - 86_400,
        "end": time.time() + 60,
    }
    found = httpx.get(f"{place}/api/v1/query_exemplars", params=asked).json()["data"]
    ids = {one["labels"]["trace_id"] for series in found for one in series["exemplars"]}
    assert ids
    run = stack.runs["now"]
    assert ids <= {trace_id(run.run.id, one.case, one.sample) for one in run.records}


def test_an_exemplar_s_trace_is_in_jaeger(whole):
    found = whole.runs["now"]
    identity = trace_id(found.run.id, found.records[0].case, 0)
    url = f"{whole.environment['LLMOPS_JAEGER_URL']}/api/traces/{identity}"
    assert len(httpx.get(url).json()["data"][0]["spans"]) == 4


def test_the_panel_of_traces_finds_some(whole):
    asked = {"service": "pytest-llmops", "limit": 50}
    found = httpx.get(f"{whole.environment['LLMOPS_JAEGER_URL']}/api/traces", params=asked).json()
    assert len(found["data"]) == 50


def test_every_span_comes_back_whole_from_the_real_jaeger(whole):
    (tool,) = compare(whole.runs["now"], ["openllmetry"], whole.environment, send=False).tools
    assert (tool.measured_on, tool.stand_ins) == ("server", ("log records",))
    found = msgspec.structs.asdict(tool.traceability)
    assert found.pop("attempts") == found.pop("complete") == 50
    assert found.pop("spans") == 200
    assert not any(found.values()), found


def test_all_that_was_delivered_is_verified(whole):
    found = whole.runs["old"]
    (checked,) = verify(found, ["openllmetry"], whole.environment)
    assert (checked.verified, checked.lost, checked.problem) == (50, 0, "")
    ledger = Ledger(found.path.parent)
    assert len(ledger.verified("openllmetry", whole.collector.url)) == 50


def log_uids(stack):
    """Of the log records of all runs, once they are all there."""
    wait_until(lambda: len(stack.loki.logs) >= len(stack.runs) * 51, 60)
    return [attributes(one)["log.record.uid"] for one in stack.loki.logs]


def test_log_records_are_there_once(stack):
    uids = log_uids(stack)
    assert len(uids) == len(set(uids)) == len(stack.runs) * 51


def test_a_restart_of_the_collector_changes_no_figure(stack):
    steps = next(target["expr"] for title, target in PANELS if title == "Steps")
    before = {json.dumps(row["metric"]): row["value"][1] for row in stack.ask(steps, "now")}
    assert sum(map(float, before.values())) == 200
    log_uids(stack)  # what is on its way at a kill may come twice
    stack.collector.kill()
    stack.collector.start()
    stack.deliver("after", NOW - 300)
    after = {json.dumps(row["metric"]): row["value"][1] for row in stack.ask(steps, "now")}
    assert after == before
    for title, target in PANELS:
        for name in ("now", "after"):
            at = 0 if target["instant"] else time.time()
            assert stack.ask(target["expr"], name, at=at), (title, name)
