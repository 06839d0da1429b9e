"""The Grafana dashboard asks for what the suite and the collector emit, by the names they emit."""

import json
import re
from pathlib import Path

import pytest
import yaml
from opentelemetry.sdk.metrics.export import Histogram, Sum
from opentelemetry.sdk.resources import Resource
from records import RUN, record

from pytest_llmops.sinks.openllmetry.metrics import metrics_of
from pytest_llmops.sinks.openllmetry.otlp import SERVICE

ROOT = Path(__file__).parents[2]
DASHBOARD = json.loads((ROOT / "deploy/grafana/dashboards/llmops.json").read_text("utf-8"))
COLLECTOR = yaml.safe_load((ROOT / "openllmetry-collector-config.yaml").read_text("utf-8"))
UNITS = {"s": "seconds", "ms": "milliseconds", "By": "bytes"}
SELECTOR = re.compile(r"([a-z_]+)\{([^}]*)\}")
GROUPING = re.compile(r"\bby \(([^)]*)\)")
OF_PROMETHEUS = {"job", "instance", "le"}
OF_SPAN_METRICS = {"span_name", "span_kind", "status_code", "service_name"}


def prometheus_name(metric):
    """The name that the exporter makes of a metric, less a histogram's endings.

    Source: the OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility".
    """
    name = metric.name.replace(".", "_")
    if metric.unit == "1":
        return name if isinstance(metric.data, Histogram | Sum) else f"{name}_ratio"
    if not metric.unit or metric.unit.startswith("{"):
        return name
    unit = UNITS.get(metric.unit, metric.unit)
    return name if unit in name.split("_") else f"{name}_{unit}"


def series_of(metric):
    name = prometheus_name(metric)
    if isinstance(metric.data, Histogram):
        return {f"{name}_{ending}" for ending in ("bucket", "sum", "count")}
    return {name}


def emitted():
    """Every series name with its labels, as Prometheus has them after a run."""
    records = [record(), record(sample=1, outcome="wrong")]
    about = Resource({"service.name": SERVICE, "service.instance.id": RUN.id})
    data = metrics_of(RUN, records, None, about)
    found = {}
    for metric in data.resource_metrics[0].scope_metrics[0].metrics:
        labels = {key.replace(".", "_") for p in metric.data.data_points for key in p.attributes}
        found |= dict.fromkeys(series_of(metric), labels | OF_PROMETHEUS)
    return found | counted_by_the_collector()


def counted_by_the_collector():
    settings = COLLECTOR["connectors"]["span_metrics"]
    assert settings["histogram"]["unit"] == "s"
    prefix = settings["namespace"].replace(".", "_")
    labels = {one["name"].replace(".", "_") for one in settings["dimensions"]}
    assert "exponential" in settings["histogram"]
    names = ["calls_total", "duration_seconds"]  # a native histogram is one series
    everything = labels | OF_SPAN_METRICS | OF_PROMETHEUS
    return {f"{prefix}_{name}": everything for name in names}


EMITTED = emitted()
TARGETS = [(panel["title"], target) for panel in DASHBOARD["panels"] for target in panel["targets"]]
QUERIES = [(t, q["expr"]) for t, q in TARGETS if q["datasource"]["type"] == "prometheus"] + [
    (variable["name"], variable["query"]["query"]) for variable in DASHBOARD["templating"]["list"]
]


def query_faults(query):
    """Names in a query that nobody emits."""
    selectors = SELECTOR.findall(query) or re.findall(r"label_values\((\w+)(), ", query)
    if not selectors:
        yield "no selector"
    labels = set()
    for name, matchers in selectors:
        if name not in EMITTED:
            yield f"no metric {name}"
        labels |= EMITTED.get(name, set())
        asked = re.findall(r'(\w+)(?:=~|!~|!=|=)"', matchers)
        yield from (f"no label {label}" for label in asked if label not in labels)
    for names in (*GROUPING.findall(query), *re.findall(r", (\w+)\)$", query)):
        yield from (f"no label {one}" for one in names.split(", ") if one not in labels)


@pytest.mark.parametrize(("title", "query"), QUERIES)
def test_a_query_names_what_is_emitted(title, query):
    assert list(query_faults(query)) == []


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        (
            'sum by (le) (gen_ai_client_token_usage_token_sum{instance="a"})',
            "no metric gen_ai_client_token_usage_token_sum",
        ),
        ('max by (modle) (llmops_solve_rate_ratio{instance="a"})', "no label modle"),
        ('llmops_solve_rate_ratio{case=~"a"}', "no label case"),
        ("label_values(llmops_solve_rate, instance)", "no metric llmops_solve_rate"),
        ("label_values(llmops_attempts, run)", "no label run"),
        ("up", "no selector"),
    ],
)
def test_a_query_for_what_nobody_emits_is_found(query, fault):
    assert fault in list(query_faults(query))


def test_the_issue_s_metrics_are_emitted_under_these_names():
    assert {
        "gen_ai_client_token_usage_sum",
        "gen_ai_client_operation_duration_seconds_bucket",
        "llmops_solve_rate_ratio",
        "llmops_cost_of_pass",
    } <= EMITTED.keys()


def test_what_is_shown_covers_tokens_time_quality_spans_traces_and_logs():
    shown = {name for _, query in QUERIES for name, _ in SELECTOR.findall(query)}
    assert {
        "gen_ai_client_token_usage_sum",
        "llmops_call_output_tokens",
        "llmops_call_seconds",
        "llmops_step_seconds",
        "llmops_steps",
        "llmops_solve_rate_ratio",
        "llmops_cost_of_pass",
        "traces_span_metrics_duration_seconds",
    } <= shown
    assert {target["datasource"]["type"] for _, target in TARGETS} == {
        "prometheus",
        "jaeger",
        "loki",
    }


def test_logs_and_traces_are_asked_of_the_suite():
    for _, target in TARGETS:
        if target["datasource"]["type"] == "loki":
            assert target["expr"].startswith(f'{{service_name="{SERVICE}"}}')
        if target["datasource"]["type"] == "jaeger":
            assert target["service"] == SERVICE
        if 'job="' in target.get("expr", ""):
            assert f'job="{SERVICE}"' in target["expr"]
    inserted = {one["key"] for one in COLLECTOR["processors"]["resource"]["attributes"]}
    assert "service.namespace" not in inserted  # or `job` is NAMESPACE/NAME


def test_sources_are_the_provisioned_ones():
    text = (ROOT / "deploy/grafana/provisioning/datasources/llmops.yaml").read_text("utf-8")
    provisioned = {(one["type"], one["uid"]) for one in yaml.safe_load(text)["datasources"]}
    asked = [panel["datasource"] for panel in DASHBOARD["panels"]]
    asked += [target["datasource"] for _, target in TARGETS]
    assert {(one["type"], one["uid"]) for one in asked} == provisioned


def test_panels_fill_the_grid_without_overlap():
    cells = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        own = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not own & cells, panel["title"]
        cells |= own
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_values_that_outlive_a_run_are_read_as_its_last_ones():
    """A run sends its metrics once: a rate or an increase of them would be nothing."""
    assert not any(re.search(r"\b(rate|increase|irate|delta)\(", query) for _, query in QUERIES)


def test_no_quantile_is_estimated_from_buckets_of_fixed_bounds():
    assert not any("_bucket" in query for _, query in QUERIES)


def test_exemplars_are_made_kept_and_lead_to_traces():
    assert COLLECTOR["connectors"]["span_metrics"]["exemplars"]["enabled"]
    assert COLLECTOR["exporters"]["prometheus"]["enable_open_metrics"]
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    assert "--enable-feature=exemplar-storage" in compose["services"]["prometheus"]["command"]
    text = (ROOT / "deploy/grafana/provisioning/datasources/llmops.yaml").read_text("utf-8")
    (source,) = (one for one in yaml.safe_load(text)["datasources"] if one["type"] == "prometheus")
    assert source["jsonData"]["exemplarTraceIdDestinations"] == [
        {"name": "trace_id", "datasourceUid": "jaeger"}
    ]
    shown = [target for _, target in TARGETS if target.get("exemplar")]
    assert shown
    assert all("traces_span_metrics_duration_seconds" in target["expr"] for target in shown)


def test_native_histograms_are_scraped_where_a_panel_asks_for_them():
    text = (ROOT / "deploy/prometheus/prometheus.yml").read_text("utf-8")
    (job,) = (one for one in yaml.safe_load(text)["scrape_configs"] if one["job_name"] == "llmops")
    assert job["scrape_native_histograms"] is True
