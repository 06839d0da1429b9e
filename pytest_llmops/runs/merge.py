"""The shards of a run, from several machines, made one run again."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from pytest_llmops.errors import RecordError
from pytest_llmops.runs.ids import draw_id
from pytest_llmops.runs.lines import decoded_lines
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import End, Line, Record, RecordFile, Run

SAME = (
    *("identity", "agent", "split", "samples", "sandbox", "grader", "content"),
    *("versions", "prices", "replays"),
)
"""Fields that the shards of a run have in common; machines may differ."""


def merge(shards: Sequence[RecordedRun], folder: Path) -> Path:
    """Write the run that these shards are the parts of.

    Args:
        shards: All of them, in any order; their texts are not needed.
        folder: Where runs are kept.

    Returns:
        The new records file.

    Raises:
        RecordError: They are not all the shards of one run, or one of them is not whole; says
            which. Nothing is written then.
    """
    if found := [*_faults(shards)]:
        raise RecordError("these runs cannot be merged:" + "".join(f"\n  {one}" for one in found))
    ordered = sorted(shards, key=_place)
    first, ends = ordered[0].run, [shard.end for shard in ordered if shard.end]
    assert first.part
    run = msgspec.structs.replace(
        first,
        id=draw_id(first.identity.model),
        # Right after the last of its shards, than which it is newer: `latest` means the whole.
        started=math.nextafter(max(shard.run.started for shard in ordered), math.inf),
        cases=first.part.cases,
        attempts=first.part.cases * first.samples,
        suites=tuple(sorted({suite for shard in ordered for suite in shard.run.suites})),
        suite_hash=first.part.suite_hash,
        part=None,
        merged=tuple(shard.run.id for shard in ordered),
        label=first.label if len({shard.run.label for shard in ordered}) == 1 else "",
    )
    file = RecordFile(folder, run)
    try:
        for shard in ordered:
            for _, line in decoded_lines(shard.path, Line):  # with its texts, one at a time
                if isinstance(line, Record):
                    file.write(line)
        served = sorted({name for end in ends for name in end.served})
        file.write(
            End(
                finished=max(end.finished for end in ends),
                exit_status=next((end.exit_status for end in ends if end.exit_status), 0),
                served=tuple(served),
            )
        )
    finally:
        file.close()
    return file.path


def _place(shard: RecordedRun) -> int:
    return shard.run.part.shard.index if shard.run.part else 0


def _faults(shards: Sequence[RecordedRun]) -> Iterator[str]:
    """Why they are not the whole of one run; one line each."""
    if not shards:
        yield "none is named"
        return
    if whole := [shard.run.id for shard in shards if not shard.run.part]:
        yield f"{', '.join(whole)}: no shard; it was not made with --shard"
        return
    yield from _differences(shards)
    yield from _gaps(shards)
    for shard in shards:
        made, wanted = len(shard.records), shard.run.attempts
        if shard.end is None:
            yield f"{shard.run.id}: interrupted or still going on, with {made} of {wanted} attempts"
        elif made < wanted:
            yield f"{shard.run.id}: incomplete, {made} of {wanted} attempts"


def _differences(shards: Sequence[RecordedRun]) -> Iterator[str]:
    first = shards[0].run
    for other in (shard.run for shard in shards[1:]):
        for name in SAME:
            if getattr(first, name) != getattr(other, name):
                yield f"{other.id}: not the {name.replace('_', ' ')} of {first.id}"
        if _commit(first) != _commit(other):
            yield f"{other.id}: of commit {_commit(other)}, {first.id} of {_commit(first)}"
        mine, theirs = first.part, other.part
        assert mine
        assert theirs
        if (mine.suite_hash, mine.cases) != (theirs.suite_hash, theirs.cases):
            yield f"{other.id}: a shard of other cases than {first.id}"
        elif mine.shard.count != theirs.shard.count:
            yield f"{other.id}: shard {theirs.shard}, {first.id} is {mine.shard}"


def _commit(run: Run) -> str:
    return run.checkout.commit if run.checkout else "none"


def _gaps(shards: Sequence[RecordedRun]) -> Iterator[str]:
    """Shards that are missing or there twice, and cases that are in none of them or in two."""
    parts = [shard.run.part for shard in shards if shard.run.part]
    count, indices = parts[0].shard.count, [part.shard.index for part in parts]
    missing = [f"{index}/{count}" for index in range(1, count + 1) if index not in indices]
    if missing:
        yield f"shard {', '.join(missing)} is missing"
    owners: dict[str, str] = {}
    for shard in shards:
        twice = {record.case for record in shard.records if owners.get(record.case)}
        for case in sorted(twice)[:1]:
            yield f"{shard.run.id}: {len(twice)} cases are in {owners[case]} too, such as {case}"
        owners |= dict.fromkeys((record.case for record in shard.records), shard.run.id)
    if not missing and len(owners) != parts[0].cases:
        yield (
            f"they hold {len(owners)} of {parts[0].cases} cases: make each shard without -k, and "
            "all with the same --shard-by"
        )
