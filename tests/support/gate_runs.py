"""Recorded runs as a gate sees them, made from numbers."""

from pathlib import Path

import msgspec
from records import IDENTITY, RUN, record

from pytest_llmops.completions import Usage
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import End, RecordFile

CASES = 60
TOKENS = [60 + 7 * number for number in range(CASES)]
MANY = [80 + (17 * number) % 400 for number in range(300)]
"""Tokens of so many cases that two points of solve rate can be told."""
END = End(finished=1_767_269_400.0, exit_status=0)


def case(number):
    return f"starter:eval/m{number:04}#f"


def recorded(tokens=TOKENS, *, solved=None, truncated=(), per_file=1, name="base", **fields):
    """A complete run.

    Args:
        tokens: Output tokens of each case; a list of them for several samples.
        solved: For each case whether it is solved, or how many of its samples; default: half.
        truncated: Numbers of the cases that hit the token limit.
        per_file: Cases of one source file.
        name: Of the run and its model.
        fields: Of the run.
    """
    records = []
    for number, counts in enumerate(tokens):
        samples = counts if isinstance(counts, list) else [counts]
        good = (number % 2 == 0) * len(samples) if solved is None else int(solved[number])
        records += [
            record(
                case(number),
                sample,
                usage=Usage(input=100 + number, output=count),
                outcome="solved" if sample < good else "wrong",
                cluster=f"eval/m{number // per_file:04}.ts",
                text_sha256=f"{name}-{number}-{sample}",
                finish_reason="length" if number in truncated else "stop",
            )
            for sample, count in enumerate(samples)
        ]
    values = {
        "id": f"run-{name}",
        "identity": msgspec.structs.replace(IDENTITY, model=name, tokenizer_sha256="t" * 64),
        "cases": len(tokens),
        "attempts": len(records),
        "samples": max(1, len(records) // max(1, len(tokens))),
        **fields,
    }
    run = msgspec.structs.replace(RUN, **values)
    return RecordedRun(path=Path(f"{name}.jsonl"), run=run, records=tuple(records), end=END)


def with_records(run, change):
    """The run with `change` applied to its list of records; attempts follow."""
    records = tuple(change(list(run.records)))
    described = msgspec.structs.replace(run.run, attempts=len(records))
    return msgspec.structs.replace(run, run=described, records=records)


def written(folder, run, *, end=END):
    """Write the run as a session does; returns its records file."""
    file = RecordFile(folder, run.run)
    for line in run.records:
        file.write(line)
    if end:
        file.write(end)
    file.close()
    return file.path
