"""What went wrong on the way to an endpoint, in words, and whether another try makes sense."""

import os
import ssl
from collections.abc import Callable
from typing import Any

import aiohttp

from pytest_llmops.client.faults import TransientError, excerpt
from pytest_llmops.errors import EndpointError


class LostError(TransientError):
    """A connection could not be made, or broke."""


def fault_of(error: BaseException, *, reached: bool) -> EndpointError:
    """Turn an error of the HTTP library into ours.

    Args:
        error: A `ClientError` or an `OSError`.
        reached: The server had begun to answer.
    """
    words = excerpt(_words(error).encode("utf-8", "replace"))
    if isinstance(error, aiohttp.InvalidURL) or _is_final(error):
        return EndpointError(words)
    return LostError(words, reached=reached)


def _is_final(error: BaseException) -> bool:
    return isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.CertificateError)


def _words(error: BaseException) -> str:
    for kind, words in _KINDS:
        if isinstance(error, kind):
            return words(error)
    return f"{type(error).__name__}: {error}"


def _reason(error: OSError) -> str:
    """Why a socket could not be opened, without the addresses that were tried."""
    if isinstance(error, ssl.SSLError) or not error.errno or error.errno < 0:
        return str(error.strerror or error)
    return os.strerror(error.errno)


_KINDS: tuple[tuple[type[BaseException], Callable[[Any], str]], ...] = (
    (
        aiohttp.ClientConnectorCertificateError,
        lambda error: (
            f"its certificate is not trusted: {error.certificate_error}; a certificate "
            "of your own is named by SSL_CERT_FILE"
        ),
    ),
    (
        aiohttp.ClientProxyConnectionError,
        lambda error: f"cannot connect to the proxy: {_reason(error.os_error)}",
    ),
    (
        aiohttp.ClientConnectorError,
        lambda error: f"cannot connect: {_reason(error.os_error)}",
    ),
    (
        aiohttp.ClientHttpProxyError,
        lambda error: f"the proxy refuses: HTTP {error.status} {error.message}",
    ),
    (aiohttp.ConnectionTimeoutError, lambda _: "cannot connect: no connection in time"),
    (aiohttp.ServerDisconnectedError, lambda _: "the server closed the connection"),
    (
        aiohttp.ClientResponseError,
        lambda error: f"what the server says is not HTTP: {error.message}",
    ),
    (
        aiohttp.ClientPayloadError,
        lambda error: f"the answer broke off: {error.__cause__ or error}",
    ),
)
"""Subclasses before their bases."""
