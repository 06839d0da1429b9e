"""The list of runs, filtered, and how far one is that still goes on."""

import time
from collections.abc import Sequence

import msgspec

from pytest_llmops.report.identity import started
from pytest_llmops.viewer.shown import Entry, Shown

LAST = 12
"""Attempts of a session that are shown while it goes on: the newest."""


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs a reader wants to see."""

    text: str = ""
    """Words to be found in name, label, commit, model, agent or suite."""
    model: str = ""
    state: str = ""
    verdict: str = ""


class Listed(msgspec.Struct, frozen=True):
    """Some of the runs, newest first."""

    runs: tuple[Shown, ...]
    every: int
    models: tuple[str, ...]
    states: tuple[str, ...]
    verdicts: tuple[str, ...]
    filters: Filters


def listed(runs: Sequence[Shown], filters: Filters) -> Listed:
    """The runs that fit, and what there is to choose from."""
    words = filters.text.lower().split()
    found = [run for run in reversed(runs) if _fits(run, filters, words)]
    return Listed(
        runs=tuple(found),
        every=len(runs),
        models=tuple(sorted({run.run.identity.model for run in runs if run.tally})),
        states=tuple(sorted({run.state for run in runs})),
        verdicts=tuple(sorted({run.verdict for run in runs} - {""})),
        filters=filters,
    )


def _fits(shown: Shown, filters: Filters, words: Sequence[str]) -> bool:
    if filters.state not in ("", shown.state) or filters.verdict not in ("", shown.verdict):
        return False
    if filters.model and not (shown.tally and shown.run.identity.model == filters.model):
        return False
    text = _searched(shown).lower()
    return all(word in text for word in words)


def _searched(shown: Shown) -> str:
    if not shown.tally:
        return f"{shown.name} {shown.broken}"
    run = shown.run
    commit = f"{run.checkout.commit} {run.checkout}" if run.checkout else ""
    return " ".join(
        (shown.name, run.label, commit, run.identity.model, run.agent, *run.suites, started(run))
    )


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a session is."""

    done: int
    wanted: int
    share: float
    """0..1"""
    elapsed: float
    left: float | None
    """Seconds, at the pace so far; None before the first attempt."""
    last: tuple[Entry, ...]
    """Attempts, the newest first."""


def progress(shown: Shown) -> Progress:
    """How far the session of a run is, and what it did last."""
    done, wanted = len(shown.entries), shown.run.attempts
    elapsed = max(0.0, time.time() - shown.run.started)
    return Progress(
        done=done,
        wanted=wanted,
        share=min(1.0, done / wanted) if wanted else 0.0,
        elapsed=elapsed,
        left=elapsed / done * max(0, wanted - done) if done else None,
        last=tuple(reversed([*shown.entries.values()][-LAST:])),
    )
