"""The comparison of the tools in docs/observability.md, measured where there is no Docker.

    python benchmarks/perf/observability.py [--run FOLDER] [--no-send] [--output FILE] [--page FILE]

Starts a real `mlflow server` (SQLite, one worker) and stand-ins of Langfuse and of a collector with
what is behind it (tests/tool_stand_ins.py), all on free ports of the loopback address; delivers a
copy of a recorded run to all three as a session does; and compares them as `llmops observability
--send` does. The stand-ins live in a process of their own. Their times and their granularity are
those of the protocol, not of the tools. `--real langfuse` takes the server that the environment
names (`LANGFUSE_BASE_URL` and its keys; for openllmetry `TRACELOOP_BASE_URL`, `LLMOPS_JAEGER_URL`
and so on) in place of a stand-in; the table says of each tool what it was measured on.
"""

import argparse
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
from rich.console import Console
from servers import servers
from sinks import make_record, make_run

from pytest_llmops.observability.measure import compare
from pytest_llmops.observability.table import parts
from pytest_llmops.observability.values import Compared
from pytest_llmops.runs.reading import read_run
from pytest_llmops.runs.record import RECORDS, End, RecordFile
from pytest_llmops.sinks.settings import SINKS
from pytest_llmops.sinks.sync import sync

ATTEMPTS = 100
"""Of the run that is made up where none is given."""


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
    with tempfile.TemporaryDirectory() as name, servers(Path(name), _serve) as places:
        environment = with_real(places, real)
        folder = prepare(given, Path(name))
        sinks = sync(folder / RECORDS, SINKS, content=True, environment=environment)
        if not sinks.delivery.complete:
            raise SystemExit("\n".join(sinks.lines()))
        return compare(read_run(folder / RECORDS), SINKS, environment, send=send)


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
