"""What measuring code quality costs per answer, and what the references of a suite measure.

    python benchmarks/perf/quality.py [--suite starter] [--limit N]

Each case's own solution is the answer. Times are of all, the start of the tools included: wall
time in the sandbox as it is used, and CPU of this process and of a checker without namespaces, in
which nobody could count it. Other programs disturb CPU less. Fails above `GOAL` of CPU per answer.
"""

import argparse
import resource
import sys
import time
from pathlib import Path

from pytest_llmops.manifests import load_cases
from pytest_llmops.quality.batches import measure_all
from pytest_llmops.quality.tools import install
from pytest_llmops.quality.totals import quality_lines, totals
from pytest_llmops.runs.record import Record
from pytest_llmops.tasks.materialize import materialize
from pytest_llmops.tasks.sources import open_source
from pytest_llmops.tasks.suites import find_suites

SUITES = Path(__file__).parents[2] / "cases" / "suites.toml"
GOAL = 0.040
"""Seconds per answer."""


def answers(name: str, limit: int) -> list[Record]:
    """The references of a suite, as records of their answers."""
    (suite,) = find_suites(SUITES, [name])
    tree = open_source(suite)
    found = []
    for case in load_cases(suite)[: limit or None]:
        task = materialize(case, tree)
        code = task.module.text(task.declaration.start, task.declaration.end)
        found.append(
            Record(
                case=case.id,
                sample=0,
                suite=name,
                split=case.split,
                difficulty=case.difficulty,
                cluster=case.cluster,
                prompt_sha256="",
                prompt=(),
                text_sha256="",
                text=f"```typescript\n{code}\n```",
                finish_reason="stop",
                usage=None,
                timing=None,
                grade=None,
            )
        )
    return found


def cpu() -> float:
    """CPU seconds of this process and of those that it has ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


def main() -> int:
    """Measure one suite."""
    parser = argparse.ArgumentParser(description="The cost of measuring code quality")
    parser.add_argument("--suite", default="starter", help="suite to measure")
    parser.add_argument("--limit", type=int, default=0, help="cases, from the first; 0 for all")
    options = parser.parse_args()
    install()
    records = answers(options.suite, options.limit)
    began = time.monotonic()
    found = measure_all(records, SUITES)
    wall = time.monotonic() - began
    spent = cpu()
    measure_all(records, SUITES, isolation="process")
    spent = cpu() - spent
    print(*quality_lines(totals(found)), sep="\n")
    each = spent / len(records)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{len(records)} answers: {wall / len(records) * 1000:.1f} ms each of wall time,")
    print(f"{each * 1000:.1f} ms of CPU (goal {GOAL * 1000:.0f}); checker at most {memory:.0f} MiB")
    return int(each > GOAL)


if __name__ == "__main__":
    sys.exit(main())
