"""What a person sees: the live line while a run goes on, and the tables at its end."""

import io
import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from rich.console import Console, Group, JustifyMethod, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from pytest_llmops.cases import DIFFICULTIES
from pytest_llmops.report.cutoff import sides
from pytest_llmops.report.figures import dollars, duration
from pytest_llmops.report.loop_totals import loops_line
from pytest_llmops.report.remarks import remarks
from pytest_llmops.report.summary import Summary, summarize
from pytest_llmops.runs.record import Record, Run

COLUMNS = (
    *("", "n", "solved", "rate", "95 %", "tokens", "p95", "per solved"),
    *("sec", "trunc", "err"),
)
"""Headings: `n` counts attempts, `tokens` is the median of output tokens per attempt, `per solved`
all output tokens by solved attempts, `sec` the median of seconds an answer took, `trunc` counts
answers that hit the token limit, `err` crashed attempts. With prices a column `cost` follows."""


class Live:
    """The progress line of a run: done, solved, tokens per second and time left.

    Drawn on a terminal only, and erased when the run ends; `advance` costs microseconds, the
    drawing happens in a thread four times a second.
    """

    def __init__(
        self,
        total: int,
        tokens_per_second: Callable[[], float],
        console: Console | None = None,
    ) -> None:
        """Begin to draw.

        Args:
            total: Attempts of the session.
            tokens_per_second: Asked at every drawing.
            console: Where to draw; None for standard output as it is now.
        """
        self._solved = 0
        self._errors = 0
        self._terminal = None if console else _standard_output()
        self._drawing = True
        self._progress = Progress(
            TextColumn("{task.completed}/{task.total}"),
            BarColumn(bar_width=None),
            TextColumn("[green]{task.fields[solved]} solved[/]"),
            TextColumn("{task.fields[errors]}"),
            _Speed(tokens_per_second),
            TimeRemainingColumn(compact=True),
            console=console or Console(file=self._terminal),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            refresh_per_second=4,
            expand=True,
        )
        self._task = self._progress.add_task("", total=total, solved=0, errors="")
        self._progress.start()

    def advance(self, record: Record) -> None:
        """Count one finished attempt."""
        self._solved += record.solved
        self._errors += bool(record.error)
        errors = f"[red]{self._errors} errors[/]" if self._errors else ""
        self._progress.update(self._task, advance=1, solved=self._solved, errors=errors)

    def stop(self) -> None:
        """Erase the line; safe to repeat."""
        if self._drawing:
            self._drawing = False
            self._progress.stop()
            if self._terminal:
                self._terminal.close()


def _standard_output() -> IO[str]:
    """A descriptor of its own: pytest turns the shared one away while a test runs."""
    return os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding=sys.stdout.encoding)


class _Speed(ProgressColumn):
    """Output tokens per second, of the whole session."""

    def __init__(self, tokens_per_second: Callable[[], float]) -> None:
        super().__init__()
        self._tokens_per_second = tokens_per_second

    def render(self, task: Task) -> Text:  # noqa: ARG002 the signature is rich's
        return Text(f"{self._tokens_per_second():.0f} tokens/s")


def render(parts: Sequence[RenderableType], *, width: int, color: bool) -> str:
    """Draw to a string, `width` columns wide."""
    buffer = io.StringIO()
    console = Console(file=buffer, width=width, force_terminal=color, no_color=not color)
    console.print(Group(*parts))
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines())


def summary_parts(
    run: Run,
    records: Sequence[Record],
    *,
    seconds: float | None,
    wanted: int | None = None,
    quality: Sequence[str] = (),
) -> list[RenderableType]:
    """The end of a run: the table by suite and difficulty (and cut-off), then what the run took.

    Args:
        run: Identity of the run.
        records: Its records, in any order.
        seconds: Wall time of the session; None where it did not end.
        wanted: Attempts that were to be made, where a gate was decided before all were.
        quality: What there is to say of the quality of the code; see `quality.totals`.
    """
    total = summarize(records)
    parts: list[RenderableType] = [_table(run, records, total)]
    if total.attempts < (wanted or run.attempts):
        parts.append(Text(f"incomplete: {total.attempts} of {run.attempts} attempts", "bold red"))
    elif wanted:
        parts.append(Text(f"decided after {wanted} of {run.attempts} attempts"))
    *numbers, which = _totals(run, total, seconds)
    parts += [Text(line) for line in (*numbers, *quality, which)]
    parts += [Text(f"note: {line}", "yellow") for line in remarks(run, records)]
    return parts


def _table(run: Run, records: Sequence[Record], total: Summary) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    priced = total.cost is not None
    for number, heading in enumerate((*COLUMNS, "cost") if priced else COLUMNS):
        first = number == 0  # where the width is short, names break and numbers stay whole
        justify: JustifyMethod = "left" if first else "right"
        table.add_column(heading, justify=justify, no_wrap=not first, overflow="fold")
    groups = {**_groups(records), **sides(run, records)}
    for name, group in groups.items():
        table.add_row(*_row(name, summarize(group), priced=priced))
    if len(groups) > 1:
        table.add_row(*_row("all", total, priced=priced), style="bold")
    return table


def _groups(records: Sequence[Record]) -> Mapping[str, Sequence[Record]]:
    """Attempts by suite and difficulty, from easy to hard, empty groups left out."""
    groups = {
        f"{suite} {level}": [r for r in records if (r.suite, r.difficulty) == (suite, level)]
        for suite in sorted({record.suite for record in records})
        for level in DIFFICULTIES
    }
    return {name: group for name, group in groups.items() if group}


def _row(name: str, group: Summary, *, priced: bool) -> tuple[str, ...]:
    rate = group.rate
    interval = f"{rate.low * 100:.0f}-{rate.high * 100:.0f}"
    solved = [str(group.solved), f"{rate.estimate:.1%}", interval]
    if not group.graded:
        solved = ["-", "-", "-"]
    return (
        name,
        str(group.attempts),
        *solved,
        _number(group.tokens_median),
        _number(group.tokens_p95),
        _number(group.tokens_per_solved),
        "-" if math.isnan(group.seconds_median) else f"{group.seconds_median:.1f}",
        str(group.truncated) if group.ends_told else "-",
        str(group.errors),
        *([dollars(group.cost or 0.0)] if priced else []),
    )


def _totals(run: Run, total: Summary, seconds: float | None) -> list[str]:
    counts = [f"{count} {name.replace('_', ' ')}" for name, count in total.outcomes.items()]
    tokens = f"tokens: {total.input_tokens:,} in ({total.cached_tokens:,} cached), "
    tokens += f"{total.output_tokens:,} out"
    if not total.counted:
        tokens = f"tokens: not told by {run.harness or 'the endpoint'}"
    if total.from_cache:
        tokens += f"; {total.from_cache} of {total.attempts} answers from the completion cache"
    took = "took: " + ("?" if seconds is None else duration(seconds))
    took += f"; grading {duration(total.grade_seconds)}"
    outcomes = f"outcomes: {', '.join(counts)}"
    spent = [tokens, *([loops_line(run, total.loops)] if total.loops else []), *_cost(total)]
    parts = [*_passes(total), *spent, took, *_memory(total)]
    return [outcomes, *parts, _which(run)]


def _cost(total: Summary) -> list[str]:
    if total.cost is None:
        return []
    told = f"cost: {dollars(total.cost)}"
    if total.solved:
        told += f", {dollars(total.cost_per_solved)} per solved"
    if total.cost_cached:
        told += f"; {dollars(total.cost_cached)} of it paid before (cached answers)"
    return [told]


def _which(run: Run) -> str:
    parts = [run.label, run.identity.model, str(run.checkout or "")]
    return f"run: {run.id} ({', '.join(filter(None, parts))})"


def _memory(total: Summary) -> list[str]:
    program = total.loops.memory if total.loops else None
    held = {"engine": total.engine_memory, "program of an attempt": program}
    held["tests of an answer"] = total.grade_memory
    shown = [f"{name} {n / 2**20:,.0f} MiB" for name, n in held.items() if n]
    return [f"memory at most: {', '.join(shown)}"] if shown else []


def _passes(total: Summary) -> list[str]:
    k = total.tries
    found = total.passes(k)
    if found is None:
        return []
    one, every = found
    return [
        f"of {k} attempts at a case: one solved {one:.1%} (pass@{k}), all {every:.1%} (pass^{k})"
    ]


def _number(value: float) -> str:
    return f"{value:,.0f}" if math.isfinite(value) else "-"
