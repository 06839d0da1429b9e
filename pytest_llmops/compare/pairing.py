"""The records of two runs, case by case, as the arrays that statistics are made of."""

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec
import numpy as np

from pytest_llmops.compare.comparable import name_some
from pytest_llmops.compare.complete import has_tokens
from pytest_llmops.compare.paired import Attempts, Floats, Paired, paired_from
from pytest_llmops.compare.values import CasePair
from pytest_llmops.errors import CompareError
from pytest_llmops.runs.record import Record

_Run = dict[str, list[Record]]
"""The attempts at each case."""


def pair_records(
    baseline: Iterable[Record],
    candidate: Iterable[Record],
    *,
    limit: float = math.inf,
    listed: bool = True,
) -> Paired:
    """Pair the records of two complete runs by case, in any order.

    Args:
        baseline: Its records.
        candidate: Its records.
        limit: Token limit of an answer.
        listed: Whether to list the cases for people, which takes more memory than the arrays.

    Raises:
        CompareError: A case occurs in one run only, or is not the same case in both.
    """
    before, after = _by_case(baseline), _by_case(candidate)
    if alone := before.keys() ^ after.keys():
        raise CompareError(f"{len(alone)} cases occur in one run only: {name_some(alone)}")
    cases = sorted(before)
    _refuse_changed(before, after)
    names = [f"{before[case][0].suite}:{before[case][0].cluster}" for case in cases]
    one, *inputs = _columns(before, cases)
    other, *later = _columns(after, cases)
    paired = paired_from(
        (one, other),
        np.unique(names, return_inverse=True)[1],
        inputs=((inputs[0], inputs[1]), (later[0], later[1])),
        limit=math.log(limit),
        identical=all(_same(before[case], after[case]) for case in cases),
    )
    if not listed:
        return paired
    pairs = _pairs(paired, (before[case] for case in cases), (after[case] for case in cases))
    return msgspec.structs.replace(paired, pairs=tuple(pairs))


def _by_case(records: Iterable[Record]) -> dict[str, list[Record]]:
    found: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        found[record.case].append(record)
    return found


def _refuse_changed(before: dict[str, list[Record]], after: dict[str, list[Record]]) -> None:
    """Refuse cases whose cluster changed although the suite's hash did not."""
    pairs = {case: (records[0], after[case][0]) for case, records in before.items()}
    moved = {
        case
        for case, (one, other) in pairs.items()
        if (one.suite, one.cluster) != (other.suite, other.cluster)
    }
    if moved:
        raise CompareError(f"{len(moved)} cases are of another source file: {name_some(moved)}")


def _columns(run: _Run, cases: Sequence[str]) -> tuple[Attempts, Floats, Floats]:
    """The attempts at each case as rows: what became of them, ln input tokens, and ln of all."""
    longest = max(len(run[case]) for case in cases) if cases else 0
    found = array("d")
    for case in cases:
        for record in run[case]:
            found.extend(_numbers(record))
        found.extend(NOTHING * (longest - len(run[case])))
    table = np.frombuffer(found, dtype=np.float64).reshape(len(cases), longest, len(NOTHING))
    output, prompt, cut, solved = (np.ascontiguousarray(part) for part in np.moveaxis(table, 2, 0))
    logs = [_logs(counts) for counts in (output, prompt, output + prompt)]
    return Attempts(output=logs[0], cut=cut, solved=solved), logs[1], logs[2]


NOTHING = (math.nan,) * 4
"""In place of an attempt that was not made."""


def _numbers(record: Record) -> tuple[float, float, float, float]:
    """Output and input tokens, cut or not, solved or not."""
    usage = record.usage if has_tokens(record) else None
    output, prompt = (usage.output, usage.input) if usage else (math.nan, math.nan)
    return output, prompt, record.cut, record.solved and not record.error


def _logs(counts: Floats) -> Floats:
    """Natural logs; nan where a server counts nothing."""
    return np.log(np.where(counts > 0, counts, math.nan))


def _outcome(records: Sequence[Record]) -> str:
    """The most frequent, the first in time on a tie; quick where a suite has 100,000 cases."""
    if len(records) == 1:
        return records[0].outcome
    return Counter(record.outcome for record in records).most_common(1)[0][0]


def _pairs(
    paired: Paired, before: Iterable[Sequence[Record]], after: Iterable[Sequence[Record]]
) -> Iterator[CasePair]:
    columns = (paired.samples.astype(int), np.exp(paired.output), np.exp(paired.input))
    numbers = [column.tolist() for column in (*columns, paired.solved, paired.truncated)]
    for one, other, *row in zip(before, after, *numbers, strict=True):
        samples, output, prompt, solved, truncated = map(tuple, row)
        record = one[0]
        yield CasePair(
            case=record.case,
            suite=record.suite,
            tier=record.tier,
            cluster=record.cluster,
            samples=samples,
            output=output,
            input=prompt,
            solved=solved,
            truncated=truncated,
            outcome=(_outcome(one), _outcome(other)),
        )


def _same(before: Sequence[Record], after: Sequence[Record]) -> bool:
    """Whether every attempt was answered alike; not so where the answers were not recorded."""
    if not all(record.text_sha256 and not record.error for record in (*before, *after)):
        return False
    return _answers(before) == _answers(after)


def _answers(records: Sequence[Record]) -> dict[int, object]:
    return {
        record.sample: (
            record.text_sha256,
            record.usage and record.usage.output,
            record.finish_reason,
            record.outcome,
        )
        for record in records
    }
