"""`llmops finetune`: `python -m finetune` of a checkout, for those who installed the package."""

import argparse
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from pytest_llmops.shipped import CARRIED, ROOT


def add(commands: Any) -> None:
    """Declare the command; what follows its name is read by its own parser."""
    command = commands.add_parser(
        "finetune",
        help="train an adapter that saves tokens",
        add_help=False,
        prefix_chars="\0",  # nothing is an option here
    )
    command.add_argument(
        "arguments", nargs="*", metavar="ARGUMENT", help="see: llmops finetune --help"
    )
    command.set_defaults(run=_finetune)


def _finetune(options: argparse.Namespace) -> int:
    return int(_program().main(options.arguments, "llmops finetune"))


def _program() -> Any:
    """The module that a wheel carries in the package, and a checkout has beside it."""
    if CARRIED.is_dir():
        return import_module("pytest_llmops.finetune.__main__")
    if find_spec("finetune") is None:
        sys.path.append(str(ROOT))
    return import_module("finetune.__main__")
