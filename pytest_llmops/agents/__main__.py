"""Install the programs of agents: `python -m pytest_llmops.agents cline mini==2.4.6`."""

import sys

from pytest_llmops.agents.installed import install
from pytest_llmops.agents.settings import KINDS, VERSIONS
from pytest_llmops.errors import AgentError


def main(named: list[str]) -> int:
    """Install each, or all; returns the exit status."""
    if sys.platform != "linux":
        print("the programs of agents run on Linux alone", file=sys.stderr)  # noqa: T201
        return 1 if named else 0
    for one in named or KINDS:
        name, _, version = one.partition("==")
        kind = next((kind for kind in KINDS if kind == name), None)
        if kind is None:
            print(f"{one}: not one of {', '.join(KINDS)}", file=sys.stderr)  # noqa: T201
            return 2
        try:
            print(install(kind, version or VERSIONS[kind]))  # noqa: T201
        except AgentError as error:
            print(error, file=sys.stderr)  # noqa: T201
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
