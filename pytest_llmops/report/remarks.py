"""What a reader must know of the answers of a run before believing its figures, in sentences."""

from collections import Counter
from collections.abc import Iterator, Sequence

from pytest_llmops.completions import Usage
from pytest_llmops.report.cutoff import remarks_on_dates
from pytest_llmops.runs.record import Record, Run
from pytest_llmops.runs.unanswered import endpoint_fault, kind_of_fault

NAMED = 3
"""Served models and kinds of errors that are named; the others are counted."""


def remarks(run: Run, records: Sequence[Record]) -> list[str]:
    """Who answered if not who was asked, limits nobody asked for, who counted, what it has seen."""
    return [
        *_failed(records),
        *_lost(records),
        *_served(run, records),
        *_context(run, records),
        *_counted(records),
        *remarks_on_dates(run, records),
    ]


def _failed(records: Sequence[Record]) -> Iterator[str]:
    """One line per kind of error that endpoints gave, with its count."""
    reasons = [reason for record in records if (reason := endpoint_fault(record.error))]
    faults = Counter(map(kind_of_fault, reasons))
    first = {kind_of_fault(reason): reason for reason in reversed(reasons)}
    for kind, count in faults.most_common(NAMED):
        yield f"{count} of {len(records)} attempts got no answer: {first[kind]}"
    if len(faults) > NAMED:
        rest = sum(faults.values()) - sum(count for _, count in faults.most_common(NAMED))
        yield f"{rest} attempts got no answer for other reasons, told with their records"


def _lost(records: Sequence[Record]) -> Iterator[str]:
    """What loops took that ended without an answer."""
    lost = [record.spent for record in records if record.spent and not record.usage]
    if lost:
        total = sum(lost, Usage(input=0, output=0))
        yield (
            f"{len(lost)} of {len(records)} attempts failed after their first turns, which took "
            f"{total.input:,} input and {total.output:,} output tokens; these are in the cost, and "
            "in no other figure"
        )


def _served(run: Run, records: Sequence[Record]) -> Iterator[str]:
    """Compare the names in the answers with the one that was asked for, and with each other."""
    identity = run.identity
    found = Counter(record.served_model for record in records if record.served_model)
    if identity.weights_sha256 or not found or set(found) == {identity.asked}:
        return
    named = [f"{name} ({count})" for name, count in found.most_common(NAMED)]
    more = f" and {len(found) - NAMED} other names" if len(found) > NAMED else ""
    yield f"asked for {identity.asked}; the answers say they are of {', '.join(named)}{more}"


def _context(run: Run, records: Sequence[Record]) -> Iterator[str]:
    truncated = sum(record.finish_reason == "context" for record in records)
    if truncated:
        yield (
            f"{truncated} of {len(records)} answers were truncated by the server before the "
            f"{run.identity.sampling.max_tokens} tokens asked for: its context or a limit of its "
            "own; give it a longer context, or the model a smaller context_tokens"
        )


def _counted(records: Sequence[Record]) -> Iterator[str]:
    counts = Counter(record.counted_by for record in records if record.usage)
    if local := counts["local"]:
        yield (
            f"tokens of {local} answers were counted here, not by the server: hidden reasoning "
            "and special tokens are not in them"
        )
    if total := counts["total"]:
        yield (
            f"output tokens of {total} answers are the server's total less the prompt: it counts "
            "reasoning apart"
        )
