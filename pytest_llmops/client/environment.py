"""What the environment says of the way to a host: its proxy, and whom to trust."""

import os
import ssl
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi

from pytest_llmops.errors import EndpointError


def proxy_of(url: str) -> str | None:
    """The proxy that the environment names for a URL.

    Raises:
        EndpointError: It is of a kind that cannot be used.
    """
    parts = urlsplit(url)
    if proxy_bypass(parts.netloc):
        return None
    known = getproxies()
    found = known.get(parts.scheme) or known.get("all")
    if not found:
        return None
    found = found if "://" in found else f"http://{found}"
    if (kind := urlsplit(found).scheme.lower()) not in {"http", "https"}:
        raise EndpointError(
            f"the environment names a {kind} proxy; only http and https proxies can be used "
            "(NO_PROXY leaves a host out)"
        )
    return found


def certificates() -> ssl.SSLContext:
    """What servers are verified with; reading it takes 30 ms."""
    context = ssl.create_default_context()  # it looks at the variables, too
    context.set_alpn_protocols(["http/1.1"])
    if not (os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR")):
        context.load_verify_locations(certifi.where())
    return context
