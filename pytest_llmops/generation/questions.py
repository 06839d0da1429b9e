"""What the processes of a distributed session say to each other, as values; see `broker`."""

from collections.abc import Callable

import msgspec

from pytest_llmops.completions import Completion
from pytest_llmops.errors import CaseError, Decided, EndpointError, SandboxError
from pytest_llmops.generation.keys import Key


class Question(msgspec.Struct, frozen=True, array_like=True):
    """What a worker wants of one attempt."""

    key: Key
    grade: bool = False
    """Its grade, not its completion."""
    changed: Completion | None = None
    """What is graded, where it is not what came."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What the controller sends back, or why it has nothing."""

    completion: Completion | None = None
    grade: bytes = b""
    """As the controller encodes it."""
    error: str = ""
    """Message of the error that is raised instead."""
    kind: str = ""
    """Of that error."""


KINDS = {kind.__name__: kind for kind in (EndpointError, SandboxError, CaseError, Decided)}
"""What crosses as what it is; other errors of ours are EndpointErrors in a worker."""
Grade = Callable[[Key, Completion | None], bytes]
"""Blocks until the answer to an attempt is graded, or the one that stands in its place."""
