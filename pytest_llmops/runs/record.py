"""What is kept: one JSON-lines file a run, from which everything else is derived.

The first line is the `Run`, then one `Record` per attempt as it ends, and an `End` when the session
ended by itself; a file without one was interrupted. Each line is flushed when written, so a killed
session loses at most the attempts in flight. Only the controller of a session writes.
"""

from functools import lru_cache
from pathlib import Path
from typing import IO

import msgspec

from pytest_llmops.cases import Difficulty, Split
from pytest_llmops.completions import (
    TRUNCATED,
    Completion,
    CountedBy,
    FinishReason,
    Loop,
    Message,
    Timing,
    Usage,
)
from pytest_llmops.errors import RecordError
from pytest_llmops.grading.graded import Grade
from pytest_llmops.runs.identity import Identity
from pytest_llmops.runs.loop_figures import loop_figures
from pytest_llmops.runs.machine import Machine
from pytest_llmops.runs.run import FORMAT, End, Gated, Run, Verdict

__all__ = [
    "FORMAT",
    "RECORDS",
    "End",
    "Gated",
    "Identity",
    "Line",
    "Machine",
    "Record",
    "RecordFile",
    "Run",
    "Verdict",
]

RECORDS = "records.jsonl"


_TOKENS = {kind: f"{kind}_tokens" for kind in Usage.__struct_fields__}


class Record(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, tag="record"):
    """One attempt: sample `sample` of case `case`."""

    case: str
    suite: str
    split: Split
    difficulty: Difficulty = msgspec.field(name="tier")
    cluster: str
    sample: int
    prompt_sha256: str = ""
    prompt: tuple[Message, ...] = ()
    text_sha256: str = ""
    text: str = ""
    refusal: str = ""
    """The refusal a server put in place of content."""
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    counted_by: CountedBy = "server"
    """Who counted `usage`."""
    timing: Timing | None = None
    served_model: str = ""
    """The model name in the server's answer."""
    retries: int = 0
    from_cache: bool = False
    loop: Loop | None = None
    """How an agent came to its answer; None for one direct answer. `usage` is that of all turns.

    Of an attempt that failed, what was done by then: `usage` is None, for it is no measure of what
    an attempt takes; `spent` counts its turns."""
    priced: float | None = None
    """Priced tokens of a loop (`Prices.priced`); None for one direct answer."""
    date: str = ""
    """Of the case, as 2025-08-22; "" where it has none, and in older runs."""
    grade: Grade | None = None
    """None where nothing was graded or the harness failed."""
    cost: float | None = None
    """US dollars; None where no prices are known."""
    engine_memory: int | None = None
    """Peak resident memory of the engine so far, bytes; None for other endpoints."""
    error: str = ""
    """Why the harness could not complete this attempt; says nothing about the model."""

    @property
    def spent(self) -> Usage | None:
        """Tokens that the attempt took, also where it failed; None where the model said nothing."""
        return self.usage or (self.loop.usage if self.loop else None)

    @property
    def solved(self) -> bool:
        """Whether exactly the expected tests were reported as passed."""
        return self.grade is not None and self.grade.outcome == "solved"

    @property
    def truncated(self) -> bool:
        """Whether a limit of tokens ended the answer, the one asked for or the server's own."""
        return self.finish_reason in TRUNCATED

    @property
    def outcome(self) -> str:
        """The grade's outcome; `error` or `ungraded` where there is none."""
        if self.error:
            return "error"
        return self.grade.outcome if self.grade else "ungraded"

    def properties(self) -> list[tuple[str, object]]:
        """The numbers of the attempt for a JUnit file."""
        found: dict[str, object] = {"outcome": self.outcome}
        if self.usage:
            counts = msgspec.structs.asdict(self.usage)
            found |= {_TOKENS[kind]: count for kind, count in counts.items()}
        if self.timing:
            found["generate_seconds"] = round(self.timing.total, 3)
        if self.loop:
            found |= loop_figures(self.loop, self.priced)
        if self.grade:
            found["tests"] = f"{self.grade.tests_passed}/{self.grade.tests_expected}"
            found["grade_seconds"] = round(self.grade.seconds, 3)
            if self.grade.memory is not None:
                found["grade_memory"] = self.grade.memory
        return [_property(name, value) for name, value in found.items()]

    def completion(self) -> Completion | None:
        """The recorded answer, for replay; None where there is none or its text was not kept."""
        if not (self.usage and self.timing and self.finish_reason and self.prompt):
            return None
        return Completion(
            text=self.text,
            finish_reason=self.finish_reason,
            usage=self.usage,
            counted_by=self.counted_by,
            timing=self.timing,
            served_model=self.served_model,
            refusal=self.refusal,
            retries=self.retries,
            from_cache=self.from_cache,
            loop=self.loop,
        )


@lru_cache(4096, typed=True)
def _property(name: str, value: object) -> tuple[str, object]:
    """A property; pytest keeps those of each attempt, and many have the same."""
    return f"llmops.{name}", value


Line = Run | Record | End


class RecordFile:
    """The records file of a run in progress."""

    def __init__(self, folder: Path, run: Run) -> None:
        """Create the folder of the run and write its first line.

        Raises:
            RecordError: The folder or the file cannot be written.
        """
        self.path = folder / run.id / RECORDS
        self.run = run
        self.broken = False
        """A write has failed, so the last line may be torn; no further one is tried."""
        self._encoder = msgspec.json.Encoder()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=False)
            self._file: IO[bytes] = self.path.open("xb", buffering=0)
        except OSError as error:
            raise RecordError(f"{self.path}: cannot be created: {error.strerror}") from None
        self.write(run)

    def write(self, line: Line) -> None:
        """Append one line.

        Raises:
            RecordError: The disk is full or the file cannot be written.
        """
        data = self._encoder.encode(line) + b"\n"
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            self.broken = True
            raise RecordError(f"{self.path}: cannot be written: {error.strerror}") from None

    def close(self) -> None:
        """Close the file; lines written so far are already with the operating system."""
        self._file.close()
