"""The reference judged three times, once for all functions that have the same test files.

What is judged are source files as they are in the tree, whichever of their functions is asked
about. Those whose functions have the same test files stand in for themselves together; where that
does not pass, each does so alone.
"""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock
from zlib import crc32

import msgspec

from pytest_llmops.grading.confirm import forgery
from pytest_llmops.mining.mutants import passed_ids
from pytest_llmops.sandbox import Judge, TestJob, TestReport
from pytest_llmops.tasks.sources import SourceTree

Files = tuple[str, ...]
"""Paths of the tree, in their order."""


def jobs_of(tree: SourceTree, sources: Iterable[str], tests: Files) -> Iterator[TestJob]:
    """What judges source files as they are, three times, with the test files in other orders.

    First as they are named and with nothing changed, then the other way around as a candidate's
    first look, then in a drawn order with everything changed. What is drawn follows from the names
    of the test files, so that it is the same in every run.
    """
    seed = crc32("\0".join(tests).encode())
    overlay = {path: tree.read(path).decode("utf-8", "replace") for path in sources}
    job = TestJob(root=tree.root, tests=tests, overlay=overlay)
    drawn = random.Random(seed).sample(tests, len(tests))  # noqa: S311 - an order
    yield job
    for wary, files in ((True, tests[::-1]), (False, tuple(drawn))):
        yield msgspec.structs.replace(job, tests=files, falsify=seed, wary=wary)


@dataclass
class _Looked:
    """What is known of some files and their tests."""

    jobs: Iterator[TestJob]
    reports: list[TestReport] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)


class Looks:
    """Reports on references, each judged when it is first asked for; for any thread.

    Args:
        tree: The source tree.
        judge: What runs the tests.
        sources: For test files the source files that are asked about with them.
    """

    def __init__(
        self, tree: SourceTree, judge: Judge, sources: Mapping[Files, Iterable[str]] | None = None
    ) -> None:
        self._tree = tree
        self._judge = judge
        self._sources = {tests: tuple(sorted(set(ones))) for tests, ones in (sources or {}).items()}
        self._known: dict[tuple[Files, Files, frozenset[str]], _Looked] = {}
        self._lock = Lock()

    def of(self, path: str, tests: Files, expected: frozenset[str]) -> Iterator[TestReport]:
        """Give the three reports on a source file.

        Args:
            path: The source file.
            tests: The test files.
            expected: Ids of the tests that count; with others it is judged anew.
        """
        together = self._sources.get(tests, ())
        if len(together) > 1 and path in together:
            reports = list(self._reports(together, tests, expected))
            if all(_holds(report, expected) for report in reports):
                return iter(reports)
        return self._reports((path,), tests, expected)

    def _reports(
        self, sources: Files, tests: Files, expected: frozenset[str]
    ) -> Iterator[TestReport]:
        key = sources, tests, expected
        with self._lock:
            looked = self._known.setdefault(key, _Looked(jobs_of(self._tree, sources, tests)))
        for number in range(3):
            with looked.lock:
                if number == len(looked.reports):
                    looked.reports.append(self._judge.run(next(looked.jobs)))
            yield looked.reports[number]


def _holds(report: TestReport, expected: frozenset[str]) -> bool:
    return expected <= passed_ids(report) and not forgery(report, expected, 0)
