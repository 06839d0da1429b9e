"""Tables of a Markdown report, and texts made harmless in it."""

import re
from collections.abc import Iterator, Sequence
from functools import partial

from pytest_llmops.report import figures
from pytest_llmops.report.groups import groups
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


def summary_tables(subject: Subject) -> Iterator[str]:
    """The runs by suite and difficulty, in two tables that are narrow; folded below a verdict."""
    many, found = len(subject.runs) > 1, groups(subject)
    k = common_tries(total for total in found[-1].runs if total)
    opened = "<details><summary>Summary by suite and difficulty</summary>\n"
    yield opened if many else f"## {safe(subject.names[0])}\n"
    priced = any(total and total.cost is not None for total in found[-1].runs)
    passes = (f"pass@{k}", f"pass^{k}") if k else ()
    results = ("solved", "rate (95 %)", *passes, "tokens")
    rest = ("p95", "per solved", "truncated", "errors", *(["dollars", "$/solved"] * priced))
    for columns, cells in (
        (results, partial(_results, k=k)),
        (rest, partial(_rest, priced=priced)),
    ):
        yield from heading(("group", *(["run"] * many), *columns), left=1 + many)
        for group in found:
            for name, total in zip(subject.names, group.runs, strict=True):
                first = [safe(group.name) if name == subject.names[0] else ""]
                numbers = cells(total) if total else [figures.NONE] * len(columns)
                yield table_row([*first, *([safe(name)] * many), *numbers])
        yield ""
    yield (
        "Tokens: median of output tokens per attempt; p95: their 95th percentile; "
        "per solved: their sum by solves.\n"
    )
    for name, run in zip(subject.names, subject.runs, strict=True):
        for line in remarks(run.run, run.records):
            yield f"Mind, {safe(name)}: {safe(line)}.\n"
    if k:
        yield f"pass@{k}, pass^{k}: at least one of {k} attempts at a case is solved; all are.\n"
    if many:
        yield "</details>\n"


def _results(total: Summary, *, k: int) -> list[str]:
    solved, rate = [figures.NONE] * 2
    if total.graded:
        solved = f"{figures.amount(total.solved)} of {figures.amount(total.attempts)}"
        bounds = figures.bounds(total.rate.low, total.rate.high).removesuffix(" %")
        rate = f"{figures.share(total.rate.estimate)} ({bounds})"
    passes = total.passes(k) if k else None
    return [
        solved,
        rate,
        *((map(figures.share, passes) if passes else [figures.NONE] * 2) if k else ()),
        figures.amount(total.tokens_median),
    ]


def _rest(total: Summary, *, priced: bool) -> list[str]:
    return [
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
