"""Attempts that got no answer, at the end of a session: one entry per reason, not per test.

A dead endpoint fails every attempt in the same words. pytest would show each of them, and its short
summary only their names.
"""

import copy
import re
from collections.abc import Generator, Sequence
from typing import Any, NamedTuple

import pluggy

from pytest_llmops.runs.unanswered import endpoint_fault, kind_of_fault

_WHERE = re.compile(r"^(.+ at \S+): (.+)$")
"""Model and endpoint, and what is wrong: the short summary has room for the latter at least."""

_hookimpl = pluggy.HookimplMarker("pytest")


class Crash(NamedTuple):
    """What the short summary of pytest takes from a report."""

    message: str


class Told:
    """Reason and test of a failure, as a report of pytest holds them."""

    def __init__(self, reason: str, test: str) -> None:
        self.reprcrash = Crash(_WHERE.sub(r"\2 (\1)", reason))
        self._text = f"EndpointError: {reason}\n{test}"

    def __str__(self) -> str:
        return self._text

    def toterminal(self, writer: Any) -> None:
        """Write it where pytest shows a traceback otherwise."""
        for line in str(self).splitlines():
            writer.line(line)


@_hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: Any) -> Generator[None, Any, Any]:
    """Show the reports gathered; the last line of the session counts them as they are."""
    stats = terminalreporter.stats
    whole = {name: stats[name] for name in ("failed", "error") if name in stats}
    stats |= {name: gathered(reports) for name, reports in whole.items()}
    try:
        return (yield)
    finally:
        stats |= whole


def gathered(reports: Sequence[Any]) -> list[Any]:
    """Reports with one in place of all that have the same reason, where the first of them was."""
    kinds: dict[str, list[Any]] = {}
    for report in reports:
        reason = endpoint_fault(str(report.longrepr or ""))
        kind = kind_of_fault(reason) if reason else f"\0{id(report)}"
        kinds.setdefault(kind, []).append(report)
    return [_one_for(alike) for alike in kinds.values()]


def _one_for(alike: Sequence[Any]) -> Any:
    """A report for all of them; its name leaves the short summary room for the reason."""
    first, count = alike[0], len(alike)
    reason = endpoint_fault(str(first.longrepr or ""))
    if not reason:
        return first
    shown = copy.copy(first)
    shown.longrepr = Told(reason, f"{'first: ' * (count > 1)}{first.nodeid}")
    shown.nodeid = f"{count} attempt{'s' * (count > 1)}"
    shown.location = ("", None, shown.nodeid)
    return shown
