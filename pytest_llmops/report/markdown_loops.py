"""What agents took, as a table of a Markdown report: a line a number, so that it is narrow."""

from collections.abc import Iterator

from pytest_llmops.report.figures import NONE, amount, share
from pytest_llmops.report.loop_totals import Loops, total_loops
from pytest_llmops.report.markdown_tables import heading, safe, table_row
from pytest_llmops.report.subject import Subject

ROWS = (
    *("turns per attempt", "priced tokens per attempt", "priced tokens per solved"),
    *("sent again", "cached", "tokens to pass", "tool calls", "failed calls", "ended"),
)


def loops_table(subject: Subject) -> Iterator[str]:
    """One column a run, folded below a verdict; nothing where every answer was a direct one."""
    totals = [
        total_loops(run.records, sum(record.solved for record in run.records))
        for run in subject.runs
    ]
    if not any(totals):
        return
    many = len(subject.runs) > 1
    yield "<details><summary>Loops</summary>\n" if many else "### Loops\n"
    yield from heading(("", *map(safe, subject.names)), left=1)
    yield table_row(["agent", *(safe(run.run.agent or "direct") for run in subject.runs)])
    columns = [_cells(loops) if loops else [NONE] * len(ROWS) for loops in totals]
    for row, *cells in zip(ROWS, *columns, strict=True):
        yield table_row([row, *cells])
    yield "\nPriced tokens: each kind of token by its price over that of output.\n"
    if many:
        yield "</details>\n"


def _cells(loops: Loops) -> list[str]:
    return [
        amount(loops.turns / loops.attempts, 1),
        amount(loops.per_attempt),
        amount(loops.priced_per_solved),
        share(loops.resent),
        share(loops.cached),
        amount(loops.to_pass),
        safe(loops.named_tools) or NONE,
        amount(loops.failed_calls),
        loops.named_endings,
    ]
