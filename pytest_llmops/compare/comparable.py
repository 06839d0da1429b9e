"""Whether two runs can be compared, and what differs between them, by their first lines alone.

Meaningless is a comparison of other cases, other tests or other graders: it is refused. The model,
its prompt, sampling, adapter, server or tokenizer may differ: they are what people change and want
judged, by what means the same in both runs (`metrics`).

A series over time asks for more: a number that jumps because the question changed is no trend.
"""

import sys
from collections.abc import Collection, Iterable, Iterator

import msgspec

from pytest_llmops.compare.answered import mixed_counts
from pytest_llmops.errors import CompareError
from pytest_llmops.runs.record import Record, Run

NAMED = 3
"""Cases that a message names; the others it counts."""


def refuse_incomparable(
    baseline: Run,
    candidate: Run,
    *,
    cases: tuple[Collection[str], Collection[str]] | None = None,
) -> None:
    """Refuse runs that did not judge the same; needs no record, so it can come first.

    Args:
        baseline: The run to compare against.
        candidate: The run under test.
        cases: Ids of the cases of each, where they are known, to name those that differ.

    Raises:
        CompareError: Names every difference, and what to do about it.
    """
    _refuse(baseline, candidate, [*_judged(baseline, candidate, cases)])


def refuse_other_questions(
    baseline: Run,
    candidate: Run,
    *,
    cases: tuple[Collection[str], Collection[str]],
    records: tuple[Iterable[Record], Iterable[Record]],
    tokens: bool = True,
) -> None:
    """Refuse runs that a series must not mix: asked otherwise, or counted by another tokenizer.

    Args:
        baseline: The run to compare against.
        candidate: The run under test.
        cases: Ids of the cases of each.
        records: Of each.
        tokens: Whether the series is of tokens.

    Raises:
        CompareError: Names every difference.
    """
    found = [*_judged(baseline, candidate, cases), *asked_otherwise(baseline, candidate)]
    if count := changed_prompts(*records):
        found.append(f"{count} cases were asked with another prompt")
    why = same_tokens(baseline, candidate) or mixed_counts(*records, (baseline, candidate))
    if tokens and why:
        found.append(f"output tokens: {why}")
    _refuse(baseline, candidate, found)


def _refuse(baseline: Run, candidate: Run, found: Collection[str]) -> None:
    if found:
        lines = "".join(f"\n  {line}" for line in found)
        raise CompareError(f"run {baseline.id} and run {candidate.id} cannot be compared:{lines}")


def refuse_other_cases(baseline: Collection[str], candidate: Collection[str]) -> None:
    """Refuse a selection of other cases than those of the baseline.

    Raises:
        CompareError: Says how many are on one side only, and names some.
    """
    if set(baseline) != set(candidate):
        raise CompareError(_other_cases(set(baseline), set(candidate)))


def refuse_same(baseline: Run, candidate: Run) -> None:
    """Refuse a run that would be held against its own answers, which nothing can fail.

    Raises:
        CompareError: The two are one run, copies of one, replays of it, or merged from one.
    """
    if baseline.id == candidate.id:
        raise CompareError(
            f"baseline and candidate are the same run, {candidate.id}, or copies of it: there is "
            "nothing to compare; run the model again"
        )
    shared = min({*baseline.merged} & {*candidate.merged}, default="")
    source = shared or candidate.replays or candidate.id
    if shared or source == (baseline.replays or baseline.id):
        raise CompareError(
            f"baseline {baseline.id} and candidate {candidate.id} hold the same answers, those of "
            f"run {source}, replayed or merged: nothing new was measured; run the model again"
        )


def same_tokens(baseline: Run, candidate: Run) -> str:
    """Why a token of one run is not a token of the other; "" where it is."""
    one, other = baseline.identity, candidate.identity
    if one.tokenizer_sha256 != other.tokenizer_sha256:
        known = (name[:12] or "unknown" for name in (one.tokenizer_sha256, other.tokenizer_sha256))
        return f"counted by different tokenizers ({' and '.join(known)})"
    if not one.tokenizer_sha256 and one.place != other.place:
        return f"the tokenizers of {one.place} and {other.place} are not known to be the same"
    return ""


def asked_otherwise(baseline: Run, candidate: Run) -> Iterator[str]:
    """What is known to differ in the questions: one phrase each."""
    mine, theirs = baseline.identity, candidate.identity
    if mine.instruction != theirs.instruction:
        yield "prompt: instruction changed"
    if mine.prompt_version != theirs.prompt_version:
        yield f"prompt: version {mine.prompt_version} -> {theirs.prompt_version}"
    if mine.context_tokens != theirs.context_tokens:
        yield f"prompt: context {mine.context_tokens} -> {theirs.context_tokens} tokens"
    sampling = _fields("sampling ", mine.sampling, theirs.sampling)
    for name, one, other in [*sampling, ("split", baseline.split, candidate.split)]:
        if one != other:
            yield f"{name}: {_shown(one)} -> {_shown(other)}"


def changed_prompts(baseline: Iterable[Record], candidate: Iterable[Record]) -> int:
    """Cases whose prompt is another one in the candidate, as far as it was recorded."""
    before = {r.case: sys.intern(r.prompt_sha256) for r in baseline if r.prompt_sha256}
    changed: set[str] = set()
    for record in candidate:
        known, digest = before.get(record.case), record.prompt_sha256
        if known and digest:
            (changed.discard if digest == known else changed.add)(record.case)
    return len(changed)


def what_differs(
    baseline: Run, candidate: Run, records: tuple[Iterable[Record], Iterable[Record]]
) -> str:
    """What a person changed between two runs, in one line; "" where nothing is known to differ."""
    mine, theirs = baseline.identity, candidate.identity
    found = [*asked_otherwise(baseline, candidate)]
    if (count := changed_prompts(*records)) and not any(one.startswith("prompt") for one in found):
        found.append(f"prompt: other text in {count} cases")
    pairs = [
        ("model", mine.place, theirs.place),
        ("agent", agent_of(baseline), agent_of(candidate)),
        ("weights", mine.weights_sha256[:12], theirs.weights_sha256[:12]),
        ("adapter", mine.adapter_sha256[:12], theirs.adapter_sha256[:12]),
        ("request fields", mine.body_changes, theirs.body_changes),
    ]
    found += [
        f"{name}: {one or 'none'} -> {other or 'none'}"
        for name, one, other in pairs
        if one != other
    ]
    return "; ".join(found)


def agent_of(run: Run) -> str:
    """The agent of a run as people tell it from others, with the digest of its settings."""
    digest = run.identity.agent_sha256[:12]
    return f"{run.agent} {digest}".strip() or "direct"


def differences(baseline: Run, candidate: Run) -> tuple[str, ...]:
    """What differs by itself and does not forbid a comparison: one line each, for people."""
    mine, theirs = baseline.identity, candidate.identity
    pairs: list[tuple[str, object, object]] = [
        ("dtype", mine.dtype, theirs.dtype),
        ("device", mine.device, theirs.device),
        ("engine", mine.engine, theirs.engine),
        ("what the endpoint lists", mine.server, theirs.server),
        ("samples", baseline.samples, candidate.samples),
        ("sandbox", baseline.sandbox, candidate.sandbox),
    ]
    here, there = baseline.versions, candidate.versions
    pairs += [
        (f"version of {name}", here.get(name, "none"), there.get(name, "none"))
        for name in sorted(here.keys() | there.keys())
    ]
    pairs += _fields("machine ", baseline.machine, candidate.machine)
    return tuple(
        f"{name} differs: {_shown(one)} -> {_shown(other)}"
        for name, one, other in pairs
        if one != other
    )


def name_some(cases: Collection[str]) -> str:
    """The first names in order, and how many there are beyond them."""
    names = sorted(cases)
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + rest


def _fields(
    prefix: str, one: msgspec.Struct, other: msgspec.Struct
) -> list[tuple[str, object, object]]:
    there = msgspec.structs.asdict(other)
    return [(prefix + key, value, there[key]) for key, value in msgspec.structs.asdict(one).items()]


def _judged(
    baseline: Run, candidate: Run, cases: tuple[Collection[str], Collection[str]] | None
) -> Iterator[str]:
    if baseline.grader != candidate.grader:
        one, other = (run.grader or "none named" for run in (baseline, candidate))
        yield f"grader: {one} against {other}"
    yield from _selected(baseline, candidate, cases)


def _selected(
    baseline: Run, candidate: Run, cases: tuple[Collection[str], Collection[str]] | None
) -> Iterator[str]:
    if cases and set(cases[0]) != set(cases[1]):
        yield _other_cases(set(cases[0]), set(cases[1]))
    elif baseline.suite_hash != candidate.suite_hash:
        yield (
            f"suite_hash: {_selection(baseline)} against {_selection(candidate)}; the cases, their "
            "sources or their tests changed: select the same ones, or run the baseline again"
        )


def _other_cases(mine: set[str], theirs: set[str]) -> str:
    """That one run holds cases which the other does not, in numbers and by name."""
    sides = ((mine, theirs, "baseline"), (theirs, mine, "candidate"))
    told = [
        f"{len(alone)} of {len(all_cases)} are only in the {role}"
        for all_cases, others, role in sides
        if (alone := all_cases - others)
    ]
    return (
        f"the runs hold other cases: {'; '.join(told)} (was -k used?): {name_some(mine ^ theirs)}"
    )


def _selection(run: Run) -> str:
    return f"{run.suite_hash} ({run.cases} cases of {', '.join(run.suites)})"


def _shown(value: object) -> str:
    return repr(value) if isinstance(value, str) else str(value)
