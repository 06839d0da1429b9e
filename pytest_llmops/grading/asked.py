"""What an answer asks to become of a file; `edits` and `calls` find it, `patching` does it."""

from typing import Literal, NamedTuple

from pytest_llmops.grading.hunks import Hunk

Kind = Literal["update", "replace", "write", "delete"]
"""`replace` is an update whose lines may be parts of lines."""


class MisshapenError(ValueError):
    """What looks like a change and can't be read as one; says why."""


class Edit(NamedTuple):
    """What is to become of one file."""

    path: str
    """As it is written; "" where none is."""
    kind: Kind
    hunks: tuple[Hunk, ...] = ()
    """Of an update."""
    text: str = ""
    """Of what is written."""
    moved: str = ""
    """Where the file goes; "" where it stays."""
    doubtful: bool = False
    """A sentence names the path: it may be an example of something else."""
