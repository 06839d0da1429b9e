"""The names of options: `--model` is `--llmops-model` too, which no other plugin will take.

Where the project or another plugin has an option of the first name, it keeps it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_llmops.session.declared import declare

PREFIX = "llmops_"
"""Of the values, as argparse keeps them."""

LOADED_LATE = (
    "llmops: a conftest.py loads the plugin in a session that loads none by itself, so its options "
    "could not be declared; give -p pytest_llmops.plugin"
)


ALIASES = {"--difficulty": "--tier"}
"""Former names, which go on working."""


def dest(option: str) -> str:
    """Where the value of `--max-tokens` is kept: `llmops_max_tokens`."""
    return PREFIX + option.removeprefix("--").replace("-", "_")


def prefixed(option: str) -> str:
    """The name that cannot clash: `--llmops-max-tokens`."""
    return f"--llmops-{option.removeprefix('--')}"


def declare_last(parser: Any) -> list[str]:
    """Declare every option under its two names, or the longer one where others have the first.

    Args:
        parser: That of pytest, in which all others have declared theirs.

    Returns:
        Our names that others have.
    """
    groups = [parser._anonymous, *parser._groups]  # have no public name
    taken = {name for group in groups for one in group.options for name in one.names()}
    add = parser.getgroup("llmops", "benchmarks of code models").addoption
    left = []

    def declare_one(option: str, **attributes: Any) -> None:
        names = [option, prefixed(option)]
        if option in taken:
            left.append(names.pop(0))
        names += [name for name in _former(option) if name not in taken]
        add(*names, dest=dest(option), **attributes)

    declare(declare_one)
    return left


def without_values(arguments: Sequence[str]) -> list[str]:
    """Arguments without the values that follow our options, which would be taken for paths."""
    valued: set[str] = set()

    def note(option: str, **attributes: Any) -> None:
        if attributes.get("action", "append") == "append":
            valued.update((option, prefixed(option), *_former(option)))

    declare(note)
    kept, rest = [], iter(arguments)
    for argument in rest:
        if argument in valued:
            next(rest, None)
        else:
            kept.append(argument)
        if argument == "--":
            break
    return [*kept, *rest]


def _former(option: str) -> tuple[str, ...]:
    """The name that it had, in both forms."""
    name = ALIASES.get(option)
    return (name, prefixed(name)) if name else ()


def by_name(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of our options by their first name (`max_tokens`), among those of pytest."""
    own = {name: value for name, value in values.items() if name.startswith(PREFIX)}
    return {**values, **{name.removeprefix(PREFIX): value for name, value in own.items()}}


def told(left: Sequence[str]) -> list[str]:
    """A line for the head of a session in which others have options of our names."""
    if not left:
        return []
    names = " ".join(map(prefixed, left))
    return [f"llmops: {', '.join(left)}: declared by this project or another plugin; here: {names}"]


def no_model(left: Sequence[str]) -> str:
    """Why attempts are skipped in a session that names no model."""
    option = prefixed("--model") if "--model" in left else "--model"
    return f"no model is named; run pytest with {option}=NAME (`llmops models` lists them)"


def no_attempt(suites: Sequence[str]) -> str:
    """Why a session that names suites, and selects none of their attempts, is refused."""
    return (
        f"--suite={suites[0]}: none of the selected tests takes `attempt`, so no case of a suite "
        "is run; select those of the benchmark, as `pytest benchmarks` does"
    )
