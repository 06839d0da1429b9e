"""Baselines: the runs that gates compare against, found by name, and written to be reviewed.

A baseline is a records file without what nobody reviews: no prompts, answers, times or costs, one
short line an attempt, sorted by case. Hashes of prompts and answers stay, so that a gate still sees
a changed prompt and an unchanged answer.
"""

import os
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from pytest_llmops.compare.comparable import refuse_incomparable
from pytest_llmops.compare.complete import require_complete
from pytest_llmops.errors import CompareError, RecordError
from pytest_llmops.runs.reading import RecordedRun, find_run, read_run
from pytest_llmops.runs.record import RECORDS, Line, Record, Run

NOISE = (
    *("prompt", "text", "refusal", "served_model"),
    *("timing", "retries", "from_cache", "cost", "engine_memory"),
)
"""Fields that a baseline leaves out: content, and what the same model would change by tomorrow."""
TOKENS = ("input", "output")
"""Counts that a baseline keeps; how many were cached depends on what was asked before."""
DIGITS = 3
"""Decimals that the static figures of an answer keep."""


def find_baseline(
    reference: str, *, baselines: Path, runs: Path, judged: Sequence[Run] = ()
) -> RecordedRun:
    """The run that a file, a name in `baselines`, a run's id or folder, or a model stands for.

    The first of these that exists is taken, in this order. A model stands for its latest complete
    run, of the same cases if there is one, and never for a run that is judged: that one would be
    held against itself.

    Args:
        reference: What the user named.
        baselines: Folder of baselines, `NAME.jsonl`.
        runs: Folder of recorded runs.
        judged: The runs that are compared with it, as far as they are known.

    Raises:
        CompareError: There is no such run; names those there are.
        RecordError: It cannot be read; names the line.
    """
    named = Path(reference)
    blessed = baselines / f"{file_name(reference)}.jsonl"
    for path in (named, named / RECORDS, blessed, runs / reference / RECORDS):
        if path.is_file():
            return read_run(path, content=False)
    suite_hash = judged[0].suite_hash if judged else ""
    if found := _latest(reference, runs, suite_hash, without={run.id for run in judged}):
        return found
    beside = " beside the one that is judged" if judged else ""
    kept = ", ".join(sorted(path.stem for path in baselines.glob("*.jsonl"))) or "none"
    raise CompareError(
        f"{reference}: no baseline in {baselines} (there: {kept}), no run in {runs}, and no model "
        f"with a complete run there{beside} (models: {_models(runs)}); `llmops bless RUN` makes a "
        "baseline"
    )


def find_candidate(reference: str, *, runs: Path) -> RecordedRun:
    """The run that `latest`, a run's id or folder, a file, or a model stands for.

    Raises:
        CompareError: There is no such run; names those there are.
        RecordError: It cannot be read; names the line.
    """
    try:
        return read_run(find_run(reference, runs), content=False)
    except RecordError:
        if any(path.is_file() for path in (Path(reference), runs / reference / RECORDS)):
            raise
    if found := _latest(reference, runs):
        return found
    raise CompareError(
        f"{reference}: no run in {runs}, and no model with a complete run there (models: "
        f"{_models(runs)})"
    )


def file_name(reference: str) -> str:
    """The name of a model as the stem of a file: `hf:ORG/NAME` becomes `hf-ORG-NAME`."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", reference).strip("-.")


def bless(run: RecordedRun, path: Path) -> str:
    """Write a run as a baseline and say what it replaces; equal runs give equal bytes.

    Args:
        run: A run that could be gated against: complete, graded, without crashes.
        path: The file, by custom `benchmarks/baselines/NAME.jsonl`; replaced at once or not at all.

    Returns:
        One sentence for a person.

    Raises:
        CompareError: The run is no baseline; says why.
        RecordError: The file cannot be written.
    """
    require_complete(run, "run")
    assert run.end
    records = sorted(run.records, key=lambda record: (record.case, record.sample))
    lines: list[object] = [msgspec.structs.replace(run.run, content=False)]
    lines += [_reviewable(record) for record in records]
    lines.append(msgspec.structs.replace(run.end, gate=None))  # it judged by an older baseline
    data = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    told = f"{path}: {_described(run)}; {_replaced(run, path, data)}"
    _write(path, data)
    return told


def _reviewable(record: Record) -> dict[str, Any]:
    """A record as a document without content, times, costs and zeros."""
    line: dict[str, Any] = msgspec.to_builtins(record)
    for noise in NOISE:
        line.pop(noise, None)
    line["usage"] = {key: n for key, n in line["usage"].items() if key in TOKENS}
    for noise in ("started", "memory"):
        line["grade"].pop(noise)
    quality = {key: round(n, DIGITS) for key, n in line["grade"]["quality"].items() if n}
    line["grade"] |= {"detail": "", "seconds": 0.0, "quality": quality}
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
    return f"replaces {_described(old)}"


def _described(run: RecordedRun) -> str:
    identity, records = run.run.identity, run.records
    digests = {"weights": identity.weights_sha256, "adapter": identity.adapter_sha256}
    shown = "".join(f" {name} {digest[:12]}" for name, digest in digests.items() if digest)
    tokens = sum(record.usage.output for record in records if record.usage)
    solved = sum(record.solved for record in records) / max(1, len(records))
    return (
        f"{identity.model}{shown} of {run.run.id}, {len({r.case for r in records})} cases, "
        f"{len(records)} attempts, {tokens:,} output tokens, {solved:.1%} solved"
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


def _latest(
    model: str, runs: Path, suite_hash: str = "", without: Collection[str] = ()
) -> RecordedRun | None:
    """The latest complete run of a model, those of the same cases first."""
    of_model = [
        (run, path)
        for run, path in _first_lines(runs)
        if run.identity.model == model and run.id not in without
    ]
    of_model.sort(key=lambda pair: (pair[0].suite_hash == suite_hash, pair[0].started))
    for _, path in reversed(of_model):
        found = read_run(path, content=False)
        if found.end and len(found.records) == found.run.attempts:
            return found
    return None


def _models(runs: Path) -> str:
    return ", ".join(sorted({run.identity.model for run, _ in _first_lines(runs)})) or "none"


def _first_lines(runs: Path) -> Iterator[tuple[Run, Path]]:
    """What each run is, without its records; files that do not begin with a run are no runs."""
    decoder = msgspec.json.Decoder(Line)
    for path in sorted(runs.glob(f"*/{RECORDS}")):
        with path.open("rb") as file:
            first = file.readline()
        try:
            run = decoder.decode(first)
        except msgspec.DecodeError:
            continue
        if isinstance(run, Run):
            yield run, path
