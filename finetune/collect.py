"""Answers to learn from: the suite, run on the split `train`, several times a case."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from pytest_llmops.agents.settings import RepairAgent, resolve
from pytest_llmops.runs.reading import RecordedRun, find_run

from .errors import FinetuneError
from .project import Base, Project, find_base
from .settings import Settings
from .suite import Session, complete_run, run_session


def collect(
    project: Project, settings: Settings, folder: Path
) -> tuple[tuple[RecordedRun, ...], bool]:
    """Sample the base on the training cases, unless runs were named or it was done before.

    Args:
        project: Where cases and models are.
        settings: How to sample.
        folder: Where the session records.

    Returns:
        Complete runs, and whether one had to be made. None where settings ask for no samples.

    Raises:
        FinetuneError: The session failed, or a named run is not complete.
        LlmopsError: Model or suites cannot be used.
    """
    if settings.collect.runs:
        return _named(project, settings.collect.runs), False
    if not settings.data.per_case and settings.train.method != "preference":
        return (), False
    base = find_base(project, settings.base)
    run, made = run_session(
        collecting(project, settings, base),
        root=project.root,
        suites_file=project.suites_file,
        runs=folder,
    )
    return (run,), made


def collecting(project: Project, settings: Settings, base: Base) -> Session:
    """The session that samples the training cases."""
    options = settings.collect
    agent, digest = _agent(project, options.agent)
    return Session(
        model=settings.base,
        models_file=str(project.models_file.resolve()),
        identity=f"{msgspec.json.encode(base.model).decode()} {base.weights_sha256()}{digest}",
        suites=options.suites,
        split="train",
        samples=options.samples,
        temperature=options.temperature,
        max_tokens=options.max_tokens,
        arguments=(*agent, *options.arguments),
    )


def _agent(project: Project, name: str) -> tuple[tuple[str, ...], str]:
    """The arguments that have cases attempted by an agent, and its digest for the session.

    Raises:
        FinetuneError: Its answers are to other questions than those that are trained on.
        AgentError: It is unknown.
    """
    agent = resolve(name, project.root / "agents.toml") if name else None
    if agent is None:
        return (), ""
    if not isinstance(agent, RepairAgent):
        raise FinetuneError(
            f"collect agent {name}: it works on files, so its answers are to other questions than "
            "a single answer's; take repair or repair:N"
        )
    return (f"--llmops-agent={name}",), f" {agent.sha256}"


def repaired(runs: Sequence[RecordedRun]) -> int:
    """Answers that were wrong at first, and right in the end."""
    return sum(
        record.solved and record.loop is not None and len(record.loop.turns) > 1
        for run in runs
        for record in run.records
    )


def _named(project: Project, names: Sequence[str]) -> tuple[RecordedRun, ...]:
    found = {path: complete_run(path) for path in (find_run(n, project.runs) for n in names)}
    wrong = [str(path) for path, run in found.items() if run.run.split != "train"]
    if wrong:
        raise FinetuneError(
            f"{', '.join(wrong)}: not of split train; record with `--split train` what is to be "
            "trained on"
        )
    return tuple(found.values())
