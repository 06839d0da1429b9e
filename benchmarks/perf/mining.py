"""What mining costs: processor seconds and memory, of this checkout and of another one.

    python benchmarks/perf/mining.py [--suite cline] [--tests GLOB ...] [--against FOLDER]
        [--only reach|validate|materialize] [--limit N] [--sample N] [--jobs 2] [--output FILE]

Each checkout mines in a process of its own, one after the other, without results of an interrupted
mining. Processor seconds are user and system time of that process and all that it started; those
of sandboxed processes, too, which are killed with their parents: they become children of this
program, which waits for all. With `--against` both must find the same cases, byte for byte.
`--sample` proves so many of the functions that are reached, drawn by a hash of their names.
"""

import argparse
import ctypes
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parents[2]
ADOPT = 36
"""PR_SET_CHILD_SUBREAPER: processes whose parents have ended become children of this one."""


class Cost(msgspec.Struct, frozen=True):
    """One mining."""

    seconds: float
    cpu: float
    """Processor seconds, of all processes."""
    memory: int
    """Peak resident memory of the mining process itself, bytes."""
    largest: int
    """That of the largest of all processes."""
    test_files: int
    reached: int
    """Functions that the test files reach."""
    cases: tuple[str, ...]
    """Lines of the manifest."""
    left_out: tuple[str, ...]
    """What is no case, with its reason."""


def mined(folder: Path, arguments: argparse.Namespace) -> Cost:
    """Mine with the package of a checkout."""
    with tempfile.NamedTemporaryFile() as output:
        globs = [f"--tests={glob}" for glob in arguments.tests]
        command = [
            sys.executable,
            __file__,
            f"--inside={output.name}",
            f"--suite={arguments.suite}",
        ]
        command += [f"--only={arguments.only}", f"--jobs={arguments.jobs}", *globs]
        command += [f"--limit={arguments.limit}", f"--sample={arguments.sample}"]
        before, started = _used(), time.perf_counter()
        process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(folder)})
        while True:  # all that is left of it, too
            try:
                pid, status = os.wait()
            except ChildProcessError:
                break
            if pid == process.pid and status:
                raise SystemExit(f"{folder}: mining failed")
        seconds, cpu = time.perf_counter() - started, _used() - before
        found = msgspec.json.decode(Path(output.name).read_bytes(), type=dict)
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return msgspec.convert({**found, "seconds": seconds, "cpu": cpu, "largest": largest}, Cost)


def _used() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def mine(arguments: argparse.Namespace) -> None:
    """Mine in this process and write what was found."""
    from pytest_llmops.cases import load_suites
    from pytest_llmops.manifests import load_cases
    from pytest_llmops.mining.curate import Setup
    from pytest_llmops.mining.mine import Miner
    from pytest_llmops.mining.validate import validate
    from pytest_llmops.places.where import Where
    from pytest_llmops.tasks.materialize import materialize

    suite = load_suites(ROOT / "cases/suites.toml")[arguments.suite]
    if arguments.tests:
        suite = msgspec.structs.replace(suite, tests=tuple(arguments.tests))
    with Setup(place=Where(jobs=arguments.jobs)).open(suite) as (tree, judge, crew):
        if arguments.only in ("validate", "materialize"):
            known = load_cases(suite)
            cases = (known * (arguments.limit // len(known) + 1))[: arguments.limit]
            if arguments.only == "validate":
                findings = validate(cases, tree, judge, crew)
                print(f"{len(findings)} findings")
            else:
                start = time.perf_counter()
                for case in cases:
                    materialize(case, tree)
                print(f"{len(cases)} cases in {time.perf_counter() - start:.2f} s")
            write(arguments, cases=[case.id for case in cases])
            return
        miner = Miner(suite, tree, judge, crew)
        measured = miner.measure(miner.tests())
        if arguments.sample:
            measured = sampled(measured, arguments.sample)
        outcome = None if arguments.only else miner.prove(measured)
    reached = {function for one in measured.values() for function in one.reached}
    rejected = [*outcome.rejections, *outcome.unusable] if outcome else []
    write(
        arguments,
        test_files=len(measured),
        reached=len(reached),
        cases=[msgspec.json.encode(case).decode() for case in outcome.cases] if outcome else [],
        left_out=[f"{one.name}: {one.reason}" for one in rejected],
    )


def sampled(measured: dict[str, Any], number: int) -> dict[str, Any]:
    """What test files do, as if they reached no other functions than some."""
    reached = {function for one in measured.values() for function in one.reached}
    drawn = sorted(reached, key=lambda one: hashlib.sha256("#".join(one).encode()).digest())
    kept = set(drawn[:number])
    return {
        test: msgspec.structs.replace(one, reached=tuple(f for f in one.reached if f in kept))
        for test, one in measured.items()
    }


def write(arguments: argparse.Namespace, **found: object) -> None:
    """Tell the process that measures what was found."""
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    nothing = {"test_files": 0, "reached": 0, "cases": [], "left_out": []}
    Path(arguments.inside).write_text(json.dumps({"memory": memory, **nothing, **found}))


def told(name: str, cost: Cost) -> str:
    """One line for people."""
    return (
        f"{name:<8} {cost.cpu:8.1f} s CPU {cost.seconds:8.1f} s {cost.memory / 2**20:6.0f} MiB"
        f" (largest process {cost.largest / 2**20:.0f})"
        f" {cost.test_files} test files, {cost.reached} functions, {len(cost.cases)} cases"
    )


def main() -> None:
    """Measure, show, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--suite", default="cline")
    parser.add_argument("--tests", action="append", default=[], metavar="GLOB")
    parser.add_argument("--against", type=Path, metavar="FOLDER", help="another checkout")
    parser.add_argument("--only", default="", choices=["", "reach", "validate", "materialize"])
    parser.add_argument("--limit", type=int, default=1000, help="cases to validate or materialize")
    parser.add_argument("--sample", type=int, default=0, help="functions to prove; 0 for all")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--output", type=Path, metavar="FILE")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        mine(arguments)
        return
    ctypes.CDLL(None).prctl(ADOPT, 1, 0, 0, 0)
    costs = {"here": mined(ROOT, arguments)}
    if arguments.against:
        costs["against"] = mined(arguments.against, arguments)
    for name, cost in costs.items():
        print(told(name, cost))
    if arguments.output:
        arguments.output.write_bytes(msgspec.json.encode(costs))
    if arguments.against:
        here, other = costs["here"], costs["against"]
        print(f"{other.cpu / here.cpu:.2f} times the processor time")
        for line in sorted({*here.cases, *here.left_out} ^ {*other.cases, *other.left_out}):
            print(
                ("here only: " if line in (*here.cases, *here.left_out) else "there only: ") + line
            )
        if here.cases != other.cases:
            raise SystemExit("the cases differ")
        print("the same cases, byte for byte")


if __name__ == "__main__":
    main()
