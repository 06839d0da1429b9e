"""What a comparison costs: two made-up runs, read back and compared as `llmops gate` does.

    python benchmarks/perf/compare.py [--records 1000 100000] [--samples 1 5] [--output FILE]
    python benchmarks/perf/compare.py --records 1000000 --samples 5    # writes 5 GB, removes it

The runs have records of the size of real ones, prompts and answers included, six cases to a source
file as the starter suite has, and a tenth of the cases changes sides. A process of its own reads
and compares them, so that its peak memory is its own. CPU seconds are of all threads and include
the start of Python.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from made_up import made_up_run

from pytest_llmops.completions import Message, Timing, Usage
from pytest_llmops.grading.graded import Grade, Quality
from pytest_llmops.runs.record import End, Record, RecordFile

CASES_OF_A_FILE = 6
PROMPT = "x" * 1200
ANSWER = "y" * 400
"""With the rest, 2.7 kB a record, the mean of a real run of the starter suite."""


def make_run(folder: Path, name: str, *, records: int, samples: int) -> Path:
    """Write a run; returns its records file."""
    draw = random.Random(name)
    cases = records // samples
    run = made_up_run(name, model=name, cases=cases, samples=samples)
    file = RecordFile(folder, run)
    for number in range(cases):
        for sample in range(samples):
            file.write(make_record(number, sample, draw, name))
    file.write(End(finished=1.0, exit_status=0))
    file.close()
    return file.path


def make_record(number: int, sample: int, draw: random.Random, name: str) -> Record:
    """One attempt: its length and outcome depend on the case, and on chance."""
    tokens = max(1, round((40 + 7 * (number % 50)) * draw.lognormvariate(0, 0.3)))
    solved = (number % 3 == 0) != (draw.random() < 0.1)
    source = f"made/module{number // CASES_OF_A_FILE}"
    return Record(
        case=f"made:{source}#function{number}",
        suite="made",
        split="eval",
        difficulty="medium",
        cluster=f"{source}.ts",
        sample=sample,
        prompt_sha256="p" * 64,
        prompt=(Message("user", PROMPT),),
        text_sha256=f"{name}{number}-{sample}".ljust(64, "0"),
        text=ANSWER,
        finish_reason="stop",
        usage=Usage(input=300, output=min(512, tokens)),
        timing=Timing(started=0.0, queue=0.1, first_token=0.2, total=1.5),
        served_model=name,
        grade=Grade(
            outcome="solved" if solved else "wrong",
            tests_passed=3,
            tests_expected=3,
            detail="",
            seconds=0.02,
            quality=Quality(complexity=2, code_share=0.9, prose_share=0.1),
        ),
    )


def compare(baseline: Path, candidate: Path) -> None:
    """Read and compare two runs, and print what it took."""
    began = time.perf_counter()
    from pytest_llmops.compare.gate import compare_runs
    from pytest_llmops.runs.packed import read_packed

    runs = read_packed(baseline), read_packed(candidate)
    read = time.perf_counter()
    comparison = compare_runs(*runs, listed=False)
    done = time.perf_counter()
    print(
        json.dumps(
            {
                "verdict": comparison.verdict,
                "cases": comparison.cases,
                "read_seconds": read - began,
                "compare_seconds": done - read,
                "seconds": done - began,
                "cpu_seconds": time.process_time(),
                "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


def measure(records: int, samples: int) -> dict[str, float]:
    """Make two runs and compare them in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [
            make_run(folder, role, records=records, samples=samples)
            for role in ("baseline", "candidate")
        ]
        command = [sys.executable, __file__, "--compare", *map(str, files)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        size = sum(file.stat().st_size for file in files) / 2**20
    return {"records": records, "samples": samples, "file_mib": size, **json.loads(output)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="measure what a comparison of two runs costs")
    parser.add_argument("--records", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--samples", type=int, nargs="+", default=[1, 5])
    parser.add_argument("--output", type=Path)
    parser.add_argument("--compare", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.compare:
        compare(*options.compare)
        return
    print(
        "records per run   samples   files MiB   read s   compare s   total s   CPU s   peak MiB   "
        "verdict"
    )
    rows = []
    for records in options.records:
        for samples in options.samples:
            row = measure(records, samples)
            rows.append(row)
            print(
                f"{row['records']:13,} {row['samples']:9} {row['file_mib']:11,.0f} "
                f"{row['read_seconds']:8.2f} {row['compare_seconds']:11.2f} {row['seconds']:9.2f} "
                f"{row['cpu_seconds']:7.2f} {row['mib']:10,.0f}   {row['verdict']}"
            )
    if options.output:
        options.output.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
