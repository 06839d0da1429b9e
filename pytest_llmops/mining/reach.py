"""Which functions a test file reaches, and so which test files can judge a function.

One instrumented run of a test file tells, instead of one run a function.

The bodies of all functions in the modules that a test file loads get a marker in front, and a test
file of ours, run behind it in the same process, fails with the markers met as its message. Which
modules those are is what the judge says (`TestJob.survey`), so an import means here what it means
there: relative, by the name of a package of the tree, by `paths` of a tsconfig.json or by `imports`
of a package.json. The instrumented texts live in the overlay; no file of the tree is touched.

What is not covered: test files that need a module's functions unchanged (rare; the proof of each
case, which runs uninstrumented, does not depend on this module).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from pathlib import PurePosixPath

from pytest_llmops.sandbox import TestJob, TestReport
from pytest_llmops.tasks.code.languages import language_of, parse_module
from pytest_llmops.tasks.code.modules import Declaration, Module
from pytest_llmops.tasks.sources import SourceTree

Function = tuple[str, str]
"""Path and symbol."""

MAX_TESTS = 2
"""Test files that judge one case, the nearest first; more of them cost time and add little."""

SHARE = 4000
"""Markers that one of its messages tells: a message has 2,000 characters at most."""

_REACHED = re.compile(r"reached:(\d+):([0-9a-f]+);")


class Modules:
    """The modules of a tree; each is read and parsed once."""

    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree
        self._modules: dict[str, Module] = {}

    def __getitem__(self, path: str) -> Module:
        """A parsed file of the tree."""
        if path not in self._modules:
            self._modules[path] = parse_module(self._tree.read(path), path)
        return self._modules[path]

    def functions(self, files: Iterable[str]) -> list[tuple[Module, Declaration]]:
        """List the functions of source files; the place of one is its marker's number."""
        modules = [self[path] for path in sorted(files) if is_source(path)]
        return [(module, one) for module in modules for one in module.declarations]


def is_source(path: str) -> bool:
    """Whether functions of a file may be cases: it serves no tests, and no program wrote it."""
    language = language_of(path)
    return path.endswith(language.endings) and not language.no_source.search(path)


def is_probe(path: str) -> bool:
    """Whether a file is the probe, which is in the overlay alone."""
    return path == language_of(path).probe[0]


def instrumented(
    job: TestJob, functions: Sequence[tuple[Module, Declaration]], *, share: int = SHARE
) -> TestJob:
    """The job with markers in its functions, and the probe behind its test files."""
    sources = {module.path: module.source for module, _ in functions}
    marks: defaultdict[str, list[tuple[int, bytes]]] = defaultdict(list)
    for number, (module, one) in enumerate(functions):
        language = language_of(module.path)
        marks[module.path] += language.marked(one, language.marker.format(number=number))
    overlay = {path: _insert(source, marks[path]) for path, source in sources.items()}
    name, code = language_of(job.tests[0]).probe
    probe = code.replace("COUNT", str(max(1, len(functions)))).replace("SHARE", str(share))
    return TestJob(
        root=job.root,
        tests=(*job.tests, name),
        overlay={**overlay, name: probe},
        trusted=True,
    )


def _insert(source: bytes, inserts: list[tuple[int, bytes]]) -> str:
    pieces, last = [], 0
    for position, insert in sorted(inserts):
        pieces += [source[last:position], insert]
        last = position
    return b"".join([*pieces, source[last:]]).decode("utf-8", "replace")


def reached(
    report: TestReport, functions: Sequence[tuple[Module, Declaration]]
) -> frozenset[Function] | None:
    """Read the functions met from the probe's messages; None where it did not report."""
    told = [one.message for one in report.results if is_probe(one.file)]
    found = [match for message in told if (match := _REACHED.search(message))]
    if not told or len(found) < len(told):
        return None
    numbers: set[int] = set()
    for start, digits in (match.groups() for match in found):
        bits = bin(int(digits, 16))[:1:-1]
        numbers.update(int(start) + place for place, bit in enumerate(bits) if bit == "1")
    return frozenset((functions[one][0].path, functions[one][1].symbol) for one in numbers)


def nearest_tests(
    reached: Mapping[str, Iterable[Function]],
) -> dict[Function, tuple[str, ...]]:
    """Choose for each function at most `MAX_TESTS` of the test files that reach it.

    A test file named after the module and beside it comes first, then the fewest steps between the
    folders, then the name. Functions of files that are no source are left out.
    """
    judges: defaultdict[Function, list[str]] = defaultdict(list)
    for test, functions in reached.items():
        for function in functions:
            if is_source(function[0]):
                judges[function].append(test)
    return {
        function: tuple(
            sorted(tests, key=lambda test: (_distance(function[0], test), test))[:MAX_TESTS]
        )
        for function, tests in judges.items()
    }


def _distance(path: str, test: str) -> int:
    """Steps from folder to folder; -1 for a test file named after the module and beside it."""
    source, other = PurePosixPath(path), PurePosixPath(test)
    names = (f"{source.stem}.", f"test_{source.stem}.", f"{source.stem}_test.")
    if source.parent == other.parent and other.name.startswith(names):
        return -1
    pairs = zip(source.parent.parts, other.parent.parts, strict=False)
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return len(source.parent.parts) + len(other.parent.parts) - 2 * common
