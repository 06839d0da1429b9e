"""The files that a file imports by relative paths, types included: what an exported task needs.

What is not covered: imports by the name of a package, by `paths` of a tsconfig.json or by `#name`.
"""

import posixpath
import re
from collections.abc import Iterable
from pathlib import Path

from pytest_llmops.tasks.sources import SourceTree

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
