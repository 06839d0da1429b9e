"""A study: every arm trained, run on the evaluation split, and compared with the base.

Arms share the sampled answers and, where they agree in everything that decides them, the trained
weights; each has its own dataset and its own run. What is finished is kept, so an interrupted study
goes on where it stopped. The names of the arms go to a models file of the study's own, and
`models.toml` stays as it is.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from pytest_llmops.errors import LlmopsError
from pytest_llmops.runs.reading import RecordedRun

from .arms import BASE, CODE_ONLY, Arm, find_arms
from .entries import write_entry
from .errors import FinetuneError
from .findings import Failure, Finding, find
from .pipeline import TrainCall, Work
from .project import Base, find_base
from .register import Place
from .signs import SignCheck, check_sign
from .suite import Runner, Session, run_session
from .tables import markdown

SIGNS = (("shortest", "longest"), ("own-shortest", "own-longest"))
"""Arms that differ in the length of what was chosen alone."""


class Measured(msgspec.Struct, frozen=True):
    """The run of an arm, and what was trained for it."""

    run: RecordedRun
    examples: int = 0
    adapter_sha256: str = ""


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What a study found; the base comes first."""

    findings: tuple[Finding, ...]
    failures: tuple[Failure, ...]
    signs: tuple[SignCheck, ...] = ()


class Means(msgspec.Struct, frozen=True):
    """What does the work of a study."""

    train: TrainCall
    run: Runner = run_session


def run_study(work: Work, means: Means) -> Findings:
    """Run all arms of the settings; one that fails is told and does not stop the others.

    Writes `study/study.md` and `study/study.json` into the folder of work after every arm.

    Raises:
        LlmopsError: The base, without which nothing can be compared, cannot be run.
    """
    arms = find_arms(work.settings.study.arms)
    base = find_base(work.project, work.settings.base)
    work.display.head(BASE)
    _name(work, work.settings.base, _fields(base))
    baseline = Measured(_attempt(work, means.run, work.settings.base, base, ""))
    found = {BASE: (find(BASE, baseline.run, baseline.run), baseline)}
    failures: list[Failure] = []
    for arm in arms[1:]:
        work.display.head(arm.name)
        try:
            if arm.kind == "prompt":
                measured = _prompt(work, base, means)
            else:
                measured = _train(work, base, arm, means)
            finding = find(arm.name, baseline.run, measured.run, examples=measured.examples)
        except LlmopsError as error:
            work.display.say(arm.name, f"no result: {error}")
            failures.append(Failure(arm=arm.name, reason=str(error)))
        else:
            found[arm.name] = (finding, measured)
            saving = finding.saving(baseline.run.run.id)
            if measured.adapter_sha256 and saving.known:
                work.keep_saving(measured.adapter_sha256, saving)
        _write(work, _findings(found, failures))
    findings = _findings(found, failures)
    _write(work, findings)
    return findings


def _findings(
    found: Mapping[str, tuple[Finding, Measured]], failures: Sequence[Failure]
) -> Findings:
    return Findings(
        findings=tuple(finding for finding, _ in found.values()),
        failures=tuple(failures),
        signs=tuple(
            check_sign(found[shorter][1].run, found[longer][1].run, of_base=found[longer][0])
            for shorter, longer in SIGNS
            if shorter in found and longer in found
        ),
    )


def _prompt(work: Work, base: Base, means: Means) -> Measured:
    """The base with an instruction; fails closed where the suite does not send it."""
    instruction = work.settings.study.instruction
    name = f"{work.settings.base}-{CODE_ONLY}"
    _name(work, name, {**_fields(base), "instruction": instruction})
    run = _attempt(work, means.run, name, base, instruction)
    if run.run.identity.instruction != instruction:
        raise FinetuneError(
            f"{run.path}: the instruction of [{name}] was not sent with the questions, so this run "
            "is the base's over again"
        )
    return Measured(run)


def _train(work: Work, base: Base, arm: Arm, means: Means) -> Measured:
    mine = msgspec.structs.replace(work, settings=arm.settings(work.settings))
    # Sampling is that of the study: all arms choose from the same answers.
    notes = mine.dataset(work.collect())
    trained = mine.train(notes, base, means.train)
    place = Place(
        models_file=work.folder / "study" / "models.toml",
        adapters=work.folder / "study" / "adapters",
        replace=True,
    )
    done = mine.register(trained, base, place)
    run = _attempt(work, means.run, mine.settings.name, base, done.adapter_sha256)
    if run.run.identity.adapter_sha256 != done.adapter_sha256:
        raise FinetuneError(f"{run.path}: answered by another adapter than {done.folder}")
    return Measured(run, notes.rows["train"], done.adapter_sha256)


def _attempt(work: Work, runner: Runner, model: str, base: Base, beside: str) -> RecordedRun:
    """Run the evaluation with a model of the study's models file."""
    options = work.settings.study
    session = Session(
        model=model,
        models_file=str((work.folder / "study" / "models.toml").resolve()),
        identity=f"{msgspec.json.encode(base.model).decode()} {base.weights_sha256()} {beside}",
        suites=options.suites,
        split="eval",
        samples=options.samples,
        temperature=options.temperature,
        max_tokens=options.max_tokens,
        arguments=options.arguments,
    )
    run, made = runner(
        session,
        root=work.project.root,
        suites_file=work.project.suites_file,
        runs=(work.folder / "study" / "runs").resolve(),
    )
    work.display.say(model, f"run {run.path.parent}{'' if made else ' (unchanged, skipped)'}")
    return run


def _fields(base: Base) -> dict[str, Any]:
    """The base's entry, for a models file in another folder."""
    fields: dict[str, Any] = msgspec.to_builtins(base.model)
    del fields["name"]
    return fields


def _name(work: Work, name: str, table: dict[str, Any]) -> None:
    folder = work.folder / "study"
    folder.mkdir(parents=True, exist_ok=True)
    write_entry(folder / "models.toml", name, table, replace=True)


def _write(work: Work, found: Findings) -> None:
    folder = work.folder / "study"
    text = markdown(found.findings, found.failures, found.signs)
    (folder / "study.md").write_text(text, "utf-8")
    document = msgspec.json.encode(
        {"arms": found.findings, "failures": found.failures, "signs": found.signs}
    )
    (folder / "study.json").write_bytes(msgspec.json.format(document, indent=2) + b"\n")
