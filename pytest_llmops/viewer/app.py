"""What the viewer answers at which address."""

from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from pytest_llmops.errors import LlmopsError, RecordError
from pytest_llmops.report.templating import own_script, stylesheet
from pytest_llmops.report.texts import visible
from pytest_llmops.viewer.guard import Guard
from pytest_llmops.viewer.pages import TEMPLATES, Pages
from pytest_llmops.viewer.references import References
from pytest_llmops.viewer.shelf import Shelf
from pytest_llmops.viewer.shown import Shown

if TYPE_CHECKING:
    from pytest_llmops.viewer.reports import Reports

KEPT = {"Cache-Control": "private, max-age=86400, immutable"}
"""For what does not change while the server runs; its address is new each time."""

Answer = Callable[[Request], Response]


def build_app(shelf: Shelf, references: References, *, token: str, host: str) -> ASGIApp:
    """The application that serves one shelf.

    Args:
        shelf: The runs.
        references: Reference solutions.
        token: First part of every address.
        host: Host and port that it is reached at.
    """
    found = _Answers(shelf, references)
    routes = {
        "": found.runs,
        "run": found.run,
        "compare": found.compare,
        "cases": found.cases,
        "attempt": found.attempt,
        "texts": found.texts,
        "trend": found.trend,
        "models": found.models,
        "page.js": found.script,
        "page.css": found.style,
        "plotly.js": found.plotly,
    }
    return Starlette(
        routes=[Route(f"/{token}/{name}", _told(answer)) for name, answer in routes.items()],
        middleware=[
            Middleware(Guard, token=token, host=host),
            Middleware(GZipMiddleware, minimum_size=20_000, compresslevel=1),
        ],
    )


def _told(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """An answer from a thread; an error that a person can act on is a page that tells it."""

    async def endpoint(request: Request) -> Response:
        try:
            return await run_in_threadpool(answer, request)
        except LlmopsError as error:
            text = str(error)
            if request.url.path.endswith("/texts"):
                return JSONResponse({"error": visible(text)}, 404)
            return HTMLResponse(Pages.problem(text), 404)

    return endpoint


class _Answers:
    """One method an address."""

    def __init__(self, shelf: Shelf, references: References) -> None:
        self._shelf = shelf
        self._references = references
        self._pages = Pages(shelf)

    @cached_property
    def _reports(self) -> "Reports":
        from pytest_llmops.viewer.reports import Reports  # noqa: PLC0415 - costs a second

        return Reports(self._shelf, self._references)

    def runs(self, request: Request) -> Response:
        """The list; once it is sent, what other pages need is imported."""
        ready = BackgroundTask(lambda: self._reports)
        return HTMLResponse(self._pages.runs(dict(request.query_params)), background=ready)

    def run(self, request: Request) -> Response:
        shown = self._named(request)[0]
        if shown.broken:
            raise RecordError(shown.broken)
        live = shown.state == "running"
        return HTMLResponse(self._pages.live(shown) if live else self._reports.compare([shown]))

    def compare(self, request: Request) -> Response:
        """Runs in the order named; those ticked in the list are put in the order of time."""
        named = self._named(request)
        if request.query_params.get("by") == "time":
            order = [run.name for run in self._shelf.runs()]
            named.sort(key=lambda run: order.index(run.name))
        if len(named) == 1:
            return RedirectResponse(f"run?{urlencode({'run': named[0].name})}", 303)
        return HTMLResponse(self._reports.compare(named))

    def cases(self, request: Request) -> Response:
        names = request.query_params.getlist("run")
        runs = [self._shelf.find(name) for name in names]
        return HTMLResponse(self._pages.cases(runs, dict(request.query_params)))

    def attempt(self, request: Request) -> Response:
        asked = request.query_params
        sample = asked.get("sample", "0")
        number = int(sample) if sample.isdecimal() else -1
        return HTMLResponse(
            self._reports.attempt(self._named(request)[0], asked.get("case", ""), number)
        )

    def texts(self, request: Request) -> Response:
        case = request.query_params.get("case", "")
        return JSONResponse(self._reports.texts(self._named(request), case))

    def trend(self, request: Request) -> Response:
        return HTMLResponse(self._reports.trend(dict(request.query_params)))

    def models(self, request: Request) -> Response:
        return HTMLResponse(self._pages.models(dict(request.query_params)))

    def script(self, _: Request) -> Response:
        text = own_script(TEMPLATES / "view.js")
        return Response(text, media_type="text/javascript", headers=KEPT)

    def style(self, _: Request) -> Response:
        text = stylesheet(TEMPLATES / "view.css")
        return Response(text, media_type="text/css", headers=KEPT)

    def plotly(self, _: Request) -> Response:
        from plotly.offline import get_plotlyjs  # noqa: PLC0415 - as above

        return Response(get_plotlyjs(), media_type="text/javascript", headers=KEPT)

    def _named(self, request: Request) -> list[Shown]:
        """The runs that the address names, at least one, each once.

        Raises:
            LlmopsError: It names none, or one that is not here.
        """
        names = dict.fromkeys(request.query_params.getlist("run"))
        return [self._shelf.find(name) for name in names or [""]]
