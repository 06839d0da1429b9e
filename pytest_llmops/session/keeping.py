"""What the controller of a run makes of the reports of pytest: records, and words for outcomes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import pluggy

from pytest_llmops.errors import PlaceError, RecordError
from pytest_llmops.session import items as seen

if TYPE_CHECKING:
    from pytest_llmops.session.controller import Controller

_hookimpl = pluggy.HookimplMarker("pytest")


class Keeping:
    """The hooks of a process that writes records, from the announcement of its run on."""

    def __init__(self, controller: "Controller", stop: Callable[[str, int], NoReturn]) -> None:
        """Prepare.

        Args:
            controller: Of the run.
            stop: Ends the session for a reason, with an exit status.
        """
        self._controller = controller
        self._counts = controller.attendance.counts
        self._stop = stop

    @_hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        """Write the record of a finished attempt; what it adds is for a JUnit file."""
        ours = self._controller
        if not self._counts(report.nodeid, report.outcome):
            return
        try:
            if hasattr(report, "llmops"):
                ours.keep(report.__dict__.pop("llmops"))  # pytest keeps all reports
            elif report.failed:
                ours.keep_fault(report.nodeid, seen.brief(report))
            if report.when not in {"setup", "call"}:  # `???` where a worker has crashed
                report.user_properties += ours.attempt_ended(report.nodeid)
        except (PlaceError, RecordError) as error:
            kept = "; answers so far are in the completion cache"
            self._stop(f"{error}{kept if ours.has_cache else ''}", 3)

    @_hookimpl
    def pytest_report_teststatus(self, report: Any) -> seen.Status | None:
        """Count attempts as solved or unsolved; passed and failed are words for the harness."""
        return seen.status(report, quiet=self._controller.progress is not None)
