"""Jaeger and Prometheus on loopback with the repository's configuration, and runs sent to them."""

import httpx
import yaml
from otlp_receiver import wait_until
from real_servers import ROOT, Program, free_port
from records import RUN, record
from sink_project import deliver, write_run

from pytest_llmops.completions import Timing, Usage
from pytest_llmops.runs.reading import read_run
from pytest_llmops.runs.record import RECORDS, End


def started_jaeger(path, folder, otlp, query):
    """Jaeger with deploy/jaeger/config.yaml; ports and folders changed."""
    folder.mkdir()
    health, grpc = free_port(), free_port()
    there = {"keys": str(folder / "badger"), "values": str(folder / "badger")}
    changes = {
        "extensions": {
            "healthcheckv2": {"http": {"endpoint": f"127.0.0.1:{health}"}},
            "jaeger_storage": {"backends": {"traces": {"badger": {"directories": there}}}},
            "jaeger_query": {
                "http": {"endpoint": f"127.0.0.1:{query}"},
                "grpc": {"endpoint": f"127.0.0.1:{grpc}"},
            },
        },
        "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": f"127.0.0.1:{otlp}"}}}},
        "service": {"telemetry": {"metrics": {"level": "none"}}},
    }
    (folder / "addresses.yaml").write_text(yaml.safe_dump(changes))
    files = [ROOT / "deploy/jaeger/config.yaml", folder / "addresses.yaml"]
    command = [path, *(f"--config={file}" for file in files)]
    health = f"http://127.0.0.1:{health}/status"
    return Program(command, folder, health, OTEL_TRACES_SAMPLER="always_off", GOMEMLIMIT="800MiB")


def started_prometheus(path, folder, port, target):
    """Prometheus with deploy/prometheus/prometheus.yml and the flags of docker-compose.yml."""
    folder.mkdir()
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text("utf-8"))
    config["scrape_configs"] = config["scrape_configs"][:1]
    config["scrape_configs"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{target}"]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    given = compose["services"]["prometheus"]["command"]
    kept = [flag for flag in given if not flag.startswith(("--config", "--storage.tsdb.path"))]
    places = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    command = [path, *kept, *places, f"--web.listen-address=127.0.0.1:{port}"]
    return Program(command, folder, f"http://127.0.0.1:{port}/-/ready")


def run_of(folder, name, started, count=50):
    """A written run: tokens and seconds spread over a wide range."""
    made = [
        record(
            f"starter:eval/text#f{number}",
            usage=Usage(input=100 + number, output=7 + 11 * number, cached=number),
            timing=Timing(started=started + number, queue=0.1, total=0.37 * 1.09**number),
            outcome="solved" if number % 3 == 0 else "wrong",
            text="ä" * (40_000 if number == 5 else 1_000_000 if number == 6 else 500),
        )
        for number in range(count)
    ]
    end = End(finished=started + 600, exit_status=0)
    return write_run(folder, made, end, id=f"{RUN.id}-{name}", started=started)


class Stack:
    """The collector, a stand-in of Loki, the way to what is behind, and runs delivered there."""

    def __init__(self, folder, collector, loki, environment):
        self.collector, self.loki = collector, loki
        self.environment, self.folder = environment, folder
        self.runs = {}

    def deliver(self, name, started):
        folder = run_of(self.folder, name, started)
        assert deliver(folder, ["openllmetry"], self.environment).complete
        self.runs[name] = read_run(folder / RECORDS)
        # What the collector counts is scraped later than what the run says of itself.
        for metric in ("llmops_steps", "traces_span_metrics_calls_total"):
            wait_until(lambda metric=metric: self.ask(f'{metric}{{instance="$run"}}', name), 60)
        return self.runs[name]

    def ask(self, query, name, *, at=0):
        """Rows of a query of the dashboard, for one run."""
        place = self.environment["LLMOPS_PROMETHEUS_URL"]
        values = {"$run": f"{RUN.id}-{name}", "$model": ".*", "$__range": "1h"}
        for variable, value in values.items():
            query = query.replace(variable, value)
        asked = {"query": query}
        if at:
            asked |= {"start": at - 600, "end": at, "step": 5}
        answer = httpx.get(f"{place}/api/v1/query{'_range' * bool(at)}", params=asked).json()
        assert answer["status"] == "success", answer
        return answer["data"]["result"]
