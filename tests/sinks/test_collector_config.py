"""openllmetry-collector-config.yaml: its structure, its settings, and what is around it.

`SETTINGS` is a table of our own: what each component in use accepts, as far as we use it, read off
the schemas that the Collector publishes beside its components (`config.schema.yaml`, in core at
v0.159 and in contrib; where contrib has none, `config.go`). It is no copy of them: what we do not
use is not in it, so a setting new to the file must be looked up and added here first.
"""

import re
from pathlib import Path

import pytest
import yaml
from planting import GONE, planted
from records import RUN, record

from pytest_llmops.sinks.spans import trace_of

ROOT = Path(__file__).parents[2]
CONFIG = yaml.safe_load((ROOT / "openllmetry-collector-config.yaml").read_text("utf-8"))
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
VARIABLE = re.compile(r"\$\{([^}]*)\}")
DURATION = re.compile(r"(\d+(\.\d+)?(ns|us|ms|s|m|h))+")
ADDRESS = re.compile(r"(https?://)?([\w.-]+):(\d+)(/\S*)?")

RETRY = {"enabled": bool, "max_elapsed_time": DURATION}
QUEUE = {
    "enabled": bool,
    "storage": str,
    "sizer": str,
    "queue_size": int,
    "batch": {"sizer": str, "flush_timeout": DURATION, "min_size": int, "max_size": int},
}
LISTEN = {"endpoint": ADDRESS}
SETTINGS = {
    # core receiver/otlpreceiver, config/configgrpc.server_config, config/confighttp.server_config
    "receivers/otlp": {
        "protocols": {
            "grpc": LISTEN | {"max_recv_msg_size_mib": int},
            "http": LISTEN | {"max_request_body_size": int},
        }
    },
    # core internal/memorylimiter.config
    "processors/memory_limiter": {
        "check_interval": DURATION,
        "limit_percentage": int,
        "spike_limit_percentage": int,
    },
    # contrib processor/resourceprocessor, internal/coreinternal/attraction.action_key_value
    "processors/resource": {"attributes": [{"key": str, "value": str, "action": str}]},
    # contrib processor/transformprocessor
    "processors/transform": {
        "error_mode": str,
        "trace_statements": [{"context": str, "statements": [str]}],
    },
    # core connector/forwardconnector
    "connectors/forward": {},
    # contrib connector/spanmetricsconnector; `span_metrics` since the old name is deprecated
    "connectors/span_metrics": {
        "namespace": str,
        "add_resource_attributes": bool,
        "histogram": {"unit": str, "exponential": {"max_size": int}},
        "exemplars": {"enabled": bool, "max_per_data_point": int},
        "dimensions": [{"name": str}],
        "aggregation_cardinality_limit": int,
        "metrics_flush_interval": DURATION,
        "metrics_expiration": DURATION,
    },
    # core exporter/otlpexporter, config/configgrpc.client_config, config/configtls.client_config
    "exporters/otlp_grpc": LISTEN
    | {"tls": {"insecure": bool}, "retry_on_failure": RETRY, "sending_queue": QUEUE},
    # core exporter/otlphttpexporter, config/confighttp.client_config
    "exporters/otlp_http": LISTEN | {"retry_on_failure": RETRY, "sending_queue": QUEUE},
    # contrib exporter/prometheusexporter, pkg/resourcetotelemetry.settings
    "exporters/prometheus": LISTEN
    | {
        "metric_expiration": DURATION,
        "enable_open_metrics": bool,
        "translation_strategy": str,
        "without_scope_info": bool,
        "resource_constant_labels": {"included": [str]},
    },
    # contrib exporter/fileexporter
    "exporters/file": {
        "path": str,
        "rotation": {"max_megabytes": int, "max_backups": int},
        "format": str,
        "flush_interval": DURATION,
    },
    # contrib extension/storage/filestorage
    "extensions/file_storage": {
        "directory": str,
        "compaction": {"on_start": bool, "directory": str},
    },
    # contrib extension/healthcheckextension, internal/healthcheck/config.go (LegacyConfig)
    "extensions/health_check": LISTEN,
    # core service/telemetry, and the declarative configuration of OpenTelemetry for the readers
    "service/telemetry": {
        "logs": {"level": str},
        "metrics": {
            "readers": [{"pull": {"exporter": {"prometheus": {"host": str, "port": int}}}}]
        },
    },
}
REQUIRED = {
    "otlp_grpc": ["endpoint"],
    "otlp_http": ["endpoint"],
    "prometheus": ["endpoint"],
    "file": ["path"],
    "memory_limiter": ["check_interval"],
    "resource": ["attributes"],
}
"""Settings without which a component refuses to start."""
SIGNALS = {
    "otlp": {"traces", "metrics", "logs"},
    "otlp_grpc": {"traces", "metrics", "logs"},
    "otlp_http": {"traces", "metrics", "logs"},
    "file": {"traces", "metrics", "logs"},
    "prometheus": {"metrics"},
}
BRIDGES = {"span_metrics": ("traces", "metrics"), "forward": ("traces", "traces")}
"""What a connector takes, and what it gives."""
SECTIONS = ("receivers", "processors", "exporters", "connectors", "extensions")


def setting_faults(where, value, allowed):
    if isinstance(allowed, dict):
        yield from mapping_faults(where, value, allowed)
    elif isinstance(allowed, list):
        if not isinstance(value, list) or not value:
            yield f"{where}: {value!r} is no list"
        else:
            for inner in value:
                yield from setting_faults(where, inner, allowed[0])
    elif isinstance(allowed, re.Pattern):
        if not isinstance(value, str) or not allowed.fullmatch(value):
            yield f"{where}: {value!r} is no duration or address"
    elif type(value) is not allowed:
        yield f"{where}: {value!r} is no {allowed.__name__}"


def mapping_faults(where, value, allowed):
    if not isinstance(value, dict):
        yield f"{where}: {value!r} is no mapping"
        return
    for name, inner in value.items():
        if name in allowed:
            yield from setting_faults(f"{where}.{name}", inner, allowed[name])
        else:
            yield f"{where}: unknown setting {name}"


def component_faults(config):
    for section in SECTIONS:
        for name, settings in config.get(section, {}).items():
            kind = name.split("/")[0]
            allowed = SETTINGS.get(f"{section}/{kind}")
            if allowed is None:
                yield f"{section}: unknown component {kind}"
                continue
            yield from setting_faults(name, settings, allowed)
            for needed in REQUIRED.get(kind, []):
                if needed not in (settings or {}):
                    yield f"{name}: {needed} is missing"
    for name in sorted(config.keys() - {*SECTIONS, "service"}):
        yield f"unknown section {name}"
    telemetry = config["service"].get("telemetry", {})
    yield from setting_faults("telemetry", telemetry, SETTINGS["service/telemetry"])


def member_faults(name, pipeline, config):
    """Every member is defined and bears the signal."""
    signal = name.split("/")[0]
    if signal not in ("traces", "metrics", "logs"):
        yield f"{name}: unknown signal"
    for role, side in (("receivers", 1), ("processors", None), ("exporters", 0)):
        for member in pipeline.get(role, []):
            kind = member.split("/")[0]
            if member in config.get("connectors", {}) and side is not None:
                if BRIDGES[kind][side] != signal:
                    yield f"{name}: {member} has no {signal} on this side"
            elif member not in config.get(role, {}):
                yield f"{name}: {member} is not among the {role}"
            elif side is not None and signal not in SIGNALS[kind]:
                yield f"{name}: {member} takes no {signal}"


def order_faults(name, pipeline):
    for role in ("receivers", "exporters"):
        if not pipeline.get(role):
            yield f"{name}: no {role}"
    processors = pipeline.get("processors", [])
    outside = "otlp" in pipeline.get("receivers", [])
    if outside and processors[:1] != ["memory_limiter"]:
        yield f"{name}: memory_limiter is not the first processor"
    if not outside and "memory_limiter" in processors:
        yield f"{name}: memory_limiter refuses what another pipeline has taken"
    if len(set(processors)) != len(processors):
        yield f"{name}: a processor twice"


def loss_faults(config):
    """What was acknowledged must outlive a kill, and be counted once."""
    extensions = config.get("extensions", {})
    for name, exporter in config["exporters"].items():
        queue = exporter.get("sending_queue")
        if name.startswith("otlp") and not (queue and queue.get("storage") in extensions):
            yield f"{name}: its queue is in memory"
        elif queue and not (queue["sizer"] == queue.get("batch", {}).get("sizer") == "bytes"):
            yield f"{name}: its queue does not count bytes"
    fed = {}
    for name, pipeline in config["service"]["pipelines"].items():
        if "otlp" in pipeline.get("receivers", []):
            fed.setdefault(name.split("/")[0], []).append(name)
    for signal, names in fed.items():
        if len(names) > 1:
            yield f"{signal}: {', '.join(names)} take from the receiver, and each may refuse"


def use_faults(config):
    pipelines = config["service"]["pipelines"].values()
    used = {role: {m for p in pipelines for m in p.get(role, [])} for role in SECTIONS[:3]}
    for role, members in used.items():
        for name in sorted(config.get(role, {}).keys() - members):
            yield f"{role}: {name} is used by no pipeline"
    for name in config.get("connectors", {}):
        if not (name in used["receivers"] and name in used["exporters"]):
            yield f"connectors: {name} does not join two pipelines"
    extensions, wanted = config.get("extensions", {}), config["service"].get("extensions", [])
    for name in sorted(extensions.keys() ^ set(wanted)):
        yield f"extensions: {name} is not both defined and used"


def sense_faults(config):
    """Values that parse and would still be refused, or be useless."""
    limiter = config["processors"]["memory_limiter"]
    if not 0 < limiter.get("spike_limit_percentage", 0) < limiter.get("limit_percentage", 0) < 100:
        yield "memory_limiter: the limits are not 0 < spike < limit < 100"
    grpc, http = (config["receivers"]["otlp"]["protocols"][name] or {} for name in ("grpc", "http"))
    if grpc.get("max_recv_msg_size_mib", 4) * 2**20 != http.get("max_request_body_size"):
        yield "otlp: gRPC and HTTP take messages of other sizes"
    for name, connector in config.get("connectors", {}).items():
        histogram = (connector or {}).get("histogram", {"exponential": {"max_size": 640}})
        if histogram.get("exponential", {}).get("max_size", 160) < 640:
            yield f"{name}: buckets are wider than 2 %"
    for action in config["processors"].get("resource", {}).get("attributes", []):
        if action["action"] not in ("insert", "update", "upsert"):
            yield f"resource: unknown action {action['action']} for a value"
    if config["exporters"].get("file/scorecard", {}).get("format") not in ("json", "proto"):
        yield "file/scorecard: unknown format"


def faults(config):
    """What is wrong with a configuration, one sentence each; nothing where it is sound."""
    found = [*component_faults(config), *use_faults(config), *sense_faults(config)]
    found += loss_faults(config)
    for name, pipeline in config["service"]["pipelines"].items():
        found += [*member_faults(name, pipeline, config), *order_faults(name, pipeline)]
    return found


OTLP = ["otlp"]
PLANTED = [
    (
        "receivers:otlp:protocols:grpc:endpont",
        "0.0.0.0:1",
        "otlp.protocols.grpc: unknown setting endpont",
    ),
    ("receivers:otlp:protocols:http", None, "otlp.protocols.http: None is no mapping"),
    ("receivers:jaeger", {}, "receivers: unknown component jaeger"),
    ("exporters:logging", {}, "exporters: unknown component logging"),
    ("exporters:otlphttp/x", {}, "exporters: unknown component otlphttp"),
    ("exporters:prometheus:endpoint", GONE, "prometheus: endpoint is missing"),
    (
        "exporters:prometheus:enable_open_metrics",
        "true",
        "prometheus.enable_open_metrics: 'true' is no bool",
    ),
    (
        "exporters:otlp_grpc/jaeger:endpoint",
        "jaeger",
        "otlp_grpc/jaeger.endpoint: 'jaeger' is no duration or address",
    ),
    (
        "exporters:file/scorecard:flush_interval",
        1,
        "file/scorecard.flush_interval: 1 is no duration or address",
    ),
    ("exporters:file/scorecard:format", "csv", "file/scorecard: unknown format"),
    (
        "exporters:otlp_http/spare",
        {"endpoint": "http://loki:3100"},
        "exporters: otlp_http/spare is used by no pipeline",
    ),
    ("processors:resource/spare", {}, "processors: resource/spare is used by no pipeline"),
    (
        "receivers:otlp:protocols:http:max_request_body_size",
        GONE,
        "otlp: gRPC and HTTP take messages of other sizes",
    ),
    (
        "exporters:otlp_grpc/jaeger:sending_queue:storage",
        GONE,
        "otlp_grpc/jaeger: its queue is in memory",
    ),
    ("exporters:otlp_http/loki:sending_queue", GONE, "otlp_http/loki: its queue is in memory"),
    (
        "exporters:otlp_grpc/jaeger:sending_queue:sizer",
        "requests",
        "otlp_grpc/jaeger: its queue does not count bytes",
    ),
    (
        "service:pipelines:traces/steps:receivers",
        OTLP,
        "traces: traces/in, traces/steps take from the receiver, and each may refuse",
    ),
    (
        "service:pipelines:traces/steps:processors",
        ["memory_limiter", "transform/step"],
        "traces/steps: memory_limiter refuses what another pipeline has taken",
    ),
    (
        "processors:memory_limiter:limit_percentage",
        10,
        "memory_limiter: the limits are not 0 < spike < limit < 100",
    ),
    ("processors:memory_limiter:check_interval", GONE, "memory_limiter: check_interval is missing"),
    ("processors:resource:attributes", [], "resource.attributes: [] is no list"),
    (
        "connectors:span_metrics:histogram",
        {"unit": "s", "explicit": {"buckets": ["1s", "20s"]}},
        "span_metrics: buckets are wider than 2 %",
    ),
    (
        "connectors:span_metrics/spare",
        {"histogram": {"exponential": {"max_size": 640}}},
        "connectors: span_metrics/spare does not join two pipelines",
    ),
    ("extensions:health_check", GONE, "extensions: health_check is not both defined and used"),
    ("service:extensions", [], "extensions: file_storage is not both defined and used"),
    (
        "service:pipelines:traces:exporters",
        ["otlp_grpc/tempo"],
        "traces: otlp_grpc/tempo is not among the exporters",
    ),
    (
        "service:pipelines:logs:processors",
        ["resource", "memory_limiter"],
        "logs: memory_limiter is not the first processor",
    ),
    (
        "service:pipelines:traces/in:processors",
        [],
        "traces/in: memory_limiter is not the first processor",
    ),
    (
        "service:pipelines:traces:processors",
        ["filter"],
        "traces: filter is not among the processors",
    ),
    ("service:pipelines:logs:exporters", ["prometheus"], "logs: prometheus takes no logs"),
    (
        "service:pipelines:logs:exporters",
        ["span_metrics"],
        "logs: span_metrics has no logs on this side",
    ),
    (
        "service:pipelines:traces:receivers",
        ["span_metrics"],
        "traces: span_metrics has no traces on this side",
    ),
    ("service:pipelines:metrics/spans:receivers", [], "metrics/spans: no receivers"),
    ("service:pipelines:spans", {"receivers": OTLP}, "spans: unknown signal"),
    ("service:telemetry:metrics:address", ":8888", "telemetry.metrics: unknown setting address"),
    ("receiver", {}, "unknown section receiver"),
]


def test_the_configuration_is_sound():
    assert faults(CONFIG) == []


@pytest.mark.parametrize(("path", "value", "fault"), PLANTED, ids=[p[2] for p in PLANTED])
def test_a_planted_fault_is_found(path, value, fault):
    assert fault in faults(planted(CONFIG, path.split(":"), value))


def test_otlp_arrives_over_grpc_and_http_and_leads_to_every_back_end():
    assert CONFIG["receivers"]["otlp"]["protocols"].keys() == {"grpc", "http"}
    pipelines = CONFIG["service"]["pipelines"]
    for signal, back_end in {"metrics": "prometheus", "logs": "otlp_http/loki"}.items():
        assert pipelines[signal]["receivers"] == ["otlp"]
        assert {back_end, "file/scorecard"} <= set(pipelines[signal]["exporters"])
    assert pipelines["traces/in"]["receivers"] == ["otlp"]
    assert pipelines["traces/in"]["exporters"] == ["forward/traces"]
    behind = [one for one in pipelines.values() if "forward/traces" in one["receivers"]]
    ends = {name for one in behind for name in one["exporters"]}
    assert ends == {"otlp_grpc/jaeger", "file/scorecard", "span_metrics"}


def test_texts_are_cut_for_jaeger_alone_below_what_its_store_takes_and_say_so():
    pipelines = CONFIG["service"]["pipelines"]
    cut = [
        name for name, one in pipelines.items() if "transform/jaeger" in one.get("processors", [])
    ]
    assert cut == ["traces/jaeger"]
    assert pipelines["traces/jaeger"]["exporters"] == ["otlp_grpc/jaeger"]
    groups = CONFIG["processors"]["transform/jaeger"]["trace_statements"]
    assert [one["context"] for one in groups] == ["resource", "span", "spanevent"]
    for group in groups:
        (statement,) = group["statements"]
        place, limit, whole_characters, marker = re.fullmatch(
            r'truncate_all\((\w+)\.attributes, (\d+), (true), "([^"]+)"\)', statement
        ).groups()
        assert place == group["context"]
        assert (
            int(limit) <= 64_900 - 200
        )  # keys of Badger end at 65,000 bytes, name and time included
        assert whole_characters
        assert "cut" in marker


def test_jaeger_takes_the_largest_message_that_the_collector_sends():
    grpc = yaml.safe_load((ROOT / "deploy/jaeger/config.yaml").read_text("utf-8"))["receivers"]
    limit = grpc["otlp"]["protocols"]["grpc"]["max_recv_msg_size_mib"]
    largest = CONFIG["exporters"]["otlp_grpc/jaeger"]["sending_queue"]["batch"]["max_size"]
    assert limit >= CONFIG["receivers"]["otlp"]["protocols"]["grpc"]["max_recv_msg_size_mib"]
    assert largest < limit * 2**20


def test_queue_and_scorecard_lie_on_volumes_and_the_scorecard_is_bounded():
    folders = [mount.split(":")[1] for mount in service()["volumes"] if mount[0] != "."]
    assert CONFIG["extensions"]["file_storage"]["directory"] in folders
    rotation = CONFIG["exporters"]["file/scorecard"]["rotation"]
    assert rotation["max_megabytes"] * (rotation["max_backups"] + 1) <= 1000


@pytest.mark.parametrize("name", ["collector", "jaeger"])
def test_go_programs_know_of_less_memory_than_their_container_has(name):
    units = {"m": 2**20, "g": 2**30}
    text = service(name)["deploy"]["resources"]["limits"]["memory"]
    limit = int(text[:-1]) * units[text[-1]]
    known = int(service(name)["environment"]["GOMEMLIMIT"].removesuffix("MiB")) * 2**20
    assert 0.7 * limit < known < 0.9 * limit


def test_the_scorecard_counts_only_what_the_suite_sent():
    assert "file/scorecard" not in CONFIG["service"]["pipelines"]["metrics/spans"]["exporters"]


def test_span_metrics_take_no_dimension_with_many_values():
    assert CONFIG["connectors"]["span_metrics"]["dimensions"] == [{"name": "gen_ai.request.model"}]


def test_span_names_are_reduced_to_their_step_before_they_are_counted():
    statement = re.compile(r'set\(span\.name, "(\w+)"\) where IsMatch\(span\.name, "(.*)"\)')
    (group,) = CONFIG["processors"]["transform/step"]["trace_statements"]
    assert group["context"] == "span"
    written = group["statements"]
    rules = [statement.fullmatch(one).groups() for one in written]
    spans = trace_of(RUN, record()).spans
    assert {span.kind for span in spans} == {"case", "attempt", "chat", "grade"}
    for span in spans:
        reduced = [step for step, pattern in rules if re.search(pattern, span.name)]
        assert reduced == ([] if span.name == span.kind else [span.kind])
    counted = CONFIG["service"]["pipelines"]["traces/steps"]
    assert "transform/step" in counted["processors"]
    assert counted["exporters"] == ["span_metrics"]
    others = (p for name, p in CONFIG["service"]["pipelines"].items() if name != "traces/steps")
    assert not any("transform/step" in pipeline.get("processors", []) for pipeline in others)


def service(name="collector"):
    return COMPOSE["services"][name]


def published(name):
    return {port.split(":")[2] for port in service(name)["ports"]}


def port(settings):
    return ADDRESS.fullmatch(settings["endpoint"])[3]


def test_what_the_collector_listens_on_is_what_is_published():
    protocols = CONFIG["receivers"]["otlp"]["protocols"]
    assert {port(settings) for settings in protocols.values()} == published("collector")
    assert {port(settings) for settings in protocols.values()} == {"4317", "4318"}


def test_the_probe_asks_the_health_check():
    url = service("collector-probe")["healthcheck"]["test"][-1]
    assert url == f"http://collector:{port(CONFIG['extensions']['health_check'])}/"


def test_prometheus_scrapes_the_exporter_and_the_collector_itself():
    text = (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text("utf-8")
    jobs = {job["job_name"]: job for job in yaml.safe_load(text)["scrape_configs"]}
    targets = {name: job["static_configs"][0]["targets"] for name, job in jobs.items()}
    reader = CONFIG["service"]["telemetry"]["metrics"]["readers"][0]["pull"]["exporter"]
    assert targets == {
        "llmops": [f"collector:{port(CONFIG['exporters']['prometheus'])}"],
        "collector": [f"collector:{reader['prometheus']['port']}"],
    }


def test_what_is_there_for_one_flush_is_scraped_twice():
    """Exemplars: one scrape may come late."""
    prometheus = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text("utf-8"))
    flush = CONFIG["connectors"]["span_metrics"]["metrics_flush_interval"]
    scrape = prometheus["global"]["scrape_interval"]
    assert int(flush.removesuffix("s")) >= 2 * int(scrape.removesuffix("s"))


def test_loki_keeps_the_logs_of_a_run_that_is_delivered_weeks_later():
    loki = yaml.safe_load((ROOT / "deploy" / "loki" / "config.yaml").read_text("utf-8"))
    assert loki["limits_config"]["reject_old_samples"] is False


def test_jaeger_and_loki_listen_where_the_collector_sends():
    jaeger = yaml.safe_load((ROOT / "deploy" / "jaeger" / "config.yaml").read_text("utf-8"))
    loki = yaml.safe_load((ROOT / "deploy" / "loki" / "config.yaml").read_text("utf-8"))
    sent = CONFIG["exporters"]
    grpc = jaeger["receivers"]["otlp"]["protocols"]["grpc"]
    assert sent["otlp_grpc/jaeger"]["endpoint"] == f"jaeger:{port(grpc)}"
    assert (
        sent["otlp_http/loki"]["endpoint"]
        == f"http://loki:{loki['server']['http_listen_port']}/otlp"
    )
    for host in ("jaeger", "loki"):
        assert service(host)["networks"] == service()["networks"]


def test_the_scorecard_is_written_to_a_volume():
    folders = [mount.split(":")[1] for mount in service()["volumes"] if mount[0] != "."]
    assert str(Path(CONFIG["exporters"]["file/scorecard"]["path"]).parent) in folders


def test_variables_are_given_by_the_compose_file_and_have_no_default():
    text = (ROOT / "openllmetry-collector-config.yaml").read_text("utf-8")
    names = set(VARIABLE.findall(text))
    assert names == {f"env:{name}" for name in service()["environment"] if name != "GOMEMLIMIT"}


def test_no_secret_is_written_down():
    text = (ROOT / "openllmetry-collector-config.yaml").read_text("utf-8").lower()
    assert not re.search(r"authorization|api[-_]?key|password|bearer|token:", text)


def test_no_endpoint_is_outside_this_machine():
    for settings in CONFIG["exporters"].values():
        match = ADDRESS.fullmatch(settings.get("endpoint", "0.0.0.0:1"))
        assert match[2] == "0.0.0.0" or match[2] in COMPOSE["services"]
