"""What the sinks cost: a session's loop with and without them, and the delivery at its end.

    python benchmarks/perf/sinks.py [--cases 1000] [--rounds 3] [--pace 0] [--output FILE]
    git archive COMMIT pytest_llmops | tar -x -C FOLDER
    python benchmarks/perf/sinks.py --only mlflow --against FOLDER    one way by the other

Each round writes the records of made-up attempts (prompts of 2,000 characters, answers of 1,500)
to a records file and hands them to the sinks, as a session does. Figures, in milliseconds a case:

    loop     writing and handing over with sinks open, less the same without; the median round
    total    that loop and the final delivery, as a session that did nothing else would wait
    process  CPU time of the delivering process, its start and imports included
    servers  CPU time of the servers, which share the cores with it
    MiB      most memory that the delivering process held

With `--against` each is measured a second time in the same round, with the delivering process of
another version (of the same form of records), and the table has the ratios of the medians.

MLflow is a real server (and a database file without one); Langfuse and the collector are stand-ins
on loopback, in a process of their own. `bare` is a client that sends the MLflow server the requests
of the sink, made before the clock starts, and does nothing else (bare.py): what the server itself
takes for them. `--pace` waits so many milliseconds between cases, as real ones do, so that delivery
happens beside the run.
"""

import argparse
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
from bare import Bare
from busy import busy_children, spent
from made_up import made_up_run
from peak import Peak
from rich.console import Console
from rich.table import Table
from servers import servers

from pytest_llmops.completions import Message, Timing, Usage
from pytest_llmops.grading.graded import Grade, Quality
from pytest_llmops.runs.record import End, Record, RecordFile, Run
from pytest_llmops.sinks.delivery.open import open_sinks, reach_sinks

SECRET = "sk-lf-0123456789"

BARE = "mlflow (server), bare"

THEN = ", then"
"""Behind the name of what another version delivers."""


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """One round; milliseconds a case."""

    loop: float
    total: float
    process: float
    servers: float
    delivered: int
    memory: float


def make_run(cases: int, sinks: str) -> Run:
    """A run to be written now."""
    name = f"cost-{sinks}-{time.time_ns()}"
    return made_up_run(name, model="base", cases=cases, started=time.time())


def make_record(run: Run, number: int) -> Record:
    """One attempt of the size of a real one."""
    solved = number % 4 == 0
    return Record(
        case=f"made:module{number // 20}#step{number}",
        suite="made",
        split="eval",
        difficulty="easy",
        cluster=f"module{number // 20}.ts",
        sample=0,
        prompt_sha256=f"{number:064x}",
        prompt=(Message("user", "Write the function. " * 100),),
        text_sha256="0" * 64,
        text="return 1 + 1; " * 107,
        finish_reason="stop",
        usage=Usage(input=500, output=375),
        timing=Timing(started=run.started + number / 100, queue=0.0, first_token=0.1, total=1.0),
        grade=Grade(
            outcome="solved" if solved else "wrong",
            tests_passed=5 if solved else 3,
            tests_expected=5,
            detail="" if solved else "adds > adds two numbers: expected 4, got 5",
            seconds=0.1,
            quality=Quality(code_share=1.0, length_ratio=1.0),
        ),
        cost=0.0001,
        served_model="made-up",
    )


def session(names: list[str], cases: int, environment: dict[str, str], pace: float) -> Cost:
    """Write and deliver one run."""
    run = make_run(cases, "+".join(names) or "none")
    records = [make_record(run, number) for number in range(cases)]
    served = busy_children()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as home:
        file = RecordFile(Path(home), run)
        folder = file.path.parent
        reached = reach_sinks(names, required=True, environment=environment)
        sinks = open_sinks(reached, run=run, folder=folder, content=True)
        peak = Peak("pytest_llmops.sinks.delivery.process")
        inside = 0.0
        start = time.perf_counter()
        for record in records:
            begun = time.perf_counter()
            file.write(record)
            sinks.emit(record)
            inside += time.perf_counter() - begun
            if pace:
                time.sleep(pace / 1000)
        ended = time.perf_counter()
        end = End(finished=time.time(), exit_status=0)
        file.write(end)
        file.close()
        with peak:
            done = sinks.close(end, records)
        waited = time.perf_counter() - ended
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    serving = spent(served, busy_children())
    for one in done.sinks:
        if not one.complete:
            raise SystemExit(f"{one.sink}: {one.waiting} of {cases} wait: {one.problem}")
    total = waited + (inside if pace else ended - start)
    return Cost(
        loop=inside / cases * 1e3,
        total=total / cases * 1e3,
        process=busy / cases * 1e3,
        servers=serving / cases * 1e3,
        delivered=cases * len(done.sinks),
        memory=peak.mebibytes,
    )


def bare(cases: int, url: str) -> Cost:
    """Send the requests of one run to the MLflow server, and nothing else."""
    run = make_run(cases, "bare")
    client = Bare(url, run, [make_record(run, number) for number in range(cases)])
    served, own = busy_children(), time.process_time()
    total = client.send()
    return Cost(
        loop=0.0,
        total=total / cases * 1e3,
        process=(time.process_time() - own) / cases * 1e3,
        servers=spent(served, busy_children()) / cases * 1e3,
        delivered=cases,
        memory=0.0,
    )


def _serve(told: Connection) -> None:
    from otlp_receiver import Receiver  # type: ignore[import-not-found]

    with Receiver(secret_key=SECRET) as langfuse, Receiver() as collector:
        told.send(
            {
                "LANGFUSE_BASE_URL": langfuse.url,
                "LANGFUSE_PUBLIC_KEY": "pk-lf-1",
                "LANGFUSE_SECRET_KEY": SECRET,
                "TRACELOOP_BASE_URL": collector.url,
            }
        )
        told.recv()


def measure(options: argparse.Namespace) -> dict[str, list[Cost]]:
    """All rounds, by what was measured."""
    found: dict[str, list[Cost]] = {}
    with (
        tempfile.TemporaryDirectory() as home,
        servers(Path(home), _serve, workers=options.workers) as environment,
    ):
        local = {**environment, "MLFLOW_TRACKING_URI": f"sqlite:///{home}/local.db"}
        os.chdir(home)  # a database without a server keeps its artifacts in the working folder
        choices = {
            "none": ([], environment),
            "langfuse": (["langfuse"], environment),
            "openllmetry": (["openllmetry"], environment),
            "mlflow (server)": (["mlflow"], environment),
            "mlflow (sqlite)": (["mlflow"], local),
            "all (server)": (["all"], environment),
        }
        if options.only:
            choices = {
                one: choices[one] for one in choices if one.startswith(("none", options.only))
            }
        if options.against:
            then = str(options.against.resolve())
            both = [
                pair
                for name, (sinks, place) in choices.items()
                for pair in (
                    (name, (sinks, place)),
                    (f"{name}{THEN}", (sinks, {**place, "PYTHONPATH": then})),
                )
            ]
            choices = dict(both[:1] + both[2:])  # nothing is delivered to no sink
        floor = "mlflow (server)" in choices
        for number in range(options.rounds):
            for name, (sinks, place) in choices.items():
                cost = session(sinks, options.cases, place, options.pace)
                found.setdefault(name, []).append(cost)
                print(f"round {number + 1}, {name}: {cost}", file=sys.stderr)
            if floor:
                cost = bare(options.cases, environment["MLFLOW_TRACKING_URI"])
                found.setdefault(BARE, []).append(cost)
                print(f"round {number + 1}, {BARE}: {cost}", file=sys.stderr)
    return found


def show(found: dict[str, list[Cost]]) -> dict[str, dict[str, float]]:
    """Draw the table; returns the medians."""
    names = ("ms a case", "loop", "total", "process CPU", "servers CPU", "MiB")
    table = Table(*names, box=None, pad_edge=False)
    plain = statistics.median(cost.loop for cost in found["none"])
    medians = {}
    for name, costs in found.items():
        row = {
            "loop": statistics.median(cost.loop for cost in costs) - plain if name != BARE else 0.0,
            "total": statistics.median(cost.total for cost in costs),
            "process": statistics.median(cost.process for cost in costs),
            "servers": statistics.median(cost.servers for cost in costs),
            "memory": max(cost.memory for cost in costs),
        }
        medians[name] = row
        table.add_row(name, *(f"{value:.3f}" for value in row.values()))
    for name, row in medians.items():
        if then := medians.get(name + THEN):
            compared = ("total", "process", "servers", "memory")
            ratios = (row[key] / then[key] if then[key] else 1.0 for key in compared)
            table.add_row(f"{name} by then", "", *(f"{ratio:.2f}" for ratio in ratios))
    Console().print(table)
    print(f"writing the record itself: {plain:.3f} ms a case")
    return medians


def main() -> None:
    """Parse, measure, show."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pace", type=float, default=0.0, help="milliseconds between cases")
    parser.add_argument("--only", default="", help="sinks whose names begin so")
    parser.add_argument("--against", type=Path, help="folder of another version of the package")
    parser.add_argument("--workers", type=int, default=1, help="of the MLflow server")
    parser.add_argument("--output", type=Path, help="write the figures as JSON")
    options = parser.parse_args()
    output = options.output.resolve() if options.output else None
    medians = show(measure(options))
    if output:
        settings = {key: str(value) for key, value in vars(options).items()}
        output.write_text(json.dumps({"settings": settings, "medians": medians}, indent=2))


if __name__ == "__main__":
    main()
