"""The languages that cases are written in: all that differs between them and is no program.

A file's ending says its language, so whatever has a path has a language. Beside what is here, a
language has a runner of its tests in the sandbox (`sandbox.pool`) and a reader of answers
(`grading.extract`); nothing else asks which one it is.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

import msgspec

from pytest_llmops.cases import LanguageName, Suite
from pytest_llmops.tasks.code import python, typescript
from pytest_llmops.tasks.code.modules import Declaration, Module
from pytest_llmops.tasks.code.parsing import PYTHON, count_errors, parse


class Language(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a language."""

    name: LanguageName
    label: str
    """Its name for people and models."""
    endings: tuple[str, ...]
    """Of source files."""
    tests: tuple[str, ...]
    """Globs of test files where a suite names none."""
    runner: str
    """What its tests are written for."""
    test_names: re.Pattern[str]
    """Paths of test files by their names."""
    no_source: re.Pattern[str]
    """Paths whose functions are no cases: tests and what serves them, what a program wrote."""
    read: Callable[[bytes, str], Module]
    """Parses a file; never fails."""
    first_argument: Callable[[Declaration], str]
    """An expression for the first argument, "" where there is none to give back."""
    marked: Callable[[Declaration, str], list[tuple[int, bytes]]]
    """What to insert where, so that a function evaluates an expression when it is called."""
    braces: bool
    """Bodies stand between braces, which are part of them."""
    head: str
    """A function to write: with its `{head}` and `{step}`, which indents it."""
    step: str
    """Indentation of files that have no tabs."""
    remark: str
    """What a comment begins with."""
    elided: str
    """A body that is not shown."""
    block: str
    """A body of one `{statement}`."""
    throw: str
    """The statement of a body that is not written."""
    missing: str
    """The same as it stands in a file that is to be worked on."""
    nothing: str
    """The statement of a body that does nothing; "" for none."""
    values: tuple[str, ...]
    """What a trivial body returns, beside nothing and the first argument."""
    marker: str
    """An expression that notes that the function of a `{number}` was called."""
    probe: tuple[str, str]
    """A test file that fails with all markers met as its message: its name and text."""

    def body(self, statement: str) -> str:
        """A body of one statement, as it is put in the place of another."""
        return self.block.format(statement=statement)


TYPESCRIPT = Language(
    name="typescript",
    label="TypeScript",
    endings=(".ts", ".tsx", ".mts", ".cts"),
    tests=("**/*.test.ts",),
    runner="vitest",
    test_names=re.compile(r"\.(?:test|spec)\.[cm]?[jt]sx?$"),
    no_source=re.compile(
        r"(^|/)(__\w+__|fixtures?|mocks?|tests?|node_modules|dist)/"
        r"|\.(test|spec|d|mock|stories)\.[cm]?tsx?$|\.(generated|gen)\."
    ),
    read=typescript.read,
    first_argument=typescript.first_argument,
    marked=typescript.marked,
    braces=True,
    head="{head} {{\n{step}// ...\n}}",
    step="  ",
    remark="//",
    elided="{ /* ... */ }",
    block="{{ {statement} }}",
    throw='throw new Error("not implemented")',
    missing='{\n  throw new Error("not implemented");\n}',
    nothing="",
    values=("null", '""', "[]", "{}", "0", "false", "true"),
    marker="(globalThis.__llmops_reached ??= new Set()).add({number})",
    probe=(
        "llmops-reached.test.ts",
        """\
import { it as llmops } from "vitest"
for (let start = 0; start < COUNT; start += SHARE) {
  llmops(`from ${start}`, () => {
    let bits = 0n
    for (const number of globalThis.__llmops_reached ?? []) {
      if (number >= start && number < start + SHARE) bits |= 1n << BigInt(number - start)
    }
    throw new Error("reached:" + start + ":" + bits.toString(16) + ";")
  })
}
""",
    ),
)

PYTHON_3 = Language(
    name="python",
    label="Python",
    endings=PYTHON[:1],
    tests=("**/test_*.py", "**/*_test.py"),
    runner="pytest",
    test_names=re.compile(r"(^|/)(test_[^/]*|[^/]*_test)\.py$"),
    no_source=re.compile(
        r"(^|/)(tests?|testing|fixtures?|docs?|examples?|build|dist)/"
        r"|(^|/)(test_[^/]*|[^/]*_test|conftest|setup|noxfile)\.py$|_pb2\.py$"
    ),
    read=python.read,
    first_argument=python.first_argument,
    marked=python.marked,
    braces=False,
    head="{head}\n{step}# ...",
    step="    ",
    remark="#",
    elided="...",
    block="{statement}",
    throw='raise NotImplementedError("not implemented")',
    missing='raise NotImplementedError("not implemented")',
    nothing="pass",
    values=('""', "[]", "{}", "0", "False", "True"),
    marker='__import__("builtins").__dict__.setdefault("_llmops_reached", set()).add({number})',
    probe=(
        "test_llmops_reached.py",
        """\
import builtins
import pytest


@pytest.mark.parametrize("start", range(0, COUNT, SHARE))
def test_from(start):
    reached = builtins.__dict__.get("_llmops_reached", ())
    bits = sum(1 << number - start for number in reached if start <= number < start + SHARE)
    raise AssertionError(f"reached:{start}:{bits:x};")
""",
    ),
)

LANGUAGES: Mapping[LanguageName, Language] = {one.name: one for one in (TYPESCRIPT, PYTHON_3)}


def language_of(path: str) -> Language:
    """The language of a file by its ending; TypeScript for any but Python's."""
    return PYTHON_3 if path.endswith(PYTHON) else TYPESCRIPT


def test_globs(suite: Suite) -> tuple[str, ...]:
    """Globs of the test files of a suite."""
    return suite.tests or LANGUAGES[suite.language].tests


@lru_cache(maxsize=64)
def parse_module(source: bytes, path: str) -> Module:
    """Parse a file; `path` decides the language.

    Never fails: what cannot be parsed is counted in `errors`. The last 64 results are kept.
    """
    return language_of(path).read(source, path)


def syntax_errors(source: bytes, path: str) -> int:
    """Count erroneous and missing nodes in a file; `path` decides the grammar."""
    return count_errors(parse(source, path))
