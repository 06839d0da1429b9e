"""A file as it is and as it would be; what is there stays, byte for byte."""

import difflib
import shutil
import tomllib
from contextlib import suppress
from pathlib import Path

import msgspec

from pytest_llmops.errors import LlmopsError

SHOWN = 200
"""Lines of a new file that a diff shows at most."""


class ScaffoldError(LlmopsError):
    """A file of the project cannot be read, changed or written."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of one file."""

    path: Path
    """Relative to the project."""
    before: str | None
    """None where there is no such file."""
    after: str
    remark: str = ""
    """What is left for the user to do, where something is."""

    @property
    def is_one(self) -> bool:
        """Whether the file would be another one."""
        return self.before != self.after

    def told(self) -> str:
        """One line for a person."""
        word = "new" if self.before is None else "adds to"
        word = word if self.is_one else "stays"
        return f"{word:8}{self.path}" + (f": {self.remark}" if self.remark else "")

    def diff(self) -> str:
        """The change as `diff -u` shows it."""
        source = "/dev/null" if self.before is None else f"a/{self.path}"
        before, after = (text.splitlines(keepends=True) for text in (self.before or "", self.after))
        if self.before is None and len(after) > SHOWN:
            return f"--- /dev/null\n+++ b/{self.path}\n({len(after)} lines)\n"
        return "".join(difflib.unified_diff(before, after, source, f"b/{self.path}"))


def read(folder: Path, path: str) -> str | None:
    """A file of the project; None where there is none.

    Raises:
        ScaffoldError: It cannot be read.
    """
    try:
        return (folder / path).read_bytes().decode()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ScaffoldError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ScaffoldError(f"{path}: is not UTF-8; convert it first") from None


def unless_there(folder: Path, path: str, text: str, remark: str = "") -> Change:
    """A file of that text, where there is none of that name."""
    before = read(folder, path)
    kept = before if before is not None else text
    return Change(path=Path(path), before=before, after=kept, remark=remark if before else "")


def with_tables(folder: Path, path: str, head: str, tables: dict[str, str]) -> Change:
    """A TOML file that has these tables; those that it has stay as they are.

    Args:
        folder: Of the project.
        path: The file.
        head: What a new file begins with.
        tables: Their texts, below the name, by name.

    Raises:
        ScaffoldError: It is not TOML.
    """
    before = read(folder, path)
    try:
        there = tomllib.loads(before or "")
    except tomllib.TOMLDecodeError as error:
        raise ScaffoldError(f"{path}: not TOML: {error}") from None
    made = [f"[{quoted(name)}]\n{text}" for name, text in tables.items() if name not in there]
    after = appended(head if before is None else before, made)
    return Change(path=Path(path), before=before, after=after)


def quoted(name: str) -> str:
    """A name as a TOML key."""
    return f'"{name}"' if "." in name else name


def appended(text: str, parts: list[str]) -> str:
    """Parts below a text, each after an empty line."""
    for part in parts:
        end = "" if not text or text.endswith("\n") else "\n"
        text = f"{text}{end}\n{part}" if text else part
    return text


def write(folder: Path, changes: list[Change]) -> None:
    """Write what changes: each file whole or not at all, also where the disk is full.

    Raises:
        ScaffoldError: A file cannot be written.
    """
    for change in changes:
        path = (folder / change.path).resolve()
        draft = path.with_name(f".{path.name}.draft")
        if not change.is_one:
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(change.after.encode())
            if path.exists():
                shutil.copymode(path, draft)
            draft.replace(path)
        except OSError as error:
            with suppress(OSError):
                draft.unlink()
            raise ScaffoldError(f"{change.path}: cannot be written: {error.strerror}") from None
