"""What every log becomes: a run, its records, and what a reader of them should know."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from pytest_llmops.completions import FinishReason, Sampling, Usage
from pytest_llmops.errors import RecordError
from pytest_llmops.grading.graded import Grade, Quality
from pytest_llmops.runs.identity import Identity
from pytest_llmops.runs.machine import Machine
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import End, Record, Run

NO_LIMIT = 1_000_000_000
"""Cap of output tokens of a log that names none."""

ELSEWHERE = Machine(system="unknown", processor="unknown", cores=0, memory=0)
"""Logs do not tell the machine."""


NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")
"""What the folder of a run is not named with."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the user wants of a log, where it leaves a choice."""

    scorer: str = ""
    """The score, reward or metric that judges."""
    cluster_by: str = ""
    """The key of the samples' metadata whose value makes cases alike."""
    model: str = ""
    """The model, of a log of several."""
    scores: Path | None = None
    """The report of who judged, where the log does not tell."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt of a log."""

    case: str
    """Unique in its suite."""
    content_sha256: str
    """Of what is asked and how it is judged, as far as the log tells: another is another case."""
    cluster: str = ""
    """Cases that are alike; "" for a cluster of its own."""
    sample: int
    solved: bool | None
    """None where the harness did not judge."""
    detail: str = ""
    usage: Usage | None = None
    finish_reason: FinishReason | None = None
    cost: float | None = None
    prompt_sha256: str = ""
    text: str = ""
    served_model: str = ""
    retries: int = 0
    from_cache: bool = False
    error: str = ""


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """One log, read."""

    path: Path
    harness: str
    """With its version."""
    key: str
    """Of the log, unique."""
    suite: str
    model: str
    """As it was asked for."""
    where: str = ""
    """Address of the endpoint, where the log names one."""
    agent: str = ""
    grader: str
    sampling: Sampling = Sampling(max_tokens=NO_LIMIT)
    expected: int
    """Attempts that were to be made."""
    started: float
    finished: float
    versions: Mapping[str, str] = {}
    attempts: tuple[Attempt, ...]
    notes: tuple[str, ...] = ()
    """What the format hides, for a person."""


def run_of(log: Log) -> RecordedRun:
    """The run that a log tells of."""
    cases = {attempt.case: attempt.content_sha256 for attempt in log.attempts}
    run = Run(
        id=f"{log.harness.split()[0]}-{NOT_IN_A_NAME.sub('-', log.key)}",
        started=log.started,
        identity=Identity(
            model=log.model,
            served=f"{log.model} at {log.where}" if log.where else log.model,
            prompt_version="",
            context_tokens=0,
            sampling=log.sampling,
        ),
        suites=(log.suite,),
        split="eval",
        samples=max((attempt.sample for attempt in log.attempts), default=0) + 1,
        suite_hash=digest(*(part for pair in sorted(cases.items()) for part in pair))[:16],
        cases=len(cases),
        attempts=log.expected,
        sandbox="off",
        content=False,
        versions=dict(log.versions),
        machine=ELSEWHERE,
        grader=log.grader,
        harness=log.harness,
        agent=log.agent,
    )
    records = tuple(_record(log, attempt) for attempt in log.attempts)
    end = End(finished=log.finished, exit_status=0)
    return RecordedRun(path=log.path, run=run, records=records, end=end)


def _record(log: Log, attempt: Attempt) -> Record:
    return Record(
        case=f"{log.suite}:{attempt.case}",
        suite=log.suite,
        split="eval",
        difficulty="medium",
        cluster=attempt.cluster or attempt.case,
        sample=attempt.sample,
        prompt_sha256=attempt.prompt_sha256,
        text_sha256=digest(attempt.text) if attempt.text else "",
        finish_reason=attempt.finish_reason,
        usage=attempt.usage,
        served_model=attempt.served_model,
        retries=attempt.retries,
        from_cache=attempt.from_cache,
        grade=_grade(attempt),
        cost=attempt.cost,
        error=attempt.error,
    )


def _grade(attempt: Attempt) -> Grade | None:
    if attempt.error or attempt.solved is None:
        return None
    return Grade(
        outcome="solved" if attempt.solved else "wrong",
        tests_passed=int(attempt.solved),
        tests_expected=1,
        detail=attempt.detail,
        seconds=0.0,
        quality=Quality(),
    )


def digest(*parts: str) -> str:
    """SHA-256 of texts, their borders included."""
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()


def moment(text: str) -> float:
    """Unix time of a time stamp; without a zone it is taken as UTC.

    Raises:
        ValueError: It is none.
    """
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def cluster(path: Path, case: str, metadata: Mapping[str, Any], asked: Asked) -> str:
    """The cluster of a case, by a key of its metadata; "" for one of its own.

    Raises:
        RecordError: The case has no such key.
    """
    if not asked.cluster_by:
        return ""
    if asked.cluster_by not in metadata:
        told = ", ".join(sorted(metadata)) or "none"
        raise RecordError(
            f"{path}: {case}: no metadata {asked.cluster_by!r} for --cluster-by (there: {told})"
        )
    value = metadata[asked.cluster_by]
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


BY_SCORER = "name one with --scorer"


def chosen(
    path: Path, names: Iterable[str], asked: str, what: str, instead: str = BY_SCORER
) -> str:
    """The one score, or model, that counts: the only one, or the one that the user named.

    Raises:
        RecordError: There are several and none was named, or the one named is not there.
    """
    known: Sequence[str] = sorted(set(names))
    if asked in known:
        return asked
    if not asked and len(known) == 1:
        return known[0]
    told = ", ".join(known) or "none"
    if asked:
        raise RecordError(f"{path}: no {what} {asked!r} (there: {told})")
    if not known:
        raise RecordError(f"{path}: no {what} in it")
    raise RecordError(f"{path}: {len(known)} {what}s, so {instead} (there: {told})")
