"""The `llmops` command: everything that is not a pytest session."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from pytest_llmops import __version__
from pytest_llmops.cases import find_suites
from pytest_llmops.engine.launch import engine_environment
from pytest_llmops.errors import LlmopsError, ModelError
from pytest_llmops.mining.curate import Setup, run_mine, run_validate
from pytest_llmops.models import (
    AdapterModel,
    EndpointModel,
    LocalModel,
    ReplayedModel,
    load_models,
    resolve,
)
from pytest_llmops.report.terminal import render, summary_parts
from pytest_llmops.runs.reading import find_run, read_run
from pytest_llmops.session.answers import engine_spec
from pytest_llmops.session.options import positive

USER_ERROR = 2
"""Exit status for what the user can mend, as argparse has it."""

# The public name of what add_subparsers returns is missing from argparse.
Commands = Any


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except LlmopsError as error:
        print(f"llmops: {error}", file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="llmops", description="Around benchmarks of code models; they run as pytest tests."
    )
    parser.add_argument("--version", action="version", version=f"llmops {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_models(commands)
    _add_serve(commands)
    _add_show(commands)
    _add_validate(commands)
    _add_mine(commands)
    return parser


def _add_models(commands: Commands) -> None:
    command = commands.add_parser("models", help="list the models of models.toml")
    _models_file(command)
    command.set_defaults(run=_models)


def _models(options: argparse.Namespace) -> int:
    table = Table("name", "form", "served", box=None, pad_edge=False)
    for name, model in load_models(options.models).items():
        if isinstance(model, LocalModel):
            table.add_row(name, "local", model.weights)
        elif isinstance(model, EndpointModel):
            table.add_row(name, "endpoint", f"{model.model} at {model.url}")
        else:
            table.add_row(name, *_derived(model))
    Console().print(table)
    return 0


def _derived(model: AdapterModel | ReplayedModel) -> tuple[str, str]:
    if isinstance(model, AdapterModel):
        return "adapter", f"{model.adapter} on {model.base}"
    return "replay", model.replay


def _add_serve(commands: Commands) -> None:
    command = commands.add_parser(
        "serve", help="serve a local model as an OpenAI-compatible endpoint"
    )
    command.add_argument("--model", default="base", metavar="NAME", help="default: base")
    command.add_argument("--host", default="127.0.0.1", help="default: this machine only")
    command.add_argument("--port", type=int, default=8080, help="default: 8080")
    _models_file(command)
    command.set_defaults(run=_serve)


def _serve(options: argparse.Namespace) -> int:
    model, base = resolve(options.model, options.models)
    if base is None:
        raise ModelError(f"--model: {options.model!r} is not a local model; nothing to serve")
    spec = engine_spec(model, base, host=options.host, port=options.port)
    command = [sys.executable, "-P", "-m", "pytest_llmops.engine", *spec.arguments]
    os.execve(sys.executable, command, engine_environment(os.environ))  # noqa: S606


def _add_show(commands: Commands) -> None:
    command = commands.add_parser("show", help="show a recorded run in numbers")
    command.add_argument("reference", nargs="?", default="latest", metavar="RUN", help="latest")
    command.add_argument("--runs", type=Path, default=Path("runs"), metavar="FOLDER")
    command.set_defaults(run=_show)


def _show(options: argparse.Namespace) -> int:
    found = read_run(find_run(options.reference, options.runs))
    console = Console()
    seconds = found.end.finished - found.run.started if found.end else None
    parts = summary_parts(found.run, found.records, seconds=seconds)
    print(render(parts, width=console.width, color=console.is_terminal))
    if not found.end:
        print("interrupted: the records end before the session did")
    return 0


def _add_validate(commands: Commands) -> None:
    command = commands.add_parser(
        "validate", help="prove that references pass and trivial bodies fail"
    )
    command.add_argument("cases", nargs="*", metavar="CASE", help="ids; default: all")
    command.add_argument(
        "--suite", action="append", default=[], metavar="NAME", help="repeatable; default: all"
    )
    _suites_options(command)
    command.set_defaults(run=_validate)


def _validate(options: argparse.Namespace) -> int:
    suites = find_suites(options.suites, options.suite)
    return run_validate(suites, _setup(options), ids=options.cases)


def _add_mine(commands: Commands) -> None:
    command = commands.add_parser("mine", help="find cases in a source tree")
    kinds = command.add_subparsers(required=True, metavar="KIND")
    functions = kinds.add_parser("functions", help="functions, judged by the tests that run them")
    functions.add_argument("--suite", required=True, metavar="NAME")
    functions.add_argument(
        "--output", type=Path, metavar="FILE", help="default: the manifests of the suite"
    )
    functions.add_argument(
        "--limit", type=positive, default=0, metavar="N", help="stop at N functions"
    )
    _suites_options(functions)
    functions.set_defaults(run=_mine)


def _mine(options: argparse.Namespace) -> int:
    (suite,) = find_suites(options.suites, [options.suite])
    return run_mine(suite, _setup(options), output=options.output, limit=options.limit)


def _models_file(command: argparse.ArgumentParser) -> None:
    command.add_argument("--models", type=Path, default=Path("models.toml"), metavar="FILE")


def _suites_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("-n", "--jobs", type=positive, default=2, metavar="N", help="default: 2")
    command.add_argument("--source", metavar="PATH|URL", help="where the suite's source is")
    command.add_argument("--suites", type=Path, default=Path("cases/suites.toml"), metavar="FILE")
    command.add_argument(
        "--sandbox", choices=("bwrap", "process"), default="bwrap", help="default: bwrap"
    )


def _setup(options: argparse.Namespace) -> Setup:
    return Setup(source=options.source, jobs=options.jobs, isolation=options.sandbox)
