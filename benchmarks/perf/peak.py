"""The most memory that the processes which this one started have held, while it waits for them."""

import threading
from pathlib import Path
from types import TracebackType

PAUSE = 0.05


class Peak:
    """Looks at this process' children; a context manager."""

    def __init__(self, command: str) -> None:
        """Prepare.

        Args:
            command: What is in the command line of those that count.
        """
        self.mebibytes = 0.0
        self._command = command.encode()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(PAUSE):
            for listed in Path("/proc/self/task").glob("*/children"):
                for child in listed.read_text().split():
                    self._look(Path("/proc") / child)

    def _look(self, process: Path) -> None:
        try:
            if self._command in (process / "cmdline").read_bytes():
                lines = (process / "status").read_text().splitlines()
                (held,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
                self.mebibytes = max(self.mebibytes, int(held) / 1024)
        except (OSError, ValueError):  # it has ended meanwhile
            return
