"""Tests of pytest as a session sees them; looks into them without knowing pytest."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import msgspec

from pytest_llmops.errors import LlmopsError
from pytest_llmops.generation.keys import Key

if TYPE_CHECKING:
    from pytest_llmops.runs.record import Record

Status = tuple[str, str, str | tuple[str, dict[str, bool]]]
"""Category, letter and word of a test, as pytest wants them."""

FIXTURE = "pytest_llmops.plugin"
"""The module whose fixture `attempt` is."""

ATTEMPT: Any = object()
"""Where the stash of a test holds its attempt, from its set-up to its end."""

NO_MODEL = "no-model"
"""Id of the test that stands for all attempts where no model is named."""

_ATTEMPT_ID = re.compile(rf"(@\d+|\[{NO_MODEL})\]$")


def is_attempt(nodeid: str) -> bool:
    """Whether a test that another process has collected can be one that takes `attempt`."""
    return bool(_ATTEMPT_ID.search(nodeid))


def unasked(reports: Mapping[str, Sequence[Any]]) -> int:
    """How many tests were skipped for want of a model, of the reports of a session."""
    return sum(is_attempt(report.nodeid) for report in reports.get("skipped", ()))


def takes_attempt(item: Any) -> bool:
    """Whether a test takes the fixture of the plugin, and not another one of the same name."""
    info = getattr(item, "_fixtureinfo", None)  # has no public name
    definitions = info.name2fixturedefs.get("attempt", ()) if info else ()
    return any(one.func.__module__ == FIXTURE for one in definitions[-1:])


def key_of(item: Any) -> Key:
    """The attempt that a test makes."""
    return cast("Key", item.callspec.params["attempt"])


def fault(item: Any, call: Any, judged: tuple[type[BaseException], ...]) -> str:
    """Why the harness failed; "" where the test passed, or judged by an assertion of its own.

    Args:
        item: The test.
        call: What came of it.
        judged: What the test itself raises to judge.
    """
    if call.excinfo is None:
        return ""
    own = call.excinfo.traceback[-1].path == item.path
    if own and call.excinfo.errisinstance(judged):
        return ""
    return str(call.excinfo.exconly())


def put(report: Any, record: "Record", *, travels: bool) -> None:
    """Put the record of an attempt on the report of its test.

    Args:
        report: Of pytest.
        record: The record.
        travels: To another process, which takes nothing but plain values.
    """
    kept = msgspec.json.encode(record).decode() if travels else record
    report.__dict__ |= {"llmops": kept, "llmops_solved": record.solved}


def shortened(told: Any, raised: Any) -> Any:
    """What is told of a failed test: one line where the harness says what to do, else everything.

    Args:
        told: The representation that pytest has made.
        raised: Its exception info; None where nothing was raised.
    """
    fault = raised.value if raised else None
    return f"{type(fault).__name__}: {fault}" if isinstance(fault, LlmopsError) else told


def status(report: Any, *, quiet: bool) -> Status | None:
    """How a report of pytest is counted: attempts as solved or unsolved; None where as ever.

    Passed and failed stay words for the harness.

    Args:
        report: Of a test or a collector.
        quiet: A progress line is drawn, which a letter would tear.
    """
    if quiet and report.skipped:
        return "skipped", "", ""
    if quiet and report.failed:  # told at the end
        return "failed" if getattr(report, "when", "") == "call" else "error", "", ""
    if not report.passed or not hasattr(report, "llmops_solved"):
        return None
    if report.llmops_solved:
        return "solved", "" if quiet else "+", "" if quiet else ("SOLVED", {"green": True})
    return "unsolved", "" if quiet else "-", "" if quiet else ("UNSOLVED", {"yellow": True})


def brief(report: Any) -> str:
    """What a failed report says, in a line where it can."""
    crash = getattr(report.longrepr, "reprcrash", None)
    return crash.message if crash else str(report.longrepr)
