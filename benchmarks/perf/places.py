"""What a Ray cluster of this machine costs a job, against the pool of this machine.

    python benchmarks/perf/places.py [--jobs 60] [--small 2000] [--rounds 3]

Two nodes of one processor each against `local:2`. The jobs are those of reference answers of the
starter suite; the small ones are texts that do not parse, which need no sandboxed process, so what
is left is the way there and back. Each round runs every way once, in an order that turns round.
Needs the extra `ray`.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from pathlib import Path

from pytest_llmops.cases import load_cases, load_suites
from pytest_llmops.memory import own_peak
from pytest_llmops.places.where import Place, Where, open_place
from pytest_llmops.sandbox import TestJob
from pytest_llmops.tasks.sources import SourceTree, open_source

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))


def jobs_of(tree: SourceTree, count: int, small: int) -> tuple[list[TestJob], list[TestJob]]:
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
    return whole, [broken] * small


def judged(place: Place, tree: SourceTree, jobs: list[TestJob], status: str) -> float:
    """Wall seconds until all jobs are judged."""
    judge = place.judge(tree)
    started = time.perf_counter()
    with ThreadPoolExecutor(place.size) as threads:
        found = {report.status for report in threads.map(judge.run, jobs)}
    if found != {status}:
        sys.exit(f"reports say {found}, not {status}")
    return time.perf_counter() - started


def measure(ways: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Run every way in each round."""
    seen: dict[str, list[float]] = {name: [] for name in ways}
    order = list(ways)
    for _ in range(rounds):
        for name in order:
            seen[name].append(ways[name]())
        order.reverse()
    return seen


def main() -> None:
    """Measure and print."""
    cluster = import_module("ray_cluster").cluster
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--jobs", type=int, default=60)
    parser.add_argument("--small", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    tree = open_source(load_suites(ROOT / "cases" / "suites.toml")["starter"])
    whole, small = jobs_of(tree, options.jobs, options.small)
    with cluster(2) as (address, environment, _):
        os.environ.update(environment)
        places = {"local": open_place(Where(jobs=2), "bwrap")}
        places["ray"] = open_place(Where(ray=address), "bwrap")
        ways: dict[str, Callable[[], float]] = {}
        for name, place in places.items():
            judged(place, tree, whole[:2], "finished")  # trees and judges are there
            ways[f"{name} whole"] = partial(judged, place, tree, whole, "finished")
            ways[f"{name} small"] = partial(judged, place, tree, small, "syntax_error")
        seen = measure(ways, options.rounds)
        for place in places.values():
            place.close()
    for kind, count in (("whole", len(whole)), ("small", len(small))):
        local, ray = seen[f"local {kind}"], seen[f"ray {kind}"]
        extra = [(mine - other) / count * 1e3 for mine, other in zip(ray, local, strict=True)]
        ratio = [mine / other for mine, other in zip(ray, local, strict=True)]
        print(
            f"{count} {kind} jobs: local {statistics.median(local):.1f} s, "
            f"ray {statistics.median(ray):.1f} s, ratio {statistics.median(ratio):.2f}, "
            f"{statistics.median(extra):+.1f} ms a job; load {os.getloadavg()[0]:.0f}"
        )
    print(f"most memory of this process: {own_peak() / 2**20:.0f} MiB")
    if options.output:
        options.output.write_text(json.dumps(seen, indent=1) + "\n")


if __name__ == "__main__":
    main()
