"""How many cases a second are judged: the pool against the bare start of a process for each case.

    python benchmarks/perf/grading.py [--cases 60] [--rounds 3] [--threads 2] [--output FILE]

Each case of the starter suite is judged with its reference solution. "once" is `NodePool` as the
plugin uses it, without the second look at solved answers; "twice" is with it (`grading.confirm`),
which every reference gets, since all are solved. "bare" is the start of Node alone in the cage,
once per case: what a process of its own costs at least. Each round runs all three one after the
other, so a machine that changes its speed changes all; figures are medians. The second look is paid
for solved answers only: a suite of which a share is solved pays that share of what it costs.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from pytest_llmops.cases import Case, load_cases, load_suites
from pytest_llmops.grading.confirm import doubtful, forgery
from pytest_llmops.sandbox import NodePool, TestJob
from pytest_llmops.sandbox.binaries import find_node
from pytest_llmops.sandbox.cage import BwrapCage, make_cages
from pytest_llmops.sandbox.limits import Limits

ROOT = Path(__file__).parents[2]
LIMITS = Limits(512 * 2**20, 10.0)


class Figures(msgspec.Struct, frozen=True):
    """One way of judging, over all rounds."""

    name: str
    cases_per_second: float
    """Median of the rounds."""
    milliseconds: float
    """Median time of one case, as its thread sees it."""


def judge_in_pool(pool: NodePool, root: Path, case: Case, *, twice: bool = True) -> None:
    """Judge the reference solution of a case; it has to pass, and be no forgery."""
    text = (root / case.source.path).read_text("utf-8")
    tests = tuple(file.path for file in case.tests)
    job = TestJob(root=root, tests=tests, overlay={case.source.path: text})
    for one in (job, doubtful(job)) if twice else (job,):
        report = pool.run(one)
        if report.status != "finished" or not all(result.passed for result in report.results):
            sys.exit(f"{case.id}: the reference fails: {report.status} {report.detail}")
        if lie := forgery(report, case.expected, case.falsifiable if one.falsify else 0):
            sys.exit(f"{case.id}: the reference is called forged: {lie}")


def run_in_cage(cage: BwrapCage, script: Path) -> str:
    """Run a script in the cage of the sandbox."""
    argv = cage.argv(LIMITS, 0, 2, None)
    node = argv.index("--permission") - 1
    bound = ["--ro-bind", str(script.parent), "/tmp/script"]
    flags = argv[node + 1 : -4]  # then come the runner and its three arguments
    command = [*argv[:node], *bound, *argv[node : node + 1], *flags]
    for option in ("--info-fd", "--remount-ro"):  # each with one argument
        at = command.index(option)
        del command[at : at + 2]
    process = subprocess.run(
        [*command, f"/tmp/script/{script.name}"],
        env=cage.environment(None),
        capture_output=True,
        text=True,
        user=cage.user,
        check=False,
    )
    if process.returncode:
        sys.exit(f"{script.name}: {process.stderr}")
    return process.stdout


def measure(judge: Callable[[Case], object], cases: list[Case], threads: int) -> list[float]:
    """Cases a second, then the milliseconds of each case."""
    times: list[float] = []

    def timed(case: Case) -> None:
        started = time.perf_counter()
        judge(case)
        times.append((time.perf_counter() - started) * 1000)

    started = time.perf_counter()
    with ThreadPoolExecutor(threads) as workers:
        list(workers.map(timed, cases))
    return [len(cases) / (time.perf_counter() - started), *times]


def compare(cases: list[Case], root: Path, rounds: int, threads: int) -> list[Figures]:
    """Run all ways of judging in each round."""
    cage = make_cages("bwrap", find_node())[0]
    assert isinstance(cage, BwrapCage)
    with (
        tempfile.TemporaryDirectory() as folder,
        NodePool(root, size=threads) as pool,
    ):
        Path(folder).chmod(0o755)
        bare = Path(folder) / "bare.mjs"
        bare.write_text("")
        judge_in_pool(pool, root, cases[0])
        ways: dict[str, Callable[[Case], object]] = {
            "once": lambda case: judge_in_pool(pool, root, case, twice=False),
            "twice": lambda case: judge_in_pool(pool, root, case),
            "bare": lambda _: run_in_cage(cage, bare),
        }
        seen: dict[str, list[list[float]]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, judge in ways.items():
                seen[name].append(measure(judge, cases, threads))
    return [
        Figures(
            name,
            statistics.median(run[0] for run in runs),
            statistics.median(time for run in runs for time in run[1:]),
        )
        for name, runs in seen.items()
    ]


def main() -> None:
    """Print the table; write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    suite = load_suites(ROOT / "cases" / "suites.toml")["starter"]
    root = suite.root / suite.folder
    every = load_cases(suite)
    cases = every[:: max(1, len(every) // options.cases)][: options.cases]
    figures = compare(cases, root, options.rounds, options.threads)
    slow = next(figure for figure in figures if figure.name == "bare")
    print(f"{len(cases)} starter cases, {options.threads} threads, {os.cpu_count()} cores,")
    print(f"{options.rounds} rounds; load average at the end {os.getloadavg()[0]:.1f}\n")
    print(f"{'':8}{'cases/s':>10}{'ms a case':>12}{'against bare':>16}")
    for figure in figures:
        ratio = figure.cases_per_second / slow.cases_per_second
        print(
            f"{figure.name:8}{figure.cases_per_second:10.1f}{figure.milliseconds:12.1f}{ratio:15.1f}x"
        )
    speeds = {figure.name: figure.cases_per_second for figure in figures}
    cost = speeds["once"] / speeds["twice"] - 1
    print(f"\na second look costs {cost:.0%} of a first; where 1 in 5 is solved, {cost / 5:.0%}")
    if options.output:
        options.output.write_bytes(
            json.dumps([msgspec.to_builtins(figure) for figure in figures], indent=1).encode()
        )


if __name__ == "__main__":
    main()
