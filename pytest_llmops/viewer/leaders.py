"""Models side by side: the newest whole run of each on the same cases, and the Pareto front."""

import math
from collections.abc import Sequence

import msgspec

from pytest_llmops.report.charts import Figure, front
from pytest_llmops.report.figures import dollars
from pytest_llmops.viewer.shown import Shown


class Questions(msgspec.Struct, frozen=True):
    """A selection of cases that runs have in common."""

    key: str
    """Its hash."""
    name: str
    """`starter, eval, 263 cases`."""
    runs: tuple[Shown, ...]
    """Those of it, in the order in which they started."""


class Leader(msgspec.Struct, frozen=True):
    """A model, or a model with an agent."""

    name: str
    shown: Shown
    """Its newest whole run."""
    best: bool
    """Whether no other solves as much for less."""


def questions(runs: Sequence[Shown]) -> list[Questions]:
    """The selections that there are runs of, that of the newest run first."""
    found: dict[str, list[Shown]] = {}
    for run in reversed(runs):
        if run.tally:
            found.setdefault(run.run.suite_hash, []).append(run)
    return [
        Questions(key, _name(members[0]), tuple(reversed(members)))
        for key, members in found.items()
    ]


def _name(shown: Shown) -> str:
    run = shown.run
    return f"{', '.join(run.suites)}, {run.split}, {run.cases:,} cases"


def leaders(runs: Sequence[Shown]) -> list[Leader]:
    """The newest whole run of each model and agent, best solve rate first; replays are left out.

    Args:
        runs: Of the same cases, in the order in which they started.
    """
    newest = {who(run): run for run in runs if run.state == "complete" and not run.run.replays}
    graded = {name: run for name, run in newest.items() if math.isfinite(run.rate.estimate)}
    places = {name: _place(run) for name, run in graded.items()}
    found = [
        Leader(name, run, _is_best(places[name], [*places.values()]))
        for name, run in graded.items()
    ]
    return sorted(found, key=lambda one: (-one.shown.rate.estimate, one.name))


def who(shown: Shown) -> str:
    """The model, with its agent if there is one."""
    run = shown.run
    return f"{run.identity.model} · {run.agent}" if run.agent else run.identity.model


def _place(shown: Shown) -> tuple[float, float]:
    return shown.dollars_per_solved, shown.rate.estimate


def _is_best(one: tuple[float, float], every: Sequence[tuple[float, float]]) -> bool:
    """Whether none is at least as good in both and better in one; nan where there is no price."""
    if not math.isfinite(one[0]):
        return False
    return not any(other[0] <= one[0] and other[1] >= one[1] and other != one for other in every)


def leaders_figure(found: Sequence[Leader]) -> Figure:
    """Solve rate over dollars per solved attempt, a point a model; a line joins the best."""
    points = [
        (one.shown.dollars_per_solved, one.shown.rate, one.name)
        for one in found
        if math.isfinite(one.shown.dollars_per_solved)
    ]
    figure = front(points, "dollars per solved attempt", [dollars(x) for x, _, _ in points])
    figure["layout"]["xaxis"]["tickprefix"] = "$"
    return figure
