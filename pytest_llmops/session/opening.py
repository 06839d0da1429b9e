"""How a session begins: options made sense of, cases selected, and who does which part of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_llmops.session.configured import Configured
from pytest_llmops.session.controller import Controller
from pytest_llmops.session.options import parse
from pytest_llmops.session.worker import Worker
from pytest_llmops.tasks.selection import select


def open_controller(values: Mapping[str, Any], root: Path, settings: Configured) -> Controller:
    """The session of the process that starts the model; see `options.parse` for the arguments."""
    parsed = parse(values, root, settings)
    selection = select(parsed.choice)
    if parsed.model and parsed.grade and any(tree.lock for tree in selection.trees.values()):
        from pytest_llmops.session.packages import missing_packages

        selection.without_packages |= missing_packages(selection)
    return Controller(parsed, selection)


def open_worker(
    values: Mapping[str, Any], root: Path, settings: Configured, broker: Any, *, run: str
) -> Worker:
    """The session of a process that runs tests; `broker` and `run` are what the controller sent."""
    parsed = parse(values, root, settings)
    return Worker(parsed, select(parsed.choice), broker, run=run)
