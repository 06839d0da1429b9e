"""What a gate can see with this model and this suite, as one value that is kept beside its run."""

from pathlib import Path

import msgspec

from pytest_llmops.compare.margins import DEFAULT_MARGINS, Margins
from pytest_llmops.compare.planning.needs import Need, needs_of
from pytest_llmops.compare.planning.noise import (
    Floor,
    Level,
    Outcomes,
    floors_of,
    levels_of,
    outcomes,
)
from pytest_llmops.compare.planning.samples import samples_of
from pytest_llmops.errors import RecordError
from pytest_llmops.runs.reading import RecordedRun

CALIBRATION = "calibration.json"
COUNTS = (1, 2, 3, 5, 10)
"""Attempts per case for which the noise floor is told."""


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """The noise of a model on a suite, and what follows for its gate."""

    format: int = 1
    run: str
    model: str
    suites: tuple[str, ...]
    suite_hash: str
    temperature: float
    max_tokens: int
    cases: int
    clusters: int
    samples: int
    """Attempts per case."""
    identical: float
    """Share of cases whose attempts all gave the same text; nan where texts were not hashed."""
    margins: Margins
    levels: tuple[Level, ...]
    floors: tuple[Floor, ...]
    unchanged: Outcomes
    """Two runs of the same model: what regressed here is a false alarm."""
    planted: Outcomes
    """The same with more output tokens in the candidate: what regressed here was found."""
    needs: tuple[Need, ...]


def calibrate(
    found: RecordedRun,
    margins: Margins = DEFAULT_MARGINS,
    *,
    planted: float = 1.1,
    divisions: int = 2000,
    seed: int = 0,
) -> Calibration:
    """Measure the noise of a run with several attempts per case, and try the gate on it.

    Args:
        found: Complete, at least two attempts per case.
        margins: Of the gate.
        planted: Factor on output tokens whose discovery is tried.
        divisions: Divisions of the attempts into two runs, for each of the two trials.
        seed: Of the divisions.

    Raises:
        CompareError: The run cannot be used; says why.
    """
    samples = samples_of(found)
    identity = found.run.identity
    return Calibration(
        run=found.run.id,
        model=identity.model,
        suites=found.run.suites,
        suite_hash=found.run.suite_hash,
        temperature=identity.sampling.temperature,
        max_tokens=identity.sampling.max_tokens,
        cases=samples.shape[0],
        clusters=int(samples.clusters.max()) + 1,
        samples=samples.shape[1],
        identical=samples.identical,
        margins=margins,
        levels=levels_of(samples),
        floors=floors_of(samples, margins, COUNTS),
        unchanged=outcomes(samples, margins, divisions=divisions, seed=seed),
        planted=outcomes(samples, margins, planted=planted, divisions=divisions, seed=seed + 1),
        needs=needs_of(samples, margins, planted),
    )


def write_calibration(calibration: Calibration, folder: Path) -> Path:
    """Write `calibration.json` into the folder of the run, over an earlier one; returns its path.

    Raises:
        RecordError: The file cannot be written.
    """
    path = folder / CALIBRATION
    data = msgspec.json.format(msgspec.json.encode(calibration), indent=2)
    try:
        path.write_bytes(data + b"\n")
    except OSError as error:
        raise RecordError(f"{path}: cannot be written: {error.strerror}") from None
    return path
