"""How long a report takes and how large it is: HTML, Markdown, CSV and Parquet of made-up runs.

    python benchmarks/perf/report.py [--cases 1000] [--runs 2] [--samples 1] [--rounds 3]

The runs have prompts and answers of the sizes a small model makes (about 1.6 and 0.9 kB), of lines
drawn from the sources of the starter suite, so that compression has real work. "html" includes the
comparison; "first" is the first of the rounds, with the imports. Peak memory is of the process.
"""

import argparse
import math
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from made_up import made_up_run

from pytest_llmops.cases import DIFFICULTIES
from pytest_llmops.completions import Message, Timing, Usage
from pytest_llmops.grading.graded import Grade, Quality
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import End, Record

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "cases" / "starter").rglob("*.ts"))
LINES = [line for path in SOURCES for line in path.read_text("utf-8").splitlines() if line.strip()]


def made_up(model: str, number: int, cases: int, samples: int) -> RecordedRun:
    """A run of one model, seeded by its number; the cases are the same for every model."""
    run = made_up_run(
        f"20260101-12000{number}-{model}-{number:04x}",
        model=model,
        cases=cases,
        samples=samples,
        started=1_767_268_800.0 + number,
    )
    chance = random.Random(number)
    records = tuple(
        attempt(case, sample, chance) for case in range(cases) for sample in range(samples)
    )
    end = End(finished=run.started + 600, exit_status=0)
    return RecordedRun(path=Path("made-up"), run=run, records=records, end=end)


def attempt(case: int, sample: int, chance: random.Random) -> Record:
    """One attempt; prompt and size of the case depend on its number alone."""
    own = random.Random(case)
    tokens = max(8, round(own.lognormvariate(4.5, 0.8) * math.exp(chance.gauss(0, 0.2))))
    solved = chance.random() < 0.4
    return Record(
        case=f"starter:eval/file{case % 80:02}#function{case:04}",
        suite="starter",
        split="eval",
        difficulty=DIFFICULTIES[case % 3],
        cluster=f"eval/file{case % 80:02}.ts",
        sample=sample,
        prompt=(Message("user", "\n".join(own.choices(LINES, k=42))),),
        text="\n".join(chance.choices(LINES, k=24)),
        finish_reason="stop",
        usage=Usage(input=420, output=tokens),
        timing=Timing(started=1_767_268_800.0, queue=0.0, first_token=0.1, total=tokens / 40),
        grade=Grade(
            outcome="solved" if solved else "wrong",
            tests_passed=5 if solved else 3,
            tests_expected=5,
            detail="" if solved else "function > returns: expected 3 to be 4",
            seconds=0.02,
            quality=Quality(code_share=0.7, comment_share=0.1, prose_share=0.1, markup_share=0.1),
        ),
    )


def ways(runs: list[RecordedRun], folder: Path) -> dict[str, Callable[[], object]]:
    """Each form of the report: makes it anew and leaves it in the folder."""

    def html() -> None:
        from pytest_llmops.report.html import report_html
        from pytest_llmops.report.subject import subject_of

        (folder / "html").write_text(report_html(subject_of(runs)), "utf-8")

    def markdown() -> None:
        from pytest_llmops.report.markdown import report_markdown
        from pytest_llmops.report.subject import subject_of

        (folder / "markdown").write_text(report_markdown(subject_of(runs)), "utf-8")

    def csv() -> None:
        from pytest_llmops.report.export import records_csv

        (folder / "csv").write_text(records_csv(runs), "utf-8")

    def parquet() -> None:
        from pytest_llmops.report.export import write_parquet

        write_parquet(runs, folder / "parquet")

    return {"html": html, "markdown": markdown, "csv": csv, "parquet": parquet}


def main() -> None:
    """Print the table; exit 1 where the HTML file misses its goals."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--samples", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    names = ["base", *(f"lora-v{number}" for number in range(1, options.runs))]
    runs = [
        made_up(name, number, options.cases, options.samples) for number, name in enumerate(names)
    ]
    print(f"{options.cases} cases x {options.runs} runs x {options.samples} samples,")
    print(f"{options.rounds} rounds, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print(f"{'':10}{'first, s':>10}{'median, s':>11}{'CPU, s':>9}{'size, MB':>10}")
    missed = False
    with tempfile.TemporaryDirectory() as name:
        for form, make in ways(runs, Path(name)).items():
            walls, processor = [], []
            for _ in range(options.rounds):
                started, used = time.perf_counter(), time.process_time()
                make()
                walls.append(time.perf_counter() - started)
                processor.append(time.process_time() - used)
            size = (Path(name) / form).stat().st_size / 1e6
            median, cpu = statistics.median(walls), statistics.median(processor)
            print(f"{form:10}{walls[0]:10.2f}{median:11.2f}{cpu:9.2f}{size:10.2f}")
            missed |= form == "html" and (median >= 5 or size >= 10)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\npeak memory {peak:.0f} MiB; goals of html: under 5 s and 10 MB")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
