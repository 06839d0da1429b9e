"""Made-up worlds in which the truth is known, to try the gate's verdicts in (`gate_designs.py`).

Nothing of the gate is used here: a world draws the attempts of two runs, and says by how much the
candidate is truly worse. Answers have lengths that are alike within a case, some are truncated at
the token limit, cases belong to source files, and files are alike (ICC). Harm comes to whole files,
to single cases, or to every answer a little.
"""

import json
import math
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from design_noise import Chance, Noise
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
CASES = Path(__file__).parents[2] / "cases"
LOOP = 8.0
"""Answers of a file that loops are so many times as long."""
Metric = Literal["tokens", "solve", "truncated"]
By = Literal["file", "case", "all"]
Files = Literal["six", "huge", "cline", "starter"]


class World(msgspec.Struct, frozen=True, kw_only=True):
    """A suite and two models."""

    cases: int = 263
    files: Files = "starter"
    """Sizes of the source files: all of 6 cases; one of 45 % of all; as in a suite."""
    baseline: int = 3
    """Samples a case."""
    samples: int = 3
    """Of the candidate."""
    median: float = 90.0
    """Output tokens."""
    limit: float = 512.0
    repeat_sd: float = 0.5
    """Between attempts at a case, ln tokens."""
    case_sd: float = 0.35
    tails: float = math.inf
    """Degrees of freedom of the t distribution of the noise; inf is normal."""
    runaway: float = 0.01
    """Share of answers that run into the limit whatever their length would be."""
    rate: float = 0.4
    """Share of attempts solved."""
    spread: float = 1.0
    """a + b of the Beta distribution of the cases' own rates: smaller, and a case is mostly solved
    always or never."""
    icc: float = 0.1
    """Part of what cases differ in, in lengths, rates and in how the candidate treats them, that
    they share with their file."""
    other_sd: float = 0.0
    """How differently the candidate treats cases, ln tokens, mean 0; 0 is the same model."""
    common: float = 0.0
    """Correlation of an answer's length and outcome with those of the baseline's answer of the same
    number, beyond what their case explains: common random numbers."""
    antithetic: float = 0.0
    """The same of every second answer of a run with the one before it, below 0."""
    uneven: float = 0.0
    """Spread of the cases' own `repeat_sd`, ln."""
    adaptive: bool = False
    """The candidate's attempts go to cases by the noise that the baseline showed there."""


class Harm(msgspec.Struct, frozen=True, kw_only=True):
    """In what the candidate is worse, and by how much on average."""

    metric: Metric | None = None
    by: By = "file"
    size: float = 0.0
    """True change of the metric: ln ratio of tokens, or share of attempts."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """Attempts, each (n, K)."""

    tokens: Floats
    """Output tokens, whole, at most the limit."""
    truncated: Floats
    solved: Floats
    noise: Noise


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Two runs of the same cases."""

    files: Codes
    baseline: Run
    candidate: Run


def draw(world: World, harm: Harm, generator: np.random.Generator) -> Session:
    """One session."""
    files = _files(world, generator)
    length = math.log(world.median) + world.case_sd * _alike(files, world.icc, generator)
    ease = _alike(files, world.icc, generator)
    a, b = world.rate * world.spread, (1 - world.rate) * world.spread
    rate = special.betaincinv(a, b, special.ndtr(ease))
    sd = np.full((len(files), 1), world.repeat_sd)
    if world.uneven:  # of the same mean square
        sd *= np.exp(world.uneven * generator.normal(size=sd.shape) - world.uneven**2)
    chance = Chance(generator, world.tails, world.common, world.antithetic)
    before = _run(world, length, rate, chance.noise((len(files), world.baseline)), sd)
    change = world.other_sd * _alike(files, world.icc, generator)
    if harm.metric == "tokens" and harm.by == "all":
        change = change + harm.size
    hit = _hit(world, harm, files, generator)
    if harm.metric == "tokens":
        change = change + np.where(hit, math.log(LOOP), 0.0)
    made = 2 * world.samples if world.adaptive else world.samples
    noise = chance.noise((len(files), made), before.noise)
    after = _run(world, length + change, rate, noise, sd)
    if world.adaptive:
        after = _allotted(world, before, after)
    return Session(
        files=files, baseline=before, candidate=_harmed(world, harm, after, hit, generator)
    )


def _run(world: World, length: Floats, rate: Floats, noise: Noise, sd: Floats) -> Run:
    drawn, runaway, luck = noise
    tokens = np.maximum(1.0, np.rint(np.exp(length[:, None] + sd * drawn)))
    truncated = (tokens >= world.limit) | (runaway < world.runaway)
    return Run(
        tokens=np.where(truncated, world.limit, tokens),
        truncated=truncated.astype(np.float64),
        solved=(luck < rate[:, None]).astype(np.float64),
        noise=noise,
    )


def _allotted(world: World, before: Run, after: Run) -> Run:
    """The candidate with as many attempts in all, 1 to twice as many a case, by noise seen."""
    seen = np.log(before.tokens).std(axis=1, ddof=1) + 0.05
    most, whole = 2 * world.samples, world.samples * len(seen)
    low, high = 0.0, 1e6
    for _ in range(60):  # the factor at which they are as many as planned
        middle = (low + high) / 2
        given = np.clip(np.rint(middle * seen), 1, most)
        low, high = (middle, high) if given.sum() < whole else (low, middle)
    late = np.arange(most) >= given[:, None]
    parts = {name: np.where(late, math.nan, getattr(after, name)) for name in LEFT_OUT}
    return msgspec.structs.replace(after, **parts)


LEFT_OUT = ("tokens", "truncated", "solved")


def _hit(
    world: World, harm: Harm, files: Codes, generator: np.random.Generator
) -> NDArray[np.bool_]:
    """(n,) the cases that are harmed."""
    if harm.metric is None or harm.by == "all":
        return np.zeros(len(files), dtype=np.bool_)
    chance = harm.size / _worst(world, harm.metric)
    if harm.by == "case":
        return np.asarray(generator.random(len(files)) < chance)
    return np.asarray((generator.random(int(files.max()) + 1) < chance)[files])


def _harmed(
    world: World, harm: Harm, run: Run, hit: NDArray[np.bool_], generator: np.random.Generator
) -> Run:
    """Solves lost and answers truncated; a change of length is in the run already."""
    if harm.metric not in {"solve", "truncated"}:
        return run
    every = np.broadcast_to(hit[:, None], run.truncated.shape)
    if harm.by == "all":
        every = generator.random(run.truncated.shape) < harm.size / _worst(world, harm.metric)
    if harm.metric == "solve":
        return msgspec.structs.replace(run, solved=np.where(every, 0.0, run.solved))
    return msgspec.structs.replace(
        run,
        tokens=np.where(every, world.limit, run.tokens),
        truncated=np.where(every, 1.0, run.truncated),
    )


@lru_cache(maxsize=64)
def _worst(world: World, metric: Metric) -> float:
    """By how much the metric changes, on average, where everything goes wrong."""
    if metric == "solve":
        return world.rate
    many = msgspec.structs.replace(
        world, cases=200_000, files="six", samples=1, baseline=1, adaptive=False
    )
    generator = np.random.default_rng(1)
    found = draw(many, Harm(), generator).baseline
    if metric == "truncated":
        return float(1 - found.truncated.mean())
    longer = np.where(
        found.truncated == 1, world.limit, np.minimum(found.tokens * LOOP, world.limit)
    )
    return float(np.log(longer / found.tokens).mean())


def _alike(files: Codes, icc: float, generator: np.random.Generator) -> Floats:
    """(n,) standard normal values, of which files have a part in common."""
    common = generator.normal(size=int(files.max()) + 1)[files]
    return np.asarray(
        math.sqrt(icc) * common + math.sqrt(1 - icc) * generator.normal(size=len(files))
    )


def _files(world: World, generator: np.random.Generator) -> Codes:
    """(n,) the file of each case."""
    if world.files == "huge":
        huge = round(0.45 * world.cases)
        rest = np.arange(world.cases - huge) // 6 + 1
        return np.concatenate([np.zeros(huge, dtype=np.intp), rest])
    if world.files == "six":
        return np.arange(world.cases) // 6
    sizes = generator.permutation(suite_sizes(world.files))
    while sizes.sum() < world.cases:
        sizes = np.concatenate([sizes, generator.permutation(suite_sizes(world.files))])
    return np.repeat(np.arange(len(sizes)), sizes)[: world.cases]


@lru_cache(maxsize=2)
def suite_sizes(suite: str) -> Codes:
    """Cases of each source file of a suite."""
    paths = [CASES / f"{suite}.jsonl", *sorted((CASES / suite).glob("*.jsonl"))]
    counts: Counter[str] = Counter()
    for path in paths:
        if path.exists():
            lines = path.read_text(encoding="utf-8").splitlines()
            counts.update(json.loads(line)["id"].partition("#")[0] for line in lines)
    return np.array(sorted(counts.values()))
