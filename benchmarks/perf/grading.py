"""How many cases a second are judged: the pool against bare starts, and against another commit.

    python benchmarks/perf/grading.py [--against REV] [--cases 60] [--rounds 3] [--threads 2]
                                      [--shares 20,60,100]

Cases of the starter suite are judged with answers of which a share is right (the reference; the
rest throw), for several shares:

    judged   what the plugin does: falsified while judged, and once more where that leaves a doubt
    plain    without falsification: what the others cost is told against it
    twice    plain, and each solved answer again in a second process, with everything changed

Processes that judge nothing are started by the same pool, one a case:

    floor    Node in its cage, with vitest's runtime loaded and the language frozen: the least that
             a judge with a process per case starts
    bare     Node in its cage alone

`--against REV` has the pool of that commit judge the references, as it does, in the same rounds.
Each round runs all ways one after the other, so a machine that changes its speed changes all;
figures are medians.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import msgspec
from grading_ways import (
    Answer,
    Round,
    Starts,
    Ways,
    answers_of,
    checkout,
    judging,
    make_bare,
    make_floor,
)

from pytest_llmops.cases import load_suites
from pytest_llmops.manifests import load_cases
from pytest_llmops.sandbox import NodePool
from pytest_llmops.tasks.sources import SourceTree

ROOT = Path(__file__).parents[2]


class Figures(msgspec.Struct, frozen=True):
    """One way of judging, over all rounds."""

    name: str
    cases_per_second: float
    """Median of the rounds."""
    milliseconds: float
    """Median time of one case, as its thread sees it."""


def measure(judge: Callable[[Answer], object], answers: list[Answer], threads: int) -> list[float]:
    """Cases a second, then the milliseconds of each case."""
    times: list[float] = []

    def timed(answer: Answer) -> None:
        started = time.perf_counter()
        judge(answer)
        times.append((time.perf_counter() - started) * 1000)

    started = time.perf_counter()
    with ThreadPoolExecutor(threads) as workers:
        list(workers.map(timed, answers))
    return [len(answers) / (time.perf_counter() - started), *times]


def compare(ways: dict[str, Round], rounds: int) -> Iterator[Figures]:
    """Run all ways in each round."""
    seen: dict[str, list[list[float]]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            seen[name].append(way())
    for name, runs in seen.items():
        speed = statistics.median(run[0] for run in runs)
        yield Figures(name, speed, statistics.median(time for run in runs for time in run[1:]))


def told(figures: list[Figures], best: str, shares: Iterable[int]) -> Iterator[str]:
    """Lines: the table, and what falsification costs at each share."""
    speeds = {figure.name: figure.cases_per_second for figure in figures}
    yield f"{'':14}{'cases/s':>10}{'ms per case':>12}{f'{best} against it':>24}"
    for figure in figures:
        ratio = speeds[best] / figure.cases_per_second
        line = f"{figure.name:14}{figure.cases_per_second:10.1f}{figure.milliseconds:12.1f}"
        yield f"{line}{ratio:23.2f}x"
    yield ""
    for share in shares:
        plain = speeds[f"plain {share}%"]
        as_is, letter = (plain / speeds[f"{way} {share}%"] - 1 for way in ("judged", "twice"))
        yield (
            f"where {share} % are solved, falsification costs {as_is:.0%};"
            f" a second process for each solved answer {letter:.0%}"
        )


def main() -> None:
    """Print the table; write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--against", help="a commit whose pool judges the same cases")
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--shares", default="20,60,100", help="per cent that are solved")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    suite = load_suites(ROOT / "cases" / "suites.toml")["starter"]
    root = suite.root / suite.folder
    every = load_cases(suite)
    cases = every[:: max(1, len(every) // options.cases)][: options.cases]
    tree, threads = SourceTree(root, ""), options.threads
    shares = [int(share) for share in options.shares.split(",")]
    answers = {share: answers_of(cases, tree, share) for share in {*shares, 100}}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        pool = stack.enter_context(NodePool(root, size=threads))
        ways = Ways(pool)
        ways.judged(answers[100][0])
        rounds: dict[str, Round] = {}
        for share in shares:
            for way in (ways.judged, ways.plain, ways.twice):
                named = f"{way.__name__} {share}%"
                rounds[named] = partial(measure, way, answers[share], threads)
        for program in (make_floor(folder), make_bare(folder)):
            turn = stack.enter_context(Starts(program, root, threads)).turn
            rounds[program.name] = partial(measure, turn, answers[100], threads)
        if options.against:
            clone = stack.enter_context(checkout(options.against))
            other = judging(clone, root, answers[100], threads)
            rounds["against"] = stack.enter_context(other)
        figures = list(compare(rounds, options.rounds))
    print(f"{len(cases)} starter cases, {threads} threads, {os.cpu_count()} cores,")
    print(f"{options.rounds} rounds; load average at the end {os.getloadavg()[0]:.1f}\n")
    print(*told(figures, f"judged {max(shares)}%", shares), sep="\n")
    print(f"{len(ways.again)} of {len(cases)} references took a second look")
    if options.output:
        rows = [msgspec.to_builtins(figure) for figure in figures]
        options.output.write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=1))


if __name__ == "__main__":
    main()
