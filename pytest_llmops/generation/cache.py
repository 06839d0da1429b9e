"""Completions kept between sessions, so that an interrupted one goes on where it stopped.

An entry is found by run identity, case, sample index, seed, prompt and sampling: repeats of a case
never share one, and whatever changes an answer changes the key. What a limit of the server's own
ended is asked for again: it may have another one by then. SQLite in WAL mode, written once
per completion, so a killed session loses none that had arrived; a power cut may lose the last few.

The cache serves the run and never stops it. A cache that cannot be used (locked, read-only, disk
full, damaged) is a miss at each `get` and a counted loss at each `put`; `problems` says so once,
for the user to be told. A file that is no database is moved aside and a new one begun.

Limits: WAL needs a local file system. Nothing is ever deleted; delete the file to begin anew.
"""

import hashlib
import sqlite3
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Self
from urllib.parse import quote

import msgspec

from pytest_llmops.completions import Completion, Request

VERSION = 1
"""Of the table; files of another version are left alone."""
MEANING = 2
"""Of what an answer is: rises when counts or endings are read by other rules, so that answers read
by the old ones are asked for again."""
LOOPS = 2
"""The same of loops alone."""
PATIENCE = 2.0
"""Seconds to wait for another process that writes, once."""
ADVICE = "Delete the file to begin anew."
MAGIC = b"SQLite format 3\0"
TABLE = """
CREATE TABLE IF NOT EXISTS completions (
    key BLOB PRIMARY KEY, completion BLOB NOT NULL, stored REAL NOT NULL
)
"""
# Rows lie in the order they came and the index holds keys alone: half the time of WITHOUT ROWID,
# where each row of a kilobyte moves others.

_decoder = msgspec.json.Decoder(Completion)


def cache_key(identity: str, request: Request) -> bytes:
    """Digest of everything an answer depends on.

    Args:
        identity: The run's: model, adapter, tokenizer and prompt version, as one string.
        request: Its case, sample index, messages and sampling count.
    """
    asked = (*request.key, request.seed, request.prompt_sha256, request.sampling)
    beside = (LOOPS, request.subject) if request.subject else ()
    parts = (MEANING, identity, *asked, *beside)
    return hashlib.sha256(msgspec.json.encode(parts)).digest()


class CompletionCache:
    """One SQLite file; safe with several threads and with several processes."""

    def __init__(self, path: Path, *, patience: float = PATIENCE) -> None:
        """Open or create; never raises for a file that cannot be used, see `problems`."""
        self._path = path
        self._patience = patience
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._writable = True
        self.problems: list[str] = []
        """What the user should be told, each once."""
        self.lost = 0
        """Completions that could not be stored."""
        try:
            self._connection = self._open_or_replace()
        except sqlite3.Error as error:
            self._connection = self._open_read_only(error)
        except OSError as error:
            self._report(f"cannot be opened ({error}); completions are not kept")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; every later `get` misses."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def get(self, identity: str, request: Request) -> Completion | None:
        """Return what was stored for this request, marked `from_cache`, or None."""
        key = cache_key(identity, request)
        with self._lock:
            if self._connection is None:
                return None
            try:
                row = self._connection.execute(
                    "SELECT completion FROM completions WHERE key = ?", (key,)
                ).fetchone()
                completion = _decoder.decode(row[0]) if row else None
            except (sqlite3.Error, msgspec.DecodeError, TypeError) as error:
                self._report(f"cannot be read ({error}); such answers are asked for again")
                return None
        if completion is None or _is_cut(completion):
            return None
        return msgspec.structs.replace(completion, from_cache=True)

    def put(self, identity: str, request: Request, completion: Completion) -> None:
        """Store a completion.

        Where that fails, it is counted in `lost`, reported once, and no further write is tried.
        """
        row = (cache_key(identity, request), msgspec.json.encode(completion), time.time())
        with self._lock:
            if self._connection is None or not self._writable:
                self.lost += 1
                return
            try:
                self._connection.execute("INSERT OR REPLACE INTO completions VALUES (?, ?, ?)", row)
            except sqlite3.Error as error:
                self.lost += 1
                self._writable = False
                self._report(f"cannot be written ({error}); further completions are not kept")

    def _report(self, problem: str) -> None:
        text = f"completion cache {self._path}: {problem}"
        if text not in self.problems:
            self.problems.append(text)

    def _open_or_replace(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _open(self._path, self._patience)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_NOTADB:
                raise
        aside = _move_aside(self._path)
        self._report(f"was not a database; moved to {aside.name} and begun anew")
        return _open(self._path, self._patience)

    def _open_read_only(self, error: sqlite3.Error) -> sqlite3.Connection | None:
        """A file that only lacks write permission still answers `get`."""
        if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}:
            with suppress(sqlite3.Error):
                connection = _open_immutable(self._path)
                self._writable = False
                self._report(f"cannot be written ({error}); it is read, new completions are lost")
                return connection
        self._report(f"cannot be used ({error}); completions are not kept. {ADVICE}")
        return None


def _is_cut(completion: Completion) -> bool:
    """Whether the server's own limit ended it, or an answer on the way to it."""
    turns = completion.loop.turns if completion.loop else ()
    return "context" in {completion.finish_reason, *(turn.finish_reason for turn in turns)}


def _open(path: Path, patience: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=patience, isolation_level=None, check_same_thread=False
    )
    try:
        _prepare(connection, patience)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, patience: float) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        _create(connection, patience)
    elif version != VERSION:
        raise FileExistsError(f"version {version}, this program writes {VERSION}; {ADVICE}")
    # NORMAL does not wait for the disk at each commit: what is lost, a power cut loses.
    connection.execute("PRAGMA synchronous = NORMAL")


def _create(connection: sqlite3.Connection, patience: float) -> None:
    """Create the table; processes that start together wait for the first of them."""
    _set_wal(connection, patience)
    connection.execute("BEGIN IMMEDIATE")
    try:
        (tables,) = connection.execute(
            "SELECT count(*) FROM sqlite_master WHERE tbl_name != 'completions'"
        ).fetchone()
        if tables:
            raise FileExistsError(f"it is a database of something else; {ADVICE}")
        connection.execute(TABLE)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _set_wal(connection: sqlite3.Connection, patience: float) -> None:
    """Switch to WAL; SQLite does not wait for its lock here, so this does."""
    end = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def _open_immutable(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?immutable=1", uri=True, check_same_thread=False
    )
    try:
        connection.execute("SELECT key FROM completions LIMIT 1")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _move_aside(path: Path) -> Path:
    """Rename a file that is no database, and the journals that SQLite keeps beside it."""
    mark = f".broken-{time.time_ns()}"
    with path.open("rb") as file:
        if file.read(len(MAGIC)) == MAGIC:  # another process has replaced it in the meantime
            return path
    for suffix in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            Path(f"{path}{suffix}").replace(f"{path}{mark}{suffix}")
    return Path(f"{path}{mark}")
