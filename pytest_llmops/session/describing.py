"""The run that begins, and the gate that will judge it, as the command line asks for them."""

import time
from collections.abc import Sequence

from pytest_llmops.cases import Case, suite_hash, suite_of
from pytest_llmops.generation.keys import Key
from pytest_llmops.runs.checkout import find_checkout
from pytest_llmops.runs.machine import Machine, versions
from pytest_llmops.runs.record import Run
from pytest_llmops.runs.run import Part
from pytest_llmops.session.answering.answers import Answers
from pytest_llmops.session.gating import Gate
from pytest_llmops.session.options import Options
from pytest_llmops.session.posing import cutoff_of
from pytest_llmops.tasks.selection import Selection


def open_gate(options: Options, selection: Selection, keys: Sequence[Key]) -> Gate | None:
    """The gate of a session, its baseline found and of the same cases; None where none was asked.

    Raises:
        CompareError: There is no such baseline, or it is of no use here.
        RecordError: The baseline is broken.
    """
    if options.gate is None:
        return None
    cases = _chosen(selection, keys)
    names = {case for case, _ in keys}
    return Gate(options.gate, options.runs, names, suite_hash(cases))


def _chosen(selection: Selection, keys: Sequence[Key]) -> list[Case]:
    """The cases of the selected attempts, in the order of the suites."""
    names = {case for case, _ in keys}
    return [case for name, case in selection.cases.items() if name in names]


def describe(
    run: str, options: Options, selection: Selection, keys: Sequence[Key], answers: Answers
) -> Run:
    """The run that begins now.

    Args:
        run: Its id.
        options: The command line.
        selection: Where cases are looked up.
        keys: The selected attempts.
        answers: Of the model.
    """
    from pytest_llmops.grading.grader import grader_of

    chosen = _chosen(selection, keys)
    return Run(
        id=run,
        started=time.time(),
        identity=answers.identity,
        suites=tuple(sorted({suite_of(case) for case in chosen})),
        split=options.choice.split,
        samples=options.choice.samples,
        suite_hash=suite_hash(chosen),
        cases=len(chosen),
        attempts=len(keys),
        sandbox=options.sandbox if options.grade else "off",
        grader=grader_of(chosen) if options.grade else "",
        content=options.content,
        versions=versions(),
        machine=Machine.here(),
        prices=answers.prices,
        replays=answers.replays,
        label=options.label,
        cutoff=cutoff_of(options.model, options.models_file, options.runs),
        part=_part(selection),
        checkout=find_checkout(options.root),
        agent=answers.agent,
    )


def _part(selection: Selection) -> Part | None:
    """Which part of the selection this session attempts; None for the whole."""
    shard = selection.choice.shard
    if shard is None:
        return None
    whole = selection.whole
    return Part(shard=shard, suite_hash=suite_hash(whole), cases=len(whole))
