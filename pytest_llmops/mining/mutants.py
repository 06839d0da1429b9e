"""Bodies that must not pass: the ways of not solving a case.

A case is worth asking only if its tests tell a solution from no solution. A throw shows that the
tests reach the function; the trivial bodies show that they look at what it gives back. No claim is
made beyond that: a body that is wrong in a subtler way may pass.

An empty body and `return undefined` (in Python `return None`) are the same function and count as
one mutant.
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zlib import crc32

import msgspec

from pytest_llmops.cases import id_of_test
from pytest_llmops.sandbox import Judge, TestJob, TestReport
from pytest_llmops.tasks.languages import language_of
from pytest_llmops.tasks.modules import Declaration, Module, replace_body
from pytest_llmops.tasks.sources import SourceTree


class Mutant(msgspec.Struct, frozen=True):
    """A body put in place of the reference."""

    name: str
    """As shown to people: `empty`, `return null`, `first argument`, ..."""
    body: str
    """Valid in functions, methods and all arrows, async ones included (`Language.body`)."""


def mutants(module: Module, declaration: Declaration) -> tuple[Mutant, ...]:
    """Give all bodies that must fail at least one expected test: throw, empty, trivial ones."""
    language = language_of(module.path)
    returned = [(f"return {value}", value) for value in language.values]
    if argument := language.first_argument(declaration):
        returned.append(("first argument", argument))
    return (
        Mutant("throw", language.body(language.throw)),
        Mutant("empty", language.body(language.nothing)),
        *(Mutant(name, language.body(f"return {value}")) for name, value in returned),
    )


def passed_ids(report: TestReport) -> frozenset[str]:
    """Give the ids (`id_of_test`) of the passed tests; none where the run did not finish."""
    if report.status != "finished":
        return frozenset()
    return frozenset(id_of_test(one.file, one.title) for one in report.results if one.passed)


@dataclass(frozen=True)
class Subject:
    """A function under proof and the test files that judge it."""

    tree: SourceTree
    module: Module
    declaration: Declaration
    tests: tuple[str, ...]

    def job(self, body: str) -> TestJob:
        """What runs the tests with another body, the way candidates are run."""
        text = replace_body(self.module, self.declaration, body)
        return TestJob(root=self.tree.root, tests=self.tests, overlay={self.module.path: text})

    def run(self, pool: Judge, body: str) -> TestReport:
        """Run the tests with another body."""
        return pool.run(self.job(body))

    def looks(self, pool: Judge) -> Iterator[TestReport]:
        """Judge the body that the tree has three times, with its test files in other orders.

        First as they are named and with nothing changed, then the other way around as a candidate's
        first look, then in a drawn order with everything changed. What is drawn follows from the
        name of the function, so that it is the same in every run.
        """
        seed = crc32(f"{self.module.path}#{self.declaration.symbol}".encode())
        job = self.job(self.module.body(self.declaration))
        drawn = random.Random(seed).sample(self.tests, len(self.tests))  # noqa: S311 - an order
        yield pool.run(job)
        for wary, tests in ((True, self.tests[::-1]), (False, tuple(drawn))):
            yield pool.run(msgspec.structs.replace(job, tests=tests, falsify=seed, wary=wary))

    def survivors(
        self, pool: Judge, expected: frozenset[str], bodies: Iterable[Mutant]
    ) -> Iterator[Mutant]:
        """Give those bodies with which every expected test still passes."""
        for mutant in bodies:
            if expected <= passed_ids(self.run(pool, mutant.body)):
                yield mutant
