"""Attempts as the tests of pytest make them: there before a test is set up, on record at its end.

The fixture `attempt` hands out what is made here. To make it there would cost more than all else
that a replayed attempt does, so it is put where pytest keeps the fixtures that a test has already.
"""

import os
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, NoReturn

import pluggy

from pytest_llmops.errors import Decided
from pytest_llmops.session import items as seen
from pytest_llmops.session.surrounding import Surrounding

if TYPE_CHECKING:
    from pytest_llmops.session.attempt import Attempt
    from pytest_llmops.session.worker import Worker

_hookimpl = pluggy.HookimplMarker("pytest")


class Making:
    """The hooks of one process that runs attempts."""

    def __init__(
        self,
        session: "Callable[[], Worker]",
        *,
        travels: bool,
        skip: Callable[[str], NoReturn],
        judged: tuple[type[BaseException], ...],
    ) -> None:
        """Prepare.

        Args:
            session: Of this process; opened when it is first asked for.
            travels: Records go to another process.
            skip: Ends a test without a verdict, as pytest does.
            judged: What a test raises to judge.
        """
        self._session = session
        self._travels = travels
        self._skip = skip
        self._judged = judged
        self._trace = Surrounding(os.environ)
        self._keywords: Any = None

    def pytest_runtest_setup(self, item: Any) -> None:
        """Make the attempt of a test."""
        if seen.takes_attempt(item):
            made = self._session().attempt(seen.key_of(item))
            item.stash[seen.ATTEMPT] = item.funcargs["attempt"] = made

    def enter(self, attempt: "Attempt") -> None:
        """Be around an attempt in traces, from now until its test is torn down."""
        self._trace.enter(attempt.traceparent)

    @_hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: Any) -> Generator[None]:
        """Be around an attempt in traces, and skip one that the gate does not need any more."""
        if seen.ATTEMPT in item.stash:
            self.enter(item.stash[seen.ATTEMPT])
        try:
            yield
        except Decided as reason:
            self._skip(str(reason))

    @_hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Generator[None, Any, Any]:
        """Put the record on the report, which travels to the controller."""
        report = yield
        if seen.ATTEMPT not in item.stash:
            return report
        if report.keywords == self._keywords:
            report.keywords = self._keywords
        self._keywords = report.keywords  # pytest keeps three reports a test, each with a copy
        if call.when == "teardown":
            self._trace.leave()
            del item.stash[seen.ATTEMPT]  # pytest keeps all tests
        elif call.when == "call" and not report.skipped:
            error = seen.fault(item, call, self._judged)
            content = self._session().options.content
            record = item.stash[seen.ATTEMPT].record(content=content, error=error)
            item.user_properties += record.properties()
            report.longrepr = seen.shortened(report.longrepr, call.excinfo)
            seen.put(report, record, travels=self._travels)
        return report

    def pytest_unconfigure(self) -> None:
        """Leave the trace of an attempt that was broken off, of which pytest reports no end."""
        self._trace.leave()
