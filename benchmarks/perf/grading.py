"""How many cases a second are judged: the pool against bare starts, and against another commit.

    python benchmarks/perf/grading.py [--against REV] [--cases 60] [--rounds 3] [--threads 2]

Each case of the starter suite is judged with its reference solution, so all are solved. "judged" is
what the plugin does: falsified while judged, and judged again where that leaves a doubt; "plain" is
without falsification, so the two tell what it costs; "bare" is the start of Node alone in the cage,
once per case: what a process of its own costs at least. `--against REV` has the pool of that commit
judge the same cases, as it does, in the same rounds. Each round runs all of them one after the
other, so a machine that changes its speed changes all; figures are medians.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from pytest_llmops.cases import Case, load_cases, load_suites
from pytest_llmops.grading.confirm import doubtful, forgery, is_unsure, wary
from pytest_llmops.sandbox import NodePool, TestJob
from pytest_llmops.sandbox.binaries import find_node
from pytest_llmops.sandbox.cage import BwrapCage, make_cages
from pytest_llmops.sandbox.limits import Limits

ROOT = Path(__file__).parents[2]
LIMITS = Limits(512 * 2**20, 10.0)
Round = Callable[[], list[float]]
"""Judges all cases once: cases a second, then the milliseconds of each."""


class Figures(msgspec.Struct, frozen=True):
    """One way of judging, over all rounds."""

    name: str
    cases_per_second: float
    """Median of the rounds."""
    milliseconds: float
    """Median time of one case, as its thread sees it."""


OTHER = """
import json, sys, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from pytest_llmops.sandbox import NodePool, TestJob

root, threads, cases = json.loads(sys.stdin.readline())
root = Path(root)

def judge(case):
    source, tests = case
    started = time.perf_counter()
    overlay = {source: (root / source).read_text("utf-8")}
    pool.run(TestJob(root=root, tests=tuple(tests), overlay=overlay))
    return (time.perf_counter() - started) * 1000

with NodePool(root, size=threads) as pool, ThreadPoolExecutor(threads) as workers:
    judge(cases[0])
    for _ in sys.stdin:
        started = time.perf_counter()
        times = list(workers.map(judge, cases))
        print(json.dumps([len(cases) / (time.perf_counter() - started), *times]), flush=True)
"""
"""What judges in the checkout of another commit, once for each line that it is sent."""


def job_of(root: Path, case: Case) -> TestJob:
    """The job that judges the reference solution of a case."""
    text = (root / case.source.path).read_text("utf-8")
    tests = tuple(file.path for file in case.tests)
    return TestJob(root=root, tests=tests, overlay={case.source.path: text})


def judge_as_plugin(pool: NodePool, root: Path, case: Case) -> bool:
    """Judge a reference, which has to be solved; whether it took a second look."""
    job = job_of(root, case)
    for one in (wary(job), doubtful(job)):
        report = pool.run(one)
        if report.status != "finished":
            sys.exit(f"{case.id}: the reference fails: {report.status} {report.detail}")
        if lie := forgery(report, case.expected, case.falsifiable):
            sys.exit(f"{case.id}: the reference is called forged: {lie}")
        if not is_unsure(report, case.expected):
            break
    return not one.wary


@contextmanager
def checkout(revision: str) -> Iterator[Path]:
    """Another commit of this repository, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
        subprocess.run(["git", "-C", clone, "checkout", "-q", revision], check=True)
        yield clone


@contextmanager
def judging(clone: Path, root: Path, cases: list[Case], threads: int) -> Iterator[Round]:
    """The pool of another commit: one call is one round."""
    argv, env = [sys.executable, "-c", OTHER], {**os.environ, "PYTHONPATH": str(clone)}
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, text=True, cwd=clone, env=env, stdin=pipe, stdout=pipe) as process:
        asked, answers = process.stdin, process.stdout
        assert asked
        assert answers
        files = [(case.source.path, [test.path for test in case.tests]) for case in cases]
        print(json.dumps((str(root), threads, files)), file=asked, flush=True)

        def measured() -> list[float]:
            print("go", file=asked, flush=True)
            figures: list[float] = json.loads(answers.readline())
            return figures

        yield measured


def run_in_cage(cage: BwrapCage, script: Path) -> str:
    """Run a script in the cage of the sandbox."""
    argv = cage.argv(LIMITS, 0, 2, None)
    node = argv.index("--permission") - 1
    bound = ["--ro-bind", str(script.parent), "/tmp/script"]
    flags = argv[node + 1 : -5]  # then come the entry and its four arguments
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


def compare(
    cases: list[Case], root: Path, rounds: int, threads: int, against: Round | None
) -> tuple[list[Figures], int]:
    """Run all ways of judging in each round; also how many cases took a second look."""
    cage = make_cages("bwrap", find_node())[0]
    assert isinstance(cage, BwrapCage)
    again: set[str] = set()
    with tempfile.TemporaryDirectory() as folder, NodePool(root, size=threads) as pool:
        Path(folder).chmod(0o755)
        bare = Path(folder) / "bare.cjs"
        bare.write_text("")

        def as_plugin(case: Case) -> None:
            if judge_as_plugin(pool, root, case):
                again.add(case.id)

        as_plugin(cases[0])
        ways: dict[str, Round] = {
            "judged": lambda: measure(as_plugin, cases, threads),
            "plain": lambda: measure(lambda case: pool.run(job_of(root, case)), cases, threads),
            "bare": lambda: measure(lambda _: run_in_cage(cage, bare), cases, threads),
        }
        if against:
            ways["against"] = against
        seen: dict[str, list[list[float]]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                seen[name].append(way())
    return [
        Figures(
            name,
            statistics.median(run[0] for run in runs),
            statistics.median(time for run in runs for time in run[1:]),
        )
        for name, runs in seen.items()
    ], len(again)


def told(figures: list[Figures], again: int, cases: int) -> Iterator[str]:
    """Lines: the table, and what falsification costs."""
    speeds = {figure.name: figure.cases_per_second for figure in figures}
    yield f"{'':8}{'cases/s':>10}{'ms per case':>12}{'judged against it':>20}"
    for figure in figures:
        ratio = speeds["judged"] / figure.cases_per_second
        line = f"{figure.name:8}{figure.cases_per_second:10.1f}{figure.milliseconds:12.1f}"
        yield f"{line}{ratio:19.2f}x"
    cost = speeds["plain"] / speeds["judged"] - 1
    yield f"\nfalsification costs {cost:.0%} where all are solved; {again} of {cases} judged again"


def main() -> None:
    """Print the table; write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--against", help="a commit whose pool judges the same cases")
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    suite = load_suites(ROOT / "cases" / "suites.toml")["starter"]
    root = suite.root / suite.folder
    every = load_cases(suite)
    cases = every[:: max(1, len(every) // options.cases)][: options.cases]
    rounds, threads = options.rounds, options.threads
    with ExitStack() as stack:
        against = None
        if options.against:
            clone = stack.enter_context(checkout(options.against))
            against = stack.enter_context(judging(clone, root, cases, threads))
        figures, again = compare(cases, root, rounds, threads, against)
    print(f"{len(cases)} starter cases, {threads} threads, {os.cpu_count()} cores,")
    print(f"{rounds} rounds; load average at the end {os.getloadavg()[0]:.1f}\n")
    print(*told(figures, again, len(cases)), sep="\n")
    if options.output:
        options.output.write_bytes(
            json.dumps([msgspec.to_builtins(figure) for figure in figures], indent=1).encode()
        )


if __name__ == "__main__":
    main()
