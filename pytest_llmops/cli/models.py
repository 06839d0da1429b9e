"""`llmops models` and `llmops serve`: what models.toml names, and the engine alone."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from pytest_llmops.cli.project import find_project
from pytest_llmops.engine.launch import engine_environment
from pytest_llmops.errors import ModelError
from pytest_llmops.local_models import AdapterModel, LocalModel
from pytest_llmops.models import EndpointModel, ReplayedModel, load_models, resolve
from pytest_llmops.session.models import engine_spec


def add(commands: Any) -> None:
    """Declare the commands."""
    _add_models(commands)
    _add_serve(commands)


def _add_models(commands: Any) -> None:
    command = commands.add_parser("models", help="list the models of models.toml")
    _models_file(command)
    command.set_defaults(run=_models)


def _models(options: argparse.Namespace) -> int:
    if not options.models.exists():
        raise ModelError(
            f"{options.models}: no such file; `llmops init` makes one, --models names another"
        )
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


def _add_serve(commands: Any) -> None:
    command = commands.add_parser(
        "serve", help="serve a local model as an OpenAI-compatible endpoint"
    )
    command.add_argument(
        "--model", default="base", metavar="NAME", help="model to serve (default: base)"
    )
    command.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: this machine only)"
    )
    command.add_argument("--port", type=int, default=8080, help="port to listen on (default: 8080)")
    _models_file(command)
    command.set_defaults(run=_serve)


def _serve(options: argparse.Namespace) -> int:
    model, base = resolve(options.model, options.models)
    if base is None:
        raise ModelError(f"--model: {options.model!r} is not a local model; nothing to serve")
    spec = engine_spec(model, base, host=options.host, port=options.port)
    command = [sys.executable, "-P", "-m", "pytest_llmops.engine", *spec.arguments]
    os.execve(sys.executable, command, engine_environment(os.environ))  # noqa: S606


def _models_file(command: argparse.ArgumentParser) -> None:
    default = find_project().models
    command.add_argument(
        "--models",
        type=Path,
        default=default,
        metavar="FILE",
        help="file that names the models (default: llmops_models)",
    )
