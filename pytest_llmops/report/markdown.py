"""The report for a place that shows Markdown: GitHub's step summary, a pull-request comment.

GitHub cuts a comment at 65,536 characters, so the list of cases ends early with a notice rather
than the report in the middle of a table. Ids and reasons are untrusted: nothing in them becomes
markup, a mention of a person or a link to an issue.
"""

from collections.abc import Iterator

from pytest_llmops.compare.values import Check, Comparison
from pytest_llmops.report import figures
from pytest_llmops.report.markdown_loops import loops_table
from pytest_llmops.report.markdown_tables import heading, safe, summary_table, table_row
from pytest_llmops.report.subject import Subject, Versus, usual_outcome, usual_tokens
from pytest_llmops.report.summary import summarize
from pytest_llmops.runs.record import Verdict

TO_DO: dict[Verdict | None, str] = {
    "held": "No metric is worse than its margin allows: nothing to do.",
    "regressed": "At least one metric is worse than its margin allows: take the change back, or, "
    "if it is what you want, make the new run the baseline (`llmops bless`).",
    "undecided": "The runs are too small to tell: run again with more `--samples`, or accept that "
    "(`--gate-undecided=pass`).",
    None: "There is no verdict: mend what is said below, and run again.",
}
"""What a reader of the first line is to do."""

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


def report_markdown(subject: Subject) -> str:
    """Draw the report; never longer than `LIMIT`."""
    head = [
        MARKER,
        *(line for number in range(1, len(subject.runs)) for line in _verdict(subject, number)),
        *summary_table(subject),
        *loops_table(subject),
    ]
    text = "\n".join(head) + "\n"
    if len(text) > LIMIT // 2:
        text = text[: LIMIT // 2].rpartition("\n")[0] + "\n\nThe rest is in the HTML report.\n"
        text += "</details>\n" * (text.count("<details>") - text.count("</details>"))
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


def _verdict(subject: Subject, number: int) -> Iterator[str]:
    versus = subject.versus[number - 1]
    names = f"**{safe(subject.names[number])}** against **{safe(subject.names[0])}**"
    yield f"## {SIGNS[versus.verdict]} {versus.verdict or 'no verdict'}: {names}\n"
    yield f"{TO_DO[versus.verdict]}\n"
    yield from _which(subject, number)
    if versus.told:
        yield f"{safe(versus.told)}\n"
    elif versus.comparison is None:
        yield f"These runs cannot be compared: {safe(versus.refusal)}\n"
    if versus.comparison is None:
        return
    if versus.told:
        yield f"All attempts at once would be {versus.comparison.verdict}:\n"
    yield _key_figures(versus.comparison, _costs(subject, number))
    yield from _checks(versus)


def _which(subject: Subject, number: int) -> Iterator[str]:
    """Label and commit of the candidate, where it has any."""
    run = subject.runs[number].run
    if told := ", ".join(filter(None, (run.label, str(run.checkout or "")))):
        yield f"Candidate: {safe(told)}.\n"


def _costs(subject: Subject, number: int) -> str:
    """Dollars per solved attempt of baseline and candidate; "" where one of them has no prices."""
    totals = [summarize(subject.runs[index].records) for index in (0, number)]
    if any(total.cost is None for total in totals):
        return ""
    one, other = (figures.dollars(total.cost_per_solved) for total in totals)
    return f"cost per solved {one} → {other}"


def _key_figures(comparison: Comparison, costs: str) -> str:
    cost = comparison.cost_of_pass
    name, effect = comparison.length
    told = []
    if effect:
        found = comparison.told(effect)
        change = figures.percent_of_ratio(found.estimate)
        told.append(f"{name.capitalize()} **{change}** ({figures.interval(found, 'ratio')})")
    if name == "output tokens" and effect:
        told.append(f"tokens per solved {figures.amount(cost[0])} → {figures.amount(cost[1])}")
    if costs:
        told.append(costs)
    told.append(f"{comparison.gained} cases gained, {comparison.lost} lost.\n")
    return ", ".join(told)


def _checks(versus: Versus) -> Iterator[str]:
    assert versus.comparison
    columns = ("check", "", "baseline", "candidate", "change", "bounds", "allowed", "p")
    yield from heading(columns, left=2)
    for check in versus.comparison.checks:
        yield table_row(_check_cells(check))
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


def _changed(subject: Subject, room: int) -> str:
    """The cases that changed sides, collapsed, as many as fit into `room` characters."""
    if len(subject.runs) == 1:
        return ""
    count = len(subject.changed)
    lines = [f"<details><summary>Cases that changed sides: {count}</summary>\n"]
    lines += heading(("case", *map(safe, subject.names)), left=1 + len(subject.names))
    end = "\n</details>\n"
    left = room - sum(len(line) + 1 for line in lines) - len(end) - 100
    for number, case in enumerate(subject.changed):
        row = table_row([safe(case), *(_attempts(subject, case))])
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
