"""Attempts on both sides of the day up to which a model was trained.

What was public before may have been in its training data, so that a solved case may be a remembered
one; what came later cannot. Records have the dates of cases, models.toml the `cutoff` of a model.
"""

from collections.abc import Iterator, Sequence

from pytest_llmops.runs.record import Record, Run


def is_before(record: Record, run: Run) -> bool | None:
    """Whether the model may have seen a case; None where its date or the cut-off is unknown.

    A cut-off of a month includes the whole of it.
    """
    if not (record.date and run.cutoff):
        return None
    return record.date[: len(run.cutoff)] <= run.cutoff


def sides(run: Run, records: Sequence[Record]) -> dict[str, list[Record]]:
    """Attempts up to the cut-off and after it, by a name; empty where there is one side alone."""
    known = [(is_before(record, run), record) for record in records]
    found = {
        "up to cut-off": [record for side, record in known if side],
        "after cut-off": [record for side, record in known if side is False],
    }
    return found if all(found.values()) else {}


def remarks_on_dates(run: Run, records: Sequence[Record]) -> Iterator[str]:
    """What to mind of the dates of cases."""
    known = [side for record in records if (side := is_before(record, run)) is not None]
    if known and all(known):
        yield (
            f"all {len(known)} attempts are at cases from before the model's cut-off "
            f"{run.cutoff}: it may have seen their solutions; measure it on later ones too"
        )
    undated = len(records) - len(known)
    if run.cutoff and known and undated:
        yield f"{undated} of {len(records)} attempts are at cases without a date"
