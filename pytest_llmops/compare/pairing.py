"""The records of two runs, case by case, as the arrays that statistics are made of.

A pass over each run leaves four numbers an attempt. Nothing keeps the records, which may be a
million and decoded as they are looked at (`runs.packed`).
"""

import math
import sys
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec
import numpy as np

from pytest_llmops.compare.comparable import name_some
from pytest_llmops.compare.complete import has_tokens
from pytest_llmops.compare.metrics import Measure
from pytest_llmops.compare.paired import Attempts, Codes, Floats, Paired, paired_from
from pytest_llmops.compare.values import CasePair
from pytest_llmops.errors import CompareError
from pytest_llmops.runs.record import Record


def pair_records(
    baseline: Sequence[Record],
    candidate: Sequence[Record],
    *,
    limit: float = math.inf,
    listed: bool = True,
    measures: tuple[Measure, Measure] | None = None,
) -> Paired:
    """Pair the records of two complete runs by case, in any order.

    Args:
        baseline: Its records.
        candidate: Its records.
        limit: Token limit of an answer.
        listed: Whether to list the cases for people, which takes more memory than the arrays.
        measures: What stands for the output tokens of each run, in another unit.

    Raises:
        CompareError: A case occurs in one run only, or is not the same case in both.
    """
    sides = measures or (None, None)
    tables = (_table(baseline, sides[0]), _table(candidate, sides[1]))
    cases = _cases(*tables)
    files, same = _files(*tables, cases), tables[0].same(tables[1], cases)
    (one, *inputs), (other, *later) = (table.columns(cases) for table in tables)
    del tables  # before the arrays of the statistics are made
    paired = paired_from(
        (one, other),
        files,
        inputs=((inputs[0], inputs[1]), (later[0], later[1])),
        limit=math.log(limit),
        identical=same,
    )
    if not listed:
        return paired
    pairs = _pairs(paired, cases, _by_case(baseline), _by_case(candidate))
    return msgspec.structs.replace(paired, pairs=tuple(pairs))


def _cases(before: "_Table", after: "_Table") -> list[str]:
    """The cases of both runs, in order.

    Raises:
        CompareError: One of them has others.
    """
    if alone := before.numbers.keys() ^ after.numbers.keys():
        raise CompareError(f"{len(alone)} cases occur in one run only: {name_some(alone)}")
    return sorted(before.numbers)


class _Table(msgspec.Struct):
    """The attempts of a run in the order of its records."""

    numbers: dict[str, int]
    """Of each case, in the order in which they first came."""
    files: list[str]
    """Suite and source file of the cases in that order."""
    rows: "array[int]"
    """Number of the case of each attempt."""
    samples: "array[int]"
    values: "array[float]"
    """Output and input tokens, truncated or not, solved or not, of each attempt."""
    answers: "array[int]"
    """Hash of all that makes an answer the same as another."""
    known: bool = True
    """Whether every answer was recorded, and no attempt crashed."""

    def columns(self, cases: Sequence[str]) -> tuple[Attempts, Floats, Floats]:
        """The attempts at each case as rows: what became of them, ln input, and ln of all."""
        rows = self._places(cases)
        order = np.argsort(rows, kind="stable")
        counts = np.bincount(rows, minlength=len(cases))
        column = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        values = np.frombuffer(self.values, dtype=np.float64).reshape(-1, VALUES)[order]
        found = np.full((VALUES, len(cases), int(counts.max(initial=0))), math.nan)
        found[:, rows[order], column] = values.T
        output, prompt, truncated, solved = found
        logs = [_logs(counts) for counts in (output, prompt, output + prompt)]
        return Attempts(output=logs[0], truncated=truncated, solved=solved), logs[1], logs[2]

    def same(self, other: "_Table", cases: Sequence[str]) -> bool:
        """Whether every attempt was answered alike; not so where an answer was not recorded."""
        if not (self.known and other.known and len(self.rows) == len(other.rows)):
            return False
        one, two = self._sorted(cases), other._sorted(cases)
        return all(np.array_equal(mine, theirs) for mine, theirs in zip(one, two, strict=True))

    def _sorted(self, cases: Sequence[str]) -> tuple[Codes, ...]:
        rows, samples, answers = (
            self._places(cases),
            np.frombuffer(self.samples, dtype=np.int64),
            np.frombuffer(self.answers, dtype=np.int64),
        )
        order = np.lexsort((samples, rows))
        return rows[order], samples[order], answers[order]

    def _places(self, cases: Sequence[str]) -> Codes:
        """The place among the cases of each attempt."""
        place = np.empty(len(cases), dtype=np.intp)
        numbers = np.fromiter((self.numbers[case] for case in cases), np.intp, len(cases))
        place[numbers] = np.arange(len(cases))
        return place[np.frombuffer(self.rows, dtype=np.int64)]


VALUES = 4


def _table(records: Iterable[Record], measure: Measure | None) -> _Table:
    table = _Table({}, [], array("q"), array("q"), array("d"), array("q"))
    for record in records:
        number = table.numbers.get(record.case)
        if number is None:
            number = table.numbers[sys.intern(record.case)] = len(table.numbers)
            table.files.append(sys.intern(f"{record.suite}:{record.cluster}"))
        output, *rest = _numbers(record) if measure is None else _measured(record, measure)
        table.rows.append(number)
        table.samples.append(record.sample)
        table.values.extend((output, *rest))
        length = None if math.isnan(output) else output
        answer = (record.text_sha256, length, record.finish_reason, record.outcome)
        table.answers.append(hash(answer))
        table.known = table.known and bool(record.text_sha256) and not record.error
    return table


def _numbers(record: Record) -> tuple[float, float, float, float]:
    """Output and input tokens, truncated or not, solved or not."""
    usage = record.usage if has_tokens(record) else None
    output, prompt = (usage.output, usage.input) if usage else (math.nan, math.nan)
    return output, prompt, record.truncated, record.solved and not record.error


def _measured(record: Record, measure: Measure) -> tuple[float, float, float, float]:
    """The same in another unit; a truncated answer is as long as what was paid."""
    truncated = record.truncated and record.finish_reason != "length"
    return measure(record) or math.nan, math.nan, truncated, record.solved and not record.error


def _files(before: _Table, after: _Table, cases: Sequence[str]) -> Codes:
    """(n,) number of the source file of each case, files in the order of their names.

    Raises:
        CompareError: The file of a case changed although the suite's hash did not.
    """
    names = [before.files[before.numbers[case]] for case in cases]
    moved = [
        case
        for case, name in zip(cases, names, strict=True)
        if after.files[after.numbers[case]] != name
    ]
    if moved:
        raise CompareError(f"{len(moved)} cases are of another source file: {name_some(moved)}")
    codes = {name: code for code, name in enumerate(sorted(set(names)))}
    return np.fromiter((codes[name] for name in names), np.intp, len(names))


def _logs(counts: Floats) -> Floats:
    """Natural logs; nan where a server counts nothing."""
    return np.log(np.where(counts > 0, counts, math.nan))


def _by_case(records: Iterable[Record]) -> dict[str, list[Record]]:
    found: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        found[record.case].append(record)
    return found


def _outcome(records: Sequence[Record]) -> str:
    """The most frequent, the first in time on a tie; quick where a suite has 100,000 cases."""
    if len(records) == 1:
        return records[0].outcome
    return Counter(record.outcome for record in records).most_common(1)[0][0]


def _pairs(
    paired: Paired,
    cases: Iterable[str],
    before: dict[str, list[Record]],
    after: dict[str, list[Record]],
) -> Iterator[CasePair]:
    columns = (paired.samples.astype(int), np.exp(paired.output), np.exp(paired.input))
    numbers = [column.tolist() for column in (*columns, paired.solved, paired.truncated)]
    for case, *row in zip(cases, *numbers, strict=True):
        samples, output, prompt, solved, truncated = map(tuple, row)
        record = before[case][0]
        yield CasePair(
            case=record.case,
            suite=record.suite,
            difficulty=record.difficulty,
            cluster=record.cluster,
            samples=samples,
            output=output,
            input=prompt,
            solved=solved,
            truncated=truncated,
            outcome=(_outcome(before[case]), _outcome(after[case])),
        )
