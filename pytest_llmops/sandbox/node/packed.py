"""Installed npm packages as the sandbox reads them: compiled, in a folder that is mounted there.

A process of its own compiles them, which never reads an answer: what it makes outlives a session. A
file is under its final name when it is whole; a target's `.closure` is written last, and says that
all that the target loads is there. The folder is named by the lock file's digest, the program that
reads it and the compiler that made it, so nothing in it ever changes.
"""

import hashlib
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path, PurePosixPath
from threading import Lock

import msgspec

from pytest_llmops.caches import shared_cache
from pytest_llmops.errors import PackagesError
from pytest_llmops.sandbox.companion import Companion, DiedError
from pytest_llmops.sandbox.judge import judge_folder
from pytest_llmops.sandbox.judge.program import RUNTIME, program_folder
from pytest_llmops.sandbox.node.installation import MODULES, Installation
from pytest_llmops.sandbox.node.transformer import COMPILER

PATIENCE = 120.0
"""Seconds for one target with all that it loads."""


@cache
def _compiler() -> str:
    """Eight digits that change with what compiles packages."""
    total = hashlib.sha256()
    for path in sorted(COMPILER.glob("*.mjs")):
        total.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()[:8]


class _Answer(msgspec.Struct, frozen=True):
    files: list[tuple[str, str]]


class Packed:
    """The compiled packages of one installation; thread-safe."""

    def __init__(self, node: Path, installation: Installation) -> None:
        """Prepare; the compiler is started when something is missing.

        Raises:
            PackagesError: The folder cannot be written.
        """
        judge = judge_folder()
        name = f"{installation.digest}-{program_folder(node).name}-{_compiler()}"
        self.folder = shared_cache() / "packages" / name
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(0o755)
        except OSError as error:
            raise PackagesError(f"{self.folder}: cannot be written: {error.strerror}") from None
        self._process = Companion(
            node,
            (installation.folder, RUNTIME, COMPILER, judge),
            ("--allow-addons", str(COMPILER / "pack.mjs"), str(judge), str(installation.folder)),
            patience=PATIENCE,
            name="llmops-packages",
        )
        self._lock = Lock()
        self._there: set[str] = set()

    def confine(self, bwrap: Path) -> None:
        """From now on compile in namespaces: the compiler is native code."""
        self._process.confine(bwrap)

    def ensure(self, targets: Iterable[str]) -> None:
        """Have files of packages in the folder, with all that they load.

        Raises:
            PackagesError: One cannot be compiled or written.
        """
        with self._lock:
            for target in targets:
                if target not in self._there and not self._place(f"{target}.closure").is_file():
                    self._make(target)
                self._there.add(target)

    def close(self) -> None:
        """End the compiler."""
        with self._lock:
            self._process.close()

    def _make(self, target: str) -> None:
        try:
            line = self._process.ask(msgspec.json.encode({"target": target}) + b"\n").line()
            answer = msgspec.json.decode(line, type=_Answer)
            for name, text in answer.files:
                self._write(self._place(name), text)
        except (DiedError, msgspec.DecodeError) as error:
            self._process.end()
            raise PackagesError(f"{target}: the package cannot be compiled: {error}") from None
        except OSError as error:
            raise PackagesError(f"{self.folder}: cannot be written: {error.strerror}") from None

    def _place(self, name: str) -> Path:
        """Where a file of a package is kept; never outside of the folder, whatever it is called."""
        parts = PurePosixPath(name).parts
        if parts[:1] != (MODULES,) or ".." in parts:
            raise PackagesError(f"{name!r} is no file of a package")
        return self.folder.joinpath(*parts)

    def _write(self, place: Path, text: str) -> None:
        if place.is_file():
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f".{place.name}.{os.getpid()}.{os.urandom(4).hex()}")
        part.write_text(text, "utf-8")
        part.chmod(0o644)
        part.rename(place)
