"""Which functions a test file reaches, and so which test files can judge a function.

One instrumented run of a test file tells, instead of one run a function.

The bodies of all functions in the modules that a test file imports (relative imports, followed
statically) get a marker in front, and the test file one more test, which fails with the set of
markers met as its message. Both live in the overlay; no file of the tree is touched.

What is not covered: functions of other packages, which are imported by package name and judged by
tests of their own; and test files that need a module's functions unchanged (rare; the proof of each
case, which runs uninstrumented, does not depend on this module).
"""

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path, PurePosixPath

from pytest_llmops.sandbox import TestReport
from pytest_llmops.tasks.sources import SourceTree
from pytest_llmops.tasks.typescript import Declaration, Module, parse_module

Function = tuple[str, str]
"""Path and symbol."""

MAX_TESTS = 2
"""Test files that judge one case, the nearest first; more of them cost time and add little."""

NO_SOURCE = re.compile(
    r"(^|/)(__\w+__|fixtures?|mocks?|tests?|node_modules|dist)/|\.(test|spec|d|mock|stories)\.[cm]?tsx?$"
    r"|\.(generated|gen)\."
)
"""Files whose functions are no cases: tests and what serves them, and what a program wrote."""

PROBE = "llmops: functions reached"
"""Title of the added test."""

_IMPORT = re.compile(rb"""(?:from|import)\s*\(?\s*["'](\.{1,2}/[^"'\n]+)["']""")
_TYPESCRIPT = (".ts", ".tsx", ".mts", ".cts")
_ENDINGS = (".mjs", ".js", ".mts", ".ts", ".cts", ".jsx", ".tsx", ".cjs")
_WRITTEN_AS = {
    ".js": (".ts", ".tsx"),
    ".mjs": (".mts",),
    ".cjs": (".cts",),
    ".jsx": (".tsx",),
}
"""What a JavaScript ending in an import may stand for."""
_REACHED = re.compile(r"reached:([0-9a-f]+);")
_MARKER = "(globalThis.__llmops_reached ??= new Set()).add({number})"
_PROBE_CODE = f"""
;import {{ it as llmopsProbe }} from "vitest"
llmopsProbe({PROBE!r}, () => {{
  let bits = 0n
  for (const number of globalThis.__llmops_reached ?? []) bits |= 1n << BigInt(number)
  throw new Error("reached:" + bits.toString(16) + ";")
}})
"""


class ImportGraph:
    """The modules of a tree and what they import; each is read and parsed once."""

    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree
        self._modules: dict[str, Module] = {}
        self._imports: dict[str, tuple[str, ...]] = {}

    def module(self, path: str) -> Module:
        """Give a parsed file of the tree."""
        if path not in self._modules:
            self._modules[path] = parse_module(self._tree.read(path), path)
        return self._modules[path]

    def reachable(self, test: str) -> list[tuple[Module, Declaration]]:
        """List the functions a test file can reach; the place of one is its marker's number."""
        modules = [self.module(path) for path in sorted(self.closure([test]) - {test})]
        return [(module, one) for module in modules for one in module.declarations]

    def closure(self, paths: Iterable[str]) -> set[str]:
        """The files and all that they import, directly or not."""
        waiting = [*paths]
        seen = {*waiting}
        while waiting:
            new = set(self._imported(waiting.pop())) - seen
            seen |= new
            waiting += new
        return seen

    def _imported(self, path: str) -> tuple[str, ...]:
        if path not in self._imports:
            specifiers = [
                found.decode("utf-8", "replace") for found in _IMPORT.findall(self._tree.read(path))
            ]
            found = (_resolve(self._tree.root, path, specifier) for specifier in specifiers)
            self._imports[path] = tuple(filter(None, found))
        return self._imports[path]


def _resolve(root: Path, importer: str, specifier: str) -> str:
    """Find the file a relative specifier means; "" for none, or one that is no TypeScript.

    In the order in which the judge looks (`sandbox/tree.mjs`).
    """
    target = posixpath.normpath(posixpath.join(posixpath.dirname(importer), specifier))
    stem, ending = posixpath.splitext(target)
    written = [f"{stem}{other}" for other in _WRITTEN_AS.get(ending, ())]
    added = [f"{name}{other}" for name in (target, f"{target}/index") for other in _ENDINGS]
    for name in (target, *written, *added):
        if not name.startswith("..") and (root / name).is_file():
            return name if name.endswith(_TYPESCRIPT) else ""
    return ""


def instrumented(
    test: Module, functions: Sequence[tuple[Module, Declaration]]
) -> Mapping[str, str]:
    """Give the overlay for the run of one test file."""
    sources = {module.path: module.source for module, _ in functions}
    marks: defaultdict[str, list[tuple[int, bytes]]] = defaultdict(list)
    for number, (module, one) in enumerate(functions):
        marks[module.path] += _marks(one, _MARKER.format(number=number))
    overlay = {path: _insert(source, marks[path]) for path, source in sources.items()}
    return {**overlay, test.path: test.source.decode("utf-8", "replace") + _PROBE_CODE}


def _insert(source: bytes, inserts: list[tuple[int, bytes]]) -> str:
    pieces, last = [], 0
    for position, insert in sorted(inserts):
        pieces += [source[last:position], insert]
        last = position
    return b"".join([*pieces, source[last:]]).decode("utf-8", "replace")


def _marks(one: Declaration, marker: str) -> list[tuple[int, bytes]]:
    if one.is_expression:
        return [(one.body_start, f"({marker}, ".encode()), (one.body_end, b")")]
    return [(one.body_start + 1, f"{marker};".encode())]


def reached(
    report: TestReport, functions: Sequence[tuple[Module, Declaration]]
) -> frozenset[Function] | None:
    """Read the functions met from the probe's message; None where it did not report."""
    for result in report.results:
        found = _REACHED.search(result.message) if result.title == PROBE else None
        if found:
            bits = int(found[1], 16)
            return frozenset(
                (module.path, one.symbol)
                for number, (module, one) in enumerate(functions)
                if bits >> number & 1
            )
    return None


def nearest_tests(
    reached: Mapping[str, Iterable[Function]],
) -> dict[Function, tuple[str, ...]]:
    """Choose for each function at most `MAX_TESTS` of the test files that reach it.

    A test file named after the module and beside it comes first, then the fewest steps between the
    folders, then the name. Functions of `NO_SOURCE` files are left out.
    """
    judges: defaultdict[Function, list[str]] = defaultdict(list)
    for test, functions in reached.items():
        for function in functions:
            if not NO_SOURCE.search(function[0]):
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
    if source.parent == other.parent and other.name.startswith(f"{source.stem}."):
        return -1
    pairs = zip(source.parent.parts, other.parent.parts, strict=False)
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return len(source.parent.parts) + len(other.parent.parts) - 2 * common
