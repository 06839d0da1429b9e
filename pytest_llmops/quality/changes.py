"""The code quality of two runs compared: for information, no gate decides by it."""

import math
from collections import defaultdict
from collections.abc import Sequence

import msgspec
import numpy as np

from pytest_llmops.compare.estimates.effects import clustered_mean
from pytest_llmops.compare.values import Comparison
from pytest_llmops.quality.beside import written_of
from pytest_llmops.quality.totals import FIGURES, Name, titled
from pytest_llmops.quality.values import Measured
from pytest_llmops.runs.reading import RecordedRun

ALPHA = 0.05


def quality_notes(baseline: RecordedRun, candidate: RecordedRun) -> tuple[str, ...]:
    """What changed, a sentence; none where one of the runs was not measured.

    Cases that both runs have a figure of are paired, each by its mean over samples; intervals are
    those of a mean that is independent between source files only, at 95 %.

    Raises:
        RecordError: The figures of a run are broken.
    """
    runs = candidate.path.parent.parent
    before, after = written_of(baseline, runs), written_of(candidate)
    if before is None or after is None:
        return ()
    files = {record.case: record.cluster for record in candidate.records}
    told = [_change(name, before.attempts, after.attempts, files) for name in FIGURES]
    shown = "; ".join(filter(None, told)) or "no case has a figure in both runs"
    return (f"code quality, for information: {shown}",)


def noted(comparison: Comparison, baseline: RecordedRun, candidate: RecordedRun) -> Comparison:
    """A comparison with that among its notes; see `quality_notes`."""
    notes = (*comparison.notes, *quality_notes(baseline, candidate))
    return msgspec.structs.replace(comparison, notes=notes)


def _change(
    name: Name, before: Sequence[Measured], after: Sequence[Measured], files: dict[str, str]
) -> str:
    """One figure; "" where no case has it in both runs."""
    sides = _by_case(name, before), _by_case(name, after)
    cases = sorted(sides[0].keys() & sides[1].keys() & files.keys())
    if not cases:
        return ""
    one, other = (np.array([side[case] for case in cases]) for side in sides)
    _, clusters = np.unique([files[case] for case in cases], return_inverse=True)
    mean = clustered_mean(other - one, clusters.astype(np.intp))
    reach = mean.reach(ALPHA / 2)
    bounds = "" if math.isnan(reach) else _bounds(mean.estimate, reach)
    levels = f"{one.mean():.3f} -> {other.mean():.3f}"
    return f"{titled(name)} {levels} ({mean.estimate:+.3f}{bounds}, {len(cases):,} cases)"


def _bounds(estimate: float, reach: float) -> str:
    return f", {estimate - reach:+.3f}..{estimate + reach:+.3f}"


def _by_case(name: Name, attempts: Sequence[Measured]) -> dict[str, float]:
    found: defaultdict[str, list[float]] = defaultdict(list)
    for one in attempts:
        value = getattr(one, name)
        if value is not None:
            found[one.case].append(value)
    return {case: math.fsum(values) / len(values) for case, values in found.items()}
