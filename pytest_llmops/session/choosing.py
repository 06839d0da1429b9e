"""The agent of the command line: declared, and parsed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from pytest_llmops.agents.programs import DIRECT


class AgentChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Which agent the user asked for."""

    name: str = DIRECT
    """As given to `--agent`."""
    file: Path = Path("agents.toml")
    tests: bool = False
    """Whether it finds the judging tests in its workspace."""


def chosen_agent(values: Mapping[str, Any], file: Path) -> AgentChoice:
    """Make sense of the options by name, as argparse fills them."""
    return AgentChoice(name=values["agent"], file=file, tests=values["agent_tests"] == "present")
