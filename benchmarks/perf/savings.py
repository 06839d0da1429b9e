"""What an adapter saved, and how much more there was to save.

    python benchmarks/perf/savings.py BASE_RUN ADAPTER_RUN

Both runs are of split `eval`, greedy, one attempt a case. Beside what the adapter saved it prints
what would have been saved over the same cases

    references      had every answer been the shortest form of the reference solution
    no endless      had the adapter's answers that hit the token limit ended there: each counted as
                    long as the reference of its case

The first is no bound: a wrong answer may be shorter than the right one. References are counted with
the tokenizer of the base, the token that ends an answer included.
"""

import argparse
from pathlib import Path

from rich.console import Console
from rich.table import Table

from finetune.project import Project, find_base
from finetune.references import reference_completion
from pytest_llmops.runs.reading import find_run, read_run
from pytest_llmops.runs.record import Record
from pytest_llmops.tasks.selection import Choice, select

ROOT = Path(__file__).parents[2]


def answers(name: str, runs: Path) -> dict[str, Record]:
    """Return the answers of a run by case."""
    found = read_run(find_run(name, runs))
    if len({one.case for one in found.records}) < len(found.records):
        raise SystemExit(f"{found.path}: has several attempts per case; one is compared here")
    return {one.case: one for one in found.records if one.usage}


def tokens(record: Record) -> int:
    """Output tokens of an answer."""
    assert record.usage
    return record.usage.output


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("base", metavar="BASE_RUN")
    parser.add_argument("adapter", metavar="ADAPTER_RUN")
    parser.add_argument("--runs", type=Path, default=Path("runs"), metavar="FOLDER")
    options = parser.parse_args()
    base, adapted = (answers(name, options.runs) for name in (options.base, options.adapter))
    if base.keys() != adapted.keys():
        raise SystemExit(f"{options.base} and {options.adapter} are of other cases")
    project = Project(ROOT)
    count = find_base(project, "base").counter()
    suites = tuple(sorted({one.suite for one in base.values()}))
    chosen = select(Choice(suites_file=project.suites_file, suites=suites, split="eval"))
    references = {name: count(reference_completion(chosen.task(name))) for name in base}
    truncated = {name for name, one in adapted.items() if one.truncated}
    spent = sum(map(tokens, base.values()))
    totals = {
        "base": spent,
        "adapter": sum(map(tokens, adapted.values())),
        "references": sum(references.values()),
        "no endless": sum(
            references[name] if name in truncated else tokens(one) for name, one in adapted.items()
        ),
    }
    table = Table("", "output tokens", "of base", title=f"{len(base)} cases of {', '.join(suites)}")
    for name, total in totals.items():
        table.add_row(name, f"{total:,}", f"{total / spent - 1:+.1%}")
    Console().print(table)
    endless = sum(tokens(adapted[name]) for name in truncated)
    print(f"{len(truncated)} answers of the adapter are truncated, with {endless:,} of its tokens")


if __name__ == "__main__":
    main()
