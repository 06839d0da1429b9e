"""Whether the chain case > call > grade > score can be walked in a tool, and what is wrong in it.

complete chains / attempts, where a chain is complete if a search by the case id gives the trace;
every span that the record stands for is in it once or more, each under the parent it was sent with;
and the score `solved` is there with the value of the record.
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping

import msgspec

from pytest_llmops.observability.backend import StoredTrace
from pytest_llmops.observability.reading import Reading, Readings
from pytest_llmops.observability.values import Traceability
from pytest_llmops.runs.record import Record
from pytest_llmops.sinks.scores import Score, scores

NOTHING = StoredTrace(spans=(), scores={})


def traceability(found: Readings) -> Traceability:
    """Count what is there, missing and wrong over all attempts."""
    compared = {"input", "output", *token_kinds(found)}
    counted = [_spans(one) for one in found.attempts]
    judged = [_scores(one) for one in found.attempts]
    strange = sum(len(trace.spans) for trace in found.strange)
    return Traceability(
        attempts=len(found.attempts),
        complete=sum(map(is_complete, found.attempts)),
        spans=sum(len(one.sent.spans) for one in found.attempts),
        lost_spans=sum(lost for lost, _, _ in counted),
        duplicated_spans=sum(copies for _, copies, _ in counted),
        unexpected_spans=strange + sum(others for _, _, others in counted),
        wrong_token_spans=sum(_wrong_tokens(one, compared) for one in found.attempts),
        wrong_cost_spans=sum(map(_wrong_costs, found.attempts)),
        missing_scores=sum(missing for missing, _ in judged),
        wrong_scores=sum(wrong for _, wrong in judged),
    )


def is_complete(one: Reading) -> bool:
    """Whether the whole chain of an attempt was found; see above."""
    if one.stored is None:
        return False
    parents = {span.id: span.parent for span in one.stored.spans}
    solved = next(score for score in scores(one.record) if score.name == "solved")
    return all(parents.get(span.id) == span.parent for span in one.sent.spans) and same_score(
        solved, one.stored.scores.get("solved")
    )


def has_all(one: Reading) -> bool:
    """Whether an attempt has all its spans and every score with its value."""
    return is_complete(one) and _scores(one) == (0, 0)


def token_kinds(found: Readings) -> tuple[str, ...]:
    """The kinds of tokens that a tool has a field for: those on any span of a call."""
    kinds = {
        kind for one in found.attempts if one.stored for span in one.stored.spans
        for kind in span.tokens
    }  # fmt: skip
    return tuple(kind for kind in ("input", "cached", "output", "reasoning") if kind in kinds)


def same_score(sent: Score, found: object) -> bool:
    """Whether a score came back: as it is, as 0 or 1 for no or yes, or as its text."""
    if found is None:
        return False
    if isinstance(sent.value, str):
        return str(found) == sent.value
    text = str(found).strip().lower()
    if text in {"true", "false"}:
        return isinstance(sent.value, bool) and sent.value == (text == "true")
    try:
        return math.isclose(float(text), float(sent.value), rel_tol=1e-6, abs_tol=1e-9)
    except ValueError:
        return False


def _spans(one: Reading) -> tuple[int, int, int]:
    """Spans lost, further copies, and spans that nothing was sent for."""
    wanted = {span.id for span in one.sent.spans}
    stored = one.stored or NOTHING
    found = Counter(span.id for span in stored.spans)
    copies = stored.copies + sum(
        count - 1 for identity, count in found.items() if identity in wanted
    )
    return (
        len(wanted - found.keys()),
        copies,
        sum(count for identity, count in found.items() if identity not in wanted),
    )


def _wrong_tokens(one: Reading, compared: Collection[str]) -> int:
    """Spans of the call whose tokens differ from the record's; a kind not said counts as 0.

    Input and output are always compared: a tool that gives none back has lost them. Of the parts
    of the two, only those that it has a field for.
    """
    usage = _usage(one.record)
    return sum(
        any(span.tokens.get(kind, 0) != usage.get(kind, 0) for kind in compared)
        for span in (one.stored or NOTHING).spans
        if span.kind == "chat"
    )


def _wrong_costs(one: Reading) -> int:
    """Spans of the call whose cost differs from the record's; none said is 0, as none known is."""
    cost = one.record.cost or 0.0
    return sum(
        not math.isclose(span.cost or 0.0, cost, rel_tol=1e-6, abs_tol=1e-11)
        for span in (one.stored or NOTHING).spans
        if span.kind == "chat"
    )


def _usage(record: Record) -> Mapping[str, int]:
    return msgspec.structs.asdict(record.spent) if record.spent else {}


def _scores(one: Reading) -> tuple[int, int]:
    """Scores that are missing, and those with another value."""
    found = (one.stored or NOTHING).scores
    sent = scores(one.record)
    missing = [score for score in sent if found.get(score.name) is None]
    wrong = [
        score for score in sent if score not in missing and not same_score(score, found[score.name])
    ]
    return len(missing), len(wrong)
