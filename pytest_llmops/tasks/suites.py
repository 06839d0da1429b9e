"""The suites that a command line names."""

from collections.abc import Sequence
from pathlib import Path

from pytest_llmops.cases import Suite, load_suites
from pytest_llmops.errors import CaseError, nearest


def find_suites(path: Path, names: Sequence[str]) -> list[Suite]:
    """The named suites of a `suites.toml`, in the order of the names; all where none is named.

    Raises:
        CaseError: The file is broken, or a name is not in it.
    """
    suites = load_suites(path)
    for name in names:
        if name not in suites:
            known = f"(known: {', '.join(sorted(suites)) or 'none'}){nearest(name, suites)}"
            raise CaseError(f"--suite: {name!r} is not in {path} {known}")
    return [suites[name] for name in names or suites]
