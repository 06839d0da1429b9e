"""The agent of the command line: declared, and parsed."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from pytest_llmops.agents.programs import KINDS
from pytest_llmops.agents.settings import DIRECT


class AgentChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Which agent the user asked for."""

    name: str = DIRECT
    """As given to `--agent`."""
    file: Path = Path("agents.toml")
    tests: bool = False
    """Whether it finds the judging tests in its workspace."""


def declare_agent(add: Callable[..., None]) -> None:
    """Declare the options; `add` takes what argparse takes."""
    known = ", ".join((DIRECT, "repair[:N]", *KINDS))
    told = f"how to attempt a case: {known} or a name in agents.toml ({DIRECT})"
    add("--agent", default=DIRECT, metavar="NAME", help=told)
    told = "whether agents see the judging tests in their workspace (default: absent)"
    add("--agent-tests", choices=("absent", "present"), default="absent", help=told)


def chosen_agent(values: Mapping[str, Any], file: Path) -> AgentChoice:
    """Make sense of the options by name, as argparse fills them."""
    return AgentChoice(name=values["agent"], file=file, tests=values["agent_tests"] == "present")
