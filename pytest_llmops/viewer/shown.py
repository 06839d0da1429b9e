"""A run that a viewer shows: counted, with the place of every attempt in its file.

Texts stay on disk; an attempt is a few numbers here, so that 100,000 of them fit a small process.
A file that grew is read on from where it ended, which is how a session is followed while it goes
on. What cannot be read is shown with the reason, beside what was read of it before.
"""

import math
import statistics
import sys
import time
from functools import cached_property
from pathlib import Path

import msgspec

from pytest_llmops.errors import RecordError
from pytest_llmops.report.summary import Rate, wilson
from pytest_llmops.runs.lines import Place, placed_lines, the_run
from pytest_llmops.runs.record import End, Run
from pytest_llmops.runs.tally import Brief, Tally, count

LIVE = 300.0
"""Seconds without a new line after which a run without an end counts as interrupted."""


class Line(Brief, tag="record", gc=False, kw_only=True):
    """The part of a record that the viewer keeps."""

    case: str
    sample: int
    suite: str
    difficulty: str = msgspec.field(name="tier")


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One attempt."""

    case: str
    sample: int
    suite: str
    difficulty: str
    outcome: str
    solved: bool
    tokens: int | None
    """Of output; None where none were told."""
    place: Place


class Shown(msgspec.Struct, kw_only=True, dict=True):
    """A records file, as far as it is there by now."""

    path: Path
    name: str = ""
    """What addresses call it: the id of the run, or its folder where that cannot be read."""
    tally: Tally | None = None
    """None: not even the first line could be read."""
    entries: dict[tuple[str, int], Entry] = msgspec.field(default_factory=dict)
    """By case and sample, in the order of the file."""
    broken: str = ""
    """Why the file, or the rest of it, cannot be read."""
    place: Place = Place()
    stamp: tuple[int, int] = (0, 0)
    """Size and time of the file when it was last looked at."""
    written: float = 0.0
    """When it was last written to; Unix time, seconds."""

    @property
    def run(self) -> Run:
        """The first line of the file; only where it could be read."""
        assert self.tally
        return self.tally.run

    @property
    def state(self) -> str:
        """As a tally tells it, and `running` or `broken`."""
        if self.broken or not self.tally:
            return "broken"
        live = self.tally.end is None and time.time() - self.written < LIVE
        return "running" if live else self.tally.state

    @property
    def verdict(self) -> str:
        """Of the gate of its session; `none` where it came to none, "" where there was no gate."""
        gate = self.tally.end.gate if self.tally and self.tally.end else None
        return (gate.verdict or "none") if gate else ""

    @cached_property
    def by_case(self) -> dict[str, list[Entry]]:
        """The attempts at each case, by sample."""
        found: dict[str, list[Entry]] = {}
        for entry in self.entries.values():
            found.setdefault(entry.case, []).append(entry)
        for attempts in found.values():
            attempts.sort(key=lambda one: one.sample)
        return found

    @property
    def cases(self) -> int:
        """How many cases have an attempt."""
        return len(self.by_case)

    @property
    def rate(self) -> Rate:
        """Solve rate with its interval, cases as the evidence; nan where nothing was graded."""
        rate = self.tally.rate if self.tally else None
        return wilson(math.nan if rate is None else rate, self.cases if rate is not None else 0)

    @cached_property
    def tokens_median(self) -> float:
        """Output tokens per attempt that has an answer; nan where none has."""
        tokens = [one.tokens for one in self.entries.values() if one.tokens is not None]
        return statistics.median(tokens) if tokens else math.nan

    @property
    def tokens_per_solved(self) -> float:
        """All output tokens by solved attempts; inf where none is solved, nan without tokens."""
        assert self.tally
        if not self.tally.output_tokens:
            return math.nan
        return self.tally.output_tokens / self.tally.solved if self.tally.solved else math.inf

    @property
    def dollars_per_solved(self) -> float:
        """Dollars of all attempts by solved one; inf where none is solved, nan without prices."""
        assert self.tally
        if self.tally.cost is None:
            return math.nan
        return self.tally.cost / self.tally.solved if self.tally.solved else math.inf


def looked_at(path: Path, known: Shown | None) -> Shown:
    """A file as it is now; read on, or anew where it is another or shorter than it was."""
    shown = known or Shown(path=path)
    try:
        status = path.stat()
    except OSError as error:
        return Shown(path=path, broken=f"{path}: cannot be read: {error.strerror}")
    stamp = (status.st_size, status.st_mtime_ns)
    if stamp == shown.stamp:
        return shown
    if shown.broken or status.st_size < shown.place.end:
        shown = Shown(path=path)
    shown = _copied(shown)
    shown.stamp, shown.written = stamp, status.st_mtime
    try:
        _read_on(shown)
    except RecordError as error:
        shown.broken = str(error)
    return shown


def _copied(shown: Shown) -> Shown:
    """What grows, copied: a page that is being made goes on with what it saw."""
    tally = msgspec.structs.replace(shown.tally) if shown.tally else None
    return msgspec.structs.replace(shown, tally=tally, entries=dict(shown.entries))


def _read_on(shown: Shown) -> None:
    lines = placed_lines(shown.path, Run | Line | End, shown.place)
    if shown.tally is None:
        first = next(lines, None)
        place, line = first or (Place(1), None)
        run = the_run(shown.path, iter([(place.number, line)]))
        shown.tally, shown.place = Tally(run=run), place
    tally = shown.tally
    for place, line in lines:
        if tally.end or isinstance(line, Run) or _is_known(shown, line):
            raise RecordError(f"{shown.path}:{place.number}: a second attempt, or after the end")
        if isinstance(line, End):
            tally.end = line
        else:
            count(tally, line)
            shown.entries[line.case, line.sample] = _entry(line, place)
        shown.place = place


def _is_known(shown: Shown, line: Line | End) -> bool:
    return isinstance(line, Line) and (line.case, line.sample) in shown.entries


def _entry(line: Line, place: Place) -> Entry:
    graded = line.grade.outcome if line.grade else "ungraded"
    outcome = "error" if line.error else graded
    return Entry(
        case=sys.intern(line.case),
        sample=line.sample,
        suite=sys.intern(line.suite),
        difficulty=sys.intern(line.difficulty),
        outcome=sys.intern(outcome),
        solved=graded == "solved",
        tokens=line.usage.output if line.usage else None,
        place=place,
    )
