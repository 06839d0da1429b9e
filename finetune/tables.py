"""The findings of a study as a table: one line an arm, for a terminal and for a page."""

import math
from collections.abc import Sequence

from rich.table import Table

from pytest_llmops.compare.values import Interval

from .arms import BASE
from .findings import Failure, Finding, interval_text
from .signs import SignCheck

HEADER = (
    "arm",
    "output tokens",
    "tokens per case, of base",
    "solved",
    "change, points",
    "tokens per solved",
    "of base",
    "truncated",
    "truncated, points",
    "examples",
)


def cells(finding: Finding) -> tuple[str, ...]:
    """One row of the table, in the order of `HEADER`."""
    is_base = finding.arm == BASE
    return (
        finding.arm,
        f"{finding.output_tokens:,}",
        "1" if is_base else interval_text(finding.ratio),
        f"{finding.solved} of {finding.attempts} ({finding.solve_rate:.1%})",
        "" if is_base else _points(finding.solve_change),
        f"{finding.cost_of_pass:,.0f}" if math.isfinite(finding.cost_of_pass) else "no solves",
        "1" if is_base else interval_text(finding.cost_ratio),
        f"{finding.truncated / finding.attempts:.1%}" if finding.attempts else "-",
        "" if is_base else _points(finding.truncation_change),
        str(finding.examples or ""),
    )


def _points(one: Interval) -> str:
    low, change, high = (100 * value for value in (one.low, one.estimate, one.high))
    return f"{change:+.1f} ({low:+.1f} to {high:+.1f})"


def table(findings: Sequence[Finding]) -> Table:
    """The findings for a terminal of 80 columns; the page has more of them."""
    shown = Table(
        *("arm", "tokens", "ratio", "95 %", "solved", "points", "95 %", "/solved", "trunc"),
        title=_title(findings),
        title_justify="left",
        box=None,
        pad_edge=False,
        header_style="bold",
        padding=(0, 1, 0, 0),
    )
    for column in shown.columns[1:]:
        column.justify = "right"
    for one in findings:
        ratio, points = one.ratio, one.solve_change
        compared = one.arm != BASE
        shown.add_row(
            one.arm,
            f"{one.output_tokens:,}",
            f"{ratio.estimate:.2f}" if compared else "",
            f"{ratio.low:.2f}..{ratio.high:.2f}" if compared else "",
            f"{one.solved} {one.solve_rate:.1%}",
            f"{100 * points.estimate:+.1f}" if compared else "",
            f"{100 * points.low:+.1f}..{100 * points.high:+.1f}" if compared else "",
            f"{one.cost_of_pass:,.0f}" if math.isfinite(one.cost_of_pass) else "-",
            f"{one.truncated / one.attempts:.0%}" if one.attempts else "-",
        )
    return shown


def markdown(
    findings: Sequence[Finding], failures: Sequence[Failure], signs: Sequence[SignCheck] = ()
) -> str:
    """The findings for a page, with the runs they are from."""
    rows = [HEADER, tuple("---" for _ in HEADER), *map(cells, findings)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    parts = [_title(findings), "\n".join(lines), _legend()]
    parts += map(str, signs)
    parts += [f"`{one.arm}` has no result: {one.reason}" for one in failures]
    parts.append("\n".join(f"- `{one.arm}`: {one.model}, run {one.run}" for one in findings))
    noted = [(one.arm, note) for one in findings if one.arm != BASE for note in one.notes]
    if noted:
        listed = "\n".join(f"- `{arm}`: {note}" for arm, note in noted)
        parts.append(f"Before believing the numbers:\n\n{listed}")
    return "\n\n".join(parts) + "\n"


def _title(findings: Sequence[Finding]) -> str:
    first = findings[0]
    return f"{first.cases} cases of {', '.join(first.suites)}, {first.attempts} attempts an arm"


def _legend() -> str:
    return (
        "Tokens a case: geometric mean of the paired ratios. Intervals are two-sided, 95 %, with "
        "source files as clusters; cost of pass by bootstrap over them."
    )
