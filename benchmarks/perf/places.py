"""What a Ray cluster of this machine costs a job, against the pool of this machine.

    python benchmarks/perf/places.py [--jobs 60] [--small 2000] [--rounds 5] [--against REV]

Two nodes of one processor each against `local:2`. The jobs are those of reference answers of the
starter suite; the small ones are texts that do not parse, which need no sandboxed process, so what
is left is the way there and back. Each round runs every way once, in an order that turns round.
Ray has its workers run at a low priority (15), so that other work on the same cores slows them
down and `local` does not notice: `ray` has that off, and `ray, nice` is as Ray starts them.
`--against REV` has another commit do the same. Every way has a process of its own, and every Ray
a cluster. Processor time is that of the process and of the cluster beyond what they use when idle.
It is told of small jobs alone: what a sandboxed process used is counted where somebody waits for
the end of all in it, as Ray's workers do and the pool does not. Needs the extra `ray`.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from grading_ways import checkout

from pytest_llmops.cases import load_suites
from pytest_llmops.manifests import load_cases
from pytest_llmops.memory import descendants, own_peak
from pytest_llmops.places.where import Place, Where, open_place
from pytest_llmops.sandbox import TestJob
from pytest_llmops.tasks.sources import SourceTree, open_source

ROOT = Path(__file__).parents[2]
KINDS = {"whole": "finished", "small": "syntax_error"}
"""Jobs, and the status of their reports."""
PRIORITY = "RAY_worker_niceness"
REST = 10.0
"""Seconds for which what a way uses when idle is measured."""
TICK = os.sysconf("SC_CLK_TCK")


class Seen(NamedTuple):
    """What one turn of one way took."""

    wall: float
    """Seconds a job."""
    processor: float
    """Seconds a job."""
    idle: float
    """Share of a core that is used where there is no job."""
    peak: float
    """Most memory of that process, MiB."""


def jobs_of(tree: SourceTree, count: int, small: int) -> dict[str, list[TestJob]]:
    """Jobs of reference answers, and jobs that end in the parser."""
    suite = load_suites(ROOT / "cases" / "suites.toml")["starter"]
    cases = load_cases(suite)[:count]
    whole = [
        TestJob(
            root=tree.root,
            tests=tuple(test.path for test in case.tests),
            overlay={case.source.path: tree.read(case.source.path).decode()},
        )
        for case in cases
    ]
    first = cases[0]
    broken = TestJob(
        root=tree.root,
        tests=tuple(test.path for test in first.tests),
        overlay={first.source.path: "export function ("},
    )
    return {"whole": whole, "small": [broken] * small}


def judged(place: Place, tree: SourceTree, jobs: list[TestJob], status: str) -> None:
    """Judge all jobs."""
    judge = place.judge(tree)
    with ThreadPoolExecutor(place.size) as threads:
        found = {report.status for report in threads.map(judge.run, jobs)}
    if found != {status}:
        sys.exit(f"reports say {found}, not {status}")


def used(*roots: int) -> float:
    """Processor seconds of processes, of those they started, and of those that have ended."""
    ticks = 0
    for pid in {one for root in roots for one in (root, *descendants(root))}:
        try:
            told = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        except OSError:
            continue  # it has ended meanwhile
        ticks += sum(map(int, told.rpartition(")")[2].split()[11:15]))
    return ticks / TICK


def serve(address: str, holder: int, count: int, small: int) -> None:
    """Judge the jobs of a kind for each line that names one, and tell what it took."""
    tree = open_source(load_suites(ROOT / "cases" / "suites.toml")["starter"])
    jobs = jobs_of(tree, count, small)
    place = open_place(Where(ray=address) if address else Where(jobs=2), "bwrap")
    judged(place, tree, jobs["whole"][:4], "finished")  # trees and judges are there
    roots = (os.getpid(), holder) if holder else (os.getpid(),)
    judged(place, tree, jobs["whole"], "finished")  # and what they compile once
    before = used(*roots)
    time.sleep(REST)
    idle = (used(*roots) - before) / REST
    for line in sys.stdin:
        kind = line.strip()
        before, began = used(*roots), time.perf_counter()
        judged(place, tree, jobs[kind], KINDS[kind])
        wall, count = time.perf_counter() - began, len(jobs[kind])
        processor = used(*roots) - before - idle * wall
        seen = Seen(wall / count, processor / count, idle, own_peak() / 2**20)
        print(json.dumps(seen), flush=True)
    place.close()


class Way:
    """A process that judges jobs when it is told to."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def turn(self, kind: str) -> Seen:
        """Judge the jobs of a kind once."""
        assert self._process.stdin
        assert self._process.stdout
        print(kind, file=self._process.stdin, flush=True)
        told = self._process.stdout.readline()
        if not told:
            sys.exit("a process that judges has ended")
        return Seen(*json.loads(told))


@contextmanager
def way(folder: Path, jobs: list[str], *, nice: int | None) -> Iterator[Way]:
    """A way with the code of a checkout: on this machine, or on a cluster of this priority."""
    command = [sys.executable, __file__, *jobs, "--serve"]
    environment, pipe = {**os.environ, "PYTHONPATH": str(folder)}, subprocess.PIPE
    with ExitStack() as stack:
        if nice is not None:
            os.environ[PRIORITY] = str(nice)
            cluster = import_module("ray_cluster").cluster
            address, environment, tell = stack.enter_context(cluster(2, path=folder))
            command += ["--address", address, "--holder", str(tell("pid"))]
        # Ray has workers look for modules where the driver is, before all else.
        process = stack.enter_context(
            subprocess.Popen(
                command, text=True, cwd=folder, env=environment, stdin=pipe, stdout=pipe
            )
        )
        yield Way(process)


def measure(against: str, jobs: list[str], rounds: int) -> dict[tuple[str, str], list[Seen]]:
    """Run every way in each round."""
    sys.path.insert(0, str(ROOT / "tests" / "support"))
    wanted: dict[str, tuple[Path, int | None]] = {"local": (ROOT, None)}
    wanted |= {"ray": (ROOT, 0), "ray, nice": (ROOT, 15)}
    with ExitStack() as stack:
        if against:
            clone = stack.enter_context(checkout(against))
            wanted |= {f"ray, {against}": (clone, 0)}
        ways = {
            name: stack.enter_context(way(folder, jobs, nice=nice))
            for name, (folder, nice) in wanted.items()
        }
        seen: dict[tuple[str, str], list[Seen]] = {(k, n): [] for k in KINDS for n in ways}
        order = list(seen)
        for _ in range(rounds):
            for kind, name in order:
                seen[kind, name].append(ways[name].turn(kind))
            order.reverse()
    return seen


def told(seen: dict[tuple[str, str], list[Seen]]) -> Iterator[str]:
    """Lines: medians of each way, and of what it takes beyond `local` in the same round."""
    columns = f"{'ms a job':>10}{'ratio':>8}{'beyond':>9}{'processor':>11}{'beyond':>9}"
    yield f"{'':26}{columns}{'idle':>7}{'MiB':>6}"
    for (kind, name), rows in seen.items():
        pairs = list(zip(rows, seen[kind, "local"], strict=True))
        wall = statistics.median(row.wall for row in rows)
        ratio = statistics.median(mine.wall / other.wall for mine, other in pairs)
        beyond = statistics.median(mine.wall - other.wall for mine, other in pairs)
        processor = statistics.median(row.processor for row in rows)
        more = statistics.median(mine.processor - other.processor for mine, other in pairs)
        idle, peak = rows[0].idle, max(row.peak for row in rows)
        counted = f"{processor * 1e3:11.2f}{more * 1e3:+9.2f}" if kind == "small" else " " * 20
        yield (
            f"{kind + ' ' + name:26}{wall * 1e3:10.2f}{ratio:8.2f}{beyond * 1e3:+9.2f}"
            f"{counted}{idle:7.2f}{peak:6.0f}"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--jobs", type=int, default=60)
    parser.add_argument("--small", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--against", default="", help="a commit that does the same")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--serve", action="store_true", help="be one of the ways")
    parser.add_argument("--address", default="", help="of its cluster")
    parser.add_argument("--holder", type=int, default=0, help="process of its cluster")
    options = parser.parse_args()
    if options.serve:
        serve(options.address, options.holder, options.jobs, options.small)
        return
    jobs = ["--jobs", str(options.jobs), "--small", str(options.small)]
    seen = measure(options.against, jobs, options.rounds)
    print(*told(seen), sep="\n")
    print(f"{options.rounds} rounds; load average at the end {os.getloadavg()[0]:.1f}")
    if options.output:
        rows = {f"{kind} {name}": rows for (kind, name), rows in seen.items()}
        options.output.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
