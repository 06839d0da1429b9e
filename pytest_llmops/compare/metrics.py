"""What of two runs can be compared, and in which unit their length is.

Solve rate and truncation mean the same whoever answers. Output tokens do only where both runs are
counted by the same tokenizer. What was paid does always:

    priced tokens     tokens of every kind at the price of its kind, over that of an output token
    dollars           the same at each run's own prices
    code characters   of the code that was used, which no tokenizer counts

Priced tokens need the ratio of the prices of a model's kinds. Where models.toml gives none,
`USUAL` stands for it: input, cache read, cache write and output cost 1 : 0.1 : 1.25 : 5, which
several large providers charge; input of single answers is then counted as fresh, because how much
of it a local server finds in its cache depends on what was asked before, and is nobody's bill. In a
loop most input is sent again in every turn, and its kinds count as the server tells them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, get_args

import msgspec

from pytest_llmops.compare.answered import counted_otherwise, other_counters
from pytest_llmops.compare.comparable import asked_otherwise, same_tokens
from pytest_llmops.completions import Usage
from pytest_llmops.errors import CompareError, nearest
from pytest_llmops.models import USUAL, Prices
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import Record, Run

Unit = Literal["output tokens", "priced tokens", "dollars", "code characters"]
Metric = Literal["truncation", "solve rate", Unit, "priced per solved"]

UNITS: tuple[Unit, ...] = get_args(Unit)
PER_SOLVED: Metric = "priced per solved"
"""Priced tokens of all attempts by solved ones; judged where it is asked for."""
METRICS: tuple[Metric, ...] = ("truncation", "solve rate", *UNITS, PER_SOLVED)
"""What `--gate-metrics` may name, with hyphens for spaces; errors are always checked."""

Measure = Callable[[Record], float | None]
"""How much one attempt took; None where it cannot be told."""


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """The metrics of one comparison."""

    judged: tuple[Metric, ...]
    """In the order of `METRICS`."""
    shown: tuple[Unit, ...] = ()
    """Lengths that are told and not judged."""
    left_out: tuple[str, ...] = ()
    """Why others are not judged, for a person."""


def parse_metrics(text: str) -> tuple[Metric, ...]:
    """Read the list of an option: `solve-rate,dollars`.

    Raises:
        CompareError: A name is unknown, or there is none.
    """
    names = [name.strip().replace(" ", "-") for name in text.split(",") if name.strip()]
    known = {name.replace(" ", "-"): name for name in METRICS}
    if not names or (unknown := set(names) - set(known)):
        wrong = min(unknown) if names else text
        near = nearest(wrong, list(known))
        raise CompareError(f"metrics: {wrong!r} is none of {', '.join(known)}{near}")
    return tuple(name for dashed, name in known.items() if dashed in names)


def choose(baseline: RecordedRun, candidate: RecordedRun, asked: Sequence[Metric] = ()) -> Chosen:
    """What is judged: what the user asked for, else all that these runs can be compared by.

    Without a choice it is truncation, solve rate and one measure of length: output tokens where
    they are the same unit, else dollars where both runs know them, else priced tokens. Where the
    questions differ, and in loops, what is read costs too, so priced tokens are judged beside
    output tokens.

    Raises:
        CompareError: What was asked for cannot be compared; says why.
    """
    missing = _missing(baseline, candidate)
    if why := missing.get("priced tokens") or _unsolved(baseline, candidate):
        missing[PER_SOLVED] = why
    if wrong := [name for name in asked if name in missing]:
        raise CompareError(f"{wrong[0]} cannot be judged: {missing[wrong[0]]}")
    lengths = _lengths(baseline.run, candidate.run, missing)
    known: list[Unit] = [unit for unit in UNITS[1:] if unit not in missing]
    if lengths == ["output tokens"] and "dollars" in missing:
        known = [unit for unit in known if unit == "priced tokens"]
    if asked:
        return Chosen(judged=tuple(asked), shown=tuple(known))
    if why := counted_otherwise(baseline, candidate):
        raise CompareError(
            f"tokens cannot be compared: {why}; name what can be judged without them "
            "(metrics solve-rate,truncation,code-characters)"
        )
    judged = [name for name in ("truncation", "solve rate") if name not in missing]
    if not (judged or lengths):
        raise CompareError(f"nothing can be judged: {'; '.join(map(_because, missing.items()))}")
    told = [f"{name} left out: {why}" for name, why in missing.items() if name in TOLD]
    return Chosen(
        judged=tuple(name for name in METRICS if name in {*judged, *lengths}),
        shown=tuple(known),
        left_out=tuple(told),
    )


def _because(missing: tuple[Metric, str]) -> str:
    name, why = missing
    return f"{name}: {why}"


TOLD = {"truncation", "solve rate", "output tokens", "priced tokens", "dollars"}
"""Metrics that a reader misses; that of others only a choice can speak."""


def refuse_unjudgeable(
    baseline: Run, candidate: Run, asked: Sequence[Metric], *, sequential: bool, cost: bool
) -> None:
    """Refuse what the first lines already show not to be comparable, before anything is asked.

    Args:
        baseline: The run to compare against.
        candidate: The run that begins.
        asked: Metrics that the user named.
        sequential: Whether a sequential gate judges, which looks at output tokens alone.
        cost: Whether dollars are judged.

    Raises:
        CompareError: Says what cannot be judged, and why.
    """
    why = same_tokens(baseline, candidate)
    if (why := why or other_counters(baseline, candidate)) and sequential:
        raise CompareError(
            f"--gate-sequential judges output tokens, which cannot be compared here: {why}; leave "
            "it out"
        )
    if sequential and (asked or cost):
        raise CompareError(
            "--gate-sequential judges truncation, solve rate and output tokens; leave it out, or "
            "--gate-metrics and --gate-max-cost"
        )
    if why and "output tokens" in asked:
        raise CompareError(f"output tokens cannot be judged: {why}")
    for role, run in (("baseline", baseline), ("candidate", candidate)):
        if (cost or "dollars" in asked) and not (run.prices or run.harness):
            raise CompareError(
                f"dollars cannot be judged: {role} {run.id} names no prices; add them to its model "
                "in models.toml and run it"
            )


def _lengths(baseline: Run, candidate: Run, missing: Mapping[Metric, str]) -> list[Unit]:
    if "output tokens" not in missing:
        found: list[Unit] = ["output tokens"]
        asked = any(one.startswith("prompt") for one in asked_otherwise(baseline, candidate))
        loops = baseline.agent or candidate.agent
        if (asked or loops) and "priced tokens" not in missing:
            found.append("priced tokens")
        return found
    order: tuple[Unit, ...] = ("dollars", "priced tokens")
    return [unit for unit in order if unit not in missing][:1]


def measure_of(unit: Unit, run: Run, prices: Prices | None) -> Measure:
    """How much of a unit an attempt took.

    Args:
        unit: What is counted.
        run: Whose attempts they are.
        prices: Whose ratio counts kinds of tokens of both runs; None where there is none to both.
    """
    if unit == "output tokens":
        return lambda record: record.usage.output if record.usage else None
    if unit == "code characters":
        return _code
    if unit == "dollars":
        own = run.prices
        return lambda r: own.cost(r.usage) if own and r.usage else (None if own else r.cost)
    return lambda record: _priced(record.usage, prices, kinds=bool(run.agent))


def ratio_of(baseline: Run, candidate: Run) -> Prices | None:
    """The prices that stand for a ratio in both runs; None where one of them knows none."""
    return baseline.prices if baseline.prices and candidate.prices else None


def _missing(baseline: RecordedRun, candidate: RecordedRun) -> dict[Metric, str]:
    """What two runs cannot be compared by, and why."""
    silent: dict[Unit, str] = {}
    prices = ratio_of(baseline.run, candidate.run)
    for role, found in (("baseline", baseline), ("candidate", candidate)):
        for unit, why in _silent(role, found, prices):
            silent.setdefault(unit, why)
    if why := same_tokens(baseline.run, candidate.run):
        silent.setdefault("output tokens", why)
    if why := counted_otherwise(baseline, candidate):
        silent |= {unit: why for unit in UNITS if unit != "code characters" and unit not in silent}
    missing: dict[Metric, str] = {unit: silent[unit] for unit in UNITS if unit in silent}
    for found in (baseline, candidate):
        if found.run.harness and not any(record.finish_reason for record in found.records):
            missing["truncation"] = f"{found.run.harness} does not say which answers were truncated"
        if found.run.harness and not any(record.grade for record in found.records):
            missing["solve rate"] = f"{found.run.harness} does not say which answers are right"
    return missing


def _none(unit: Unit, run: Run) -> str:
    if unit == "dollars" and not run.harness:
        return "has prices of 0" if run.prices else "has no prices in models.toml"
    return "does not tell them"


def _silent(role: str, found: RecordedRun, prices: Prices | None) -> Iterator[tuple[Unit, str]]:
    """Units that a run does not tell its attempts in, and why; crashed attempts have none."""
    measures = [measure_of(unit, found.run, prices) for unit in UNITS]
    counts, firsts, whole = [0] * len(UNITS), [""] * len(UNITS), 0
    for record in found.records:
        if record.error:
            continue
        whole += 1
        for at, measure in enumerate(measures):
            if not measure(record):
                counts[at] += 1
                firsts[at] = firsts[at] or record.case
    for unit, count, first in zip(UNITS, counts, firsts, strict=True):
        if count == whole > 0:
            yield unit, f"the {role} {_none(unit, found.run)}"
        elif count and unit != "code characters":  # an answer may have no code
            yield unit, f"the {role} does not tell them of {count} attempts: {first}"


def _unsolved(baseline: RecordedRun, candidate: RecordedRun) -> str:
    """Why there is nothing to divide by."""
    for role, found in (("baseline", baseline), ("candidate", candidate)):
        if not any(record.solved for record in found.records):
            return f"the {role} solves nothing"
    return ""


def _priced(usage: Usage | None, prices: Prices | None, *, kinds: bool) -> float | None:
    if usage is None:
        return None
    if prices is None and not kinds:
        usage = Usage(input=usage.input, output=usage.output)
    return (prices or USUAL).priced(usage)


def _code(record: Record) -> float | None:
    quality = record.grade.quality if record.grade else None
    return quality.characters * quality.code_share if quality else None
