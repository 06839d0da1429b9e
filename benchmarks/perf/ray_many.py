"""Attempts by the hundred thousand through the graders of a session and a Ray cluster.

    python benchmarks/perf/ray_many.py [--attempts 100000] [--against REV] [--rounds 1]

Two nodes of one processor each. The judges there judge nothing and say what they always say;
everything else is real: the graders of the session, the place, its seats, and what travels. Answers
arrive ahead of the test that waits for them, as many as requests are in flight. `--against REV` has
another commit do the same in turns, on a cluster of its own. Needs the extra `ray`.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path

import msgspec
from grading_ways import checkout
from places import used

from pytest_llmops.cases import load_suites
from pytest_llmops.completions import Completion, Timing, Usage
from pytest_llmops.grading.grade import grade
from pytest_llmops.grading.graded import Grade
from pytest_llmops.manifests import load_cases
from pytest_llmops.memory import own_peak
from pytest_llmops.places import remote, seats
from pytest_llmops.places.where import Where, open_place
from pytest_llmops.sandbox import TestJob, TestReport, TestResult
from pytest_llmops.sandbox.cage import Isolation
from pytest_llmops.session.graders import Graders
from pytest_llmops.tasks.materialize import materialize
from pytest_llmops.tasks.sources import open_source

ROOT = Path(__file__).parents[2]
AHEAD = 64
"""Answers that have arrived before the one that is waited for."""
NODES = 2


class Nothing:
    """A pool that judges nothing."""

    def __init__(self, *_: object, **__: object) -> None:
        results = (
            TestResult(file="a.test.ts", title=f"test > number {one}", passed=True, refuted=1)
            for one in range(6)
        )
        self._report = TestReport(status="finished", results=tuple(results), seconds=0.0)

    def run(self, _: TestJob) -> TestReport:
        """The same for every job."""
        return self._report


class Idle(remote.Remote):
    """A judge of the cluster whose pools judge nothing."""

    def __init__(self, isolation: Isolation) -> None:
        super().__init__(isolation)
        vars(import_module("pytest_llmops.places.remote"))["POOLS"] = {"typescript": Nothing}


def through(address: str, holder: int, attempts: int) -> dict[str, float]:
    """Send attempts through a cluster, which a process holds; returns what that took."""
    suite = load_suites(ROOT / "cases" / "suites.toml")["starter"]
    case, tree = load_cases(suite)[0], open_source(suite)
    text = tree.read(case.source.path).decode()
    job = TestJob(root=tree.root, tests=(case.tests[0].path,), overlay={case.source.path: text})
    answer = Completion(
        text=text,
        finish_reason="stop",
        usage=Usage(input=300, output=60),
        timing=Timing(started=0.0, queue=0.0, first_token=0.1, total=1.0),
    )
    vars(seats)["Remote"] = Idle
    place = open_place(Where(ray=address), "bwrap")
    judge = place.judge(tree)
    made = grade(materialize(case, tree), msgspec.structs.replace(answer, text=""), judge)

    def graded(_case: str, _answer: Completion) -> Grade:
        if judge.run(job).status != "finished":
            sys.exit("a judge that judges nothing says otherwise")
        return made

    graders = Graders(lambda: place.size, graded)
    keys = [(case.id, sample) for sample in range(attempts)]
    graders.await_grade(("first", 0), answer)  # trees and judges are there
    before, began, own = own_peak(), time.perf_counter(), time.process_time()
    at_first = used(os.getpid(), holder)
    for key in keys[:AHEAD]:
        graders.offer(key, answer)
    for number, key in enumerate(keys):
        graders.await_grade(key, answer)
        for following in keys[number + AHEAD : number + AHEAD + 1]:
            graders.offer(following, answer)
    seconds, driver = time.perf_counter() - began, time.process_time() - own
    processor = used(os.getpid(), holder) - at_first
    after = own_peak()
    graders.close()
    place.close()
    graders.join()
    return {
        "seconds": seconds,
        "processor of all": processor,
        "of the controller": driver,
        "MiB": after / 2**20,
        "grown": (after - before) / 2**20,
        "in hand": place.size,
    }


def sent_through(
    address: list[str], environment: dict[str, str], folder: Path, attempts: int
) -> dict[str, float]:
    """The same, in a process of its own with the code of a checkout."""
    command = [sys.executable, __file__, "--attempts", str(attempts), *address]
    # Ray has workers look for modules where the driver is, before all else.
    made = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    if made.returncode:
        sys.exit(made.stderr.decode())
    said = made.stdout
    found: dict[str, float] = json.loads(said.splitlines()[-1])
    return found


def compare(against: str, attempts: int, rounds: int) -> dict[str, list[dict[str, float]]]:
    """Run each way in each round, in an order that turns round."""
    sys.path.insert(0, str(ROOT / "tests" / "support"))
    cluster = import_module("ray_cluster").cluster
    with ExitStack() as stack:
        folders = {"here": ROOT}
        if against:
            folders[against] = stack.enter_context(checkout(against))
        ways = {}
        for name, folder in folders.items():
            address, environment, tell = stack.enter_context(cluster(NODES, path=folder))
            named = ["--address", address, "--holder", str(tell("pid"))]
            ways[name] = named, environment, folder
        seen: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
        order = list(ways)
        for _ in range(rounds):
            for name in order:
                found = sent_through(*ways[name], attempts)
                told = ", ".join(f"{what} {value:.1f}" for what, value in found.items())
                print(f"{name}: {told}; load {os.getloadavg()[0]:.1f}", flush=True)
                seen[name].append(found)
            order.reverse()
    return seen


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--attempts", type=int, default=100_000)
    parser.add_argument("--against", default="", help="a commit that does the same")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--address", help="of a cluster: send attempts through it, and no more")
    parser.add_argument("--holder", type=int, help="process of that cluster")
    options = parser.parse_args()
    if options.address:
        print(json.dumps(through(options.address, options.holder, options.attempts)))
        return
    for name, rounds in compare(options.against, options.attempts, options.rounds).items():
        seconds = statistics.median(found["seconds"] for found in rounds)
        processor = statistics.median(found["processor of all"] for found in rounds)
        mebibytes = max(found["MiB"] for found in rounds)
        each, all_of_it = seconds / options.attempts, processor / options.attempts
        print(
            f"{name}: {options.attempts:,} attempts in {seconds:.0f} s, {each * 1e3:.2f} ms each, "
            f"{all_of_it * 1e3:.2f} ms of processor time; at most {mebibytes:.0f} MiB"
        )


if __name__ == "__main__":
    main()
