"""What has to be known of a program to make it an agent."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, cast

from pytest_llmops.agents.jail import Jail, Start
from pytest_llmops.agents.programs import module_of
from pytest_llmops.agents.settings import ProgramAgent
from pytest_llmops.completions import Ending


class ToolRun(NamedTuple):
    """One tool that a program ran, as it says itself."""

    id: str
    """Of the call, as the model gave it."""
    started: float
    """Unix time."""
    seconds: float


class Adapter(Protocol):
    """A program; a module with these names is one."""

    VERSION: str
    """Which one is run, where agents.toml names no other."""
    PLACE: str
    """A file in its folder that is there once it is installed whole; "" for a program that is part
    of the system."""

    @staticmethod
    def install(folder: Path, version: str) -> None:
        """Fetch a version into a folder, which does not exist yet.

        Raises:
            AgentError: It cannot be fetched, or is not what it was.
        """

    @staticmethod
    def prepare(agent: ProgramAgent, jail: Jail, folder: Path, task: str) -> Start:
        """Write what the program reads, and say how it is started.

        Args:
            agent: Its settings.
            jail: Where it runs; its model is at `jail.URL`.
            folder: Where it is installed.
            task: What it is asked.
        """

    @staticmethod
    def ending(jail: Jail, status: int) -> tuple[Ending, str]:
        """How it says that it ended, `done` or `failed`, and why in its words."""

    @staticmethod
    def failed(result: str) -> bool:
        """Whether what a tool gave back to the model is an error."""


def tool_runs(adapter: Adapter, jail: Jail) -> Sequence[ToolRun]:
    """Which tools a program ran and when, in order; none where its adapter has no `tool_runs`."""
    told = getattr(adapter, "tool_runs", None)
    return told(jail) if told else ()


def adapter_of(agent: ProgramAgent) -> Adapter:
    """What is known of an agent's program."""
    return cast("Adapter", module_of(agent.place or agent.kind))
