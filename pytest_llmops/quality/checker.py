"""The process that formats, lints and type-checks: one for all batches, confined like the compiler.

A file that makes it hang or die is found by halving the batch; the others are checked without it.
"""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from pytest_llmops.quality.tools import tools_folder
from pytest_llmops.sandbox.binaries import find_node
from pytest_llmops.sandbox.cage import Isolation
from pytest_llmops.sandbox.companion import Companion, DiedError

HERE = Path(__file__).parent
PROGRAM = "checker.mjs"
PATIENCE = 30.0
"""Seconds for a batch; the first one reads the library types and the tree."""
PATIENCE_EACH = 0.5
"""Seconds more for each of its files."""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """One file to check, as if it stood in the tree."""

    path: str
    """Of the file in the tree whose place it takes."""
    text: str
    style: dict[str, Any]
    """biome's configuration."""
    at: str
    """Its path as `style` knows it, relative to where that lies."""
    only: str = ""
    """`lint` for a file whose layout nobody asks for."""


class Remark(msgspec.Struct, frozen=True):
    """A lint diagnostic."""

    rule: str
    """`lint/suspicious/noDoubleEquals`."""
    severity: str
    start: int
    """First byte that it is about."""
    end: int
    message: str = ""


class Fault(msgspec.Struct, frozen=True):
    """A syntax or type error."""

    code: int
    line: int
    """Counted from 0."""
    message: str


class Findings(msgspec.Struct, frozen=True):
    """What was found in one file."""

    formatted: str | None
    """As biome lays it out; None where it does not parse."""
    lint: tuple[Remark, ...]
    syntax: tuple[Fault, ...]
    types: tuple[Fault, ...]
    """None are looked for where there are syntax errors."""


class _Answer(msgspec.Struct, frozen=True):
    files: tuple[Findings, ...] = ()
    fault: str = ""


class Checker:
    """Checks files of one source tree; for one thread at a time.

    Raises:
        QualityError: The tools are not installed.
        SandboxError: Node is missing, or no sandbox can start; says why.
    """

    def __init__(self, root: Path, *, isolation: Isolation = "bwrap") -> None:
        tools, node = tools_folder(), find_node()
        self._root = root.resolve()
        program = (str(HERE / PROGRAM), str(tools))
        self._process = Companion(
            node,
            (self._root, HERE, tools),
            ("--max-old-space-size=2048", *program),
            patience=PATIENCE,
            name="llmops-checker",
        )
        if isolation == "bwrap":
            self._process.confine_or_refuse()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.close()

    def check(self, files: Sequence[Checked]) -> list[Findings | str]:
        """Check files; for one that cannot be checked, the reason in place of what was found.

        Raises:
            SandboxError: The process cannot be started.
        """
        if not files:
            return []
        request = {"root": str(self._root), "files": files}
        try:
            patience = PATIENCE + PATIENCE_EACH * len(files)
            asked = self._process.ask(msgspec.json.encode(request) + b"\n", patience=patience)
            line = asked.line()
            answer = msgspec.json.decode(line, type=_Answer)
        except DiedError as error:
            answer = _Answer(fault=str(error))
        if not answer.fault:
            return list(answer.files)
        self._process.end()
        if len(files) == 1:
            return [" ".join(answer.fault.split())[:200]]
        half = len(files) // 2
        return [*self.check(files[:half]), *self.check(files[half:])]
