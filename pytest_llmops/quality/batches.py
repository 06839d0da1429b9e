"""The answers of a run, measured in batches: each tree has one checker, kept between batches."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from pytest_llmops.errors import CaseError, SourceError
from pytest_llmops.grading.candidate import Candidate
from pytest_llmops.grading.extract import answered
from pytest_llmops.quality.checker import Checker, Findings
from pytest_llmops.quality.measured import measure, to_check
from pytest_llmops.quality.patches import measure_patch
from pytest_llmops.quality.values import Measured
from pytest_llmops.runs.record import Record
from pytest_llmops.sandbox.cage import Isolation
from pytest_llmops.tasks.changes import ChangeTask
from pytest_llmops.tasks.code.languages import TYPESCRIPT, language_of
from pytest_llmops.tasks.lookup import Lookup
from pytest_llmops.tasks.materialize import Task

SIZE = 100
"""Answers of a batch; more take more memory and are hardly faster."""

CLEAN = Findings(formatted=None, lint=(), syntax=(), types=())
Answer = tuple[Record, Candidate, Task]


def measure_all(
    records: Iterable[Record],
    suites: Path,
    *,
    isolation: Isolation = "bwrap",
    done: Callable[[int], None] = lambda _: None,
) -> list[Measured]:
    """Measure attempts, in their order.

    Args:
        records: With their answers.
        suites: File that names the suites.
        isolation: `process` for a checker without namespaces.
        done: Told how many more are done.

    Raises:
        QualityError: The tools are not installed, or a project's configuration cannot be used.
        SandboxError: Node is missing, or no sandbox can start; says why.
    """
    lookup = Lookup(suites)
    order: list[tuple[str, int]] = []
    found: dict[tuple[str, int], Measured] = {}
    trees: defaultdict[Path, list[Answer]] = defaultdict(list)
    for record in records:
        key = (record.case, record.sample)
        order.append(key)
        ready = _answer(record, lookup)
        if isinstance(ready, Measured):
            found[key] = ready
            done(1)
        else:
            trees[ready[2].tree.root].append(ready)
    for root, answers in trees.items():
        with Checker(root, isolation=isolation) as checker:
            for one in _measured(answers, checker, done):
                found[one.case, one.sample] = one
    return [found[key] for key in order]


def _answer(record: Record, lookup: Lookup) -> Answer | Measured:
    """An answer with its task, or what is known without a checker: why not, or of a change all."""
    if record.error:
        return _why_not(record, "the attempt crashed")
    try:
        task = lookup.asked(record.case)
    except (CaseError, SourceError) as error:
        return _why_not(record, str(error))
    if isinstance(task, Task) and language_of(task.module.path) is not TYPESCRIPT:
        label = language_of(task.module.path).label
        return _why_not(record, f"not measured: the tools here do not read {label}")
    files = record.loop.files if record.loop else {}
    if not (record.text or files):
        return _why_not(record, "no answer is on record")
    if isinstance(task, ChangeTask):
        return measure_patch(record, task)
    candidate = answered(record.text, files, task)
    return (record, candidate, task) if candidate else _why_not(record, "no code in the answer")


def _why_not(record: Record, reason: str) -> Measured:
    return Measured(case=record.case, sample=record.sample, why_not=reason)


def _measured(
    answers: Sequence[Answer], checker: Checker, done: Callable[[int], None]
) -> Iterator[Measured]:
    """The figures of answers to one tree.

    A case's file with an empty body is checked once, and only where something is found in an
    answer that may have been there before.
    """
    waiting = iter(answers)
    empty: dict[str, Findings | str] = {}
    while batch := list(islice(waiting, SIZE)):
        pairs = [to_check(candidate, task) for _, candidate, task in batch]
        results = checker.check([mine for mine, _ in pairs])
        wanted = {
            task.case.id: before
            for (_, _, task), (_, before), found in zip(batch, pairs, results, strict=True)
            if task.case.id not in empty and _is_marked(found)
        }
        empty.update(zip(wanted, checker.check(list(wanted.values())), strict=True))
        for (record, candidate, task), found in zip(batch, results, strict=True):
            before = empty.get(task.case.id, CLEAN)
            yield _figures(record, candidate, task, (found, before))
        done(len(batch))


def _is_marked(found: Findings | str) -> bool:
    return not isinstance(found, str) and bool(found.lint or found.syntax or found.types)


def _figures(
    record: Record, candidate: Candidate, task: Task, pair: tuple[Findings | str, Findings | str]
) -> Measured:
    found, before = pair
    key = (record.case, record.sample)
    if isinstance(found, str) or isinstance(before, str):
        why = next(one for one in pair if isinstance(one, str))
        return Measured(case=key[0], sample=key[1], why_not=f"cannot be checked: {why}")
    return measure(key, candidate, task, found, before)
