"""Work done side by side in threads, with a bar on a terminal.

The threads only wait: what is computed is computed in the sandboxed processes they started.
"""

import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Item = TypeVar("Item")
Result = TypeVar("Result")


class Crew:
    """A number of threads and the progress bars of what they do, as a context manager.

    The bars go to standard error and are drawn on a terminal only.
    """

    def __init__(self, size: int) -> None:
        self._threads = ThreadPoolExecutor(size)
        self._progress = Progress(
            TextColumn("{task.description:<12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
        )

    def map(
        self, label: str, work: Callable[[Item], Result], items: Iterable[Item]
    ) -> list[Result]:
        """Do `work` on every item; results in the order of the items.

        Raises:
            Exception: What `work` raised first; items not yet begun are dropped.
        """
        futures = [self._threads.submit(work, item) for item in items]
        task = self._progress.add_task(label, total=len(futures))
        for future in futures:
            future.add_done_callback(lambda _: self._progress.advance(task))
        try:
            return [future.result() for future in futures]
        finally:
            for future in futures:
                future.cancel()

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
