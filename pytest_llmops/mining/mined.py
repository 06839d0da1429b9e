"""What mining finds of functions, and what it works at."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import msgspec

from pytest_llmops.cases import Case
from pytest_llmops.errors import CaseError
from pytest_llmops.mining.kept import Kept
from pytest_llmops.mining.marks import MARKED, Marks
from pytest_llmops.mining.measure import Measured
from pytest_llmops.mining.prove import Judges
from pytest_llmops.mining.reach import Function, nearest_tests
from pytest_llmops.mining.refused import Flaky, Rejection
from pytest_llmops.mining.settings import unread_settings

NOT_NOTICED = {"no test fails", "a trivial body passes"}
"""Reasons that may be another where tests fail that pass in their project."""
LATE = "failed while functions were proved, with the reference in its place"

Work = tuple[Function, Judges]
"""A function and what may judge it."""
Outcome = Case | Rejection


@dataclass(frozen=True)
class Known:
    """What a mining goes by beside the tree."""

    kept: Kept | None = None
    """Results of one that was interrupted."""
    marks: Marks = field(default_factory=Marks)
    """What the manifests say of flaky tests."""


@dataclass(frozen=True)
class Part:
    """What of a tree is mined."""

    within: tuple[str, ...]
    """Source files, and folders with all that is in them."""
    elsewhere: tuple[Case, ...] = ()
    """Lines of other files, which stay."""

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


def work_on(measured: Mapping[str, Measured], flaky: frozenset[str]) -> list[Work]:
    """What is to be proved without the tests that are flaky, in the order of path and symbol."""
    usable = {test: one for test, one in measured.items() if one.refusal is None}
    ids = {test: frozenset(one.passing) - flaky for test, one in usable.items()}
    judges = nearest_tests({test: one.reached for test, one in usable.items() if ids[test]})
    return [
        (function, tuple((test, ids[test]) for test in tests))
        for function, tests in sorted(judges.items())
    ]


def quarantine(
    measured: Mapping[str, Measured], flaky: frozenset[str], marks: Marks
) -> Iterator[Flaky]:
    """Tests that pass at times only, as they are marked, were measured, or proved to be."""
    known = marks.ids()
    for test, one in measured.items():
        yield from (found for found in one.flaky if found.id not in known)
        late = sorted((flaky - known).intersection(one.passing))
        yield from (Flaky(test, identity, one.passing[identity], LATE) for identity in late)
        titles = one.tests(test)
        for mark in marks.of_files("", [test]):
            yield Flaky(test, mark.id, titles[mark.id], f"{MARKED}{mark.counted}")


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
    quarantined: list[Case] = field(default_factory=list)
    """Lines that stay in the manifests and are no cases."""


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


def in_quarantine(rejection: Rejection, line: Case | None) -> Rejection:
    """A rejection, or what the line of its function in quarantine says instead."""
    if line is None:
        return rejection
    return msgspec.structs.replace(rejection, reason="in quarantine", detail=line.quarantine)
