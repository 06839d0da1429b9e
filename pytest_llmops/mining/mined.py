"""What mining finds of functions, and what it works at."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec

from pytest_llmops.cases import Case
from pytest_llmops.errors import CaseError
from pytest_llmops.mining.measure import Measured
from pytest_llmops.mining.prove import Judges
from pytest_llmops.mining.reach import Function
from pytest_llmops.mining.refused import Flaky, Rejection
from pytest_llmops.mining.settings import unread_settings

NOT_NOTICED = {"no test fails", "a trivial body passes"}
"""Reasons that may be another where tests fail that pass in their project."""

Work = tuple[Function, Judges]
"""A function and what may judge it."""
Outcome = Case | Rejection


@dataclass(frozen=True)
class Part:
    """What of a tree is mined."""

    within: tuple[str, ...]
    """Source files, and folders with all that is in them."""
    elsewhere: tuple[Case, ...] = ()
    """Cases of other files, which stay."""

    def has(self, path: str) -> bool:
        """Whether a file is in it."""
        return any(path == one or path.startswith(f"{one.rstrip('/')}/") for one in self.within)

    def of(self, measured: Mapping[str, Measured]) -> dict[str, Measured]:
        """What test files do, as if they reached nothing else.

        Raises:
            CaseError: They reach nothing in a file or folder.
        """
        paths = {path for one in measured.values() for path, _ in one.reached}
        for one in self.within:
            if not any(map(Part((one,)).has, paths)):
                raise CaseError(f"{one}: no function in it is reached by a test of the suite")
        return {test: less(one, lambda found: self.has(found[0])) for test, one in measured.items()}


def less(measured: Measured, keep: Callable[[Function], bool]) -> Measured:
    """What a test file does, as if it reached only the functions that are to be kept."""
    return msgspec.structs.replace(measured, reached=tuple(filter(keep, measured.reached)))


@dataclass(frozen=True)
class Mined:
    """The outcome of mining a suite."""

    cases: list[Case]
    rejections: list[Rejection]
    """Functions that a test file reaches and that are no cases all the same."""
    unusable: list[Rejection]
    """Test files that judge no case."""
    quarantine: list[Flaky]
    """Tests that pass at times only."""


class Proved(msgspec.Struct, frozen=True):
    """An outcome, as it is kept for a mining that goes on."""

    case: Case | None = None
    rejection: Rejection | None = None

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        """Either of the two."""
        return cls(case=outcome) if isinstance(outcome, Case) else cls(rejection=outcome)

    @property
    def outcome(self) -> Outcome:
        """The one that is there."""
        found = self.case or self.rejection
        assert found is not None
        return found


def with_failing(
    rejection: Rejection, root: Path, files: Iterable[tuple[str, int, int]]
) -> Rejection:
    """A rejection with how many tests of its files fail here, which might have noticed.

    Args:
        rejection: Of a function.
        root: Of the source tree.
        files: Test files that judge it, with how many of their tests fail and pass.
    """
    if rejection.reason not in NOT_NOTICED:
        return rejection
    said = [rejection.detail]
    for test, failing, passing in files:
        if failing:
            settings = unread_settings(root, test)
            said.append(f"{failing} of {failing + passing} tests of {test} fail here")
            said += [settings] if settings and settings not in said else []
    return msgspec.structs.replace(rejection, detail="; ".join(said))
