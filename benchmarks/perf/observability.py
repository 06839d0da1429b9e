"""The comparison of the tools in docs/observability.md, measured where there is no Docker.

    python benchmarks/perf/observability.py [--run FOLDER] [--no-send] [--output FILE] [--page FILE]

Starts, on free ports of the loopback address, a real `mlflow server` (SQLite, one worker); a real
collector with Jaeger and Prometheus behind it, where tools/servers.py has made them; and stand-ins
(tests/support/tool_stand_ins.py) of Langfuse, of Loki, and of what is missing. Delivers a copy of a
recorded run to all three as a session does, and compares them as `llmops observability --send`
does. The stand-ins live in a process of their own. Their times and their granularity are those of
the protocol, not of the tools. `--real langfuse` takes the server that the environment names
(`LANGFUSE_BASE_URL` and its keys; for openllmetry `TRACELOOP_BASE_URL`, `LLMOPS_JAEGER_URL` and so
on); the table marks each figure that a stand-in gave.
"""

import argparse
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
from rich.console import Console
from servers import servers
from sinks import make_record, make_run

from pytest_llmops.observability.measure import compare
from pytest_llmops.observability.table import parts
from pytest_llmops.observability.values import Compared
from pytest_llmops.observability.verify import verify
from pytest_llmops.runs.reading import RecordedRun, read_run
from pytest_llmops.runs.record import RECORDS, End, RecordFile
from pytest_llmops.sinks.delivery.sync import sync
from pytest_llmops.sinks.named import SINKS

ATTEMPTS = 100
"""Of the run that is made up where none is given."""


PROGRAMS = ("collector", "jaeger", "prometheus")

PREFIXES = {
    "langfuse": ("LANGFUSE_",),
    "mlflow": ("MLFLOW_TRACKING_",),
    "openllmetry": ("TRACELOOP_", "LLMOPS_JAEGER", "LLMOPS_PROMETHEUS", "LLMOPS_LOKI"),
}
"""How the variables of a tool begin."""


def prepare(given: Path | None, home: Path) -> Path:
    """Copy the records of a run, or make some up; gives the folder."""
    if given:
        folder = home / given.resolve().name
        folder.mkdir()
        shutil.copy(given / RECORDS, folder)
        return folder
    run = make_run(ATTEMPTS, "observability")
    file = RecordFile(home, run)
    for number in range(ATTEMPTS):
        file.write(make_record(run, number))
    file.write(End(finished=run.started + ATTEMPTS, exit_status=0))
    file.close()
    return file.path.parent


def _serve(told: Connection) -> None:
    from tool_stand_ins import (  # type: ignore[import-not-found]
        CollectorStandIn,
        LangfuseStandIn,
        environment_of,
    )

    with LangfuseStandIn() as langfuse, CollectorStandIn() as collector:
        told.send(environment_of(langfuse, collector))
        told.recv()


@contextmanager
def programs(home: Path, places: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The collector, Jaeger and Prometheus of tools/servers.py, where all of them were made."""
    from back_ends import (  # type: ignore[import-not-found]
        started_jaeger,
        started_prometheus,
    )
    from real_servers import (  # type: ignore[import-not-found]
        Collector,
        free_port,
        is_kept,
        path_of,
    )

    if not all(map(is_kept, PROGRAMS)):
        yield dict(places)
        return
    paths = {name: path_of(name, make=False) for name in PROGRAMS}
    otlp, query, prom = free_port(), free_port(), free_port()
    loki = int(places["LLMOPS_LOKI_URL"].rpartition(":")[2])
    with (
        started_jaeger(paths["jaeger"], home / "jaeger", otlp, query),
        Collector(paths["collector"], home / "collector", jaeger=otlp, loki=loki) as collector,
        started_prometheus(paths["prometheus"], home / "prometheus", prom, collector.metrics),
    ):
        jaeger = f"http://127.0.0.1:{query}"
        yield {
            **places,
            "TRACELOOP_BASE_URL": collector.url,
            "LLMOPS_TRACE_URL": jaeger + "/trace/{trace_id}",
            "LLMOPS_JAEGER_URL": jaeger,
            "LLMOPS_PROMETHEUS_URL": f"http://127.0.0.1:{prom}",
        }


def settle(found: RecordedRun, environment: Mapping[str, str]) -> None:
    """Wait until what was delivered can be read: a collector hands on what it has taken."""
    for one in verify(found, SINKS, environment):
        if one.lost or one.problem:
            raise SystemExit(f"{one.sink}: {one.lost} cannot be read back: {one.problem}")


def with_real(environment: Mapping[str, str], real: Sequence[str]) -> dict[str, str]:
    """The environment in which some tools are those that this process' own environment names."""
    own = {
        name: value
        for name, value in os.environ.items()
        if any(name.startswith(PREFIXES[one]) for one in real)
    }
    return {**environment, **own}


def measure(given: Path | None, *, send: bool, real: Sequence[str] = ()) -> Compared:
    """Deliver, read back, compare."""
    with (
        tempfile.TemporaryDirectory() as name,
        servers(Path(name), _serve) as stand_ins,
        programs(Path(name), stand_ins) as places,
    ):
        environment = with_real(places, real)
        folder = prepare(given, Path(name))
        sinks = sync(folder / RECORDS, SINKS, content=True, environment=environment)
        if not sinks.delivery.complete:
            raise SystemExit("\n".join(sinks.lines()))
        found = read_run(folder / RECORDS)
        settle(found, environment)
        return compare(found, SINKS, environment, send=send)


def main() -> None:
    """Parse, measure, show."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--run", type=Path, help="folder of a recorded run; default: made up")
    parser.add_argument("--no-send", action="store_true", help="do not measure delivery")
    parser.add_argument("--output", type=Path, help="write the figures as JSON")
    parser.add_argument("--page", type=Path, help="write the charts as HTML")
    parser.add_argument("--real", action="append", default=[], choices=SINKS, help="see above")
    options = parser.parse_args()
    compared = measure(options.run, send=not options.no_send, real=options.real)
    Console().print(*parts(compared), sep="\n")
    if options.output:
        options.output.write_bytes(msgspec.json.format(msgspec.json.encode(compared), indent=1))
    if options.page:
        from pytest_llmops.observability.chart import page

        options.page.write_text(page([compared]), "utf-8")


if __name__ == "__main__":
    main()
