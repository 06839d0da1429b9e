"""The attempts of one run as arrays, and how two runs are made of them without asking a model.

If every case was attempted K times under equal conditions, any division of these attempts into two
groups is a comparison of a model with itself: the truth is "no change", and the noise is real.
"""

import math
from collections import defaultdict

import msgspec
import numpy as np

from pytest_llmops.compare.comparable import name_some
from pytest_llmops.compare.complete import has_tokens, require_complete
from pytest_llmops.compare.paired import ROUNDING, Attempts, Codes, Floats, Paired, paired_from
from pytest_llmops.errors import CompareError
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import Record


class Samples(msgspec.Struct, frozen=True, kw_only=True):
    """n cases, K attempts each, in the order of case and sample."""

    difficulties: tuple[str, ...]
    """Of each case."""
    clusters: Codes
    """(n,) number of the cluster of each case, 0..G-1."""
    output: Floats
    """(n, K) ln output tokens."""
    solved: Floats
    """(n, K) 1 or 0."""
    truncated: Floats
    """(n, K) 1 or 0."""
    limit: float
    """ln of the token limit of an answer; inf where a count is beyond it."""
    identical: float
    """Share of cases whose attempts all gave the same text; nan where texts were not hashed."""

    @property
    def shape(self) -> tuple[int, int]:
        """Cases and attempts per case."""
        return self.output.shape[0], self.output.shape[1]


def samples_of(found: RecordedRun) -> Samples:
    """The attempts of a run with at least two a case.

    Raises:
        CompareError: The run is not complete, has crashed attempts, or too few or not equally many
            a case.
    """
    require_complete(found, "run")
    attempts: defaultdict[str, list[Record]] = defaultdict(list)
    for record in found.records:
        attempts[record.case].append(record)
    rows = [sorted(attempts[case], key=lambda record: record.sample) for case in sorted(attempts)]
    counts = {len(row) for row in rows}
    if len(counts) > 1:
        most = max(counts)
        short = {row[0].case for row in rows if len(row) < most}
        raise CompareError(
            f"run {found.run.id}: {len(short)} cases have fewer than {most} attempts: "
            f"{name_some(short)}"
        )
    if counts == {1}:
        raise CompareError(
            f"run {found.run.id} has one attempt per case, which says nothing about noise; record "
            "one with --samples 5"
        )
    first = [row[0] for row in rows]
    names = [f"{record.suite}:{record.cluster}" for record in first]
    output = np.log([[_tokens(record) for record in row] for row in rows])
    limit = math.log(found.run.identity.sampling.max_tokens)
    return Samples(
        difficulties=tuple(record.difficulty for record in first),
        clusters=np.unique(names, return_inverse=True)[1],
        output=output,
        solved=np.array([[float(record.solved) for record in row] for row in rows]),
        truncated=np.array([[float(_cut(record)) for record in row] for row in rows]),
        limit=limit if float(output.max()) <= limit + ROUNDING else math.inf,
        identical=_identical(rows),
    )


def split(samples: Samples, size: int, generator: np.random.Generator) -> Paired:
    """Two runs of `size` attempts per case, drawn without replacement for each case by itself.

    Args:
        samples: n cases, K attempts each.
        size: At most K / 2.
        generator: Of the draw.

    Raises:
        CompareError: There are fewer than 2 `size` attempts per case.
    """
    cases, attempts = samples.shape
    if not 0 < 2 * size <= attempts:
        raise CompareError(
            f"two groups of {size} need {2 * size} attempts per case, not {attempts}"
        )
    order = generator.permuted(np.tile(np.arange(attempts), (cases, 1)), axis=1)
    return pair_arrays(samples, order[:, :size], order[:, size : 2 * size])


def pair_arrays(samples: Samples, baseline: Codes, candidate: Codes) -> Paired:
    """Two runs made of the attempts of one.

    Args:
        samples: n cases, K attempts each.
        baseline: (n, a) which attempts of each case are the baseline's.
        candidate: (n, b) which are the candidate's.
    """
    one, other = (_chosen(samples, at) for at in (baseline, candidate))
    found = paired_from((one, other), samples.clusters, limit=samples.limit)
    means = (found.output, found.solved, found.truncated)
    same = all(bool((mean[:, 0] == mean[:, 1]).all()) for mean in means)
    return msgspec.structs.replace(found, identical=same)


def _chosen(samples: Samples, at: Codes) -> Attempts:
    parts = (samples.output, samples.truncated, samples.solved)
    output, truncated, solved = (np.take_along_axis(part, at, axis=1) for part in parts)
    return Attempts(output=output, truncated=truncated, solved=solved)


def _tokens(record: Record) -> int:
    assert record.usage
    assert has_tokens(record)
    return record.usage.output


def _cut(record: Record) -> bool:
    return record.truncated


def _identical(rows: list[list[Record]]) -> float:
    if not all(record.text_sha256 for row in rows for record in row):
        return np.nan
    return float(np.mean([len({record.text_sha256 for record in row}) == 1 for row in rows]))
