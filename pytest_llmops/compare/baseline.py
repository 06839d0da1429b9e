"""Baselines: the runs that gates compare against, written to be reviewed.

A baseline is a records file without what nobody reviews: no prompts, answers, times or costs, one
short line an attempt, sorted by case. Hashes of prompts and answers stay, so that a gate still sees
a changed prompt and an unchanged answer.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from pytest_llmops.compare.comparable import name_some, refuse_incomparable, what_differs
from pytest_llmops.compare.complete import require_complete
from pytest_llmops.errors import CompareError, RecordError
from pytest_llmops.runs.reading import RecordedRun, read_run
from pytest_llmops.runs.record import End, Record, Run

NOISE = (
    *("prompt", "text", "refusal", "served_model"),
    *("timing", "retries", "from_cache", "cost", "engine_memory", "loop", "priced"),
)
"""Fields that a baseline leaves out: content, and what the same model would change by tomorrow."""
TOKENS = ("input", "output")
"""Counts that a baseline always keeps; the others where they have a price, or where another harness
counted: how many a local server cached depends on what was asked before."""
KILLED = 2
"""Exit status noted for a session that never gave one; pytest's for an interrupt."""
DIGITS = 3
"""Decimals that the static figures of an answer keep."""


def file_name(reference: str) -> str:
    """The name of a model as the stem of a file: `hf:ORG/NAME` becomes `hf-ORG-NAME`."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", reference).strip("-.")


def bless(run: RecordedRun, path: Path, *, force: bool = False) -> str:
    """Write a run as a baseline and say what it replaces; equal runs give equal bytes.

    Args:
        run: A run that could be gated against: complete, graded, without crashes.
        path: The file, by custom `benchmarks/baselines/NAME.jsonl`; replaced at once or not at all.
        force: Also a run that failed or was killed at its end, one that replays another, or one of
            fewer cases than the baseline it replaces.

    Returns:
        One sentence for a person.

    Raises:
        CompareError: The run is no baseline; says why.
        RecordError: The file cannot be written.
    """
    if not force:
        _refuse_doubtful(run, path)
    if run.end is None and len(run.records) == run.run.attempts:
        run = msgspec.structs.replace(run, end=End(finished=run.run.started, exit_status=KILLED))
    require_complete(run, "run")
    assert run.end
    records = sorted(run.records, key=lambda record: (record.case, record.sample))
    lines: list[object] = [msgspec.structs.replace(run.run, content=False)]
    lines += [_reviewable(record, run.run) for record in records]
    lines.append(msgspec.structs.replace(run.end, gate=None))  # it judged by an older baseline
    data = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    told = f"{path}: {_described(run)}; {_replaced(run, path, data)}"
    _write(path, data)
    return told


def _refuse_doubtful(run: RecordedRun, path: Path) -> None:
    """Refuse what becomes a baseline by mistake; the user may say that it is none."""
    doubts = [*_doubts(run), *_smaller(run, path)]
    if doubts:
        raise CompareError(
            f"run {run.run.id} ({run.path}): {'; '.join(doubts)}; `llmops bless --force` makes it "
            "the baseline all the same"
        )


def _doubts(run: RecordedRun) -> Iterator[str]:
    end, described = run.end, run.run
    if end is None and len(run.records) == described.attempts:
        yield "its session was killed before it ended"
    if end and end.exit_status:
        told = f"its session failed with exit status {end.exit_status}"
        gated = f" ({end.gate.verdict or 'no verdict'}: {end.gate.reason})" if end.gate else ""
        yield told + gated
    if described.replays:
        yield f"it replays the answers of run {described.replays}"


def _smaller(run: RecordedRun, path: Path) -> Iterator[str]:
    """That the baseline there holds cases, or samples of them, that the run leaves out."""
    try:
        old = read_run(path, content=False) if path.is_file() else None
    except RecordError:
        return
    if old is None:
        return
    before, after = ({record.case for record in one.records} for one in (old, run))
    if missing := before - after:
        yield (
            f"it leaves out {len(missing)} of the {len(before)} cases of the baseline that it "
            f"would replace: {name_some(missing)}"
        )
    elif run.run.samples < old.run.samples:
        yield f"it has {run.run.samples} samples per case, the baseline {old.run.samples}"


def _reviewable(record: Record, run: Run) -> dict[str, Any]:
    """A record as a document without content, times, zeros, and costs that prices tell."""
    line: dict[str, Any] = msgspec.to_builtins(record)
    kept, priced = bool(run.prices or run.harness or run.agent), run.prices is not None
    for noise in NOISE:
        if noise != "cost" or priced or not run.harness:
            line.pop(noise, None)
    usage = line.get("usage") or {}
    line["usage"] = {key: n for key, n in usage.items() if key in TOKENS or (kept and n)} or None
    if grade := line.get("grade"):  # some harnesses judge nothing
        quality = {key: round(n, DIGITS) for key, n in grade["quality"].items() if n}
        kept_grade = {key: n for key, n in grade.items() if key not in {"started", "memory"}}
        line["grade"] = kept_grade | {"detail": "", "seconds": 0.0, "quality": quality}
    return line


def _replaced(run: RecordedRun, path: Path, data: bytes) -> str:
    if not path.is_file():
        return "a new baseline"
    try:
        old = read_run(path, content=False)
    except RecordError as error:
        return f"replaces a file that is no baseline: {error}"
    if path.read_bytes() == data:
        return "unchanged"
    try:
        refuse_incomparable(old.run, run.run)
    except CompareError as error:
        return f"replaces {_described(old)}; {error}"
    what = what_differs(old.run, run.run, (old.records, run.records))
    return f"replaces {_described(old)}" + (f"; what differs: {what}" if what else "")


def _described(run: RecordedRun) -> str:
    identity, records = run.run.identity, run.records
    digests = {"weights": identity.weights_sha256, "adapter": identity.adapter_sha256}
    shown = "".join(f" {name} {digest[:12]}" for name, digest in digests.items() if digest)
    tokens = sum(record.usage.output for record in records if record.usage)
    solved = sum(record.solved for record in records) / max(1, len(records))
    counted = any(record.usage for record in records)
    graded = any(record.grade for record in records)
    return (
        f"{identity.model}{shown} of {run.run.id}, {len({r.case for r in records})} cases, "
        f"{len(records)} attempts, {f'{tokens:,}' if counted else 'no'} output tokens, "
        f"{f'{solved:.1%}' if graded else 'none known to be'} solved"
    )


def _write(path: Path, data: bytes) -> None:
    """Put the whole file in place at once: a reader sees the old one or the new one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):  # what cannot be written may not be there to remove
            draft.unlink()
        raise RecordError(f"{path}: cannot be written: {error.strerror}") from None
