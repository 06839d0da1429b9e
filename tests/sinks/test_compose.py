"""docker-compose.yml without an engine: the published schema, and what no schema can see."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from planting import GONE, planted

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
COMPOSE = yaml.safe_load(FILE.read_text("utf-8"))
PROBED = {"collector": "collector-probe"}
"""Services whose image cannot run a check, and the service beside them that asks instead."""
BINDS = {
    # Next.js and the worker listen on HOSTNAME, which Docker sets to the name of the container.
    "langfuse/langfuse": ("environment.HOSTNAME", r"0\.0\.0\.0"),
    "langfuse/langfuse-worker": ("environment.HOSTNAME", r"0\.0\.0\.0"),
    # All addresses unless `bind` is set; the image turns protected mode off, and a password is set.
    "valkey/valkey": ("command", r"(?!.*--bind)"),
    "clickhouse/clickhouse-server": ("volumes", r"(?!.*listen)"),  # the image brings listen_host
    "minio/minio": ("command", r".*--address :9000 "),
    "mlflow/mlflow": ("command", r".*--host=0\.0\.0\.0 "),  # 127.0.0.1 by itself
    "jaegertracing/jaeger": ("deploy/jaeger/config.yaml", r".*endpoint: 0\.0\.0\.0:13133"),
    "prom/prometheus": ("command", r"(?!.*--web\.listen-address)"),
    "grafana/loki": ("deploy/loki/config.yaml", r"(?!.*http_listen_address)"),
    "grafana/grafana": ("environment", r"(?!.*GF_SERVER_HTTP_ADDR)"),
}
"""What decides the addresses an image listens on, by its documentation: a place of the service or a
file it is given, and how that must read so that the loopback address is one of them."""
BY_SOCKET = {"pg_isready"}
"""Checks that ask through a Unix socket."""
VARIABLE = re.compile(r"(?<!\$)\$\{?(\w+)(\W[^}]*)?\}?")
SECRET = re.compile(r"(PASSWORD|SECRET|SALT|_KEY)$|SECRET_ACCESS|PASSWORD=|--requirepass ")


def environment_names():
    spec = importlib.util.spec_from_file_location("env_of_compose", ROOT / "tools" / "env.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name for _, makers in module.SECTIONS for name in makers}


def texts(node):
    """Every string in a tree, with the key it stands under."""
    if isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, str):
                yield key, value
            else:
                yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from [("", value)] if isinstance(value, str) else texts(value)


def image_faults(name, service):
    image = service.get("image", "")
    tag = image.rpartition(":")[2]
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)+:[\w.-]+", image):
        yield f"{name}: image {image!r} has no registry or no tag"
    elif not re.search(r"\d+\.\d+\.\d+|\d{4}-\d{2}-\d{2}T|:\d+\.\d+$", image):
        yield f"{name}: tag {tag!r} is no exact version"


def health_faults(name, service, services):
    probe = PROBED.get(name)
    if probe:
        asked = json.dumps(services.get(probe, {}).get("healthcheck", {}))
        if f"http://{name}:" not in asked:
            yield f"{name}: nothing asks it whether it is well"
        return
    check = service.get("healthcheck", {})
    test = check.get("test", [])
    if not isinstance(test, list) or len(test) < 2 or test[0] not in ("CMD", "CMD-SHELL"):
        yield f"{name}: no health check"
    missing = {"interval", "timeout", "retries"} - check.keys()
    if missing:
        yield f"{name}: health check without {', '.join(sorted(missing))}"


def bind_faults(name, service):
    """A check inside a container asks the loopback address; the program must listen there."""
    test = service.get("healthcheck", {}).get("test") or ["NONE"]
    asks_beside = re.search(r"//(?!127\.0\.0\.1|localhost)[a-z]", json.dumps(test))
    if test[0] == "NONE" or asks_beside or BY_SOCKET & set(test):
        return
    image = service.get("image", "").partition("/")[2].partition(":")[0]
    if image not in BINDS:
        yield f"{name}: its check asks the loopback address; look up what {image} listens on"
        return
    place, needed = BINDS[image]
    if (ROOT / place).is_file():
        told = (ROOT / place).read_text("utf-8")
    else:
        found = service
        for key in place.split("."):
            found = found.get(key, "") if isinstance(found, dict) else ""
        told = " ".join(found) + " " if isinstance(found, list) else str(found)
    if not re.match(needed, told, re.DOTALL):
        yield f"{name}: {place} does not let it listen where its check asks"


def port_faults(services):
    taken = {}
    for name, service in services.items():
        for port in service.get("ports", []):
            match = re.fullmatch(r"127\.0\.0\.1:(\d+):\d+", str(port))
            if not match:
                yield f"{name}: port {port!r} is not bound to 127.0.0.1"
            elif taken.setdefault(match[1], name) != name:
                yield f"{name}: port {match[1]} is taken by {taken[match[1]]}"


def dependency_faults(name, service, services):
    for other, how in service.get("depends_on", {}).items():
        if other not in services:
            yield f"{name}: depends on {other}, which is not defined"
            continue
        if set(service.get("profiles", [])) - set(services[other].get("profiles", [])):
            yield f"{name}: depends on {other}, which its profile does not start"
        if how["condition"] == "service_healthy" and other in PROBED:
            yield f"{name}: waits for the health of {other}, which has no check"
        if not set(service.get("networks", [])) & set(services[other].get("networks", [])):
            yield f"{name}: shares no network with {other}"


def mount_faults(name, service, volumes):
    for mount in service.get("volumes", []):
        source, target, *mode = mount.split(":")
        if not source.startswith("."):
            if source not in volumes:
                yield f"{name}: volume {source} is not defined"
            continue
        if not (ROOT / source).exists():
            yield f"{name}: {source} does not exist"
        if mode != ["ro"]:
            yield f"{name}: {source} is not mounted read-only at {target}"


def host_faults(name, service, services):
    """Addresses of other services must be those of services it shares a network with."""
    for _, text in texts({key: service.get(key) for key in ("environment", "healthcheck")}):
        for host in re.findall(r"\w://(?:[^@/\s]*@)?([a-z][a-z0-9.-]*):\d+", text):
            near = services.get(host, {}).get("networks", [])
            if not set(near) & set(service.get("networks", [])):
                yield f"{name}: {host} cannot be reached from its networks"


def variable_faults(document, known):
    for key, text in texts(document):
        for name, rest in VARIABLE.findall(text):
            if name not in known:
                yield f"{key}: ${name} is not written by tools/env.py"
            if not rest.startswith(":?"):
                yield f"{key}: ${{{name}}} would be empty, or have a default, where it is not set"
        if (SECRET.search(key) or SECRET.search(text)) and not VARIABLE.search(text):
            yield f"{key}: {text!r} looks like a secret written down"


def unused_faults(document):
    services = document["services"].values()
    volumes = {m.split(":")[0] for service in services for m in service.get("volumes", [])}
    networks = {n for service in services for n in service.get("networks", [])}
    for kind, used in (("volumes", volumes), ("networks", networks)):
        for name in sorted(set(document[kind]) - used):
            yield f"{kind}: {name} is used by no service"
        if kind == "networks":
            for name in sorted(used - set(document[kind])):
                yield f"{kind}: {name} is not defined"


def faults(document, known):
    """What is wrong with a compose file, one sentence each; nothing where it is sound."""
    services = document["services"]
    found = [*port_faults(services), *unused_faults(document)]
    # Extensions are where values are shared; each is read again where it is merged.
    found += variable_faults({k: v for k, v in document.items() if k[:2] != "x-"}, known)
    for name, service in services.items():
        found += image_faults(name, service)
        found += health_faults(name, service, services)
        found += bind_faults(name, service)
        found += dependency_faults(name, service, services)
        found += mount_faults(name, service, document["volumes"])
        found += host_faults(name, service, services)
        for key in ("profiles", "restart", "networks"):
            if not service.get(key):
                found.append(f"{name}: no {key}")
        if "memory" not in service.get("deploy", {}).get("resources", {}).get("limits", {}):
            found.append(f"{name}: no memory limit")
        if "no-new-privileges:true" not in service.get("security_opt", []):
            found.append(f"{name}: may gain privileges")
    return found


PLANTED = [
    (
        "services.collector.depends_on.tempo",
        {"condition": "service_healthy"},
        "collector: depends on tempo, which is not defined",
    ),
    (
        "services.grafana.depends_on.mlflow",
        {"condition": "service_started"},
        "grafana: depends on mlflow, which its profile does not start",
    ),
    ("services.loki.networks", ["mlflow"], "grafana: shares no network with loki"),
    (
        "services.grafana.depends_on.collector",
        {"condition": "service_healthy"},
        "grafana: waits for the health of collector, which has no check",
    ),
    ("services.loki.volumes", ["logs:/x"], "loki: volume logs is not defined"),
    (
        "services.loki.volumes",
        ["./deploy/loki/none.yaml:/x:ro"],
        "loki: ./deploy/loki/none.yaml does not exist",
    ),
    ("services.loki.volumes", ["./deploy:/x"], "loki: ./deploy is not mounted read-only at /x"),
    ("volumes.spare", None, "volumes: spare is used by no service"),
    ("networks.spare", None, "networks: spare is used by no service"),
    ("services.mlflow.networks", ["other"], "networks: other is not defined"),
    ("services.mlflow.ports", ["5000:5000"], "mlflow: port '5000:5000' is not bound to 127.0.0.1"),
    (
        "services.mlflow.ports",
        ["0.0.0.0:5000:5000"],
        "mlflow: port '0.0.0.0:5000:5000' is not bound to 127.0.0.1",
    ),
    (
        "services.grafana.ports",
        ["127.0.0.1:3000:3000"],
        "grafana: port 3000 is taken by langfuse-web",
    ),
    (
        "services.mlflow.image",
        "ghcr.io/mlflow/mlflow:latest",
        "mlflow: tag 'latest' is no exact version",
    ),
    ("services.mlflow.image", "ghcr.io/mlflow/mlflow:v3", "mlflow: tag 'v3' is no exact version"),
    (
        "services.mlflow.image",
        "ghcr.io/mlflow/mlflow",
        "mlflow: image 'ghcr.io/mlflow/mlflow' has no registry or no tag",
    ),
    ("services.mlflow.healthcheck", GONE, "mlflow: no health check"),
    ("services.loki.healthcheck.test", ["NONE"], "loki: no health check"),
    ("services.loki.healthcheck.retries", GONE, "loki: health check without retries"),
    (
        "services.langfuse-worker.environment.HOSTNAME",
        GONE,
        "langfuse-worker: environment.HOSTNAME does not let it listen where its check asks",
    ),
    (
        "services.mlflow.command",
        ["mlflow", "server", "--port=5000"],
        "mlflow: command does not let it listen where its check asks",
    ),
    (
        "services.prometheus.command",
        ["--web.listen-address=10.0.0.1:9090"],
        "prometheus: command does not let it listen where its check asks",
    ),
    (
        "services.loki.image",
        "docker.io/grafana/tempo:2.9.0",
        "loki: its check asks the loopback address; look up what grafana/tempo listens on",
    ),
    ("services.collector-probe", GONE, "collector: nothing asks it whether it is well"),
    (
        "services.langfuse-worker.networks",
        ["langfuse"],
        "langfuse-worker: langfuse-clickhouse cannot be reached from its networks",
    ),
    ("services.mlflow.profiles", GONE, "mlflow: no profiles"),
    ("services.mlflow.restart", GONE, "mlflow: no restart"),
    ("services.mlflow.deploy", GONE, "mlflow: no memory limit"),
    ("services.mlflow.security_opt", GONE, "mlflow: may gain privileges"),
    (
        "services.mlflow.environment.A",
        "${NOBODY:?run make up}",
        "A: $NOBODY is not written by tools/env.py",
    ),
    (
        "services.mlflow.environment.A",
        "${GRAFANA_PASSWORD:-admin}",
        "A: ${GRAFANA_PASSWORD} would be empty, or have a default, where it is not set",
    ),
    (
        "services.mlflow.environment.A",
        "x$GRAFANA_PASSWORD",
        "A: ${GRAFANA_PASSWORD} would be empty, or have a default, where it is not set",
    ),
    (
        "services.grafana.environment.GF_SECURITY_ADMIN_PASSWORD",
        "admin",
        "GF_SECURITY_ADMIN_PASSWORD: 'admin' looks like a secret written down",
    ),
    (
        "services.langfuse-redis.command",
        "valkey-server --requirepass hunter2",
        "command: 'valkey-server --requirepass hunter2' looks like a secret written down",
    ),
]


def test_the_file_is_sound():
    assert faults(COMPOSE, environment_names()) == []


@pytest.mark.parametrize(("path", "value", "fault"), PLANTED, ids=[p[2] for p in PLANTED])
def test_a_planted_fault_is_found(path, value, fault):
    assert fault in faults(planted(COMPOSE, path.split("."), value), environment_names())


def test_the_file_follows_the_published_schema(tmp_path):
    check = shutil.which("check-jsonschema", path=str(Path(sys.executable).parent))
    assert check, "the development package check-jsonschema is missing"
    command = [check, "--builtin-schema", "vendor.compose-spec"]
    result = subprocess.run([*command, FILE], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(FILE.read_text("utf-8").replace("restart:", "restrat:", 1), "utf-8")
    assert subprocess.run([*command, wrong], capture_output=True).returncode == 1


def test_web_and_worker_of_langfuse_are_of_one_version_that_sdk_5_accepts():
    images = [COMPOSE["services"][f"langfuse-{part}"]["image"] for part in ("web", "worker")]
    versions = {image.rpartition(":")[2] for image in images}
    assert len(versions) == 1
    assert tuple(map(int, versions.pop().split("."))) >= (4, 59, 0)


@pytest.mark.parametrize(
    ("store", "least"),
    [("postgres", (15,)), ("clickhouse", (25, 12)), ("redis", (7, 0))],
)
def test_the_stores_are_as_new_as_langfuse_needs(store, least):
    tag = COMPOSE["services"][f"langfuse-{store}"]["image"].rpartition(":")[2]
    assert tuple(map(int, tag.split("."))) >= least


def test_mlflow_is_of_the_clients_major_version_and_one_that_takes_otlp():
    tag = COMPOSE["services"]["mlflow"]["image"].rpartition(":v")[2]
    major, minor, _ = map(int, tag.split("."))
    assert major == 3
    assert minor >= 10
    pin = re.search(r'"mlflow>=3\.(\d+),<4"', (ROOT / "pyproject.toml").read_text("utf-8"))
    assert minor >= int(pin[1])


def test_the_stores_of_langfuse_reach_nothing_and_are_not_published():
    assert COMPOSE["networks"]["langfuse-stores"] == {"internal": True}
    for name in ("postgres", "clickhouse", "redis", "minio"):
        service = COMPOSE["services"][f"langfuse-{name}"]
        assert service["networks"] == ["langfuse-stores"]
        assert "ports" not in service


def test_the_keys_of_the_project_are_those_the_client_uses():
    environment = COMPOSE["services"]["langfuse-web"]["environment"]
    for kind in ("PUBLIC", "SECRET"):
        value = environment[f"LANGFUSE_INIT_PROJECT_{kind}_KEY"]
        assert value == f"${{LANGFUSE_{kind}_KEY:?run make up}}"


def published(name):
    return [port.split(":")[1] for port in COMPOSE["services"][name]["ports"]]


def test_clients_are_sent_to_ports_that_are_published():
    text = (ROOT / "tools" / "env.py").read_text("utf-8")
    for name, service in {
        "LANGFUSE_BASE_URL": "langfuse-web",
        "MLFLOW_TRACKING_URI": "mlflow",
        "TRACELOOP_BASE_URL": "collector",
        "LLMOPS_TRACE_URL": "jaeger",
    }.items():
        port = re.search(rf'"{name}": _always\("http://127\.0\.0\.1:(\d+)', text)
        assert port[1] in published(service)


def configuration(path):
    return yaml.safe_load((ROOT / "deploy" / path).read_text("utf-8"))


def test_grafana_finds_its_sources_and_its_dashboard():
    services = COMPOSE["services"]
    for source in configuration("grafana/provisioning/datasources/llmops.yaml")["datasources"]:
        host, port = re.fullmatch(r"http://([a-z]+):(\d+)", source["url"]).groups()
        assert services[host]["networks"] == services["grafana"]["networks"]
        assert port in published(host)
    provider = configuration("grafana/provisioning/dashboards/llmops.yaml")["providers"][0]
    mounts = dict(m.split(":")[:2] for m in services["grafana"]["volumes"] if m[0] == ".")
    assert provider["options"]["path"] == mounts["./deploy/grafana/dashboards"]
    home = services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    inside = home.removeprefix(provider["options"]["path"] + "/")
    assert (ROOT / "deploy" / "grafana" / "dashboards" / inside).is_file()


def test_stores_write_where_a_volume_is_mounted():
    loki, jaeger = configuration("loki/config.yaml"), configuration("jaeger/config.yaml")
    badger = jaeger["extensions"]["jaeger_storage"]["backends"]["traces"]["badger"]
    written = {
        "loki": [loki["common"]["path_prefix"], loki["compactor"]["working_directory"]],
        "jaeger": list(badger["directories"].values()),
    }
    for name, folders in written.items():
        mounts = [m.split(":")[1] for m in COMPOSE["services"][name]["volumes"] if m[0] != "."]
        assert all(any((f + "/").startswith(m + "/") for m in mounts) for f in folders), name


def test_traces_metrics_and_logs_are_kept_equally_long():
    loki, jaeger = configuration("loki/config.yaml"), configuration("jaeger/config.yaml")
    badger = jaeger["extensions"]["jaeger_storage"]["backends"]["traces"]["badger"]
    retention = "--storage.tsdb.retention.time=90d"
    assert retention in COMPOSE["services"]["prometheus"]["command"]
    assert loki["limits_config"]["retention_period"] == badger["ttl"]["spans"] == f"{90 * 24}h"


def module_version(program, module):
    """The version of a Go module that tools/servers.py makes a program of."""
    text = (ROOT / "tools" / "servers" / program / "go.mod").read_text()
    line = rf"^\s*(?:require )?{re.escape(module)} v([\d.]+)(?: // indirect)?$"
    (found,) = re.findall(line, text, re.MULTILINE)
    return tuple(map(int, found.split(".")))


def test_collector_jaeger_and_prometheus_are_the_versions_that_were_verified():
    services = COMPOSE["services"]
    pinned = {
        name: services[name]["image"].rpartition(":")[2].removeprefix("v")
        for name in ("collector", "jaeger", "prometheus")
    }
    contrib = "github.com/open-telemetry/opentelemetry-collector-contrib/exporter"
    collector = module_version("collector", f"{contrib}/prometheusexporter")
    major, minor, patch = module_version("jaeger", "github.com/jaegertracing/jaeger")
    _, both, last = module_version("prometheus", "github.com/prometheus/prometheus")
    assert pinned == {
        "collector": ".".join(map(str, collector)),
        "jaeger": f"{major + 1}.{minor - 63}.{patch}",  # 1.63 was the first with a 2.0 beside it
        "prometheus": f"{both // 100}.{both % 100}.{last}",
    }


def make(target, path, folder):
    command = ["make", "-s", "-f", ROOT / "Makefile", target, "PYTHON=true"]
    environment = {"PATH": str(path)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture
def programs(tmp_path):
    """A PATH with make's own needs and without docker."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "make", "true", "echo"):
        (folder / name).symlink_to(shutil.which(name))
    return folder


def docker(programs, lines):
    script = programs / "docker"
    script.write_text("#!/bin/sh\n" + lines)
    script.chmod(0o755)


def test_make_up_without_docker_says_what_is_missing(programs, tmp_path):
    result = make("up", programs, tmp_path)
    assert result.returncode == 2
    assert "up: Docker with Compose 2.20 or newer is needed" in result.stderr


def test_make_up_with_a_docker_that_has_no_compose_says_so_too(programs, tmp_path):
    docker(programs, "echo unknown command >&2\nexit 1\n")
    assert "Compose 2.20 or newer is needed" in make("up", programs, tmp_path).stderr


@pytest.mark.parametrize(
    ("profile", "wanted"),
    [("", ["langfuse", "mlflow", "openllmetry"]), ("mlflow", ["mlflow"])],
)
def test_make_up_starts_the_profiles_and_waits_until_they_are_well(
    profile, wanted, programs, tmp_path
):
    docker(programs, f'[ "$1 $2" = "compose version" ] || echo "$@" >> {tmp_path}/asked\n')
    target = ["up"] + ([f"PROFILE={profile}"] if profile else [])
    command = ["make", "-s", "-f", ROOT / "Makefile", *target, "PYTHON=true"]
    subprocess.run(command, cwd=tmp_path, env={"PATH": str(programs)}, check=True)
    asked = (tmp_path / "asked").read_text()
    flags = " ".join(f"--profile {name}" for name in wanted)
    assert asked == f"compose {flags} up -d --wait --wait-timeout 600\n"
    assert set(wanted) <= {p for s in COMPOSE["services"].values() for p in s["profiles"]}
