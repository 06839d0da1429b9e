"""Who may ask the viewer: a browser on this machine that was given the address.

Runs hold prompts and answers, so the address has a secret in it, other sites cannot ask through the
browser (whose `Origin` and `Sec-Fetch-Site` tell them), and names that lead to this machine by a
trick are refused (`Host`). Pages may load nothing from elsewhere and tell nobody where they are.
"""

import secrets
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "img-src data: blob:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Plotly sets styles from its script, so styles are not restricted; they cannot load anything."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

OWN_SITES = {"same-origin", "none"}
"""`Sec-Fetch-Site` of our pages, and of an address that a person opened."""


def new_token() -> str:
    """A secret for the address."""
    return secrets.token_urlsafe(24)


class Guard:
    """Refuses before anything is looked up, and sets the headers of every answer."""

    def __init__(self, app: ASGIApp, *, token: str, host: str) -> None:
        self._app = app
        self._token = token
        self._host = host
        """Host and port of our own address."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or refuse one request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        answer: ASGIApp = self._app
        if why := self._refusal(scope):
            answer = PlainTextResponse(f"{why}\n", 403)
        elif scope["method"] not in {"GET", "HEAD"}:
            answer = PlainTextResponse("this page is only read\n", 405)
        return await answer(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> str:
        headers = Headers(scope=scope)
        if headers.get("host", "") != self._host:
            return "this address is not the viewer's"
        if headers.get("origin", f"http://{self._host}") != f"http://{self._host}":
            return "another site asked"
        if headers.get("sec-fetch-site", "none") not in OWN_SITES:
            return "another site asked"
        given = scope["path"].lstrip("/").partition("/")[0]
        if not secrets.compare_digest(given.encode(), self._token.encode()):
            return "the address lacks its token; open the one that `llmops view` printed"
        return ""


def _with_headers(send: Send) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=_scope(message))
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return answer


def _scope(message: Message) -> Any:
    return message
