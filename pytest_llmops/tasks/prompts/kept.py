"""Questions that were put before: each is built once, as long as its source tree stays as it is.

To build a question, its file and those that it imports are parsed, which takes milliseconds where
they are large, and every process of a session has to know which questions hide a name. So questions
are kept in the user's cache, one SQLite file for each tree, under a key of all that decides them:
what the manifest says of the case, the code that builds questions, and when each file of the tree
was changed last. The last is what the file system says, and nobody can set it back.

A file that cannot be used is a miss: questions are then kept in memory, and built once a session.
"""

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import msgspec

import pytest_llmops.tasks
from pytest_llmops.caches import user_cache
from pytest_llmops.cases import Case
from pytest_llmops.completions import Message
from pytest_llmops.errors import CaseError
from pytest_llmops.tasks.sources import SourceTree

UNUSED = 30 * 86400.0
"""Seconds after which the questions of a tree that nobody asks for are deleted."""
STALE = 10_000
"""Questions that may lie beside those asked for: of older states, budgets and other cases."""
AT_ONCE = 128
"""Questions that are read or written together."""
APART = frozenset({".git", "node_modules"})
"""Folders of which no question shows anything."""
PARSERS = ("tree-sitter", "tree-sitter-typescript", "tree-sitter-python")
AHEAD = """
SELECT key, text FROM questions
WHERE rowid >= (SELECT rowid FROM questions WHERE key = ?) ORDER BY rowid LIMIT ?
"""
"""A question and those after it, which are asked for next, as they were kept in that order."""
TABLE = """
CREATE TABLE IF NOT EXISTS questions (
    key BLOB PRIMARY KEY, hides INTEGER NOT NULL, text TEXT NOT NULL
)
"""

_encode = msgspec.msgpack.Encoder().encode


class _Question(NamedTuple):
    """A row of the table."""

    key: bytes
    hides: bool
    text: str


class Questions:
    """The questions about functions of one tree, with one budget; safe for any thread."""

    def __init__(self, tree: SourceTree, context_tokens: int, instruction: str = "") -> None:
        """Open what is kept of the tree.

        Args:
            tree: Where the functions are.
            context_tokens: See `build_messages`.
            instruction: Likewise.
        """
        self._tree = tree
        self._budget, self._instruction = context_tokens, instruction
        setting = (_code(), _state(tree.root), context_tokens, instruction)
        self._decided_by = hashlib.blake2b(msgspec.msgpack.encode(setting), digest_size=16)
        self._whole: set[str] = set()
        self._ahead: dict[bytes, str] = {}
        self._using = Lock()
        self._database = _opened(tree.root)

    def messages(self, case: Case) -> tuple[Message, ...]:
        """The question.

        Raises:
            CaseError: The tree does not hold what the manifest says.
        """
        key = self._key(case)
        text = self._ahead.get(key)
        if text is None:
            self._ahead = dict(self._read(AHEAD, key, AT_ONCE))
            text = self._ahead.get(key)
        if text is None:
            built = self._built(key, case)
            self._keep([built])
            text = built.text
        self._whole.add(case.id)
        return (Message("user", text),)

    def knows(self, case: Case) -> bool:
        """Whether its question was put, which a tree that does not hold the case refuses."""
        return case.id in self._whole

    def hiding(self, cases: Sequence[Case]) -> list[str]:
        """Ids of the cases whose questions hide a name; see `posed`.

        Nothing is said of a case that the tree does not hold: whoever asks for it is told.
        """
        known: dict[bytes, int] = dict(self._read("SELECT key, hides FROM questions"))
        keys = [self._key(case) for case in cases]
        if len(stale := known.keys() - set(keys)) > STALE:
            self._write("DELETE FROM questions WHERE key = ?", [(key,) for key in stale])
        hiding, made = [], []
        for case, key in zip(cases, keys, strict=True):
            if (hides := known.get(key)) is None:
                try:
                    made.append(self._built(key, case))
                except CaseError:
                    continue
                hides = made[-1].hides
                if len(made) == AT_ONCE:
                    self._keep(made)
                    made = []
            self._whole.add(case.id)
            if hides:
                hiding.append(case.id)
        self._keep(made)
        return hiding

    def _key(self, case: Case) -> bytes:
        asked = (case.source, case.symbol, case.body_sha256, case.tests, case.packages)
        pinned = self._tree.lock.digest if case.packages and self._tree.lock else ""
        decided_by = self._decided_by.copy()
        decided_by.update(_encode((asked, pinned)))
        return decided_by.digest()

    def _built(self, key: bytes, case: Case) -> _Question:
        # Where all questions are kept, nothing is parsed, and what parses is not loaded.
        from pytest_llmops.tasks.materialize import materialize  # noqa: PLC0415
        from pytest_llmops.tasks.prompts.posed import is_hiding  # noqa: PLC0415
        from pytest_llmops.tasks.prompts.prompt import build_messages  # noqa: PLC0415

        task = materialize(case, self._tree)
        (message,) = asked = build_messages(
            task, context_tokens=self._budget, instruction=self._instruction
        )
        return _Question(key, is_hiding(task, asked), message.content)

    def _read(self, what: str, *of: object) -> list[Any]:
        """Rows; none where the file cannot be read."""
        with self._using:
            try:
                return self._database.execute(what, of).fetchall()
            except sqlite3.Error:
                return []

    def _keep(self, made: Sequence[_Question]) -> None:
        if made:
            self._write("INSERT OR REPLACE INTO questions VALUES (?, ?, ?)", made)

    def _write(self, what: str, rows: Sequence[Sequence[object]]) -> None:
        """Write in one transaction; where the file takes nothing more, go on in memory."""
        with self._using:
            try:
                with self._database:
                    self._database.executemany(what, rows)
            except sqlite3.Error:
                self._database.close()
                self._database = _new(":memory:")
                with self._database:
                    self._database.executemany(what, rows)

    def close(self) -> None:
        """Let go of the file; what is asked later is built anew."""
        with self._using:
            self._database.close()


def _opened(root: Path) -> sqlite3.Connection:
    """The file of a tree, and those of trees long unused deleted; a new one where it is broken."""
    folder = user_cache() / "questions"
    path = folder / f"{hashlib.sha256(os.fsencode(root)).hexdigest()[:24]}.sqlite"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        long_ago = time.time() - UNUSED
        for one in folder.glob("*.sqlite"):
            if one != path and one.stat().st_mtime < long_ago:
                one.unlink(missing_ok=True)
        try:
            database = _new(str(path))
        except sqlite3.DatabaseError:  # half written, or no database
            path.unlink()
            database = _new(str(path))
        os.utime(path)
    except (OSError, sqlite3.Error):
        return _new(":memory:")
    return database


def _new(path: str) -> sqlite3.Connection:
    database = sqlite3.connect(path, check_same_thread=False, timeout=5)
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute(TABLE)
    return database


def _state(root: Path) -> bytes:
    """A digest of which files a tree has, and of when each was changed last."""
    found = hashlib.blake2b(digest_size=16)
    for name, size, changed, number in sorted(_files(str(root), "")):
        found.update(f"{name}\0{size}\0{changed}\0{number}\n".encode(errors="surrogateescape"))
    return found.digest()


def _files(folder: str, within: str) -> Iterator[tuple[str, int, int, int]]:
    """Name, size, time of the last change and inode of each file that can be read."""
    try:
        entries = os.scandir(folder)
    except OSError:
        return
    with entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in APART:
                    yield from _files(entry.path, f"{within}{entry.name}/")
            else:
                told = entry.stat(follow_symlinks=False)
                yield within + entry.name, told.st_size, told.st_ctime_ns, told.st_ino


@cache
def _code() -> bytes:
    """A digest of what builds questions."""
    found = hashlib.blake2b(digest_size=16)
    for path in sorted(Path(pytest_llmops.tasks.__file__).parent.rglob("*.py")):
        found.update(path.read_bytes())
    found.update(" ".join(map(version, PARSERS)).encode())
    return found.digest()
