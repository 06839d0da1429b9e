"""The `llmops` command: everything that is not a pytest session.

A module declares the commands of one subject; what only one command needs, its function imports.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from pytest_llmops import __version__
from pytest_llmops.cli import (
    calibrate,
    cases,
    docs,
    exports,
    finetune,
    gate,
    history,
    imports,
    init,
    models,
    observability,
    quality,
    questions,
    report,
    runs,
    sinks,
    view,
)
from pytest_llmops.cli.project import forget_project
from pytest_llmops.errors import LlmopsError, naming_extras

USER_ERROR = 2
"""Exit status for what the user can mend, as argparse has it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    forget_project()
    try:
        options = _parser().parse_args(arguments)
        with naming_extras():
            status = int(options.run(options))
        sys.stdout.flush()
        return status
    except LlmopsError as error:
        print(f"llmops: {error}", file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:  # as of `llmops runs | head`: the reader has had enough
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - flushed at the end
        return 128 + signal.SIGPIPE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="llmops",
        description="Inspect, compare and report benchmark runs; `pytest` makes them.",
    )
    parser.add_argument("--version", action="version", version=f"llmops {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    subjects = (
        models,
        runs,
        report,
        view,
        quality,
        history,
        gate,
        imports,
        exports,
        calibrate,
        sinks,
        observability,
    )
    for subject in (*subjects, cases, questions, finetune, init, docs):
        subject.add(commands)
    return parser
