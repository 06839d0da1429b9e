"""Whether two runs asked the same of their models, by their first lines alone.

The model may differ: its name, weights and adapter are what is compared. What it was asked, what it
was allowed and what counts its tokens must be the same; everything else that differs is told.
"""

from collections.abc import Collection, Iterator

import msgspec

from pytest_llmops.errors import CompareError
from pytest_llmops.runs.record import Identity, Run

NAMED = 3
"""Cases that a message names; the others it counts."""


def refuse_incomparable(
    baseline: Run,
    candidate: Run,
    *,
    cases: tuple[Collection[str], Collection[str]] | None = None,
) -> None:
    """Refuse runs whose numbers do not mean the same; needs no record, so it can come first.

    Args:
        baseline: The run to compare against.
        candidate: The run under test.
        cases: Ids of the cases of each, where they are known, to name those that differ.

    Raises:
        CompareError: Names every difference, and what to do about it.
    """
    found = [
        *_asked(baseline, candidate),
        *_tokenizers(baseline.identity, candidate.identity),
        *_selected(baseline, candidate, cases),
    ]
    if found:
        lines = "".join(f"\n  {line}" for line in found)
        raise CompareError(
            f"baseline {baseline.id} and candidate {candidate.id} cannot be compared:{lines}"
        )


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
        CompareError: The two are one run, copies of one, or replays of its answers.
    """
    if baseline.id == candidate.id:
        raise CompareError(
            f"baseline and candidate are the same run, {candidate.id}, or copies of it: there is "
            "nothing to compare; run the model again"
        )
    source = candidate.replays or candidate.id
    if source == (baseline.replays or baseline.id):
        raise CompareError(
            f"baseline {baseline.id} and candidate {candidate.id} hold the same answers, those of "
            f"run {source}, which a replay grades again: nothing new was measured; run the model"
        )


def differences(baseline: Run, candidate: Run) -> tuple[str, ...]:
    """What differs and does not forbid a comparison: one line each, for people."""
    mine, theirs = baseline.identity, candidate.identity
    pairs: list[tuple[str, object, object]] = [
        ("dtype", mine.dtype, theirs.dtype),
        ("device", mine.device, theirs.device),
        ("body_changes", mine.body_changes, theirs.body_changes),
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


def _asked(baseline: Run, candidate: Run) -> Iterator[str]:
    mine, theirs = baseline.identity, candidate.identity
    pairs: list[tuple[str, object, object]] = [
        ("prompt_version", mine.prompt_version, theirs.prompt_version),
        ("context_tokens", mine.context_tokens, theirs.context_tokens),
        ("instruction", mine.instruction, theirs.instruction),
        ("split", baseline.split, candidate.split),
    ]
    pairs += _fields("sampling ", mine.sampling, theirs.sampling)
    if mine.sampling.temperature:  # greedy answers are drawn with no seed
        pairs.append(("seed_scheme", mine.seed_scheme, theirs.seed_scheme))
    for name, one, other in pairs:
        if one != other:
            yield f"{name}: {_shown(one)} against {_shown(other)}; run the baseline again"


def _fields(
    prefix: str, one: msgspec.Struct, other: msgspec.Struct
) -> list[tuple[str, object, object]]:
    there = msgspec.structs.asdict(other)
    return [(prefix + key, value, there[key]) for key, value in msgspec.structs.asdict(one).items()]


def _tokenizers(mine: Identity, theirs: Identity) -> Iterator[str]:
    one, other = mine.tokenizer_sha256, theirs.tokenizer_sha256
    if one != other:
        yield (
            f"tokenizer_sha256: {one[:12] or 'unknown'} against {other[:12] or 'unknown'}; tokens "
            "of different tokenizers are not comparable"
        )
    elif not one and mine.served != theirs.served:
        yield (
            f"tokenizer: unknown for {mine.served} and for {theirs.served}; endpoints do not tell "
            "theirs, so only runs of the same served model are compared; gate against a baseline "
            "of this model"
        )


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
