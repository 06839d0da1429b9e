"""The verdict of a gate on a terminal: the checks, what they rest on, and what differs."""

import math
from collections.abc import Sequence

import msgspec
from rich.console import JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

from pytest_llmops.compare.values import Check, Comparison, Interval
from pytest_llmops.report.figures import dollars

STYLES = {"held": "green", "regressed": "bold red", "undecided": "bold yellow"}

COLUMNS = ("check", "baseline", "candidate", "change", "bounds", "allowed", "p", "")
"""Headings: `bounds` are one-sided, the one that must stay within `allowed` at 95 %, the one that
proves a regression at the check's own level; `p` is one-sided, and does so below that level."""


def verdict_parts(comparison: Comparison) -> list[RenderableType]:
    """A comparison for a terminal of 80 columns; the verdict is the last line."""
    parts = checks_parts(comparison.checks)
    parts += ["", _effects(comparison)]
    if comparison.length == ("output tokens", comparison.effects[0]):
        parts.append(Text(_cost(comparison)))
    parts.append(Text(_sides(comparison)))
    parts += [Text(f"note: {note}", "dim") for note in comparison.notes]
    parts.append(Text(_verdict(comparison), STYLES[comparison.verdict]))
    return parts


def checks_parts(checks: Sequence[Check]) -> list[RenderableType]:
    """The checks of a gate as a table, and each that did not hold in a sentence."""
    told = [
        Text(_explained(check), STYLES[check.verdict])
        for check in checks
        if check.verdict != "held"
    ]
    return [_table(checks), *told]


def _table(checks: Sequence[Check]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    for number, heading in enumerate(COLUMNS):
        justify: JustifyMethod = "left" if number in {0, len(COLUMNS) - 1} else "right"
        table.add_column(heading, justify=justify, no_wrap=True)
    for check in checks:
        table.add_row(*_cells(check), Text(check.verdict, STYLES[check.verdict]))
    return table


def _cells(check: Check) -> tuple[str, ...]:
    bounds = check.change
    counted = check.unit == "count"
    return (
        check.name,
        _level(check, check.baseline),
        _level(check, check.candidate),
        _change(check.unit, bounds.estimate),
        "" if counted else f"{_change(check.unit, bounds.low)}..{_change(check.unit, bounds.high)}",
        _change(check.unit, check.margin),
        "" if counted else _p(check.p),
    )


def _level(check: Check, value: float) -> str:
    if check.name.startswith(("dollars", "cost")):
        return dollars(value)
    if check.unit == "points":
        return f"{value:.1%}"
    return _number(value, 0 if check.unit == "count" else 1)


def _change(unit: str, value: float) -> str:
    if not math.isfinite(value):
        return "?"
    if unit == "points":
        return f"{round(value * 100, 1) + 0.0:+.1f}"
    return f"{value:.3f}" if unit == "ratio" else f"{value:+.0f}"


def _explained(check: Check) -> str:
    text = f"{check.name}: {check.reason}"
    if check.verdict != "undecided":
        return text
    if math.isfinite(check.detectable):
        change = _change(check.unit, check.detectable)
        text += f"; what this run finds with 80 % power: {change}"
    needs = [
        f"about {count:,} {name}"
        for count, name in (
            (check.cases_needed, "cases"),
            (check.samples_needed, "samples per case"),
        )
        if count is not None
    ]
    if not (needs or math.isfinite(check.change.low + check.change.high)):
        return text  # bounds of an early look are infinite, which tells nothing of later ones
    needed = " or ".join(needs)
    return text + (f"; to decide: {needed}" if needed else "; more cases would hardly decide it")


def _effects(comparison: Comparison) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    for heading in ("tokens", "ratio", "bounds", "p", "sign flips", "clusters"):
        table.add_column(heading, justify="left" if heading == "tokens" else "right", no_wrap=True)
    for effect in comparison.effects:
        told = comparison.told(effect)
        low, estimate, high = (_number(value, 3) for value in msgspec.structs.astuple(told))
        flips, clusters = _p(effect.p_permutation), str(effect.clusters)
        bounds = f"{low}..{high}"
        table.add_row(effect.metric, estimate, bounds, _p(effect.p_increase), flips, clusters)
    return table


def _cost(comparison: Comparison) -> str:
    one, other = (_number(cost, 0) for cost in comparison.cost_of_pass)
    text = f"tokens by solved attempt: {one} -> {other}"
    ratio = comparison.cost_of_pass_ratio
    return text if math.isnan(ratio.estimate) else f"{text}, {_interval(ratio)} (95 %)"


def _sides(comparison: Comparison) -> str:
    return f"cases: {comparison.cases}; {comparison.gained} newly solved, {comparison.lost} lost"


def _verdict(comparison: Comparison) -> str:
    candidate, baseline = comparison.candidate, comparison.baseline
    return (
        f"{comparison.verdict}: {candidate.identity.model} ({candidate.id}) against "
        f"{baseline.identity.model} ({baseline.id})"
    )


def _interval(interval: Interval) -> str:
    low, estimate, high = (
        _number(value, 3) for value in (interval.low, interval.estimate, interval.high)
    )
    return f"{estimate} ({low}..{high})"


def _number(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}" if math.isfinite(value) else ("?" if math.isnan(value) else "inf")


def _p(value: float) -> str:
    if math.isnan(value):
        return "?"
    return "<0.001" if value < 0.001 else f"{value:.3f}"
