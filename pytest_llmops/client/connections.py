"""Connections to one endpoint, each with an httpx client of its own.

One client could hold them all, but httpcore looks at every connection of a pool, several times, for
every request: at a hundred connections that took three times as long as all the rest of a request.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from pytest_llmops.client.endpoint import Endpoint


class Connections:
    """As many as are in use at once; the one used last is used first. For one event loop."""

    def __init__(
        self, endpoint: Endpoint, headers: Mapping[str, str], connect_timeout: float
    ) -> None:
        """Open nothing yet.

        Args:
            endpoint: Where to; proxy settings of the environment count unless it is this machine.
            headers: Sent with every request.
            connect_timeout: Seconds to open a connection; nothing else is limited here.
        """
        self._endpoint = endpoint
        self._headers = headers
        self._timeout = httpx.Timeout(None, connect=connect_timeout)
        # Without TLS there is nothing to verify, and reading the certificates takes 30 ms.
        self._tls = httpx.create_ssl_context(verify=endpoint.base_url.startswith("https:"))
        self._all: list[httpx.AsyncClient] = []
        self._free: list[httpx.AsyncClient] = []

    @contextmanager
    def one(self) -> Iterator[httpx.AsyncClient]:
        """Lend a connection that nobody uses."""
        connection = self._free.pop() if self._free else self._new()
        try:
            yield connection
        finally:
            self._free.append(connection)

    async def aclose(self) -> None:
        """Close all."""
        for connection in self._all:
            await connection.aclose()

    def _new(self) -> httpx.AsyncClient:
        connection = httpx.AsyncClient(
            headers=self._headers,
            timeout=self._timeout,
            limits=httpx.Limits(max_connections=1),
            trust_env=not self._endpoint.is_local,
            verify=self._tls,
        )
        self._all.append(connection)
        return connection
