"""What a tool gives back of an attempt, in one form for all tools, and how it is asked."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

import httpx
import msgspec

from pytest_llmops.errors import SinkError
from pytest_llmops.sinks.settings import bare

TIMEOUT = 20.0
"""Seconds for one request."""

STAND_IN = "x-llmops-stand-in"
"""Header by which a stand-in says in its answers that it is one."""

KINDS = ("case", "attempt", "chat", "grade")


class StoredSpan(msgspec.Struct, frozen=True, kw_only=True):
    """A span as a tool gives it back."""

    id: str
    """16 hex digits."""
    parent: str
    """Id of the span around it; "" for none."""
    name: str
    start: int
    """Unix time, nanoseconds, as exact as the tool says it."""
    end: int
    attributes: int
    """Names with a value, besides ids and times."""
    events: int = 0
    tokens: dict[str, int] = {}
    """By kind (input, output, cached, reasoning; the last two are parts of the first two), from
    the field that the tool itself counts by."""
    cost: float | None = None
    """US dollars, as the tool counts them; None where it says none."""

    @property
    def kind(self) -> str:
        """`case`, `attempt`, `chat` or `grade`; "" for a span that is not ours."""
        first = self.name.partition(" ")[0]
        return first if first in KINDS else ""


class StoredTrace(msgspec.Struct, frozen=True, kw_only=True):
    """All a tool has of one attempt."""

    spans: tuple[StoredSpan, ...]
    scores: dict[str, object]
    """Value by name."""
    copies: int = 0
    """Spans that came again with an id that was there already; they are not among `spans`."""
    logs: int = 0
    prompt: Any = None
    """Text, or JSON that holds texts, in the form the tool has it."""
    completion: Any = None
    error: Any = None


class Seen:
    """What has been noticed while a tool was asked, and the connections on which it was."""

    def __init__(self) -> None:
        """Begin to count."""
        self.queries = 0
        self.stand_ins: set[str] = set()
        """Hosts with ports that said they are stand-ins."""
        self.problems: list[str] = []
        """Parts of the tool that did not answer; the others were asked all the same."""
        self._clients: list[httpx.Client] = []

    def client(self, url: str = "") -> httpx.Client:
        """An HTTP client whose answers count; `close` closes it."""
        hooks: dict[str, list[Callable[..., Any]]] = {"response": [self]}
        self._clients.append(httpx.Client(base_url=url, timeout=TIMEOUT, event_hooks=hooks))
        return self._clients[-1]

    def note(self, problem: SinkError) -> None:
        """Keep what a part of the tool did not answer, once."""
        if str(problem) not in self.problems:
            self.problems.append(str(problem))

    def close(self) -> None:
        """Close all connections; safe to repeat."""
        for client in self._clients:
            client.close()

    def __call__(self, response: httpx.Response) -> None:
        """Count an answer; a hook of an HTTP client."""
        self.queries += 1
        if STAND_IN in response.headers:
            self.stand_ins.add(response.url.netloc.decode())

    def look(self, url: str) -> None:
        """Ask an address once, which no query counts: what takes runs may give none back."""
        if not url.startswith("http"):
            return
        with suppress(httpx.HTTPError):  # what does not answer, says so where it is needed
            if STAND_IN in httpx.get(url, timeout=TIMEOUT).headers:
                self.stand_ins.add(httpx.URL(url).netloc.decode())

    def is_stand_in(self, url: str) -> bool:
        """Whether what answered at a URL is a stand-in."""
        return httpx.URL(url).netloc.decode() in self.stand_ins


class Backend(Protocol):
    """A tool that is asked about one run; every method raises SinkError where it does not answer.

    Attributes:
        seen: Counts of the requests made so far.
    """

    seen: Seen

    @property
    def parts(self) -> Mapping[str, str]:
        """Where each kind of figure comes from, by name; `traces` are always among them."""

    def find(self, case: str) -> tuple[str, ...]:
        """Search by the id of a case; gives trace ids (32 hex digits)."""

    def fetch(self, trace: str) -> StoredTrace | None:
        """Read everything there is of a trace; None where there is no such trace."""

    def figures(self) -> int:
        """Count the metrics or scores of the run as a whole, by name; -1 for not known."""


class Asking:
    """GET requests to one HTTP API that answers in JSON."""

    def __init__(self, url: str, seen: Seen) -> None:
        """Prepare; nothing is sent.

        Args:
            url: Its root, without a slash at the end.
            seen: Counts the answers.
        """
        self._url = url
        self._client = seen.client(url)

    def get(self, path: str, parameters: Mapping[str, str | int]) -> Any:
        """Ask; None stands for an answer of 404.

        Raises:
            SinkError: There is no answer, or another one than JSON.
        """
        where = f"{bare(self._url)}{path}"
        try:
            answer = self._client.get(path, params=dict(parameters))
        except httpx.HTTPError as error:
            raise SinkError(f"{where} does not answer ({type(error).__name__})") from None
        if answer.status_code == 404:
            return None
        if not answer.is_success:
            raise SinkError(f"{where} answered {answer.status_code}; is it the right server?")
        try:
            return answer.json()
        except ValueError:
            raise SinkError(f"{where} did not answer in JSON; is it the right server?") from None
