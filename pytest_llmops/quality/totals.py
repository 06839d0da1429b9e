"""The code quality of a run: means over its answers."""

import math
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from pytest_llmops.quality.values import Measured

Name = Literal["consistency", "best_practices", "error_rate", "duplication", "surplus", "strays"]
FIGURES: tuple[Name, ...] = (
    "consistency",
    "best_practices",
    "error_rate",
    "duplication",
    "surplus",
    "strays",
)
"""Of the first two more is better, of the others less; the last two are those of changes alone."""
OF_CHANGES = FIGURES[4:]
FALLING: tuple[str, ...] = FIGURES[2:]
PARTS = ("layout", "naming", "quotes")
SHOWN = 6
"""Rules that are shown."""


class Mean(msgspec.Struct, frozen=True):
    """A mean over the answers that have a figure."""

    value: float
    """nan where none has."""
    answers: int


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """How well written the answers of a run are."""

    attempts: int
    measured: int
    """Attempts with an answer that could be measured; the others count in no mean."""
    figures: dict[str, Mean]
    """By the names of `FIGURES`."""
    parts: dict[str, Mean]
    """By the names of `PARTS`."""
    rules: tuple[tuple[str, int], ...]
    """The lint rules that most answers break, and how many do."""
    broken: int
    """Answers that do not parse."""
    wrong: int
    """Answers that parse, and have a type error."""
    unmeasured: tuple[tuple[str, int], ...]
    """Why attempts were not measured, and how many."""

    @property
    def told(self) -> dict[str, float]:
        """The means that are known, by name."""
        means = {name: mean.value for name, mean in self.figures.items()}
        return {name: value for name, value in means.items() if math.isfinite(value)}

    @property
    def shown(self) -> tuple[Name, ...]:
        """The figures that its answers can have: of functions, of changes, or of both."""
        changes = any(self.figures[name].answers for name in OF_CHANGES)
        functions = any(self.figures[name].answers for name in FIGURES[:4])
        others = () if changes and not functions else FIGURES[:4]
        return (*others, *(OF_CHANGES if changes else ()))


def totals(attempts: Sequence[Measured]) -> Quality:
    """Sum up attempts, in any order."""
    found = [one for one in attempts if not one.why_not]
    rules = Counter(rule for one in found for rule in sorted(set(one.remarks)))
    wrong = [one for one in found if one.error_rate]
    broken = sum(one.lines == 0 for one in wrong)
    return Quality(
        attempts=len(attempts),
        measured=len(found),
        figures={name: _mean(name, found) for name in FIGURES},
        parts={name: _mean(name, found) for name in PARTS},
        rules=tuple((rule.replace("lint/", ""), n) for rule, n in rules.most_common(SHOWN)),
        broken=broken,
        wrong=len(wrong) - broken,
        unmeasured=tuple(Counter(one.why_not for one in attempts if one.why_not).most_common()),
    )


def _mean(name: str, attempts: Sequence[Measured]) -> Mean:
    values = [value for one in attempts if (value := getattr(one, name)) is not None]
    return Mean(statistics.fmean(values) if values else math.nan, len(values))


def titled(name: str) -> str:
    """A figure's name, for people."""
    return name.replace("_", " ")


def quality_line(found: Quality) -> str:
    """The figures in one line, for the end of a run."""
    shown = ", ".join(f"{titled(name)} {value:.3f}" for name, value in found.told.items())
    return f"code quality: {shown or 'nothing measured'} (of {found.measured:,} answers)"


def quality_lines(found: Quality) -> Iterator[str]:
    """All of it, line by line."""
    for name in found.shown:
        mean = found.figures[name]
        value = f"{mean.value:.3f}" if mean.answers else "-"
        best = int(name not in FALLING)
        yield f"{titled(name):<15} {value:>6}   of {mean.answers:,} answers; {best} at best"
        if name == "consistency" and mean.answers:
            parts = (f"{part} {one.value:.3f}" for part, one in found.parts.items() if one.answers)
            yield f"{'':<15} {'':>6}   {', '.join(parts)}"
    if found.broken or found.wrong:
        yield f"errors: {found.broken:,} answers do not parse, {found.wrong:,} have type errors"
    if found.rules:
        shown = ", ".join(f"{rule} {count:,}" for rule, count in found.rules)
        yield f"answers by lint rule they break: {shown}"
    for reason, count in found.unmeasured:
        yield f"not measured: {count:,} ({reason})"
