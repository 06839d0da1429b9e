"""Install the programs of agents: `python -m pytest_llmops.agents cline mini==2.4.6`."""

import sys
from pathlib import Path

from pytest_llmops.agents.installed import install
from pytest_llmops.agents.programs import KINDS, is_file
from pytest_llmops.errors import AgentError


def main(named: list[str]) -> int:
    """Install each, or all; returns the exit status."""
    if sys.platform != "linux":
        print("the programs of agents run on Linux alone", file=sys.stderr)  # noqa: T201
        return 1 if named else 0
    for one in named or KINDS:
        name, _, version = one.partition("==")
        if name not in KINDS and not is_file(name):
            print(f"{one}: not one of {', '.join(KINDS)}", file=sys.stderr)  # noqa: T201
            return 2
        if is_file(name) and not Path(name).is_file():
            print(f"{name}: no such file", file=sys.stderr)  # noqa: T201
            return 2
        try:
            print(install(name, version))  # noqa: T201
        except AgentError as error:
            print(error, file=sys.stderr)  # noqa: T201
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
