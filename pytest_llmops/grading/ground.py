"""What an answer that changes files may change, and what its paths mean."""

import re
from collections.abc import Callable, Collection
from pathlib import PurePosixPath

import msgspec

TESTS = re.compile(
    r"\.(?:test|spec)\.[cm]?[jt]sx?$|(?:^|/)__(?:tests|mocks|snapshots|fixtures)__/|(?:^|/)fixtures/"
    r"|(?:^|/)test-(?:utils?|helpers?|support|setup)[./]|\.snap$"
)
"""Paths of tests and of what serves them."""

_BESIDE_TESTS = re.compile(r"(?:^|/)tests?/|(?:^|/)conftest\.py$")
"""Paths of what serves tests, unless a change is asked for there."""

_USES_RUNNER = re.compile(
    r"(?:\bfrom|\bimport|\brequire\()\s*[\"'](?:vitest|chai|@jest/globals|node:test|bun:test)[\"']"
    r"|^\s*(?:import|from)\s+(?:pytest|unittest)\b",
    re.MULTILINE,
)
"""Texts of what asserts in the place of tests."""

LONGEST_PATH, LONGEST_NAME = 1_024, 255
"""Bytes that a path, and each part of it, may have."""

_KEPT = re.compile(r"^(?:\.|node_modules$)")


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What may be changed, and how it is read."""

    read: Callable[[str], str | None]
    """The text of a file; None where there is none. Asked only for paths that stay inside."""
    sources: tuple[str, ...]
    """Files that the question names; an answer may write their last parts alone."""
    folders: tuple[str, ...] = ()
    """Folders outside of which nothing may be changed; none for all of the tree."""
    hidden: Collection[str] = ()
    """Files that are put back whatever becomes of them, beside all tests."""


class RefusedError(ValueError):
    """A change that does not apply; says why."""


def serves_tests(path: str, sources: Collection[str], text: str | None) -> bool:
    """Whether a file is a test or serves tests: what becomes of it in an answer judges nothing.

    Args:
        path: From the top of the tree.
        sources: Files that an answer is to change.
        text: Of the file in the tree; None where there is none.
    """
    if TESTS.search(path) or path in sources:
        return bool(TESTS.search(path))
    return bool(_BESIDE_TESTS.search(path) or (text and _USES_RUNNER.search(text)))


def plain(path: str) -> str:
    """A path with forward slashes and without `./`."""
    return str(PurePosixPath(path.strip().replace("\\", "/")))


def inside(path: str, ground: Ground) -> str:
    """A path that stays inside the folders of a case.

    Raises:
        RefusedError: It leaves them, or is one that no answer may change.
    """
    whole = plain(path)
    parts = PurePosixPath(whole).parts
    if whole.startswith(("/", "~")) or re.match(r"[A-Za-z]:", whole):
        raise RefusedError(f"{path!r} is no path from the top of the tree")
    if ".." in parts or "\0" in whole or not whole.isprintable() or whole == ".":
        raise RefusedError(f"{path!r} leaves the tree")
    if max(map(_size, parts)) > LONGEST_NAME or _size(whole) > LONGEST_PATH:
        raise RefusedError(f"{path[:80]!r}... is longer than a path may be")
    if kept := next((part for part in parts if _KEPT.match(part)), ""):
        raise RefusedError(f"{path!r} is in {kept}, which no answer may change")
    folders = [folder.strip("/") for folder in ground.folders]
    if folders and not any(whole.startswith(f"{folder}/") for folder in folders):
        raise RefusedError(f"{path!r} is outside of {', '.join(folders)}")
    return whole


def _size(name: str) -> int:
    return len(name.encode("utf-8", "replace"))
