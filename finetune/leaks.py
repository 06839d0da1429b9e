"""The guard between training and evaluation: what is evaluated on must not be trained on.

A row of training data leaks when its case or its cluster (source file) is one of the evaluation's,
when its question is that of an evaluation case, or when code in it, answer and prompt alike, is
the solution of one: equal once names, layout and comments are taken away (`tasks.code.leaves`,
which has the limits), or so near that one was made from the other. Short code is not looked at,
for there is only one way to write `return items.length`; the same short code to the same question
still is a leak, by its question.

The limits below were set on `starter`, whose two splits were written apart: its nearest innocent
pairs have a likeness of 0.16 where `QUESTION_OVERLAP` is 0.5. Cline's splits are files of one
program and come to 0.03 (`benchmarks/perf/leaks.py`).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from pytest_llmops.completions import Message
from pytest_llmops.likeness.fingerprints import Prose, bodies, question_of
from pytest_llmops.tasks.code.leaves import Code, Runs, code_of, overlap, same_code

from .errors import LeakError

Kind = Literal["same case", "same file", "question", "solution"]

QUESTION_WORDS = 4
"""Words from which on an equal question is no coincidence."""
QUESTION_RUNS = 12
"""Runs of words (14 words) from which on the likeness of questions is judged."""
QUESTION_OVERLAP = 0.5
"""Jaccard index from which on two questions are near-duplicates."""

SHOWN = 20
"""Offenders that an error lists."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A question with one answer, of either side."""

    case: str
    suite: str
    cluster: str
    messages: tuple[Message, ...]
    answer: str
    """Of a training case a completion; of an evaluation case the body of its solution."""


class Leak(msgspec.Struct, frozen=True, order=True):
    """One training case that holds one evaluation case."""

    case: str
    evaluation: str
    kind: Kind
    likeness: float
    """0..1; 1 where it is the same."""

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.case} ~ {self.evaluation}: {self.kind} ({self.likeness:.0%} alike)"


class _Known(msgspec.Struct):
    """The evaluation cases, ready to be looked up."""

    names: dict[str, str]
    """Case and its id."""
    files: dict[tuple[str, str], str]
    """A case by suite and cluster."""
    questions: list[tuple[str, Prose]]
    solutions: list[tuple[str, Code]]
    by_words: "_Index"
    by_code: "_Index"


class _Index:
    """Which texts have a run; so that a row is compared only with those it shares one with."""

    def __init__(self, texts: Iterable[Runs]) -> None:
        self._places: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        for at, runs in enumerate(texts):
            for run in runs:
                self._places[run].append(at)

    def find(self, runs: Runs) -> list[int]:
        """Places of the texts that share a run with these, in order."""
        return sorted({at for run in runs for at in self._places.get(run, ())})


def check_leaks(training: Iterable[Item], evaluation: Sequence[Item]) -> None:
    """Refuse training data that hold an evaluation case.

    Raises:
        LeakError: Names every offender, up to `SHOWN`, with the evaluation case it holds.
    """
    leaks = find_leaks(training, evaluation)
    if not leaks:
        return
    more = f"\n  and {len(leaks) - SHOWN} more" if len(leaks) > SHOWN else ""
    listed = "\n  ".join(map(str, leaks[:SHOWN]))
    raise LeakError(
        f"training data hold {len({one.evaluation for one in leaks})} evaluation cases; change or "
        f"drop the training cases:\n  {listed}{more}"
    )


def find_leaks(training: Iterable[Item], evaluation: Sequence[Item]) -> list[Leak]:
    """List what leaks, by training case; of several reasons for a pair the plainest."""
    known = _know(evaluation)
    found: dict[tuple[str, str], Leak] = {}
    for item in training:
        for leak in _leaks(item, known):
            found.setdefault((leak.case, leak.evaluation), leak)
    return sorted(found.values())


def _know(evaluation: Sequence[Item]) -> _Known:
    questions = [(item.case, question_of(item.messages)) for item in evaluation]
    solutions = [(item.case, code_of(item.answer)) for item in evaluation]
    return _Known(
        names={item.case: item.case for item in evaluation},
        files={(item.suite, item.cluster): item.case for item in evaluation},
        questions=questions,
        solutions=solutions,
        by_words=_Index(prose.runs for _, prose in questions),
        by_code=_Index(code.runs for _, code in solutions),
    )


def _leaks(item: Item, known: _Known) -> Iterable[Leak]:
    if item.case in known.names:
        yield Leak(item.case, item.case, "same case", 1.0)
    if other := known.files.get((item.suite, item.cluster)):
        yield Leak(item.case, other, "same file", 1.0)
    question = question_of(item.messages)
    for at in known.by_words.find(question.runs):
        name, asked = known.questions[at]
        if likeness := same_question(question, asked):
            yield Leak(item.case, name, "question", likeness)
    shown = [code for message in item.messages for code in bodies(message.content)]
    for code in [*bodies(item.answer), *shown]:
        for at in known.by_code.find(code.runs):
            name, solution = known.solutions[at]
            if likeness := same_code(code, solution):
                yield Leak(item.case, name, "solution", likeness)


def same_question(one: Prose, other: Prose) -> float:
    """How alike two questions are, 0 where they are not near-duplicates."""
    if one.words == other.words:
        return 1.0 if len(one.words) >= QUESTION_WORDS else 0.0
    likeness = overlap(one.runs, other.runs)
    judged = min(len(one.runs), len(other.runs)) >= QUESTION_RUNS
    return likeness if judged and likeness >= QUESTION_OVERLAP else 0.0
