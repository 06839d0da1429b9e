"""What a report is about: recorded runs, the first of them the baseline of the others."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from pytest_llmops.compare.gate import compare_runs
from pytest_llmops.compare.margins import Margins
from pytest_llmops.compare.metrics import parse_metrics
from pytest_llmops.compare.values import Comparison
from pytest_llmops.errors import CompareError, RecordError
from pytest_llmops.quality.beside import quality_of
from pytest_llmops.quality.changes import noted
from pytest_llmops.quality.totals import Quality
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import Gated, Record, Verdict
from pytest_llmops.runs.run import short_names

LINKS = "links.json"
"""Beside the records of a run: links to its traces, `{"CASE@SAMPLE": {"langfuse": URL}}`."""

Links = Mapping[str, Mapping[str, str]]
Asked = Mapping[str, float | str]
"""Margins that the user set, by name."""


class Versus(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate against the baseline, or why there is no comparison."""

    comparison: Comparison | None
    refusal: str = ""
    gate: Gated | None = None
    """What the gate of the candidate's session said, where it asked the same question."""
    decided: str = ""
    """` after 40 of 72 attempts`, where that gate ended the session."""

    @property
    def verdict(self) -> Verdict | None:
        """That of the gate, which passed or failed the session; without one the comparison's."""
        if self.gate:
            return self.gate.verdict
        return self.comparison.verdict if self.comparison else None

    @property
    def told(self) -> str:
        """What the gate said, where the comparison does not say the same.

        It does not where a sequential gate judged: by stricter bounds, and maybe of fewer attempts.
        """
        gate, comparison = self.gate, self.comparison
        if gate is None or (comparison and comparison.verdict == gate.verdict):
            return ""
        kind = "sequential gate" if gate.sequential else "gate"
        said = gate.verdict or "no verdict"
        return f"The {kind} of the session said {said}{self.decided}: {gate.reason}"


def against(baseline: RecordedRun, candidate: RecordedRun, asked: Asked | None = None) -> Versus:
    """Compare as the gate of the candidate's session did, if it judged against this baseline.

    Args:
        baseline: The run to compare against.
        candidate: The run under test.
        asked: Margins by name that the user set; they come before those of that gate.
    """
    gate = candidate.end.gate if candidate.end else None
    if gate and gate.baseline != baseline.run.id:
        gate = None
    margins = msgspec.convert({**(gate.margins if gate else {}), **(asked or {})}, Margins)
    metrics = parse_metrics(",".join(gate.metrics)) if gate and gate.metrics else ()
    if gate and msgspec.convert(gate.margins, Margins) != margins:
        gate = None
    comparison, refusal = None, ""
    try:
        comparison = compare_runs(baseline, candidate, margins, metrics)
        comparison = noted(comparison, baseline, candidate)
    except CompareError as error:  # a report shows runs that have no verdict, and says why
        refusal = str(error)
    decided = _decided(candidate)
    return Versus(comparison=comparison, refusal=refusal, gate=gate, decided=decided)


def _decided(run: RecordedRun) -> str:
    if run.end is None or run.end.decided_after is None:
        return ""
    return f" after {run.end.decided_after:,} of {run.run.attempts:,} attempts"


class Subject(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Everything a report shows."""

    runs: tuple[RecordedRun, ...]
    versus: tuple[Versus, ...] = ()
    """One for each run but the first."""
    links: tuple[Links, ...] = ()
    """By run; empty where no sink left any."""
    quality: tuple[Quality | None, ...] = ()
    """By run; None where nobody has measured how well written its answers are."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """A short name for each run, unique: the model's, with the end of the id where needed."""
        return short_names([run.run for run in self.runs])

    @cached_property
    def attempts(self) -> tuple[dict[str, list[Record]], ...]:
        """The records of each run by case, by sample."""
        return tuple(_by_case(run.records) for run in self.runs)

    @cached_property
    def cases(self) -> tuple[str, ...]:
        """Ids of all cases of all runs, sorted."""
        return tuple(sorted({case for run in self.attempts for case in run}))

    @cached_property
    def changed(self) -> dict[str, tuple[bool, ...]]:
        """Cases of which some candidate changed sides: gained (True) or lost, solved by majority.

        The value says for each candidate that changed sides whether it gained.
        """
        found = {}
        for case in self.cases:
            sides = [majority(run.get(case, ())) for run in self.attempts]
            moves = [s for s in sides[1:] if None not in (s, sides[0]) and s != sides[0]]
            if moves:
                found[case] = tuple(bool(side) for side in moves)
        return found


def subject_of(runs: Sequence[RecordedRun], asked: Asked | None = None) -> Subject:
    """What there is to report of runs: each against the first, and the links beside them.

    Args:
        runs: At least one; the first is the baseline of the others.
        asked: Margins by name that the user set; see `against`.

    Raises:
        RecordError: Links or code quality beside a run are broken; names the file.
    """
    baseline, *candidates = runs
    kept = candidates[0].path.parent.parent if candidates else None
    return Subject(
        runs=tuple(runs),
        versus=tuple(against(baseline, candidate, asked) for candidate in candidates),
        links=tuple(read_links(run.path) for run in runs),
        quality=tuple(quality_of(run, kept) for run in runs),
    )


def _by_case(records: Sequence[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record.case, []).append(record)
    for attempts in found.values():
        attempts.sort(key=lambda record: record.sample)
    return found


def majority(attempts: Sequence[Record]) -> bool | None:
    """Whether more than half of the attempts are solved; None without attempts."""
    return sum(r.solved for r in attempts) * 2 > len(attempts) if attempts else None


def usual_outcome(attempts: Sequence[Record]) -> str:
    """The most frequent outcome, the first on a tie; "" without attempts."""
    counts = Counter(record.outcome for record in attempts)
    return max(counts, key=lambda name: counts[name]) if counts else ""


def usual_tokens(attempts: Sequence[Record]) -> float:
    """Geometric mean of output tokens over the attempts that have any; nan where none has."""
    logs = [math.log(r.usage.output) for r in attempts if r.usage and r.usage.output > 0]
    return math.exp(sum(logs) / len(logs)) if logs else math.nan


def read_links(records_file: Path) -> Links:
    """Read the links beside a records file; empty where there is no such file.

    The file says the id of each trace too, under `trace`; that is no link and is left out.

    Raises:
        RecordError: The file is broken, or a link is none that a browser may follow.
    """
    path = records_file.parent / LINKS
    try:
        found = msgspec.json.decode(path.read_bytes(), type=dict[str, dict[str, str]])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        raise RecordError(f"{path}: not a file of links: {error}; delete or mend it") from None
    for attempt, links in found.items():
        links.pop("trace", None)
        for sink, url in links.items():
            if not _is_web_address(url):
                raise RecordError(f"{path}: {attempt}: {sink}: {url!r} is no http(s) address")
    return found


def _is_web_address(url: str) -> bool:
    try:
        parts: Any = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
