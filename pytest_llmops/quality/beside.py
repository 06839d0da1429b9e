"""What there is to say of the code quality of a run that was read, wherever its figures lie."""

from pathlib import Path

from pytest_llmops.quality.stored import Written, stored
from pytest_llmops.quality.totals import Quality, quality_line, totals
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import RECORDS


def written_of(found: RecordedRun, runs: Path | None = None) -> Written | None:
    """The figures beside the records of a run; None where nobody has measured it.

    Args:
        found: The run.
        runs: Where runs are kept: the file of a baseline has no figures beside it, the run that it
            was made of may have.

    Raises:
        RecordError: They are broken; says how they are made again.
    """
    written = stored(found.path, found.run)
    if written is None and runs is not None:
        return stored(runs / found.run.id / RECORDS, found.run)
    return written


def quality_of(found: RecordedRun, runs: Path | None = None) -> Quality | None:
    """The same, summed up."""
    written = written_of(found, runs)
    return totals(written.attempts) if written else None


def told_quality(found: RecordedRun) -> list[str]:
    """One line for the end of a run; none where nobody has measured it."""
    quality = quality_of(found)
    return [quality_line(quality)] if quality else []
