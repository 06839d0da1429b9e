"""Pages that read runs and attempts from their files: reports, comparisons, attempts, trends."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from pytest_llmops.report.cases_table import rows
from pytest_llmops.report.html import report_parts
from pytest_llmops.viewer import closer
from pytest_llmops.viewer.attempt import attempt_values
from pytest_llmops.viewer.pages import Query, asked_questions, draw
from pytest_llmops.viewer.references import References
from pytest_llmops.viewer.series import MEASURES, series, series_figure
from pytest_llmops.viewer.shelf import Shelf
from pytest_llmops.viewer.shown import Shown

MOST_ROWS = 5_000
"""Cases up to which a report has its own table of all; beyond, the page of cases is for them."""


class Reports:
    """Draws what is in the files of a shelf's runs."""

    def __init__(self, shelf: Shelf, references: References) -> None:
        self._shelf = shelf
        self._references = references
        self._closer = closer.Closer()

    def compare(self, runs: Sequence[Shown]) -> str:
        """Runs against the first of them, with the verdict of the gate; or one by itself."""
        subject = self._closer.subject(runs)
        drawn, values = report_parts(subject)
        query = [("run", run.name) for run in runs]
        few = len(subject.cases) <= MOST_ROWS
        data = {
            "names": subject.names,
            "rows": rows(subject) if few else [],
            "texts": f"texts?{urlencode(query)}",
            "cases": subject.cases,
            "attempts": [f"attempt?{urlencode({'run': run.name})}" for run in runs],
        }
        address = f"cases?{urlencode(query)}"
        swapped = f"compare?{urlencode(query[::-1])}" if len(runs) == 2 else ""
        return draw(
            "report.html",
            drawn,
            data,
            details="",
            matrix=address,
            swapped=swapped,
            too_many=not few,
            **values,
        )

    def attempt(self, shown: Shown, case: str, sample: int) -> str:
        """One attempt: what was asked and answered, and what the tests said."""
        found = closer.attempt(shown, case, sample)
        reference = self._references.beside(found.record) if shown.run.content else None
        values, data = attempt_values(found, reference)
        return draw("attempt.html", None, data, **values)

    def trend(self, query: Query) -> str:
        """A number over time and commits."""
        name = query.get("measure", "")
        measure = MEASURES.get(name) or MEASURES["rate"]
        every, chosen = asked_questions(self._shelf, query)
        found = series(chosen.runs if chosen else (), measure)
        drawn = {"chart-series": series_figure(found, measure)} if found else {}
        return draw(
            "trend.html",
            drawn,
            found=found,
            measure=measure,
            measures=MEASURES,
            asked=name or "rate",
            every=every,
            chosen=chosen,
        )

    @staticmethod
    def texts(runs: Sequence[Shown], case: str) -> dict[str, Any]:
        """What a report shows of one case when it is opened, as data."""
        return closer.texts(runs, case)
