"""Tests that manifests mark as flaky, and cases that these leave in quarantine.

What is mined again goes by them: a test that is marked judges nothing, whatever it does this time,
and its mark stays as long as the test is there. Functions and edits of a suite are of one tree,
where a test is the same for all; each commit has a tree, and marks, of its own.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self

import msgspec

from pytest_llmops.cases import Case
from pytest_llmops.flaky import FlakyTest

MARKED = "marked as flaky in the manifest"
"""What is said of a marked test, with what was counted."""


@dataclass(frozen=True)
class Marks:
    """What the manifests of a suite say."""

    tests: Mapping[tuple[str, str], FlakyTest] = field(default_factory=dict)
    """By `tree_of` and id."""
    quarantined: tuple[Case, ...] = ()
    """Lines that are no cases."""

    @classmethod
    def of(cls, lines: Iterable[Case]) -> Self:
        """The marks of all lines of a suite."""
        given = list(lines)
        tests = {(tree_of(case), one.id): one for case in given for one in case.flaky}
        return cls(tests, tuple(case for case in given if case.quarantine))

    def on(self, case: Case, there: Container[str] | None = None) -> Case:
        """A case with the marks of its test files.

        Args:
            case: The case, none of whose expected tests is marked.
            there: Ids of the tests that its tree has; None where all that are marked are there.
        """
        flaky = self.of_files(tree_of(case), (file.path for file in case.tests))
        kept = (one for one in flaky if there is None or one.id in there)
        return msgspec.structs.replace(case, flaky=tuple(kept))

    def of_files(self, tree: str, paths: Iterable[str]) -> list[FlakyTest]:
        """The marks in some test files of a tree (`tree_of`), sorted."""
        files = {*paths}
        here = (one for (place, _), one in self.tests.items() if place == tree)
        return sorted(one for one in here if one.path in files)

    def ids(self, tree: str = "") -> frozenset[str]:
        """Ids of the marked tests of a tree."""
        return frozenset(identity for place, identity in self.tests if place == tree)

    def only(self, there: Container[str]) -> "Marks":
        """Without marks of tests that are not there any more; of functions."""
        kept = {name: one for name, one in self.tests.items() if one.id in there}
        return Marks(kept, self.quarantined)

    def still(self, left_out: Container[str]) -> Iterator[Case]:
        """Lines in quarantine that stay there.

        Args:
            left_out: Names (`name_of`) of what was looked at and is no case.
        """
        return (case for case in self.quarantined if name_of(case) in left_out)


def tree_of(case: Case) -> str:
    """The commit of which a case has the tests; "" where they are those of the suite's tree."""
    return case.symbol if case.change and not case.change.edits else ""


def name_of(case: Case) -> str:
    """What mining calls a case that it leaves out."""
    if not case.change:
        return f"{case.source.path}#{case.symbol}"
    return f"{case.change.edits[0].path}#{case.symbol}" if case.change.edits else case.symbol
