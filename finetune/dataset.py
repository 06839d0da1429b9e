"""From runs and references to training data on disk: read, choose, check for leaks, split, write.

Validation is drawn by whole clusters, so that it is on files the adapter has not seen. Nothing is
written before every row has been checked against every evaluation case.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.tasks.prompts import PROMPT_VERSION

from .errors import FinetuneError
from .examples import Answer, choose, sampled_answers
from .leaks import Item, check_leaks
from .pairs import Pair, pair
from .project import Base, Project, find_base
from .settings import Settings
from .sources import Sources, cluster_name, open_sources
from .stored import Notes, Rows, UsedRun, add_counts, read_notes, row_of, write_data

Report = Callable[[str, int, int], None]
"""Told what is going on, how much of it is done, and of how much."""


def make_dataset(
    project: Project,
    settings: Settings,
    runs: Sequence[RecordedRun],
    *,
    output: Path,
    report: Report = lambda *_: None,
) -> tuple[Notes, bool]:
    """Make the dataset of an adapter, unless it is there already.

    Args:
        project: Where cases are.
        settings: What to select.
        runs: Runs over the split `train`.
        output: The folder to make.
        report: Told how far it is.

    Returns:
        What the dataset holds, and whether it had to be made.

    Raises:
        LeakError: A row holds an evaluation case; names all that do.
        FinetuneError: There is nothing to train on, or a run does not fit.
        LlmopsError: Suites cannot be read.
    """
    base = find_base(project, settings.base)
    sources = open_sources(project, base, settings)
    notes = _plan(sources, base, settings, runs)
    if (known := read_notes(output)) and known.inputs == notes.inputs:
        return known, False
    count = base.counter()
    questions = sources.questions()
    report("reading answers", 0, 3)
    answers = [one for run in runs for one in sampled_answers(run, questions, count)]
    answers += sources.reference_answers(questions, count)
    report("choosing", 1, 3)
    if settings.train.method == "preference":
        drawn = drawn_for_tabs(questions, settings.data.tabs_share, settings.seed)
        answers = sources.with_tabs(answers, drawn, count)
    chosen = _choose(answers, settings)
    report("checking for leaks", 2, 3)
    check_leaks((item for one in chosen for item in _items(one)), sources.guarded())
    notes = add_counts(notes, answers, chosen)
    notes = write_data(_split(chosen, sources.clusters, settings), notes, output)
    report("written", 3, 3)
    return notes, True


def _choose(answers: Sequence[Answer], settings: Settings) -> Sequence[Answer] | Sequence[Pair]:
    chosen: Sequence[Answer] | Sequence[Pair]
    if settings.train.method == "preference":
        chosen = pair(answers, settings.data, settings.seed)
    else:
        chosen = choose(answers, settings.data, settings.seed)
    if not chosen:
        passed = sum(one.correct for one in answers)
        told = f"nothing to train on: {len(answers)} answers, {passed} of them correct"
        if settings.train.method == "preference":
            raise FinetuneError(
                f"{told}, and no case with a correct answer and a worse one; collect more samples, "
                "or train on correct answers alone: --method=sft-shortest"
            )
        raise FinetuneError(
            f"{told}, none chosen; "
            "collect more samples, or use references (settings: collect, data)"
        )
    return chosen


def _split(
    chosen: Sequence[Answer] | Sequence[Pair], clusters: Mapping[str, int], settings: Settings
) -> Rows:
    held = held_out(clusters, settings.train.validation_share, settings.seed)
    rows: Rows = {"train": [], "validation": []}
    for one in chosen:
        question = (one if isinstance(one, Answer) else one.chosen).question
        side = cluster_name(question.suite, question.cluster) in held
        rows["validation" if side else "train"].append(row_of(one))
    if not rows["train"]:
        raise FinetuneError(
            "all examples are of clusters held out for validation; collect more cases, or lower "
            "train.validation_share"
        )
    return rows


def _plan(sources: Sources, base: Base, settings: Settings, runs: Sequence[RecordedRun]) -> Notes:
    """The notes as far as they are known before any work is done."""
    training, evaluation = sources.sha256
    notes = Notes(
        kind="preference" if settings.train.method == "preference" else "sft",
        inputs="",
        sha256="",
        rows={},
        cases={},
        output_tokens={},
        considered={},
        used={},
        tabbed=0,
        settings=settings.data,
        seed=settings.seed,
        validation_share=settings.train.validation_share,
        prompt_version=PROMPT_VERSION,
        context_tokens=base.model.context_tokens,
        instruction=base.model.instruction,
        training_hash=training,
        guarded={
            "suites": ", ".join(sources.evaluation.trees),
            "cases": str(len(sources.evaluation.cases)),
            "hash": evaluation,
        },
        unguarded=sources.evaluation.unreachable,
        runs=tuple(map(_used_run, runs)),
    )
    tokenizer = base.folder / "tokenizer.json"
    read = tokenizer.read_bytes() if tokenizer.is_file() else b""
    return msgspec.structs.replace(
        notes, inputs=hashlib.sha256(msgspec.json.encode(notes) + read).hexdigest()
    )


def _used_run(run: RecordedRun) -> UsedRun:
    identity = run.run.identity
    return UsedRun(
        id=run.run.id,
        model=identity.model,
        weights_sha256=identity.weights_sha256,
        adapter_sha256=identity.adapter_sha256,
        records_sha256=hashlib.sha256(run.path.read_bytes()).hexdigest(),
    )


def _items(one: Answer | Pair) -> Iterable[Item]:
    for answer in (one,) if isinstance(one, Answer) else (one.chosen, one.rejected):
        yield Item(
            case=answer.question.case,
            suite=answer.question.suite,
            cluster=answer.question.cluster,
            messages=answer.question.messages,
            answer=answer.completion,
        )


def held_out(clusters: Mapping[str, int], share: float, seed: int) -> frozenset[str]:
    """Draw whole clusters for validation, in an order that the seed and their names decide.

    Args:
        clusters: Number of cases by cluster; those without rows count too, so that datasets
            over the same cases share their validation clusters.
        share: Of the cases; the last cluster drawn is the one that reaches it.
        seed: Of the draw.

    Returns:
        At least one cluster where `share` is positive, never all of them.
    """
    wanted = share * sum(clusters.values())
    drawn: list[str] = []
    for name in sorted(clusters, key=lambda name: _sha256(f"{seed}:{name}".encode())):
        if wanted <= 0 or len(drawn) + 1 >= len(clusters):
            break
        drawn.append(name)
        wanted -= clusters[name]
    return frozenset(drawn)


def drawn_for_tabs(cases: Iterable[str], share: float, seed: int) -> frozenset[str]:
    """Draw a share of the cases, rounded to whole ones, by the seed and their ids."""
    found = sorted(cases, key=lambda case: _sha256(f"{seed}:tabs:{case}".encode()))
    return frozenset(found[: round(share * len(found))])


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
