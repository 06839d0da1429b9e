"""How a request of a session is called."""

from pytest_llmops.errors import EndpointError

Key = tuple[str, int]
"""Case id and sample index."""


def named(key: Key) -> str:
    """A request as messages name it."""
    return f"{key[0]} (sample {key[1]})"


def unannounced(key: Key) -> EndpointError:
    """The error for a completion that no request was announced for."""
    return EndpointError(
        f"{named(key)}: no completion was asked for; the session announced other cases"
    )
