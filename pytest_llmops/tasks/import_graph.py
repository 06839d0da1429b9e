"""The files that a file imports from its own tree, types included: what a task needs to be whole.

In TypeScript by relative paths; not by the name of a package, by `paths` of a tsconfig.json or by
`#name`. In Python by any name, with the packages around a file and what pytest loads before tests.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from pytest_llmops.tasks.code.languages import LANGUAGES
from pytest_llmops.tasks.code.python_imports import conftests, imported, packages_around
from pytest_llmops.tasks.resolving import resolve_path
from pytest_llmops.tasks.sources import SourceTree

_IMPORT = re.compile(rb"""(?:from|import)\s*\(?\s*["'](\.{1,2}/[^"'\n]+)["']""")


class ImportGraph:
    """What the files of a tree import; each is read once."""

    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree
        self._is_test = LANGUAGES[tree.language].test_names
        self._imports: dict[str, tuple[str, ...]] = {}

    def closure(self, paths: Iterable[str], *, tests: bool = True, most: int = 0) -> list[str]:
        """The files and all that they import, directly or not, nearest first.

        Args:
            paths: Where to begin.
            tests: Whether to take files of tests that are imported.
            most: Files to stop at; 0 for no limit.
        """
        found = dict.fromkeys(paths)
        waiting = [*found]
        while waiting and not (most and len(found) >= most):
            for path in self._imported(waiting.pop(0)):
                if path not in found and (tests or not self._is_test.search(path)):
                    found[path] = None
                    waiting.append(path)
        return list(found)[: most or None]

    def _imported(self, path: str) -> tuple[str, ...]:
        if path not in self._imports:
            of = self._in_python if self._tree.language == "python" else self._in_typescript
            self._imports[path] = tuple(dict.fromkeys(of(path)))
        return self._imports[path]

    def _in_typescript(self, path: str) -> Iterator[str]:
        for specifier in _IMPORT.findall(self._tree.read(path)):
            wanted = specifier.decode("utf-8", "replace")
            if place := resolve_path(self._tree.root, path, wanted) or self._data(path, wanted):
                yield place

    def _data(self, path: str, specifier: str) -> str:
        """The file of data that a specifier means; "" for none."""
        place = posixpath.normpath(posixpath.join(posixpath.dirname(path), specifier))
        is_data = place.endswith(".json") and not place.startswith("..")
        return place if is_data and (self._tree.root / place).is_file() else ""

    def _in_python(self, path: str) -> Iterator[str]:
        there = self._modules
        yield from packages_around(path, there)
        if self._is_test.search(path):
            yield from conftests(path, there)
        text = self._tree.read(path).decode("utf-8", "replace")
        for _, files in imported(path, text, there):
            yield from files

    @cached_property
    def _modules(self) -> frozenset[str]:
        root = self._tree.root
        return frozenset(one.relative_to(root).as_posix() for one in root.rglob("*.py"))
