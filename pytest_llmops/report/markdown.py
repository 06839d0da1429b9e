"""The report for a place that shows Markdown: GitHub's step summary, a pull-request comment.

GitHub cuts a comment at 65,536 characters, so the list of cases ends early with a notice rather
than the report in the middle of a table. Ids and reasons are untrusted: nothing in them becomes
markup, a mention of a person or a link to an issue.
"""

import re
from collections.abc import Iterator, Sequence

from pytest_llmops.compare.values import Check, Comparison
from pytest_llmops.report import figures
from pytest_llmops.report.groups import Group, groups
from pytest_llmops.report.remarks import remarks
from pytest_llmops.report.subject import Subject, Versus, usual_outcome, usual_tokens
from pytest_llmops.report.summary import Summary, common_tries
from pytest_llmops.report.texts import visible
from pytest_llmops.runs.record import Verdict

MARKER = "<!-- llmops-report -->"
"""First line; a workflow finds its own comment by it and updates it in place."""

LIMIT = 60_000
"""Characters of a report, at most."""

LONGEST = 500
"""Characters of one id or reason."""

REFUSAL_LINES = 20
"""Last lines of what a session said that recorded no run."""

SIGNS: dict[Verdict | None, str] = {
    "held": "\N{WHITE HEAVY CHECK MARK}",
    "regressed": "\N{CROSS MARK}",
    "undecided": "\N{BLACK QUESTION MARK ORNAMENT}",
    None: "\N{WARNING SIGN}\N{VARIATION SELECTOR-16}",
}

_MARKUP = re.compile(r"[\\`*_{}\[\]<>!|~$&]")
_LINKED = re.compile(r"(@|#(?=\d)|://|www\.|GH-)", re.IGNORECASE)
"""What GitHub turns into mentions and links after Markdown is done, so escapes come too late."""


def report_markdown(subject: Subject) -> str:
    """Draw the report; never longer than `LIMIT`."""
    head = [
        MARKER,
        *(line for number in range(1, len(subject.runs)) for line in _verdict(subject, number)),
        *_groups(subject),
    ]
    text = "\n".join(head) + "\n"
    if len(text) > LIMIT // 2:
        text = text[: LIMIT // 2].rpartition("\n")[0] + "\n\nThe rest is in the HTML report.\n"
    return text + _changed(subject, LIMIT - len(text))


def refusal_markdown(said: str) -> str:
    """Draw what there is to report where a session recorded no run: no verdict, and why.

    Args:
        said: What pytest wrote to standard error; the reason is its last error.
    """
    lines = [line for line in said.rpartition("ERROR: ")[2].splitlines() if line.strip()]
    told = lines[-REFUSAL_LINES:] or ["the session ended without a run and told no reason"]
    return "\n".join(
        [MARKER, f"## {SIGNS[None]} no verdict\n", *(f"- {safe(x)}" for x in told), ""]
    )


def with_changes(text: str, changed: str) -> str:
    """A report that says before its verdict what the change alters of its own judge."""
    if not changed:
        return text
    warning = f"> {SIGNS[None]} **{safe(changed)}**\n"
    return text.replace(f"{MARKER}\n", f"{MARKER}\n{warning}\n", 1)


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


def _verdict(subject: Subject, number: int) -> Iterator[str]:
    versus = subject.versus[number - 1]
    names = f"**{safe(subject.names[number])}** against **{safe(subject.names[0])}**"
    yield f"## {SIGNS[versus.verdict]} {versus.verdict or 'no verdict'}: {names}\n"
    if versus.told:
        yield f"{safe(versus.told)}\n"
    elif versus.comparison is None:
        yield f"These runs cannot be compared: {safe(versus.refusal)}\n"
    if versus.comparison is None:
        return
    if versus.told:
        yield f"All attempts at once would be {versus.comparison.verdict}:\n"
    yield _key_figures(versus.comparison)
    yield from _checks(versus)


def _key_figures(comparison: Comparison) -> str:
    cost = comparison.cost_of_pass
    name, effect = comparison.length
    told = []
    if effect:
        change = figures.percent_of_ratio(effect.ratio.estimate)
        interval = figures.interval(effect.ratio, "ratio")
        told.append(f"{name.capitalize()} **{change}** (95 %: {interval})")
    if name == "output tokens" and effect:
        told.append(f"tokens per solved {figures.amount(cost[0])} → {figures.amount(cost[1])}")
    told.append(f"{comparison.gained} cases gained, {comparison.lost} lost.\n")
    return ", ".join(told)


def _checks(versus: Versus) -> Iterator[str]:
    assert versus.comparison
    columns = ("check", "", "baseline", "candidate", "change", "bounds", "allowed", "p")
    yield from _heading(columns, left=2)
    for check in versus.comparison.checks:
        yield _row(_check_cells(check))
    yield ""
    for check in versus.comparison.checks:
        if check.verdict != "held":
            yield f"- **{check.name}** {check.verdict}: {safe(check.reason)}{_needs(check)}"
    yield from (f"- Note: {safe(note)}" for note in versus.comparison.notes)
    yield ""


def _check_cells(check: Check) -> list[str]:
    return [
        check.name,
        f"{SIGNS[check.verdict]} {check.verdict}",
        figures.metric(check.baseline, check),
        figures.metric(check.candidate, check),
        figures.change(check.change.estimate, check.unit),
        figures.NONE if check.unit == "count" else figures.interval(check.change, check.unit),
        figures.change(check.margin, check.unit),
        figures.probability(check.p),
    ]


def _needs(check: Check) -> str:
    if check.verdict != "undecided":
        return ""
    found = figures.change(check.detectable, check.unit)
    seen = "" if found == figures.NONE else f"; what this run finds with 80 % power: {found}"
    ways = [
        f"about {count:,} {name}"
        for count, name in (
            (check.cases_needed, "cases"),
            (check.samples_needed, "samples per case"),
        )
        if count
    ]
    return seen + (f"; to decide: {' or '.join(ways)}" if ways else "")


def _groups(subject: Subject) -> Iterator[str]:
    many, found = len(subject.runs) > 1, groups(subject)
    k = common_tries(total for total in found[-1].runs if total)
    yield "## Summary\n" if many else f"## {safe(subject.names[0])}\n"
    columns = ("group", *(["run"] if many else []), "attempts", "solved", "rate", "95 %")
    passes = (f"pass@{k}", f"pass^{k}") if k else ()
    priced = any(total and total.cost is not None for total in found[-1].runs)
    costs = ("cost", "cost per solved") if priced else ()
    rest = ("tokens", "p95", "per solved", "cut", "errors", *costs)
    yield from _heading((*columns, *passes, *rest), left=1 + many)
    for group in found:
        for cells in _group_rows(subject, group, k, priced=priced):
            yield _row(cells if many else [cells[0], *cells[2:]])
    yield "\nTokens: median of output tokens per attempt; per solved: their sum by solves.\n"
    for name, run in zip(subject.names, subject.runs, strict=True):
        for line in remarks(run.run, run.records):
            yield f"Mind, {safe(name)}: {safe(line)}.\n"
    if k:
        yield f"pass@{k}, pass^{k}: at least one of {k} attempts at a case is solved; all are.\n"


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


def _changed(subject: Subject, room: int) -> str:
    """The cases that changed sides, collapsed, as many as fit into `room` characters."""
    if len(subject.runs) == 1:
        return ""
    count = len(subject.changed)
    lines = [f"<details><summary>Cases that changed sides: {count}</summary>\n"]
    lines += _heading(("case", *map(safe, subject.names)), left=1 + len(subject.names))
    end = "\n</details>\n"
    left = room - sum(len(line) + 1 for line in lines) - len(end) - 100
    for number, case in enumerate(subject.changed):
        row = _row([safe(case), *(_attempts(subject, case))])
        left -= len(row) + 1
        if left < 0:
            lines.append(f"\n{count - number:,} more are in the HTML report.")
            break
        lines.append(row)
    return "\n".join(lines) + end if count else "No case changed sides.\n"


def _attempts(subject: Subject, case: str) -> Iterator[str]:
    for run in subject.attempts:
        found = run.get(case, [])
        outcome = usual_outcome(found).replace("_", " ") or figures.NONE
        yield f"{outcome}, {figures.amount(usual_tokens(found))} tokens"


def _heading(columns: Sequence[str], *, left: int) -> list[str]:
    marks = [":--" if number < left else "--:" for number in range(len(columns))]
    return [_row(columns), _row(marks)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
