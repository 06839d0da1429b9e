"""How much of a difference is noise, how the gate behaves under it, and what to ask for.

Variance components of ln output tokens, from n cases with K attempts each:

    within    s^2 = mean over cases of the variance over attempts (K - 1)
    between   variance of the case means, less s^2 / K

Only the first is noise in a paired comparison. Two runs of the same model with K attempts per case
differ in mean log tokens by an error of

    SE = s sqrt(2 / (n K))

because attempts are independent given the case; clusters do not add to it.

False alarms and power are not taken from this formula but counted: the recorded attempts are
divided at random into two runs, and the gate's own rule (`checks.decide`) judges them.

Sources: Searle, Casella and McCulloch 1992, "Variance components", chapter 3 (the balanced one-way
layout); Miller 2024, arXiv:2411.00640, section 5 (sample size).
"""

import math
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import special

from pytest_llmops.compare.checks import decide
from pytest_llmops.compare.estimates.power import detectable
from pytest_llmops.compare.gate import overall
from pytest_llmops.compare.levels import ALPHA, levels
from pytest_llmops.compare.margins import Margins
from pytest_llmops.compare.paired import Attempts, Floats, Paired, paired_from
from pytest_llmops.compare.planning.samples import Samples, split
from pytest_llmops.compare.questions import questions_of
from pytest_llmops.compare.values import Check

GATED = ("truncation", "solve rate", "output tokens")
PROOF = levels(GATED)[GATED.index("output tokens")]
"""Level at which more output tokens are proved."""


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """The noise of a group of cases."""

    name: str
    """`all`, or a difficulty."""
    cases: int
    repeat_sd: float
    """Between attempts at the same case, of ln output tokens."""
    case_sd: float
    """Between cases, of their expected ln output tokens; pairing takes it out."""
    truncated: float
    """Share of attempts that hit the token limit, which caps their length and so hides noise."""
    truncated_part: float
    """Share of the variance within cases that lies in cases with truncated attempts; nan if none"""
    solved: float
    """Share of attempts solved."""
    solve_sd: float
    """Between attempts at the same case, of solved (1 or 0)."""


class Floor(msgspec.Struct, frozen=True, kw_only=True):
    """What runs of this size cannot see."""

    samples: int
    """Attempts per case, in each of two runs."""
    ratio: float
    """Two runs of the same model are within this ratio of each other in 95 % of comparisons."""
    detectable: float
    """Smallest true ratio that the gate finds with 80 % power."""


class Outcomes(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate said of many divisions of the recorded attempts into two runs."""

    planted: float
    """Factor on the candidate's output tokens; 1 for none."""
    samples: int
    """Attempts per case in each run."""
    divisions: int
    regressed: float
    """Share of divisions, by the verdict of the whole gate."""
    held: float
    undecided: float
    tokens_regressed: float
    """Share of divisions in which the check of output tokens regressed."""
    tokens_held: float


def levels_of(samples: Samples) -> tuple[Level, ...]:
    """The noise of all cases, then by difficulty."""
    difficulties = np.array(samples.difficulties)
    names = [
        difficulty
        for difficulty in ("easy", "medium", "hard")
        if difficulty in samples.difficulties
    ]
    groups = [
        ("all", np.ones(len(difficulties), dtype=bool)),
        *((name, difficulties == name) for name in names),
    ]
    return tuple(_level(name, samples, chosen) for name, chosen in groups)


def floors_of(samples: Samples, margins: Margins, counts: Iterable[int]) -> tuple[Floor, ...]:
    """The noise floor at several numbers of attempts per case.

    Args:
        samples: Where the noise is taken from.
        margins: Of the gate.
        counts: Attempts per case in each of the two runs.
    """
    spread, (cases, _) = repeat_sd(samples), samples.shape
    limit, found = proved_beyond(margins), []
    for count in counts:
        error = spread * math.sqrt(2 / (cases * count))
        reach = quantile(samples, 1 - PROOF) * error
        found.append(
            Floor(
                samples=count,
                ratio=math.exp(quantile(samples, 1 - ALPHA / 2) * error),
                detectable=math.exp(detectable(reach, error, limit)),
            )
        )
    return tuple(found)


def outcomes(
    samples: Samples, margins: Margins, *, planted: float = 1.0, divisions: int, seed: int = 0
) -> Outcomes:
    """Judge random divisions of the attempts into two runs of half of them each.

    All divisions are of the same attempts, so their shares tell how the gate treats these, and
    vary from recording to recording more than a binomial of so many divisions would.

    Args:
        samples: At least two attempts per case.
        margins: Of the gate.
        planted: Factor on the candidate's output tokens, truncated ones too.
        divisions: How many.
        seed: Of the divisions.
    """
    generator = np.random.default_rng(seed)
    size = samples.shape[1] // 2
    judged = []
    for _ in range(divisions):
        paired = split(samples, size, generator)
        judged.append(judge_division(plant(paired, planted), margins))
    verdicts = [overall(checks) for checks in judged]
    tokens = [checks[-1].verdict for checks in judged]
    return Outcomes(
        planted=planted,
        samples=size,
        divisions=divisions,
        regressed=verdicts.count("regressed") / divisions,
        held=verdicts.count("held") / divisions,
        undecided=verdicts.count("undecided") / divisions,
        tokens_regressed=tokens.count("regressed") / divisions,
        tokens_held=tokens.count("held") / divisions,
    )


def proved_beyond(margins: Margins) -> float:
    """The ln ratio of output tokens that a proof of "regressed" must exceed."""
    margin = math.log(margins.tokens)
    return margin if margins.proof == "margin" else min(margin, 0.0)


def plant(paired: Paired, factor: float) -> Paired:
    """Multiply the candidate's output tokens; what exceeds the token limit is truncated."""
    if factor == 1:
        return paired
    baseline, candidate = paired.attempts
    grown = candidate.output + math.log(factor)
    after = Attempts(
        output=np.minimum(grown, paired.limit),
        truncated=np.where(grown >= paired.limit, 1.0, candidate.truncated),
        solved=candidate.solved,
    )
    return paired_from((baseline, after), paired.clusters, limit=paired.limit)


def judge_division(paired: Paired, margins: Margins) -> Sequence[Check]:
    """The checks of the gate but for errors, of which there are none."""
    return decide(questions_of(paired, margins))


def _level(name: str, samples: Samples, chosen: NDArray[np.bool_]) -> Level:
    output = samples.output[chosen]
    truncated = samples.truncated[chosen]
    within = _within(output)
    means, attempts = output.mean(axis=1), output.shape[1]
    between = float(means.var(ddof=1)) - float(within.mean()) / attempts if len(means) > 1 else 0.0
    whole = float(within.sum())
    return Level(
        name=name,
        cases=len(output),
        repeat_sd=math.sqrt(float(within.mean())),
        case_sd=math.sqrt(max(0.0, between)),
        truncated=float(truncated.mean()),
        truncated_part=float(within[truncated.any(axis=1)].sum()) / whole if whole else math.nan,
        solved=float(samples.solved[chosen].mean()),
        solve_sd=math.sqrt(float(samples.solved[chosen].var(axis=1, ddof=1).mean())),
    )


def repeat_sd(samples: Samples) -> float:
    """Between attempts at the same case, of ln output tokens."""
    return math.sqrt(float(_within(samples.output).mean()))


def _within(values: Floats) -> Floats:
    """(n,) variance of each row; exactly 0 where all values of it are equal."""
    return np.asarray((values - values[:, :1]).var(axis=1, ddof=1), dtype=np.float64)


def quantile(samples: Samples, level: float) -> float:
    """Of Student's t with as many degrees as clusters less one, at least 1."""
    return float(special.stdtrit(max(1, int(samples.clusters.max())), level))
