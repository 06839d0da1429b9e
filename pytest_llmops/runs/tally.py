"""Runs in a few numbers each, counted while their lines pass: no record is kept in memory."""

from pathlib import Path
from typing import Literal

import msgspec

from pytest_llmops.runs.lines import decoded_lines, the_run
from pytest_llmops.runs.record import End, Run
from pytest_llmops.tasks.shards import mean_seconds

INTERRUPTED = 2
"""Exit status of a session that Ctrl-C ended, as pytest has it."""
State = Literal["complete", "incomplete", "failed", "interrupted"]
"""`incomplete`: it ended by itself, with fewer attempts than were selected or than its sequential
gate needed; `failed`: with an exit status that no verdict of a gate explains; `interrupted`: it was
killed or ended by Ctrl-C, or still goes on."""


class Tally(msgspec.Struct, kw_only=True):
    """A run in numbers."""

    run: Run
    end: End | None = None
    attempts: int = 0
    """On record."""
    solved: int = 0
    graded: int = 0
    errors: int = 0
    input_tokens: int | None = None
    """Of all attempts; None where none tells them, as in the logs of some harnesses."""
    output_tokens: int | None = None
    cost: float | None = None
    """US dollars of all attempts; None where none has a price."""

    @property
    def rate(self) -> float | None:
        """Solved of all attempts, 0..1; None where nothing was graded."""
        return self.solved / self.attempts if self.graded else None

    @property
    def cost_per_solved(self) -> float | None:
        """US dollars of all attempts by solved one; None without prices or where none is solved."""
        return self.cost / self.solved if self.cost is not None and self.solved else None

    @property
    def state(self) -> State:
        """How the session ended."""
        if self.end is None:
            return "interrupted"
        if self.attempts < (self.end.decided_after or self.run.attempts):
            return "interrupted" if self.end.exit_status == INTERRUPTED else "incomplete"
        judged = self.end.gate is not None and self.end.gate.verdict is not None
        return "failed" if self.end.exit_status and not judged else "complete"


class _Usage(msgspec.Struct):
    input: int
    output: int


class _Grade(msgspec.Struct):
    outcome: str


class Brief(msgspec.Struct, tag="record", gc=False, kw_only=True):
    """The part of a record that is counted; the rest is passed over undecoded."""

    usage: _Usage | None = None
    grade: _Grade | None = None
    cost: float | None = None
    error: str = ""


def tally(path: Path) -> Tally:
    """Count a records file in one pass.

    Raises:
        RecordError: See `lines.decoded_lines`; or it is no records file.
    """
    lines = decoded_lines(path, Run | Brief | End)
    found = Tally(run=the_run(path, lines))
    for _, line in lines:
        if isinstance(line, End):
            found.end = line
        else:
            count(found, line)
    return found


def count(found: Tally, line: Brief) -> None:
    """Add an attempt to a run in numbers."""
    found.attempts += 1
    found.errors += bool(line.error)
    found.graded += line.grade is not None
    found.solved += line.grade is not None and line.grade.outcome == "solved"
    if line.usage:
        found.input_tokens = (found.input_tokens or 0) + line.usage.input
        found.output_tokens = (found.output_tokens or 0) + line.usage.output
    if line.cost is not None:
        found.cost = (found.cost or 0.0) + line.cost


class _Seconds(msgspec.Struct):
    total: float = 0.0
    seconds: float = 0.0


class _Taken(msgspec.Struct, tag="record", gc=False):
    """The part of a record that tells how long an attempt took."""

    case: str
    timing: _Seconds | None = None
    grade: _Seconds | None = None


def case_seconds(path: Path) -> dict[str, float]:
    """What an attempt at each case took, answer and grading, in seconds; the mean of its attempts.

    Raises:
        RecordError: See `lines.decoded_lines`; or it is no records file.
    """
    lines = decoded_lines(path, Run | _Taken | End)
    the_run(path, lines)
    none = _Seconds()
    return mean_seconds(
        (line.case, (line.timing or none).total + (line.grade or none).seconds)
        for _, line in lines
        if isinstance(line, _Taken)
    )
