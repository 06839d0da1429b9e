"""What a person sees of a stage: one line when it is skipped or done, a bar while it works."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

LINES = 30.0
"""Seconds between two lines where no bar can move."""

Report = Callable[[str, int, int], None]
"""Told what is going on, how much of it is done, and of how much."""


class Display:
    """Writes to one console; on a terminal bars move, elsewhere a line comes now and then."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console()

    def say(self, stage: str, text: str) -> None:
        """One line about a stage."""
        self.console.print(f"{stage}: {text}", highlight=False, markup=False, soft_wrap=True)

    def head(self, text: str) -> None:
        """A line that sets parts of a long command apart."""
        self.console.rule(text, align="left")

    @contextmanager
    def bar(self, stage: str) -> Iterator[Report]:
        """Show a bar for as long as the block runs; gives what moves it."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        still = not self.console.is_terminal
        told = time.monotonic()
        with Progress(*columns, console=self.console, transient=True, disable=still) as progress:
            task = progress.add_task(stage, total=None)

            def report(text: str, done: int, total: int) -> None:
                nonlocal told
                if still and time.monotonic() - told > LINES:
                    told = time.monotonic()
                    self.say(stage, f"{text} {done}/{total}")
                progress.update(
                    task, description=f"{stage}: {text}", completed=done, total=total or None
                )

            yield report
