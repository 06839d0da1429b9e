"""How long a session takes to grade recorded answers, against the sessions of another commit.

    python benchmarks/perf/session_grading.py [--against REV] [--rounds 5] [--workers 0 2]

The 263 answers are made of the starter suite: two of three are the reference, the third is a body
that throws. Each round runs every way once, in an order that turns round every time, so load from
outside meets all; figures are medians of the rounds' ratios. Every session has to record the same
outcomes.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec
from grading_ways import checkout
from made_up import made_up_run

from pytest_llmops.cases import load_suites
from pytest_llmops.completions import Completion, Message, Timing, Usage
from pytest_llmops.manifests import load_cases
from pytest_llmops.runs.reading import read_run
from pytest_llmops.runs.record import RecordFile
from pytest_llmops.session.made import make_record
from pytest_llmops.tasks.materialize import materialize
from pytest_llmops.tasks.prompts import PROMPT_VERSION
from pytest_llmops.tasks.sources import open_source

ROOT = Path(__file__).parents[2]
WRONG = "{ throw new Error('not written'); }"
Way = tuple[str, str]
"""Which checkout, and the value of `-n`."""


def write_answers(folder: Path, limit: int) -> None:
    """Record a run of the starter suite whose answers a session can replay."""
    suite = load_suites(ROOT / "cases" / "suites.toml")["starter"]
    cases = [case for case in load_cases(suite) if case.split == "eval"][:limit]
    tree = open_source(suite)
    run = made_up_run("made", model="made", cases=len(cases))
    identity = msgspec.structs.replace(run.identity, prompt_version=PROMPT_VERSION)
    run = msgspec.structs.replace(run, identity=identity, suites=("starter",))
    file = RecordFile(folder, run)
    for number, case in enumerate(cases):
        task = materialize(case, tree)
        source, declaration = task.module.source, task.declaration
        head = source[declaration.start : declaration.body_start].decode()
        tail = source[declaration.body_end : declaration.end].decode()
        text = head + (task.reference if number % 3 else WRONG) + tail
        answer = Completion(
            text=f"```typescript\n{text}\n```",
            finish_reason="stop",
            usage=Usage(input=300, output=60),
            timing=Timing(started=0.0, queue=0.0, first_token=0.1, total=1.0),
        )
        record = make_record(case, 0, answer)
        file.write(msgspec.structs.replace(record, prompt=(Message("user", "made"),)))
    file.close()


def session(clone: Path, answers: Path, workers: str) -> tuple[float, float, list[str]]:
    """Grade all answers in a session of a checkout.

    Returns:
        Wall seconds, processor seconds, and the outcomes in the order of the cases.
    """
    with tempfile.TemporaryDirectory() as runs:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", workers]
        command += ["benchmarks", "--suite=starter", f"--model=replay:{answers}", f"--runs={runs}"]
        environment = {**os.environ, "PYTHONPATH": str(clone)}
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=clone, env=environment, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        if status:
            sys.exit(f"{' '.join(command)} in {clone} ended with status {status}\n{said[-2000:]}")
        (run,) = Path(runs).iterdir()
        records = sorted(read_run(run / "records.jsonl").records, key=lambda record: record.case)
        outcomes = [f"{record.case}: {record.outcome}" for record in records]
    return seconds, usage.ru_utime + usage.ru_stime, outcomes


def compare(ways: dict[Way, Path], answers: Path, rounds: int) -> dict[Way, list[float]]:
    """Run every way in each round: its wall seconds."""
    seen: dict[Way, list[float]] = {way: [] for way in ways}
    first: list[str] = []
    order = list(ways)
    for number in range(rounds):
        for way in order:
            seconds, processor, outcomes = session(ways[way], answers, way[1])
            if first and outcomes != first:
                differing = sorted(set(outcomes) ^ set(first))
                sys.exit(f"{way}: other outcomes: {differing[:6]}")
            first = outcomes
            seen[way].append(seconds)
            load = os.getloadavg()[0]
            told = f"{seconds:7.1f} s wall {processor:7.1f} s processor, load {load:.1f}"
            print(f"round {number + 1}  {way[0]:8} -n {way[1]}  {told}", flush=True)
        order.reverse()
    return seen


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--against", default="HEAD", help="a commit whose sessions do the same")
    parser.add_argument("--answers", type=int, default=263)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", nargs="+", default=["0", "2"], help="values of -n")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    with checkout(options.against) as clone, tempfile.TemporaryDirectory() as folder:
        write_answers(Path(folder), options.answers)
        answers = Path(folder) / "made" / "records.jsonl"
        places = {"here": ROOT, "against": clone}
        ways = {(name, n): place for n in options.workers for name, place in places.items()}
        seen = compare(ways, answers, options.rounds)
    rows = []
    for workers in options.workers:
        here, against = seen["here", workers], seen["against", workers]
        ratios = [mine / other for mine, other in zip(here, against, strict=True)]
        rows.append({"workers": workers, "here": here, "against": against, "ratios": ratios})
        told = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"-n {workers}: here takes {told} times as long as {options.against}")
    if options.output:
        options.output.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
