"""What `python -m finetune` does: collect, dataset, train, register, and the study of adapters.

Without a command all four stages run; a stage's name runs everything up to it. Each is skipped,
and says so, while its settings and inputs have not changed.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console

from pytest_llmops.engine.launch import engine_environment
from pytest_llmops.runs.reading import find_run, read_run

from .display import Display
from .pipeline import STAGES, Work, run_pipeline
from .project import Project
from .register import Place
from .settings import Settings, load_settings, override

if TYPE_CHECKING:
    from .train import Progress

UNFINISHED = 1
"""Exit status of a study with arms that have no result."""

DEFAULT_SETTINGS = Path("finetune.toml")


def run(arguments: Sequence[str] | None, program: str) -> int:
    """Run a command, called by the name `program`, in the project in the current folder.

    Raises:
        LlmopsError: What the user can mend.
    """
    options = _parser(program).parse_args(arguments)
    display = Display(Console(quiet=os.environ.get("RANK", "0") != "0"))
    return _run(options, Project(Path.cwd()), display)


def _run(options: argparse.Namespace, project: Project, display: Display) -> int:
    if options.command == "spent":
        return _spent(options, project, display)
    settings = _settings(options, project)
    work = Work(project, settings, options.work or project.work(settings.name), display)
    if options.command == "study":
        return _study(work)
    place = Place(
        models_file=project.models_file, adapters=project.adapters, replace=options.replace
    )
    named = vars(options).get("saving")
    runs = [read_run(find_run(name, project.runs)) for name in named or ()]
    saving = (runs[0], runs[1]) if runs else None
    run_pipeline(work, options.command or STAGES[-1], place, _train, saving)
    return 0


def _settings(options: argparse.Namespace, project: Project) -> Settings:
    path = options.settings
    if path is None and (project.root / DEFAULT_SETTINGS).is_file():
        path = project.root / DEFAULT_SETTINGS
    settings = override(
        load_settings(path), name=options.name, method=options.method, seed=options.seed
    )
    # Those given before and after the command's name: an option that appends starts anew there.
    if agent := vars(options).get("agent"):
        collect = msgspec.structs.replace(settings.collect, agent=agent)
        settings = msgspec.structs.replace(settings, collect=collect)
    if runs := (*(options.run or ()), *(vars(options).get("runs_after") or ())):
        collect = msgspec.structs.replace(settings.collect, runs=runs)
        settings = msgspec.structs.replace(settings, collect=collect)
    named = {"arms": vars(options).get("arm"), "suites": vars(options).get("suite")}
    study = {name: tuple(values) for name, values in named.items() if values}
    return msgspec.structs.replace(settings, study=msgspec.structs.replace(settings.study, **study))


def _train(data: Path, base: Path, output: Path, settings: Settings, display: Display) -> None:
    os.environ.update(engine_environment(os.environ))  # read when torch is first imported
    # Here, because it takes seconds to import and a training that is done needs none of it.
    from .train import train  # noqa: PLC0415

    with display.bar("train") as report:

        def show(progress: "Progress") -> None:
            if progress.message:
                display.say("train", progress.message)
            loss = "" if progress.loss is None else f"loss {progress.loss:.4f}"
            rate = f"{progress.tokens_per_second:,.0f} tokens/s"
            report(f"{loss} {rate}", progress.step, progress.steps)

        train(data, base, output, settings.train, report=show)


def _study(work: Work) -> int:
    # Here, because statistics take a second to import.
    from .study import Means, run_study  # noqa: PLC0415
    from .tables import table  # noqa: PLC0415

    found = run_study(work, Means(_train))
    work.display.console.print(table(found.findings))
    for sign in found.signs:
        work.display.say("study", str(sign))
    work.display.say("study", f"{work.folder / 'study' / 'study.md'}")
    for failure in found.failures:
        work.display.say("study", f"no result for {failure.arm}: {failure.reason}")
    return UNFINISHED if found.failures else 0


def _spent(options: argparse.Namespace, project: Project, display: Display) -> int:
    from .spent import spend, table  # noqa: PLC0415 - of this command alone

    runs = [read_run(find_run(name, project.runs)) for name in options.runs]
    display.console.print(table([spend(run) for run in runs]))
    return 0


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program,
        description="Adapters that save tokens. Without a command: all stages in order.",
    )
    _options(parser, {"default": None}, "run")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    helps = {
        "collect": "sample answers to the training cases with the suite",
        "dataset": "... and choose what to train on; refuse leaks",
        "train": "... and train the adapter",
        "register": "... and register it in models.toml",
        "study": "train and measure the arms of a study",
    }
    for name, text in helps.items():
        command = commands.add_parser(name, help=text)
        # What is given before the command's name must not be reset by its defaults.
        _options(command, {"default": argparse.SUPPRESS}, "runs_after")
        if name == "study":
            command.add_argument("--arm", action="append", metavar="ARM", help="repeatable")
            command.add_argument("--suite", action="append", metavar="NAME", help="repeatable")
        if name == "register":
            command.add_argument(
                "--saving",
                nargs=2,
                metavar=("BASE_RUN", "ADAPTER_RUN"),
                help="runs on split eval that the card shall tell of",
            )
    spent = commands.add_parser("spent", help="show where the tokens of runs went")
    spent.add_argument("runs", nargs="+", metavar="RUN", help="a run id, its folder or a file")
    return parser


def _options(parser: argparse.ArgumentParser, extra: dict[str, Any], runs: str) -> None:
    add = parser.add_argument
    add("--settings", type=Path, metavar="FILE", help="default: finetune.toml, if there", **extra)
    add("--name", metavar="NAME", help="of the adapter", **extra)
    add("--method", metavar="METHOD", help="preference or sft-shortest", **extra)
    add("--seed", type=int, metavar="N", help="of dataset and training", **extra)
    add("--agent", metavar="NAME", help="repair[:N]: train on what failing tests led to", **extra)
    add("--work", type=Path, metavar="FOLDER", help="default: finetune-runs/NAME", **extra)
    add(
        "--run",
        dest=runs,
        action="append",
        metavar="RUN",
        help="take this run's answers (repeatable)",
        **extra,
    )
    add("--replace", action="store_true", help="take the name of another model", **extra)
