"""The one trace of an attempt, as values: what every sink is sent, before any SDK is involved.

    case ID                        the whole, with outcome, scores and the identity of the run
      attempt N                    sample N of the case
        chat MODEL                 the call: GenAI semantic conventions, texts where they were kept;
                                   of a loop `invoke_agent AGENT`, its turns and tools below it
        grade                      the tests

All times are those of the record. With many answers at once, grading begins some time after the
answer, and so does its span; in a record of a version that did not say when it began, it follows
the answer at once. An answer that was not asked for in this run (from the cache, or of a replayed
run) keeps its durations and is moved to the start of the run; its grading is of this run.

All ids are digests of run, case and sample. So a trace has the same id in every tool, and one that
is sent twice is written twice to the same place. Each sample is a trace; those of a case have
`llmops.case.group` in common.
"""

import msgspec

from pytest_llmops.completions import Loop, Timing
from pytest_llmops.runs.loop_figures import name_and_version
from pytest_llmops.runs.record import Record, Run
from pytest_llmops.runs.traces import group_id, span_id, trace_id
from pytest_llmops.sinks import attributes
from pytest_llmops.sinks.attributes import Value
from pytest_llmops.sinks.trace import Event, Span, Trace
from pytest_llmops.sinks.turns import turn_spans

__all__ = ["GROUP", "Event", "Span", "Trace", "trace_of"]

GROUP = "llmops.case.group"


def trace_of(run: Run, record: Record) -> Trace:
    """Build the trace of one attempt of a run."""
    identity = trace_id(run.id, record.case, record.sample)
    case, attempt, chat, grade = (
        span_id(identity, kind) for kind in ("case", "attempt", "chat", "grade")
    )
    start, sent, answered, graded, end = _times(run, record)
    spans = [
        Span(
            name=f"case {record.case}",
            kind="case",
            id=case,
            parent="",
            start=start,
            end=end,
            attributes={
                **attributes.of_case(run, record),
                GROUP: group_id(run.id, record.case),
            },
            events=_failure(record.error, end),
            error=record.error,
        ),
        Span(
            name=f"attempt {record.sample}",
            kind="attempt",
            id=attempt,
            parent=case,
            start=start,
            end=end,
            attributes=attributes.of_attempt(record),
            error=record.error,
        ),
    ]
    if attributes.is_called(record):
        spans.append(
            Span(
                name=_name_of_call(run, record),
                kind="chat",
                id=chat,
                parent=attempt,
                start=sent,
                end=answered,
                attributes=attributes.of_call(run, record),
                events=_first_token(sent, record.timing),
            )
        )
        spans += turn_spans(run, record, identity, sent)
    if record.grade:
        spans.append(
            Span(
                name="grade",
                kind="grade",
                id=grade,
                parent=attempt,
                start=graded,
                end=end,
                attributes=attributes.of_grade(record.grade),
            )
        )
    return Trace(id=identity, spans=tuple(spans))


def _name_of_call(run: Run, record: Record) -> str:
    if record.loop:
        return f"invoke_agent {name_and_version(run.agent)[0]}"
    return f"chat {run.identity.model}"


def _times(run: Run, record: Record) -> tuple[int, int, int, int, int]:
    """Start, sending, answer, grading and end of an attempt; Unix time in nanoseconds."""
    timing, grade = record.timing or _of_turns(record.loop), record.grade
    start = max(timing.started, run.started) if timing else run.started
    sent = start + (timing.queue if timing else 0.0)
    answered = sent + (timing.total if timing else 0.0)
    graded = max(answered, grade.started) if grade else answered
    end = graded + (grade.seconds if grade else 0.0)
    one, two, three, four, five = (
        round(seconds * 1e9) for seconds in (start, sent, answered, graded, end)
    )
    return one, two, three, four, five


def _of_turns(loop: Loop | None) -> Timing | None:
    """When a loop ran that failed; None where nothing was asked."""
    if loop is None or not loop.turns:
        return None
    return msgspec.structs.replace(loop.turns[0].timing, total=loop.seconds)


def _first_token(sent: int, timing: Timing | None) -> tuple[Event, ...]:
    if timing is None or timing.first_token is None:
        return ()
    return (Event(name="first_token", time=sent + round(timing.first_token * 1e9)),)


def _failure(error: str, time: int) -> tuple[Event, ...]:
    if not error:
        return ()
    kind, _, message = error.partition(": ")
    found: dict[str, Value] = {"exception.type": kind, "exception.message": message or kind}
    return (Event(name="exception", time=time, attributes=found),)
