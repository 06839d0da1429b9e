"""The rows of `gate_designs.py`: worlds of `designs.py`, and how much worse the candidate is.

Parts: `margin`, where a candidate is worse by exactly what is allowed; `unchanged`, a model against
itself; `power`, one that uses more tokens; `sequential`, the gate that looks while it asks;
`tried`, other ways of asking, of which none is the gate's.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import product

import msgspec
from designs import By, Files, Harm, Metric, World

from pytest_llmops.compare.margins import DEFAULT_MARGINS, Margins

BY: tuple[By, ...] = ("file", "case", "all")
FILES: tuple[Files, ...] = ("six", "huge", "cline", "starter")
METRICS: tuple[Metric, ...] = ("tokens", "solve", "truncated")
TIGHT = Margins(tokens=1.05, solve_rate=0.02, truncation=0.05)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What is tried."""

    part: str
    name: str
    world: World
    harm: Harm = Harm()
    margins: Margins = Margins()
    sequential: bool = False


def rows(cases: Sequence[int], samples: Sequence[int]) -> Iterator[Row]:
    """Every row of the table."""
    yield from _margin(cases, samples)
    yield from _unchanged(cases)
    yield from _power()
    yield from _sequential()
    yield from _tried()


def _margin(cases: Sequence[int], samples: Sequence[int]) -> Iterator[Row]:
    """The candidate is on a margin: neither held nor regressed is right."""
    for by, metric, count, made in product(BY, METRICS, cases, samples):
        world = World(cases=count, baseline=made, samples=made, files="six")
        yield _on_margin(f"{metric} by {by}", metric, by, world)
    for metric, files in product(METRICS, FILES[1:]):
        yield _on_margin(f"{metric} by file", metric, "file", World(files=files))
    for files, icc in product(FILES, (0.0, 0.1, 0.3)):
        world = World(files=files, icc=icc, other_sd=0.3)
        yield _on_margin(f"other model, ICC {icc:g}", "tokens", "all", world)
    for (name, world), by in product(WORLDS.items(), BY[::2]):
        yield _on_margin(f"tokens by {by}, {name}", "tokens", by, world)
    for metric, by in product(METRICS, BY[::2]):
        yield _on_margin(f"{metric} by {by}, tight", metric, by, World(), TIGHT)
    below = Harm(metric="tokens", by="all", size=math.log(1.045))
    yield Row(part="margin", name="1.045 of 1.05", world=World(), harm=below, margins=TIGHT)


def _on_margin(
    name: str, metric: Metric, by: By, world: World, margins: Margins = DEFAULT_MARGINS
) -> Row:
    harm = Harm(metric=metric, by=by, size=_margin_of(metric, margins))
    part = "tried" if name.startswith("on the margin") else "margin"
    return Row(part=part, name=name, world=world, harm=harm, margins=margins)


WORLDS = {
    "no limit": World(limit=1e9, runaway=0.0),
    "noisy": World(repeat_sd=0.65),
    "heavy tails": World(tails=3.0),
    "many truncated": World(median=180.0, tails=3.0, runaway=0.2),
}


def _unchanged(cases: Sequence[int]) -> Iterator[Row]:
    for files in FILES[2:]:
        for count in cases:
            for baseline, made in ((1, 1), (3, 3), (10, 3), (10, 5)):
                world = World(cases=count, files=files, baseline=baseline, samples=made)
                yield Row(part="unchanged", name="unchanged", world=world)
    for name, world in WORLDS.items():
        longer = msgspec.structs.replace(world, baseline=10)
        yield Row(part="unchanged", name=f"unchanged, {name}", world=longer)
    weak = World(baseline=10, rate=0.04, spread=5.5)
    yield Row(part="unchanged", name="unchanged, solves 4 %", world=weak)


def _power() -> Iterator[Row]:
    change = Margins(proof="change")
    worlds = {"": World(), ", noisy": WORLDS["noisy"], ", many truncated": WORLDS["many truncated"]}
    for name, world in worlds.items():
        for count, baseline, made in (
            (120, 3, 3), (120, 5, 5), (120, 10, 3), (120, 10, 5), (263, 3, 3), (263, 10, 3),
        ):  # fmt: skip
            sized = msgspec.structs.replace(world, cases=count, baseline=baseline, samples=made)
            for size, margins in ((1.1, change), (1.3, Margins()), (1.4, Margins())):
                told = f"{size:g}x tokens{name}, proof of {margins.proof}"
                harm = Harm(metric="tokens", by="all", size=math.log(size))
                yield Row(part="power", name=told, world=sized, harm=harm, margins=margins)


def _sequential() -> Iterator[Row]:
    for count in (120, 263):
        world = World(cases=count, baseline=10, samples=3)
        yield Row(part="sequential", name="unchanged", world=world, sequential=True)
        for metric in METRICS:
            harm = Harm(metric=metric, by="file", size=_margin_of(metric, Margins()))
            name = f"{metric} by file, on the margin"
            yield Row(part="sequential", name=name, world=world, harm=harm, sequential=True)


TRIED = {
    "as it is": World(),
    "common random numbers, 0.2": World(common=0.2),
    "common random numbers, 0.5": World(common=0.5),
    "antithetic pairs, 0.2": World(antithetic=0.2),
    "antithetic pairs, 0.5": World(antithetic=0.5),
    "uneven noise": World(uneven=0.5, baseline=10),
    "uneven noise, adaptive": World(uneven=0.5, baseline=10, adaptive=True),
}


def _tried() -> Iterator[Row]:
    """Whether they hold an unchanged model more often, find more, and are still right."""
    longer = Harm(metric="tokens", by="all", size=math.log(1.1))
    for name, world in TRIED.items():
        fewer = msgspec.structs.replace(world, cases=120)
        yield Row(part="tried", name=f"unchanged, {name}", world=world)
        yield _on_margin(f"on the margin, {name}", "tokens", "file", world)
        yield Row(
            part="tried",
            name=f"1.1x, {name}",
            world=fewer,
            harm=longer,
            margins=Margins(proof="change"),
        )


def _margin_of(metric: Metric, margins: Margins) -> float:
    """In the unit of `Harm.size`."""
    if metric == "tokens":
        return math.log(margins.tokens)
    return margins.solve_rate if metric == "solve" else margins.truncation
