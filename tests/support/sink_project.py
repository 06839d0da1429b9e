"""A recorded run in a folder, the environment of its sinks, and a way to deliver it."""

import msgspec
from records import RUN, grade, record, unanswered

from pytest_llmops.completions import Message, Timing, Usage
from pytest_llmops.runs.reading import read_run
from pytest_llmops.runs.record import RECORDS, End, RecordFile
from pytest_llmops.sinks.delivery.open import open_sinks, reach_sinks

SECRET = "sk-lf-0123456789abcdef"
END = End(finished=RUN.started + 60, exit_status=0)


def make_records(count=8, samples=1):
    """Records of several outcomes; the last case is one that the harness could not complete."""
    made = []
    for number in range(count - 1):
        for sample in range(samples):
            solved = number % 3 == 0
            made.append(
                record(
                    f"starter:eval/text#f{number}",
                    sample,
                    prompt=(Message("system", "Be brief."), Message("user", f"Write f{number}.")),
                    prompt_sha256=f"p{number}",
                    text=f"return {number};",
                    usage=Usage(input=100 + number, output=10 + number, cached=number),
                    timing=Timing(
                        started=RUN.started + number, queue=0.5, first_token=0.25, total=2.0
                    ),
                    grade=grade(
                        "solved" if solved else "wrong",
                        5 if solved else 3,
                        detail="" if solved else "trim > drops spaces: expected a",
                    ),
                    cost=0.001 * (number + 1),
                    served_model="tiny",
                )
            )
    return [*made, unanswered(f"starter:eval/text#f{count - 1}")]


def write_run(folder, records, end=END, **changes):
    """Write a run; gives its folder."""
    run = msgspec.structs.replace(RUN, attempts=len(records), **changes)
    file = RecordFile(folder, run)
    for one in records:
        file.write(one)
    if end:
        file.write(end)
    file.close()
    return file.path.parent


def start(folder, names, environment, **options):
    """Open sinks on a written run."""
    run = read_run(folder / RECORDS).run
    required, content = options.get("required", True), options.get("content", True)
    reached = reach_sinks(names, required=required, environment=environment)
    return open_sinks(reached, run=run, folder=folder, content=content)


def deliver(folder, names, environment, **options):
    """Deliver a written run; gives the sinks, closed."""
    found = read_run(folder / RECORDS)
    sinks = start(folder, names, environment, **options)
    for one in found.records:
        sinks.emit(one)
    sinks.close(found.end, found.records)
    return sinks
