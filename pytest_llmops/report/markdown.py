"""The report for a place that shows Markdown: GitHub's step summary, a pull-request comment.

GitHub cuts a comment at 65,536 characters, so the list of cases ends early with a notice rather
than the report in the middle of a table. Ids and reasons are untrusted: nothing in them becomes
markup, a mention of a person or a link to an issue.
"""

import math
from collections.abc import Iterator

from pytest_llmops.compare.values import Check, Comparison, Interval
from pytest_llmops.report import figures
from pytest_llmops.report.markdown_changed import Address, changed_table, sides
from pytest_llmops.report.markdown_loops import loops_table
from pytest_llmops.report.markdown_quality import quality_table
from pytest_llmops.report.markdown_tables import heading, safe, summary_tables, table_row
from pytest_llmops.report.subject import Subject
from pytest_llmops.runs.record import Verdict

TO_DO: dict[Verdict | None, str] = {
    "held": "nothing to do",
    "regressed": "take the change back, or accept it",
    "undecided": "run more samples, or accept it",
    None: "mend what is said below, and run again",
}
"""What a reader is to do; in the first line, so short that it does not wrap."""

BECAUSE: dict[Verdict | None, str] = {
    "held": ": no metric is worse than its margin allows",
    "regressed": "; `llmops bless` accepts this run as the baseline",
    "undecided": ": too few cases to tell (`--samples`, `--gate-undecided=pass`)",
    None: "",
}
"""What the line after it says of the two runs."""

MARKER = "<!-- llmops-report -->"
"""First line; a workflow finds its own comment by it and updates it in place."""

LIMIT = 60_000
"""Characters of a report, at most."""

REFUSAL_LINES = 20
"""Last lines of what a session said that recorded no run."""

SIGNS: dict[Verdict | None, str] = {
    "held": "\N{WHITE HEAVY CHECK MARK}",
    "regressed": "\N{CROSS MARK}",
    "undecided": "\N{BLACK QUESTION MARK ORNAMENT}",
    None: "\N{WARNING SIGN}\N{VARIATION SELECTOR-16}",
}


def report_markdown(subject: Subject, url: str = "") -> str:
    """Draw the report; never longer than `LIMIT`.

    Args:
        subject: What to report.
        url: Where the HTML report of the same runs is, if anywhere.
    """
    head = [
        MARKER,
        *(
            line
            for number in range(1, len(subject.runs))
            for line in _verdict(subject, number, Address(url))
        ),
        *summary_tables(subject),
        *loops_table(subject),
        *quality_table(subject),
    ]
    text = "\n".join(head) + "\n"
    if len(text) > LIMIT // 2:
        text = text[: LIMIT // 2].rpartition("\n")[0] + "\n\nThe rest is in the HTML report.\n"
        text += "</details>\n" * (text.count("<details>") - text.count("</details>"))
    return text + changed_table(subject, LIMIT - len(text), Address(url))


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


def _verdict(subject: Subject, number: int, address: Address) -> Iterator[str]:
    versus = subject.versus[number - 1]
    names = f"**{safe(subject.names[number])}** against **{safe(subject.names[0])}**"
    verdict = versus.verdict
    yield f"## {SIGNS[verdict]} {verdict or 'no verdict'}: {TO_DO[verdict]}\n"
    yield f"{names}{BECAUSE[verdict]}.\n"
    yield from _which(subject, number, address)
    if versus.told:
        yield f"{safe(versus.told)}\n"
    elif versus.comparison is None:
        yield f"These runs cannot be compared: {safe(versus.refusal)}\n"
    if versus.comparison is None:
        return
    if versus.told:
        yield f"All attempts at once would be {versus.comparison.verdict}:\n"
    yield from _numbers(versus.comparison)
    yield from sides(subject, number, address)
    yield from _checks(versus.comparison)


def _which(subject: Subject, number: int, address: Address) -> Iterator[str]:
    """Label and commit of the candidate, and where the HTML report is, as far as they are known."""
    run = subject.runs[number].run
    named = ", ".join(filter(None, (run.label, str(run.checkout or ""))))
    told = [f"Candidate: {safe(named)}."] if named else []
    if address.url:
        told.append(f"[HTML report]({address.report})")
    if told:
        yield f"{' '.join(told)}\n"


def _numbers(comparison: Comparison) -> Iterator[str]:
    """What the gate judged and what a solved case took: levels, change, bounds."""
    yield from heading(("", "", "baseline", "candidate", "change", "bounds"), left=2)
    for check in comparison.checks:
        if check.name != "errors" or check.candidate:
            yield table_row(_check_cells(check))
    if comparison.length[0] == "output tokens" and comparison.length[1]:
        tokens = [*map(figures.amount, comparison.cost_of_pass)]
        yield _ratio_row("tokens per solved", tokens, comparison.cost_of_pass_ratio)
    told = {check.name for check in comparison.checks}
    if not math.isnan(comparison.dollars_ratio.estimate) and "cost per solved" not in told:
        dollars = [*map(figures.dollars, comparison.dollars)]
        yield _ratio_row("dollars per solved", dollars, comparison.dollars_ratio)
    yield ""


def _ratio_row(name: str, levels: list[str], ratio: Interval) -> str:
    change = figures.percent_of_ratio(ratio.estimate)
    return table_row(["", name, *levels, change, figures.interval(ratio, "ratio")])


def _check_cells(check: Check) -> list[str]:
    bounds = figures.NONE
    if check.unit != "count":
        bounds = figures.interval(check.change, check.unit).replace(" points to ", " to ")
    return [
        SIGNS[check.verdict],
        check.name,
        figures.metric(check.baseline, check),
        figures.metric(check.candidate, check),
        figures.change(check.change.estimate, check.unit),
        bounds,
    ]


def _checks(comparison: Comparison) -> Iterator[str]:
    """Why, folded away: what was allowed, what each check that did not hold lacks, what differs."""
    yield "<details><summary>Checks and notes</summary>\n"
    yield from heading(("check", "verdict", "allowed", "p"), left=2)
    for check in comparison.checks:
        verdict = f"{SIGNS[check.verdict]} {check.verdict}"
        allowed = figures.change(check.margin, check.unit)
        yield table_row([check.name, verdict, allowed, figures.probability(check.p)])
    yield ""
    for check in comparison.checks:
        if check.verdict != "held":
            yield f"- **{check.name}** {check.verdict}: {safe(check.reason)}{_needs(check)}"
    yield from (f"- Note: {safe(note)}" for note in comparison.notes)
    yield "\n</details>\n"


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
