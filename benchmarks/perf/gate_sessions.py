"""Made-up sessions for `gate.py`: attempts of two runs, drawn from noise that was measured.

From a recorded run, the attempts of a made-up case are drawn with replacement from those of a
recorded case, its residuals of ln tokens stretched by sqrt(K / (K - 1)) to the variance that they
estimate; cases are drawn in whole clusters. Without one, ln tokens are normal with the components
of `Noise`.
"""

import math
from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from pytest_llmops.compare.paired import Attempts, Codes, Floats, Paired, paired_from
from pytest_llmops.compare.planning.samples import Samples

CLUSTER = 6
"""Cases of a source file; the median of the starter suite."""


class Noise(msgspec.Struct, frozen=True, kw_only=True):
    """Components of a made-up model."""

    repeat_sd: float
    """Between attempts at a case, ln output tokens."""
    case_sd: float
    truncated: float
    """Share of attempts."""
    solved: float
    solved_spread: float
    """Of the Beta distribution of the cases' own shares: its a + b."""


MEASURED = Noise(repeat_sd=0.653, case_sd=0.256, truncated=0.288, solved=0.020, solved_spread=5.5)
"""SmolLM2-135M-Instruct on 179 training cases of the starter suite in 32 source files, 8 attempts a
case at temperature 0.8, at most 256 tokens:

    pytest benchmarks --model=base --suite starter --split train \\
        --samples 8 --temperature 0.8 --max-tokens 256
    llmops calibrate --run latest

The spread is that at which `solved` (1 - `solved`) less the variance between attempts at a case,
0.129^2, is the variance of the cases' shares.
"""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Attempts of two made-up runs: ln tokens, solved, truncated, each (n, K)."""

    clusters: Codes
    baseline: tuple[Floats, Floats, Floats]
    candidate: tuple[Floats, Floats, Floats]

    def paired(self, counts: Codes) -> Paired:
        """The comparison after the first `counts` (n,) attempts at each case."""
        seen = counts > 0
        late = np.arange(self.candidate[0].shape[1]) >= counts[:, None]
        made = [np.where(late, math.nan, part)[seen] for part in self.candidate]
        clusters = np.unique(self.clusters[seen], return_inverse=True)[1]
        return paired_from((_attempts([*self.baseline], seen), _attempts(made)), clusters)


def _attempts(parts: list[Floats], rows: NDArray[np.bool_] | None = None) -> Attempts:
    output, solved, truncated = (part if rows is None else part[rows] for part in parts)
    return Attempts(output=output, truncated=truncated, solved=solved)


class Design(msgspec.Struct, frozen=True, kw_only=True):
    """The size and the truth of made-up sessions."""

    cases: int = 120
    samples: int = 3
    """Of the candidate."""
    baseline: int = 3
    ratio: float = 1.0
    other_sd: float = 0.0
    """How differently another model treats single cases, and as much again by source file, ln
    tokens; 0 is the same model."""


class Source:
    """Where made-up sessions come from."""

    def __init__(self, noise: Noise, recorded: Samples | None, seed: int = 0) -> None:
        self.noise = noise
        self.recorded = recorded
        self.generator = np.random.default_rng(seed)

    def sessions(self, design: Design, count: int) -> Iterator[Session]:
        """Independent sessions of one design."""
        for _ in range(count):
            yield self._session(design)

    def _session(self, design: Design) -> Session:
        draw = self._from_records if self.recorded else self._from_noise
        clusters, attempts = draw(design.cases, design.baseline + design.samples)
        before, after = zip(
            *(np.split(part, [design.baseline], axis=1) for part in attempts), strict=True
        )
        shift = np.full(design.cases, math.log(design.ratio))
        if design.other_sd:
            files, cases = self.generator.normal(0, design.other_sd, (2, design.cases))
            shift += files[clusters] + cases
        output = after[0] + shift[:, None]
        return Session(
            clusters=clusters,
            baseline=(before[0], before[1], before[2]),
            candidate=(output, after[1], after[2]),
        )

    def _from_noise(self, cases: int, attempts: int) -> tuple[Codes, list[Floats]]:
        noise, generator, shape = self.noise, self.generator, (cases, attempts)
        output = 5 + generator.normal(0, noise.case_sd, (cases, 1))
        output = output + generator.normal(0, noise.repeat_sd, shape)
        a, b = noise.solved * noise.solved_spread, (1 - noise.solved) * noise.solved_spread
        solved = generator.random(shape) < generator.beta(a, b, (cases, 1))
        truncated = generator.random(shape) < noise.truncated
        return np.arange(cases) // CLUSTER, [output, solved.astype(float), truncated.astype(float)]

    def _from_records(self, cases: int, attempts: int) -> tuple[Codes, list[Floats]]:
        assert self.recorded
        found, generator = self.recorded, self.generator
        known = found.shape[1]
        groups = [np.flatnonzero(found.clusters == c) for c in np.unique(found.clusters)]
        chosen: list[int] = []
        clusters: list[int] = []
        while len(chosen) < cases:
            group = groups[generator.integers(len(groups))]
            clusters += [clusters[-1] + 1 if clusters else 0] * len(group)
            chosen += group.tolist()
        rows = np.array(chosen[:cases])
        means = found.output.mean(axis=1, keepdims=True)
        output = means + (found.output - means) * math.sqrt(known / (known - 1))
        at = generator.integers(0, known, (cases, attempts))
        parts = (output, found.solved, found.truncated)
        return np.array(clusters[:cases]), [part[rows[:, None], at] for part in parts]
