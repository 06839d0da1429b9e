"""How well written the answers are, as a table of a Markdown report."""

from collections.abc import Iterator

from pytest_llmops.quality.totals import FIGURES, titled
from pytest_llmops.report.figures import NONE, amount
from pytest_llmops.report.markdown_tables import heading, safe, table_row
from pytest_llmops.report.subject import Subject

MEANING = (
    "Means over the answers, no part of a verdict. 1 is best of consistency and best practices, "
    "0 of the others."
)


def quality_table(subject: Subject) -> Iterator[str]:
    """One column a run, folded below a verdict; nothing where no run was measured."""
    if not any(subject.quality):
        return
    many = len(subject.runs) > 1
    yield "<details><summary>Code quality</summary>\n" if many else "### Code quality\n"
    yield from heading(("", *map(safe, subject.names)), left=1)
    shown = {name for one in subject.quality if one for name in one.shown}
    for name in FIGURES:
        if name not in shown:
            continue
        means = [one.figures[name].value if one else None for one in subject.quality]
        yield table_row([titled(name), *(NONE if x is None else amount(x, 3) for x in means)])
    counts = [(one.measured, one.broken, one.wrong) if one else None for one in subject.quality]
    for place, row in enumerate(("answers", "do not parse", "have type errors")):
        yield table_row([row, *(amount(one[place]) if one else NONE for one in counts)])
    yield f"\n{MEANING}\n"
    if many:
        yield "</details>\n"
