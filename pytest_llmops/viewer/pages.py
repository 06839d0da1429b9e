"""Pages that the shelf alone decides, as HTML; a part of one where the address asks for that.

What needs statistics is in `reports`: it takes a second to import, and the first look must not.
"""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec
from markupsafe import Markup

from pytest_llmops import __version__
from pytest_llmops.report.charts import Figure
from pytest_llmops.report.identity import started
from pytest_llmops.report.templating import TEMPLATES as SHARED
from pytest_llmops.report.templating import environment
from pytest_llmops.report.texts import in_script
from pytest_llmops.viewer.leaders import Questions, leaders, leaders_figure, questions
from pytest_llmops.viewer.listing import Filters, listed, progress
from pytest_llmops.viewer.matrix import COLUMNS, PAGE, Asked, Row, choices, grid, matrix
from pytest_llmops.viewer.shelf import Shelf
from pytest_llmops.viewer.shown import Shown

TEMPLATES = files("pytest_llmops.viewer") / "templates"

Query = Mapping[str, str]
Value = TypeVar("Value")


class Pages:
    """Draws what is on a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._grid: tuple[object, list[Row]] = (None, [])

    def runs(self, query: Query) -> str:
        """All runs, newest first."""
        found = listed(self._shelf.runs(), _converted(query, Filters))
        part = "runs_rows.html" if query.get("part") else "runs.html"
        return draw(part, found=found, place=self._shelf.folder)

    def live(self, shown: Shown) -> str:
        """A run whose session goes on: how far it is."""
        return draw("live.html", shown=shown, progress=progress(shown))

    def cases(self, runs: Sequence[Shown], query: Query) -> str:
        """Cases by runs."""
        chosen = list(runs) or [run for run in self._shelf.runs() if run.tally][-COLUMNS:]
        asked = _converted(query, Asked)
        start = int(query["from"]) if query.get("from", "").isdecimal() else 0
        rows = self._rows(chosen)
        found = matrix(rows, asked, start)
        again = [("run", run.name) for run in chosen] + [*msgspec.structs.asdict(asked).items()]
        after = start + PAGE
        further = [*again, ("from", str(after)), ("part", "1")]
        more = f"cases?{urlencode(further)}" if after < found.found else ""
        values: dict[str, Any] = {"found": found, "more": more, "start": start, "asked": asked}
        values["starts"] = [f"attempt?{urlencode({'run': run.name})}&case=" for run in chosen]
        if query.get("part"):
            return draw("cases_rows.html", **values)
        return draw("cases.html", runs=chosen, choices=choices(rows), **values)

    def models(self, query: Query) -> str:
        """Models by solve rate and dollars."""
        every, chosen = asked_questions(self._shelf, query)
        found = leaders(chosen.runs) if chosen else []
        priced = any(one.best for one in found)
        drawn = {"chart-leaders": leaders_figure(found)} if priced else {}
        return draw("models.html", drawn, found=found, every=every, chosen=chosen)

    @staticmethod
    def problem(text: str) -> str:
        """What keeps a page from being shown."""
        return draw("problem.html", text=text)

    def _rows(self, runs: Sequence[Shown]) -> list[Row]:
        """All cases of some runs; kept until others are asked for, or one grew."""
        key = tuple((run.path, run.stamp) for run in runs)
        if self._grid[0] != key:
            self._grid = key, grid(runs)
        return self._grid[1]


def asked_questions(shelf: Shelf, query: Query) -> tuple[list[Questions], Questions | None]:
    """The selections of cases that there are, and the one that is asked for: or the newest."""
    every = questions(shelf.runs())
    asked = query.get("cases", "")
    chosen = next((one for one in every if one.key == asked), None)
    return every, chosen or (every[0] if every else None)


def draw(
    template: str,
    drawn: Mapping[str, Figure] | None = None,
    data: Mapping[str, Any] | None = None,
    **values: Any,
) -> str:
    """Draw a template of ours, or one of a report, with charts and data."""
    shown = in_script({"charts": drawn or {}, **(data or {})})
    return (
        environment(str(TEMPLATES), str(SHARED))
        .get_template(template)
        .render(
            layout="view.html",
            drawn=drawn or {},
            data=Markup(shown),  # noqa: S704 escaped for scripts
            version=__version__,
            when=started,
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


def address(run: str, case: str, sample: int) -> str:
    """Of the page of an attempt."""
    return f"attempt?{urlencode({'run': run, 'case': case, 'sample': sample})}"
