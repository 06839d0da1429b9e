"""What the harness costs: sessions of replayed cases against as many empty pytest tests.

    python benchmarks/perf/harness.py [--cases 1000 10000] [--rounds 5] [--output FILE]

Each round runs the two sessions one after the other, so a machine that changes its speed changes
both; the figure is the median of the rounds' ratios of processor time, which other work on the
machine changes less than the clock's. The harness session asks for every case, replays a recorded
answer and writes its record; grading is off. A session before the rounds builds the questions, as
the first session over a suite does; its ratio is told apart. Then the start-up: `--collect-only` on
one case of the starter suite, against pytest on a file with one test.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

import msgspec

from pytest_llmops.cases import Case, FileHash, case_id
from pytest_llmops.completions import Message, Sampling, Timing, Usage
from pytest_llmops.manifests import write_manifest
from pytest_llmops.memory import own_peak
from pytest_llmops.runs.machine import Machine
from pytest_llmops.runs.record import Identity, Record, RecordFile, Run
from pytest_llmops.tasks.code.languages import parse_module
from pytest_llmops.tasks.materialize import body_sha256
from pytest_llmops.tasks.prompts import PROMPT_VERSION

ROOT = Path(__file__).parents[2]
FUNCTIONS = 20
"""Functions a module of the made-up suite."""
FUNCTION = """
/** Returns the value plus {n}, rounded down to a multiple of {n} where it is larger than that. */
export function step{n}(value: number, limit = {n}): number {{
  const raised = value + {n};
  return raised > limit ? raised - (raised % limit) : raised;
}}
"""
ANSWER = FUNCTION.strip().format(n=7)


class Cost(msgspec.Struct, frozen=True):
    """One session."""

    seconds: float
    """Of processor time, in all of its processes."""
    memory: int
    """Peak resident memory, bytes."""


def make_project(folder: Path, count: int) -> None:
    """Lay out a suite of `count` cases, answers for all of them, and as many empty tests."""
    tree = folder / "cases" / "made"
    tree.mkdir(parents=True)
    suites = '[made]\nfolder = "made"\nmanifests = ["made.jsonl"]\n'
    (folder / "cases" / "suites.toml").write_text(suites)
    cases = [case for number in range(count // FUNCTIONS) for case in _module(tree, number)]
    write_manifest(folder / "cases" / "made.jsonl", cases)
    _answers(folder, cases)
    (folder / "harness").mkdir()
    (folder / "pytest.ini").write_text("[pytest]\nllmops_suites = cases/suites.toml\n")
    (folder / "harness" / "test_harness.py").write_text(
        "def test_function(attempt):\n    attempt.complete()\n    attempt.grade()\n"
    )
    (folder / "empty").mkdir()
    (folder / "empty" / "test_empty.py").write_text(
        "import pytest\n"
        f"IDS = [f'made:module{{n // {FUNCTIONS}}}#step{{n}}' for n in range({count})]\n"
        "@pytest.mark.parametrize('case', IDS)\ndef test_function(case):\n    pass\n"
    )


def _module(tree: Path, number: int) -> list[Case]:
    path, test = f"module{number}.ts", f"module{number}.test.ts"
    steps = range(number * FUNCTIONS, (number + 1) * FUNCTIONS)
    source = "".join(FUNCTION.format(n=n + 1) for n in steps).encode()
    (tree / path).write_bytes(source)
    (tree / test).write_bytes(b"// never run\n")
    module = parse_module(source, path)
    return [
        Case(
            id=case_id("made", path, declaration.symbol),
            split="eval",
            difficulty="easy",
            source=FileHash(path=path, sha256=sha256(source).hexdigest()),
            symbol=declaration.symbol,
            body_sha256=body_sha256(module, declaration),
            body_lines=2,
            complexity=2,
            tests=(FileHash(path=test, sha256=sha256(b"// never run\n").hexdigest()),),
            fail_to_pass=("0" * 12,),
            pass_to_pass=(),
        )
        for declaration in module.declarations
    ]


def _answers(folder: Path, cases: list[Case]) -> None:
    identity = Identity(
        model="made",
        served="made",
        prompt_version=PROMPT_VERSION,
        context_tokens=1000,
        sampling=Sampling(),
    )
    run = Run(
        id="answers",
        started=0.0,
        identity=identity,
        suites=("made",),
        split="eval",
        samples=1,
        suite_hash="",
        cases=len(cases),
        attempts=len(cases),
        sandbox="off",
        content=True,
        versions={},
        machine=Machine.here(),
    )
    file = RecordFile(folder, run)
    for case in cases:
        file.write(
            Record(
                case=case.id,
                suite="made",
                split="eval",
                difficulty="easy",
                cluster=case.cluster,
                sample=0,
                prompt=(Message("user", "made"),),
                text=ANSWER,
                finish_reason="stop",
                usage=Usage(input=300, output=60),
                timing=Timing(started=0.0, queue=0.0, first_token=0.1, total=1.0),
            )
        )
    file.close()


def session(folder: Path, *arguments: str) -> Cost:
    """Run pytest in a folder and measure it from outside."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} in {folder} ended with status {status}")
    peak = usage.ru_maxrss * 1024
    if peak <= own_peak():  # Linux counts what this process held when it started the other
        raise SystemExit(f"this process holds more than {peak:,} bytes; it must be the smaller one")
    return Cost(usage.ru_utime + usage.ru_stime, peak)


def measure(count: int, rounds: int) -> dict[str, float]:
    """Compare the two sessions at one number of cases."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_project(folder, count)
        replay = ("harness", "--model=replay:answers/records.jsonl", "--no-grade")
        pairs = []
        for number in range(rounds + 1):
            runs = f"--runs=runs{number}"
            pairs.append((session(folder, "empty"), session(folder, *replay, runs)))
    first, *pairs = pairs
    return {
        "cases": count,
        "empty_seconds": statistics.median(empty.seconds for empty, _ in pairs),
        "harness_seconds": statistics.median(made.seconds for _, made in pairs),
        "ratio": statistics.median(made.seconds / empty.seconds for empty, made in pairs),
        "first_ratio": first[1].seconds / first[0].seconds,
        "empty_mib": max(empty.memory for empty, _ in pairs) / 2**20,
        "harness_mib": max(made.memory for _, made in pairs) / 2**20,
    }


def startup(rounds: int) -> tuple[float, float]:
    """Median seconds of `--collect-only`: one case of the starter suite, and a file with a test."""
    chosen = ("benchmarks", "--suite=starter", "--collect-only", "-k", "capitalize")
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "test_one.py").write_text("def test_one():\n    pass\n")
        pairs = [
            (session(ROOT, *chosen), session(Path(name), "--collect-only")) for _ in range(rounds)
        ]
    ours, bare = (
        statistics.median(one.seconds for one in side) for side in zip(*pairs, strict=True)
    )
    return ours, bare


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="measure what the harness costs a case")
    parser.add_argument("--cases", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    ours, bare = startup(options.rounds)  # first: this process must be the smaller one
    rows = [measure(count, options.rounds) for count in options.cases]
    print("  cases   empty s   harness s   ratio   first   us a case   MiB (empty MiB, ratio)")
    for row in rows:
        extra = (row["harness_seconds"] - row["empty_seconds"]) / row["cases"] * 1e6
        memory = row["harness_mib"], row["empty_mib"], row["harness_mib"] / row["empty_mib"]
        print(
            f"{row['cases']:7.0f} {row['empty_seconds']:9.2f} {row['harness_seconds']:11.2f} "
            f"{row['ratio']:7.2f} {row['first_ratio']:7.2f} {extra:11.0f}   "
            "{:5.0f} ({:.0f}, {:.2f})".format(*memory)
        )
    print(f"start-up, --collect-only: {ours:.2f} s, pytest {bare:.2f} s, {ours / bare:.2f} times")
    if options.output:
        result = {"rows": rows, "startup_seconds": ours, "pytest_seconds": bare}
        options.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
