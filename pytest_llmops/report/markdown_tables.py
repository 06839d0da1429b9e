"""Tables of a Markdown report, and texts made harmless in it."""

import re
from collections.abc import Iterator, Sequence

from pytest_llmops.report import figures
from pytest_llmops.report.groups import Group, groups
from pytest_llmops.report.remarks import remarks
from pytest_llmops.report.subject import Subject
from pytest_llmops.report.summary import Summary, common_tries
from pytest_llmops.report.texts import visible

LONGEST = 500
"""Characters of one id or reason."""

_MARKUP = re.compile(r"[\\`*_{}\[\]<>!|~$&]")
_LINKED = re.compile(r"(@|#(?=\d)|://|www\.|GH-)", re.IGNORECASE)
"""What GitHub turns into mentions and links after Markdown is done, so escapes come too late."""


def safe(text: str) -> str:
    """A text as nothing but text: no markup, no mention, no link.

    Marks of Markdown become entities; an invisible space parts what GitHub would link.

    >>> safe("@all `x`|")
    '@&#8203;all &#96;x&#96;&#124;'
    """
    line = " ".join(visible(text).split())
    if len(line) > LONGEST:
        line = line[:LONGEST] + "…"
    parted = _LINKED.sub("\\1\u200b", line)
    return _MARKUP.sub(lambda mark: f"&#{ord(mark.group())};", parted).replace("\u200b", "&#8203;")


def summary_table(subject: Subject) -> Iterator[str]:
    """The runs by suite and difficulty; folded away below a verdict."""
    many, found = len(subject.runs) > 1, groups(subject)
    k = common_tries(total for total in found[-1].runs if total)
    opened = "<details><summary>Summary by suite and difficulty</summary>\n"
    yield opened if many else f"## {safe(subject.names[0])}\n"
    columns = ("group", *(["run"] if many else []), "attempts", "solved", "rate", "95 %")
    passes = (f"pass@{k}", f"pass^{k}") if k else ()
    priced = any(total and total.cost is not None for total in found[-1].runs)
    costs = ("cost", "cost per solved") if priced else ()
    rest = ("tokens", "p95", "per solved", "truncated", "errors", *costs)
    yield from heading((*columns, *passes, *rest), left=1 + many)
    for group in found:
        for cells in _group_rows(subject, group, k, priced=priced):
            yield table_row(cells if many else [cells[0], *cells[2:]])
    yield "\nTokens: median of output tokens per attempt; per solved: their sum by solves.\n"
    for name, run in zip(subject.names, subject.runs, strict=True):
        for line in remarks(run.run, run.records):
            yield f"Mind, {safe(name)}: {safe(line)}.\n"
    if k:
        yield f"pass@{k}, pass^{k}: at least one of {k} attempts at a case is solved; all are.\n"
    if many:
        yield "</details>\n"


def _group_rows(subject: Subject, group: Group, k: int, *, priced: bool) -> Iterator[list[str]]:
    for number, (name, total) in enumerate(zip(subject.names, group.runs, strict=True)):
        numbers = _numbers(total, k, priced=priced)
        yield [safe(group.name) if number == 0 else "", safe(name), *numbers]


def _numbers(total: Summary | None, k: int, *, priced: bool) -> list[str]:
    if total is None:
        return [figures.NONE] * (9 + 2 * bool(k) + 2 * priced)
    solved = [
        figures.amount(total.solved),
        figures.share(total.rate.estimate),
        figures.bounds(total.rate.low, total.rate.high),
    ]
    if not total.graded:
        solved = [figures.NONE] * 3
    if k:
        passes = total.passes(k)
        solved += map(figures.share, passes) if passes else [figures.NONE] * 2
    return [
        figures.amount(total.attempts),
        *solved,
        figures.amount(total.tokens_median),
        figures.amount(total.tokens_p95),
        figures.amount(total.tokens_per_solved),
        figures.amount(total.truncated if total.ends_told else None),
        figures.amount(total.errors),
        *(map(figures.dollars, (total.spent, total.cost_per_solved)) if priced else ()),
    ]


def heading(columns: Sequence[str], *, left: int) -> list[str]:
    """The head of a table whose first `left` columns stand to the left."""
    marks = [":--" if number < left else "--:" for number in range(len(columns))]
    return [table_row(columns), table_row(marks)]


def table_row(cells: Sequence[str]) -> str:
    """A line of a table."""
    return f"| {' | '.join(cells)} |"
