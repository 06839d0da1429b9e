"""The files that a file imports by relative paths, types included: what an exported task needs.

What is not covered: imports by the name of a package, by `paths` of a tsconfig.json or by `#name`.
"""

import re
from collections.abc import Iterable

from pytest_llmops.tasks.resolving import resolve_path
from pytest_llmops.tasks.sources import SourceTree

_IMPORT = re.compile(rb"""(?:from|import)\s*\(?\s*["'](\.{1,2}/[^"'\n]+)["']""")


class ImportGraph:
    """What the files of a tree import; each is read once."""

    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree
        self._imports: dict[str, tuple[str, ...]] = {}

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
            found = (resolve_path(self._tree.root, path, specifier) for specifier in specifiers)
            self._imports[path] = tuple(filter(None, found))
        return self._imports[path]
