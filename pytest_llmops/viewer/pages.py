"""The pages of the viewer, as HTML; a part of a page where the address asks for one."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec
from markupsafe import Markup

from pytest_llmops import __version__
from pytest_llmops.report import html
from pytest_llmops.report.cases_table import rows
from pytest_llmops.report.charts import Figure
from pytest_llmops.report.identity import started
from pytest_llmops.report.texts import in_script
from pytest_llmops.viewer import closer
from pytest_llmops.viewer.attempt import address, attempt_values
from pytest_llmops.viewer.leaders import Questions, leaders, leaders_figure, questions
from pytest_llmops.viewer.listing import Filters, listed, progress
from pytest_llmops.viewer.matrix import COLUMNS, PAGE, Asked, choices, matrix
from pytest_llmops.viewer.references import References
from pytest_llmops.viewer.series import MEASURES, series, series_figure
from pytest_llmops.viewer.shelf import Shelf, Shown

TEMPLATES = files("pytest_llmops.viewer") / "templates"

MOST_ROWS = 5_000
"""Cases up to which a report has its own table of all; beyond, the page of cases is for them."""

Query = Mapping[str, str]
Value = TypeVar("Value")


class Pages:
    """Draws what is on a shelf."""

    def __init__(self, shelf: Shelf, references: References) -> None:
        self._shelf = shelf
        self._references = references
        self._closer = closer.Closer()

    def runs(self, query: Query) -> str:
        """All runs, newest first."""
        found = listed(self._shelf.runs(), _converted(query, Filters))
        part = "runs_rows.html" if query.get("part") else "runs.html"
        return _page(part, found=found, place=self._shelf.folder)

    def run(self, shown: Shown) -> str:
        """One run; while its session goes on, how far it is."""
        if shown.broken:
            return self.problem(shown.broken)
        if shown.state == "running":
            return _page("live.html", shown=shown, progress=progress(shown))
        return self.compare([shown])

    def compare(self, runs: Sequence[Shown]) -> str:
        """Runs against the first of them, with the verdict of the gate; or one by itself."""
        subject = self._closer.subject(runs)
        drawn, values = html.report_parts(subject)
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
        return _page(
            "report.html",
            drawn,
            data,
            details="",
            matrix=address,
            swapped=swapped,
            too_many=not few,
            **values,
        )

    def cases(self, runs: Sequence[Shown], query: Query) -> str:
        """Cases by runs."""
        chosen = list(runs) or [run for run in self._shelf.runs() if run.tally][-COLUMNS:]
        asked = _converted(query, Asked)
        start = int(query["from"]) if query.get("from", "").isdecimal() else 0
        found = matrix(chosen, asked, start)
        again = [("run", run.name) for run in chosen] + [*msgspec.structs.asdict(asked).items()]
        after = start + PAGE
        further = [*again, ("from", str(after)), ("part", "1")]
        more = f"cases?{urlencode(further)}" if after < found.found else ""
        values: dict[str, Any] = {"found": found, "more": more, "start": start, "asked": asked}
        if query.get("part"):
            return _page("cases_rows.html", **values)
        return _page("cases.html", runs=chosen, choices=choices(chosen), **values)

    def attempt(self, shown: Shown, case: str, sample: int) -> str:
        """One attempt: what was asked and answered, and what the tests said."""
        found = closer.attempt(shown, case, sample)
        reference = self._references.beside(found.record) if shown.run.content else None
        values, data = attempt_values(found, reference)
        return _page("attempt.html", None, data, **values)

    def trend(self, query: Query) -> str:
        """A number over time and commits."""
        name = query.get("measure", "")
        measure = MEASURES.get(name) or MEASURES["rate"]
        every, chosen = self._questions(query)
        found = series(chosen.runs if chosen else (), measure)
        drawn = {"chart-series": series_figure(found, measure)} if found else {}
        return _page(
            "trend.html",
            drawn,
            found=found,
            measure=measure,
            measures=MEASURES,
            asked=name or "rate",
            every=every,
            chosen=chosen,
        )

    def models(self, query: Query) -> str:
        """Models by solve rate and dollars."""
        every, chosen = self._questions(query)
        found = leaders(chosen.runs) if chosen else []
        priced = any(one.best for one in found)
        drawn = {"chart-leaders": leaders_figure(found)} if priced else {}
        return _page("models.html", drawn, found=found, every=every, chosen=chosen)

    @staticmethod
    def problem(text: str) -> str:
        """What keeps a page from being shown."""
        return _page("problem.html", text=text)

    def _questions(self, query: Query) -> tuple[list[Questions], Questions | None]:
        every = questions(self._shelf.runs())
        asked = query.get("cases", "")
        chosen = next((one for one in every if one.key == asked), None)
        return every, chosen or (every[0] if every else None)


def _page(
    template: str,
    drawn: Mapping[str, Figure] | None = None,
    data: Mapping[str, Any] | None = None,
    **values: Any,
) -> str:
    """Draw a template of ours, or one of a report, with charts and data."""
    shown = in_script({"charts": drawn or {}, **(data or {})})
    return (
        html.environment(str(TEMPLATES), str(html.TEMPLATES))
        .get_template(template)
        .render(
            layout="view.html",
            drawn=drawn or {},
            data=Markup(shown),  # noqa: S704 escaped for scripts
            version=__version__,
            when=started,
            attempt_address=address,
            **values,
        )
    )


def _converted(query: Query, kind: type[Value]) -> Value:
    """What an address asks for; a value that is none of a field's is as if it were not there."""
    known = {name: query[name] for name in kind.__annotations__ if query.get(name)}
    try:
        return msgspec.convert(known, kind)
    except msgspec.ValidationError:
        return msgspec.convert({}, kind)
