"""What agents took, as a table of a Markdown report."""

from collections.abc import Iterator

from pytest_llmops.report.figures import NONE, amount, share
from pytest_llmops.report.loop_totals import Loops, total_loops
from pytest_llmops.report.markdown_tables import heading, safe, table_row
from pytest_llmops.report.subject import Subject

COLUMNS = (
    *("run", "agent", "turns per attempt", "priced tokens per attempt", "per solved"),
    *("sent again", "cached", "tokens to pass", "tool calls", "failed", "ended"),
)


def loops_table(subject: Subject) -> Iterator[str]:
    """One row a run; nothing where every answer was a direct one."""
    totals = [
        total_loops(run.records, sum(record.solved for record in run.records))
        for run in subject.runs
    ]
    if not any(totals):
        return
    yield "### Loops\n"
    yield from heading(COLUMNS, left=2)
    for name, run, loops in zip(subject.names, subject.runs, totals, strict=True):
        cells = _cells(loops) if loops else [NONE] * (len(COLUMNS) - 2)
        yield table_row([safe(name), safe(run.run.agent or "direct"), *cells])
    yield "\nPriced tokens: each kind of token by its price over that of output.\n"


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
