"""The texts of a source tree, as they are handed to a process that has no file of it."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox.job import TestJob


class Taken(NamedTuple):
    """Which files count."""

    endings: tuple[str, ...]
    """Of their names; none for every file."""
    apart: frozenset[str]
    """Folders that are left out."""
    largest: int
    """Bytes of one; a larger one is no text that anybody wrote."""
    most: int
    """Bytes of all."""


@lru_cache(maxsize=8)
def texts(root: Path, taken: Taken) -> Mapping[str, str]:
    """The texts of a tree by path; links, and what is no Unicode, are left out.

    Args:
        root: The tree, resolved.
        taken: Which files count.

    Raises:
        SandboxError: There is too much of it.
    """
    found: dict[str, str] = {}
    size = 0
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if taken.endings and path.suffix not in taken.endings:
            continue
        if path.is_symlink() or taken.apart.intersection(inside.parts) or not path.is_file():
            continue
        if not path.resolve().is_relative_to(root):
            continue
        content = path.read_bytes() if path.stat().st_size <= taken.largest else b"\xff"
        try:
            found[inside.as_posix()] = content.decode("utf-8")
        except UnicodeDecodeError:
            continue
        size += len(content)
    if size > taken.most:
        limit = taken.most >> 20
        raise SandboxError(f"{root}: {size / 2**20:.0f} MiB of texts, at most {limit} are judged")
    return found


def texts_for(job: TestJob, root: Path, taken: Taken) -> Mapping[str, str]:
    """The texts of the tree that a job is judged in.

    Raises:
        SandboxError: A test file is not in the tree, or there is too much of it.
    """
    tree = texts(root, taken)
    for test in job.tests:
        if test not in tree and test not in job.overlay:
            raise SandboxError(f"{root}: no test file {test!r} in this tree")
    return tree
