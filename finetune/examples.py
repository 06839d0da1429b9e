"""From graded answers to training rows: pure functions, seeded, independent of order.

An answer is worth training on when it was graded as solved and stopped by itself. Of the answers
to one case that say the same code the first in the order of the selection stays, so `shortest`
keeps the form without comments and `longest` the one with most.
"""

import hashlib
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from pytest_llmops.completions import Message
from pytest_llmops.likeness.fingerprints import spelled
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import Record

from .errors import FinetuneError, LeakError
from .settings import Data, Selecting

Count = Callable[[str], int]
"""Tokens of a completion, the one that ends it included."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A training case as the evaluation would ask it, or would if its file had tabs."""

    case: str
    suite: str
    cluster: str
    messages: tuple[Message, ...]

    @property
    def sha256(self) -> str:
        """Digest of the messages, as records hold it."""
        return hashlib.sha256(msgspec.json.encode(self.messages)).hexdigest()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A completion with where it is from."""

    question: Question
    completion: str
    output_tokens: int
    """By the base's tokenizer, the token that ends the answer included."""
    source: Literal["record", "reference"]
    form: Literal["sampled", "short", "long"] = "sampled"
    """Of a reference: without comment and `export`, or with both."""
    solved: bool = True
    stopped: bool = True
    """Ended by itself."""
    parses: bool = True
    """Holds no syntax error; what was truncated is not asked."""
    run: str = ""
    """Id of the run; "" for a reference."""
    sample: int = -1
    """Of the case in that run; -1 for a reference."""
    record_sha256: str
    """Of the record's line; for a reference of its body, as the manifest has it."""
    indent: Literal["", "tabs"] = ""
    """How question and answer were indented anew; "" where they are as they were."""

    @property
    def correct(self) -> bool:
        """Whether it may be trained on."""
        return self.solved and self.stopped


def sampled_answers(
    run: RecordedRun, questions: Mapping[str, Question], count: Count
) -> list[Answer]:
    """The answers of a run, by case and sample.

    Args:
        run: A run over the split `train`.
        questions: The training cases by id; records of others are errors.
        count: Tokens of a completion.

    Raises:
        LeakError: The run holds records of the split `eval`.
        FinetuneError: Texts were not kept, or a record answers a question that is asked
            otherwise now.
    """
    if not run.run.content:
        raise FinetuneError(f"{run.path}: recorded with --no-content; there is nothing to train on")
    foreign = sorted({one.case for one in run.records if one.split != "train"})
    if foreign:
        raise LeakError(
            f"{run.path}: holds records of {len(foreign)} evaluation cases, among them "
            f"{', '.join(foreign[:5])}; record a run with --split train"
        )
    digests = _digests(run.path)
    records = sorted(run.records, key=lambda one: (one.case, one.sample))
    answers = []
    for record in records:
        question = questions.get(record.case)
        if question is None or question.sha256 != record.prompt_sha256:
            found = "asked otherwise now" if question else "no training case"
            raise FinetuneError(
                f"{run.path}: {record.case} is {found}; collect again, or leave this run out"
            )
        if record.usage and record.text:
            digest = digests[record.case, record.sample]
            answers.append(_answer(run.run.id, record, question, count(record.text), digest))
    return answers


class _Line(msgspec.Struct):
    case: str = ""
    sample: int = -1


def _digests(path: Path) -> dict[tuple[str, int], str]:
    """Digests of the lines of a records file, as they are on disk."""
    decoder = msgspec.json.Decoder(_Line)
    lines = [(decoder.decode(raw), raw) for raw in path.read_bytes().splitlines()]
    return {(line.case, line.sample): hashlib.sha256(raw).hexdigest() for line, raw in lines}


def _answer(run: str, record: Record, question: Question, tokens: int, digest: str) -> Answer:
    return Answer(
        question=question,
        completion=record.text,
        output_tokens=tokens,
        source="record",
        solved=record.solved,
        stopped=record.finish_reason == "stop",
        parses=record.outcome != "syntax_error",
        run=run,
        sample=record.sample,
        record_sha256=digest,
    )


def choose(answers: Iterable[Answer], data: Data, seed: int) -> list[Answer]:
    """Choose what is trained on: of each case up to `per_case` samples and one reference.

    Args:
        answers: Of any cases, in any order; wrong ones are passed over.
        data: Which to take; a reference comes in the form that goes with it.
        seed: Of `random`.
    """
    chosen: list[Answer] = []
    for case, group in by_case(answers):
        right = [one for one in allowed(group, data) if one.correct]
        distinct = _distinct(ordered(right, data.select, f"{seed}:{case}"))
        for source, most in (("record", data.per_case), ("reference", 1)):
            chosen += [one for one in distinct if one.source == source][:most]
    return chosen


def allowed(answers: Iterable[Answer], data: Data) -> list[Answer]:
    """Leave the references out where the settings say so."""
    return [one for one in answers if data.references or one.source == "record"]


def by_case(answers: Iterable[Answer]) -> list[tuple[str, list[Answer]]]:
    """Group by case, in the order of ids."""
    groups: defaultdict[str, list[Answer]] = defaultdict(list)
    for one in answers:
        groups[one.question.case].append(one)
    return sorted(groups.items())


def ordered(answers: list[Answer], select: Selecting, draw: str) -> list[Answer]:
    """Order by the selection; ties by text, so that the order of the input does not matter."""
    sign = -1 if select == "longest" else 1
    found = sorted(
        answers,
        key=lambda one: (
            sign * one.output_tokens,
            sign * len(one.completion),
            one.completion,
            one.source == "reference",
            one.run,
            one.sample,
        ),
    )
    if select == "random":
        # Not for secrets: a draw that anyone can repeat.
        random.Random(draw).shuffle(found)  # noqa: S311
    return found


def _distinct(answers: Iterable[Answer]) -> list[Answer]:
    """Keep the first of those that spell the same code."""
    first: dict[tuple[str, ...], Answer] = {}
    for one in answers:
        first.setdefault(spelled(one.completion), one)
    return [*first.values()]
