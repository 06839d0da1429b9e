"""Runs of a million attempts: what a verdict looks at, packed, and a record again when it is read.

A record without its texts still takes a kilobyte as objects. Of the fields that decide a verdict,
encoded without their names, a quarter of that is left; whoever iterates gets one record at a time.
"""

from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import overload

import msgspec

from pytest_llmops.completions import Usage
from pytest_llmops.grading.graded import Grade, Quality
from pytest_llmops.runs.reading import RecordedRun, run_lines
from pytest_llmops.runs.record import End, Record


class _Usage(Usage, frozen=True, gc=False, array_like=True):
    pass


class _Quality(Quality, frozen=True, gc=False, omit_defaults=True):
    pass


class _Grade(Grade, frozen=True, gc=False, array_like=True):
    quality: _Quality


class _Packed(Record, frozen=True, gc=False, array_like=True, tag=False):
    usage: _Usage | None = None
    grade: _Grade | None = None


class PackedRecords(Sequence[Record]):
    """Records that hold what a comparison reads, and nothing of what it does not.

    Left out are prompts, answers, times, turns, memory, retries, and of the static figures all but
    the two that tell how much code an answer had.
    """

    def __init__(self) -> None:
        self._data = bytearray()
        self._ends = array("Q", [0])
        self._encode = msgspec.msgpack.Encoder().encode_into
        self._decode = msgspec.msgpack.Decoder(_Packed).decode

    def add(self, record: Record) -> None:
        """Pack one more."""
        self._encode(_packed(record), self._data, self._ends[-1])
        self._ends.append(len(self._data))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __iter__(self) -> Iterator[Record]:
        decode, start = self._decode, 0
        with memoryview(self._data) as data:
            for end in self._ends[1:]:
                yield decode(data[start:end])
                start = end

    @overload
    def __getitem__(self, index: int) -> Record: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Record]: ...

    def __getitem__(self, index: int | slice) -> Record | Sequence[Record]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        at = range(len(self))[index]
        return self._decode(self._data[self._ends[at] : self._ends[at + 1]])


def _packed(record: Record) -> _Packed:
    usage, grade = record.usage, record.grade
    return _Packed(
        case=record.case,
        suite=record.suite,
        split=record.split,
        difficulty=record.difficulty,
        cluster=record.cluster,
        sample=record.sample,
        prompt_sha256=record.prompt_sha256,
        text_sha256=record.text_sha256,
        finish_reason=record.finish_reason,
        usage=_Usage(**msgspec.structs.asdict(usage)) if usage else None,
        counted_by=record.counted_by,
        served_model=record.served_model,
        from_cache=record.from_cache,
        priced=record.priced,
        grade=_graded(grade) if grade else None,
        cost=record.cost,
        error=record.error,
    )


def _graded(grade: Grade) -> _Grade:
    quality = grade.quality
    return _Grade(
        outcome=grade.outcome,
        tests_passed=grade.tests_passed,
        tests_expected=grade.tests_expected,
        detail="",
        seconds=0.0,
        quality=_Quality(characters=quality.characters, code_share=quality.code_share),
    )


def read_packed(path: Path) -> RecordedRun:
    """Read the records file of a run for a verdict, in a quarter of a kilobyte an attempt.

    Raises:
        RecordError: See `reading.read_run`.
    """
    records, end = PackedRecords(), None
    run, lines = run_lines(path)
    for line in lines:
        if isinstance(line, End):
            end = line
        else:
            records.add(line)
    return RecordedRun(path=path, run=run, records=records, end=end)
