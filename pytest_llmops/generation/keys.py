"""How a request of a session is called, and what answers it."""

from typing import Protocol

from pytest_llmops.completions import Completion, Request
from pytest_llmops.errors import EndpointError

Key = tuple[str, int]
"""Case id and sample index."""


class Answerer(Protocol):
    """What answers requests; `client.ChatClient` is one."""

    concurrency: int
    """Requests worth having in hand at once."""

    async def complete(self, request: Request) -> Completion:
        """Answer one request or raise EndpointError."""

    async def aclose(self) -> None:
        """Release what is held; called once, in the same event loop."""


def named(key: Key) -> str:
    """A request as messages name it."""
    return f"{key[0]} (sample {key[1]})"


def unannounced(key: Key) -> EndpointError:
    """The error for a completion that no request was announced for."""
    return EndpointError(
        f"{named(key)}: no completion was asked for; the session announced other cases"
    )


def late(key: Key, timeout: float | None) -> EndpointError:
    """The error for a wait that took too long."""
    return EndpointError(f"{named(key)}: no answer within {timeout:g} s of waiting")


def unheard(key: Key, completion: Completion) -> None:
    """Listen to what arrives where nobody wants to know."""
