"""Work done side by side in threads, with a bar on a terminal and a line now and then elsewhere.

The threads only wait: what is computed is computed in the sandboxed processes they started.
"""

import random
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from types import TracebackType
from typing import Self, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Item = TypeVar("Item")
Result = TypeVar("Result")

QUIET = 30.0
"""Seconds between two lines of progress where there is no terminal."""


class Crew:
    """A number of threads and what shows the progress of what they do, as a context manager.

    It goes to standard error: bars on a terminal, else a line every `QUIET` seconds.
    """

    def __init__(self, size: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._threads = ThreadPoolExecutor(size)
        self._clock = clock
        self._is_terminal = sys.stderr.isatty()
        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description:<12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._is_terminal,
        )

    def map(
        self,
        label: str,
        work: Callable[[Item], Result],
        items: Iterable[Item],
        *,
        shuffled: bool = False,
    ) -> list[Result]:
        """Do `work` on every item; results in the order of the items.

        Args:
            label: What the items are, for people.
            work: Done in the threads.
            items: What it is done on.
            shuffled: Begin them in an order that is drawn anew each time, so that nothing can come
                to depend on it.

        Raises:
            Exception: What `work` raised first; items not yet begun are dropped.
        """
        given = list(items)
        order = list(range(len(given)))
        if shuffled:
            random.shuffle(order)
        futures = {place: self._threads.submit(work, given[place]) for place in order}
        advance = self._shown(label, len(given))
        for future in futures.values():
            future.add_done_callback(lambda _: advance())
        try:
            done = {place: futures[place].result() for place in order}
            return [done[place] for place in range(len(given))]
        finally:
            for future in futures.values():
                future.cancel()

    def _shown(self, label: str, total: int) -> Callable[[], None]:
        """What to call after each item."""
        if self._is_terminal:
            task = self._progress.add_task(label, total=total)
            return lambda: self._progress.advance(task)
        lock = Lock()
        begin = last = self._clock()
        done = 0

        def advance() -> None:
            nonlocal done, last
            with lock:
                done += 1
                now = self._clock()
                if now - last >= QUIET and done < total:
                    last = now
                    left = (now - begin) / done * (total - done)
                    text = f"{label}: {done} of {total}, about {left / 60:.0f} min left"
                    self._console.print(text, highlight=False, markup=False, soft_wrap=True)

        return advance

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()
        self._threads.shutdown(cancel_futures=True)
