"""Requests to one endpoint over HTTP/1.1; the one module that knows the HTTP library.

Connections are used again. Redirects are not followed, and cookies not kept. Proxies are those of
the environment, except to this machine; certificates are those of the system and of certifi, or
those that `SSL_CERT_FILE` or `SSL_CERT_DIR` name.
"""

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Container, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import SimpleNamespace
from typing import NamedTuple, Protocol, Self
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from pytest_llmops.client.broken import LostError, fault_of
from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.client.environment import certificates, proxy_of
from pytest_llmops.client.packing import ASKED, codings_of, unpacked
from pytest_llmops.errors import EndpointError

IDLE = 4.0
"""Seconds that an unused connection is kept; many servers drop theirs after five."""
HEAD = 64 * 2**10
"""Bytes of one line of a response's head; gateways write long ones."""
LARGE = 2**20
"""Bytes of a request that are sent piece by piece."""
LONGEST = 16 * 2**20
"""Bytes of one body that `ask_once` reads."""


class Reply(NamedTuple):
    """A response whose head has come."""

    status: int
    headers: Mapping[str, str]
    """By name, in any case."""
    pieces: AsyncIterator[bytes]
    """The body as it comes; raises as `Asks.ask`."""


class Asks(Protocol):
    """What takes requests: an endpoint, or what stands for it."""

    def ask(self, path: str, content: bytes | None = None) -> AbstractAsyncContextManager[Reply]:
        """Send a request, and give its answer while it comes; left early, it is dropped.

        Raises:
            LostError: The connection failed or broke.
            EndpointError: So it would again.
        """
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class Connections:
    """As many as are in use at once. For one event loop; an async context manager."""

    def __init__(
        self,
        endpoint: Endpoint,
        connect: float,
        sending: Callable[[object], None] | None = None,
        *,
        direct: bool = False,
    ) -> None:
        """Open nothing yet.

        Args:
            endpoint: Where to.
            connect: Seconds to open a connection; nothing else is limited here.
            sending: Told when a connection is open and the request goes out, with its token.
            direct: Through no proxy, whatever the environment says.
        """
        self._endpoint = endpoint
        self._root, user = _without_user(endpoint.base_url.rstrip("/"))
        self._headers = {"content-type": "application/json", "accept-encoding": ASKED}
        if user or endpoint.api_key:
            self._headers["authorization"] = user or f"Bearer {endpoint.api_key}"
        self._timeout = aiohttp.ClientTimeout(total=None, connect=connect)
        self._sending = sending
        self._direct = direct or endpoint.is_local
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()

    @asynccontextmanager
    async def ask(
        self, path: str, content: bytes | None = None, *, token: object = None
    ) -> AsyncIterator[Reply]:
        """See `Asks`; `token` is what `sending` is told."""
        self._session = self._session or self._open()
        large = content is not None and len(content) > LARGE
        try:
            response = await self._session.request(
                "GET" if content is None else "POST",
                URL(self._root + path, encoded=self._root.isascii() and " " not in self._root),
                data=io.BytesIO(content) if content and large else content,
                allow_redirects=False,
                trace_request_ctx=token,
            )
        except (aiohttp.ClientError, OSError) as error:
            raise fault_of(error, reached=False) from error
        try:
            pieces, codings = _Pieces(response.content), codings_of(response.headers)
            whole = unpacked(pieces, codings) if codings else pieces
            yield Reply(response.status, response.headers, whole)
        finally:
            response.close()  # keeps a connection whose answer was read to its end

    def _open(self) -> aiohttp.ClientSession:
        secure = self._endpoint.base_url.startswith("https:")
        trace = aiohttp.TraceConfig()
        if tell := self._sending:

            async def sent(_session: object, context: SimpleNamespace, _params: object) -> None:
                tell(context.trace_request_ctx)

            trace.on_request_headers_sent.append(sent)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,
                keepalive_timeout=IDLE,
                resolver=aiohttp.ThreadedResolver(),  # the system's, whatever else is installed
                ssl=certificates() if secure else True,
            ),
            headers=self._headers,
            auto_decompress=False,
            proxy=None if self._direct else proxy_of(self._root),
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            max_line_size=HEAD,
            max_field_size=HEAD,
            trace_configs=[trace],
        )


class _Pieces:
    """A body as it comes, and what had come of it when its connection broke."""

    def __init__(self, content: aiohttp.StreamReader) -> None:
        self._content = content
        self._lost: EndpointError | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._lost:
            raise self._lost
        try:
            piece = await self._content.readany()
        except (aiohttp.ClientError, OSError) as error:
            self._lost = fault_of(error, reached=True)
            self._content.set_exception(None)  # type: ignore[arg-type] # it stands before the data
            piece = self._content.read_nowait()
            if not piece:
                raise self._lost from error
        if not piece:
            raise StopAsyncIteration
        return piece


async def refused(reply: Reply) -> bytes:
    """The body of a response that is no answer; its status says enough where it cannot be read.

    Raises:
        LostError: The connection broke.
    """
    body = bytearray()
    try:
        async for piece in reply.pieces:
            body += piece[: LONGEST - len(body)]
            if len(body) == LONGEST:
                break
    except LostError:
        raise
    except EndpointError as error:
        return str(error).encode()
    return bytes(body)


def ask_once(
    way: Connections,
    path: str,
    content: bytes | None = None,
    *,
    seconds: float,
    read: Container[int],
) -> tuple[int, bytes]:
    """Make one request from code without an event loop; gives status and body.

    Args:
        way: Where to; closed then.
        path: Behind the base URL.
        content: Body of a POST; None for a GET.
        seconds: For all of it.
        read: Statuses whose body is read; of others it is b"".

    Raises:
        EndpointError: There is no answer in time, or it is longer than `LONGEST`.
    """

    async def ask() -> tuple[int, bytes]:
        body = bytearray()
        async with way, way.ask(path, content) as reply:
            if reply.status in read:
                async for piece in reply.pieces:
                    body += piece
                    if len(body) > LONGEST:
                        raise EndpointError(f"the answer is over {LONGEST >> 20} MiB")
            return reply.status, bytes(body)

    try:
        return asyncio.run(asyncio.wait_for(ask(), seconds))
    except TimeoutError:
        raise EndpointError(f"no answer within {seconds:g} s") from None


def _without_user(url: str) -> tuple[str, str]:
    """A URL without name and password, and the header that these make; "" for none."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, ""
    whole = URL.build(scheme=parts.scheme, authority=parts.netloc, encoded=True)
    header = aiohttp.encode_basic_auth(whole.user or "", whole.password or "")
    return parts._replace(netloc=host).geturl(), header if user else ""
