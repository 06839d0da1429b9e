"""Results of an interrupted mining, so that the next one goes on from there.

A result is kept under a digest of all that it follows from: every file that its tests load, the
settings and snapshots of the tree, Node, and the code of this package that decides. One line each,
written as it comes; a line that a killed process left torn is passed over. A mining that ends drops
them: mining again is to judge again, or what passed by chance once would stay for ever.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TypeVar

import msgspec

import pytest_llmops
from pytest_llmops.caches import user_cache
from pytest_llmops.cases import Suite
from pytest_llmops.errors import CaseError
from pytest_llmops.sandbox.binaries import find_node
from pytest_llmops.tasks.sources import SourceTree

Result = TypeVar("Result")

SETTINGS = ("tsconfig", "package.json", "vitest.config.", "vite.config.")
"""How names of files begin that say what an import means and how code is compiled."""
SNAPSHOT = ".snap"
DECIDING = ("mining", "tasks", "grading", "sandbox")
"""Folders of this package whose code decides results."""
CODE = {".py", ".mjs", ".cjs", ".js", ".json"}


class _Line(msgspec.Struct, frozen=True, array_like=True):
    key: str
    value: msgspec.Raw


class Kept:
    """Results by digest, in memory and in one file; for any thread."""

    def __init__(self, path: Path, *, fresh: bool = False) -> None:
        """Read what is there; nothing where all is to be judged anew.

        Raises:
            CaseError: The file cannot be read or written.
        """
        self._path = path
        self._lock = Lock()
        self.found = 0
        """Results that were asked for and there."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if fresh:
                path.unlink(missing_ok=True)
            content = path.read_bytes() if path.exists() else b""
            if content and not content.endswith(b"\n"):
                self._append(b"\n")
        except OSError as error:
            raise CaseError(f"{path}: cannot be kept there: {error.strerror}") from None
        self._known = dict(_lines(content))

    def __contains__(self, key: str) -> bool:
        """Whether there is a result under a key."""
        return key in self._known

    def get(self, key: str, kind: type[Result], make: Callable[[], Result]) -> Result:
        """The result under a key; made, and kept, where there is none."""
        with self._lock:
            known = self._known.get(key)
            self.found += known is not None
        if known is not None:
            return msgspec.json.decode(known, type=kind)
        made = make()
        value = msgspec.json.encode(made)
        line = msgspec.json.encode(_Line(key, msgspec.Raw(value)))
        with self._lock:
            self._known[key] = value
            self._append(line + b"\n")
        return made

    @property
    def count(self) -> int:
        """Results that the next mining will find."""
        return len(self._known)

    def drop(self) -> None:
        """Forget all; the mining is whole."""
        self._path.unlink(missing_ok=True)

    def _append(self, line: bytes) -> None:
        with self._path.open("ab") as file:
            file.write(line)


def _lines(content: bytes) -> Iterator[tuple[str, bytes]]:
    for line in content.splitlines():
        try:
            found = msgspec.json.decode(line, type=_Line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue  # torn: its process was killed
        yield found.key, bytes(found.value)


def results_of(suite: Suite, tree: SourceTree) -> Path:
    """Where the results of a suite are kept."""
    name = hashlib.sha256(f"{suite.root}\0{tree.root}".encode()).hexdigest()[:12]
    return user_cache() / "mining" / f"{suite.name}-{name}.jsonl"


class Digests:
    """Digests of what results of one tree follow from; each file is read once."""

    def __init__(self, suite: Suite, tree: SourceTree) -> None:
        self._tree = tree
        self._files: dict[str, str] = {}
        told = [f"{path}\0{_digest(path.read_bytes())}" for path in sorted(_settings(tree.root))]
        lock = [tree.lock.digest] if tree.lock else []
        self._world = digest_of(suite, *lock, *told)

    def of(self, *parts: str, files: Iterable[str]) -> str:
        """The digest of a result: what it is of, and the files that it follows from."""
        return _joined([self._world, *parts, *(f"{one}\0{self._file(one)}" for one in files)])

    def _file(self, path: str) -> str:
        if path not in self._files:
            self._files[path] = _digest(self._tree.read(path))
        return self._files[path]


def digest_of(suite: Suite, *parts: str) -> str:
    """The digest of parts, of how a suite is split, and of the program that decides."""
    return _joined([_program(), suite.name, *suite.train, str(suite.train_share), *parts])


@cache
def _program() -> str:
    """What changes with Node, the judge, and the code that decides."""
    package = Path(pytest_llmops.__file__).parent
    found = (path for folder in DECIDING for path in (package / folder).rglob("*"))
    ours = sorted(path for path in found if path.suffix in CODE)
    node = find_node().stat()
    told = [_digest(path.read_bytes()) for path in (*ours, package / "cases.py")]
    return _joined([str(node.st_size), str(node.st_mtime_ns), *told])


def _settings(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in {"node_modules", ".git"}]
        paths = (Path(folder, name) for name in names)
        yield from (
            path
            for path in paths
            if (path.name.startswith(SETTINGS) or path.suffix == SNAPSHOT) and path.is_file()
        )


def _joined(parts: Iterable[str]) -> str:
    return _digest("\0\0".join(parts).encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
