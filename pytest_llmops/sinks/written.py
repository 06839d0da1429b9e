"""How well written the answers of a run are, as figures of the run that sinks show."""

from pathlib import Path

from pytest_llmops.errors import RecordError
from pytest_llmops.quality.stored import stored
from pytest_llmops.quality.totals import totals
from pytest_llmops.runs.record import RECORDS
from pytest_llmops.runs.run import Run

PREFIX = "quality_"


def quality_figures(folder: Path, run: Run) -> dict[str, float]:
    """The means of a run, by name; empty where nobody has measured it.

    Figures that cannot be read are as good as none: the command that needs them says why.

    Args:
        folder: Of the run.
        run: The run.
    """
    try:
        written = stored(folder / RECORDS, run)
    except RecordError:
        return {}
    told = totals(written.attempts).told if written else {}
    return {f"{PREFIX}{name}": value for name, value in told.items()}
