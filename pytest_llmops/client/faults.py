"""What a server says when it does not answer, and whether to ask again.

An error is passing where the same request may succeed a moment later. With an HTTP status that is
told by the number; an error that arrives with status 200 (inside a stream, or in place of an
answer) is told by its own code, then by its type, and by its words only where it has neither.
"""

import re

import msgspec

from pytest_llmops.addresses import CHAT
from pytest_llmops.errors import EndpointError

RETRIED_STATUS = frozenset({408, 409, 425, 429})
"""Statuses below 500 that say nothing about the request."""
FINAL_STATUS = frozenset({501, 505, 506, 508, 510, 511, 526})
"""Statuses from 500 on that another try would meet again; 520 to 530 are those of proxies."""
FINAL = re.compile(
    r"invalid|auth|permission|forbidden|not_?found|quota|billing|credit|payment|context|policy"
    r"|filter|moderation|unsupported|bad_?request|too_large",
    re.IGNORECASE,
)
"""Codes and types of errors that no waiting mends."""
PASSING = re.compile(
    r"server_?error|api_?error|internal|overload|rate_?limit|too_?many|exhausted|time_?d?_?out"
    r"|unavailable|insufficient_system|network|disconnect|connection|upstream|abort|try again",
    re.IGNORECASE,
)
"""Codes and types of errors that pass; words too, where an error has neither."""
UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)
"""What decoding foreign JSON raises; the last for ten thousand brackets."""
EXCERPT = 300
"""Characters of a foreign text quoted in an error."""
FIELDS = ("max_tokens", "temperature", "top_p", "seed", "stop", "stream_options")
"""Fields of a request that some servers do not take."""
_REFUSED = re.compile(r"unsupported|unrecogni[sz]ed|not (permitted|supported)|unknown|extra_forb")


class TransientError(EndpointError):
    """A fault on the way that another try may not meet; never a statement about the answer."""

    def __init__(
        self, reason: str, *, retry_after: float | None = None, throttled: bool = False,
        reached: bool = True, slow: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(reason)
        self.retry_after = retry_after
        """Seconds the server asks to wait."""
        self.throttled = throttled
        """The server says it is asked too often (429)."""
        self.reached = reached
        """The server answered; False where the connection failed or broke."""
        self.slow = slow
        """Time ran out before any text came, while others were asked too."""


def error_of(
    status: int,
    body: bytes,
    *,
    retry_after: float | None = None,
    begun: bool = False,
    location: str = "",
) -> EndpointError:
    """Turn an error body into the error to raise: a `TransientError` where a retry makes sense.

    Args:
        status: HTTP status; 0 for an error inside a stream, whose own code then counts.
        body: Anything; the usual places of a message are looked up, else it is quoted.
        retry_after: Seconds, from the headers.
        begun: Part of an answer had come before, so the request itself was accepted.
        location: Where a redirection leads, from the headers.
    """
    message, kinds, said = _said(body)
    number = status or said
    reason = f"HTTP {status}: {message}" if status else f"error in the stream: {message}"
    if _passes(number, kinds, message, begun=begun) and not re.search("insufficient_quota", kinds):
        throttled = number == 429 or bool(re.search("rate_?limit|exhausted", kinds.lower()))
        return TransientError(reason, retry_after=retry_after, throttled=throttled)
    refusal = EndpointError(reason + (_moved(location) or _advice(status, message)))
    refusal.status = status
    return refusal


def _moved(location: str) -> str:
    """What to do where the server sends us elsewhere; a redirected POST would lose its question."""
    url = location.partition("?")[0].removesuffix(CHAT)
    return f"; it leads to {excerpt(url.encode())}: give the model that URL" if url else ""


def _passes(number: int, kinds: str, message: str, *, begun: bool) -> bool:
    if number:
        return number in RETRIED_STATUS or (500 <= number < 600 and number not in FINAL_STATUS)
    if FINAL.search(kinds):
        return False
    return bool(PASSING.search(kinds)) or (not kinds and (begun or bool(PASSING.search(message))))


def _advice(status: int, message: str) -> str:
    """Which field to leave out, where the server says that it does not take one."""
    named = [field for field in FIELDS if re.search(rf"\b{field}\b", message)]
    if status not in {400, 422} or not named or not _REFUSED.search(message.lower()):
        return ""
    return f"; to leave the field out, give the model omit = [{named[0]!r}] in models.toml"


def _said(body: bytes) -> tuple[str, str, int]:
    """Message, code and type as one word, and number of an error body; empty where it has none."""
    try:
        document = msgspec.json.decode(body)
    except UNREADABLE:
        return excerpt(body) or "(empty body)", "", 0
    holder = (document.get("error") or document) if isinstance(document, dict) else document
    if not isinstance(holder, dict):
        return excerpt(str(holder).encode()), "", 0
    message = holder.get("message") or holder.get("detail") or body.decode()
    codes = [str(holder.get(name) or "") for name in ("code", "status", "type")]
    numbers = [int(code) for code in codes if re.fullmatch("[1-5][0-9][0-9]", code)]
    kinds = " ".join(code for code in codes if code and not code.isdecimal())
    return excerpt(str(message).encode()), kinds, numbers[0] if numbers else 0


def excerpt(data: bytes) -> str:
    """The beginning of foreign bytes, on one line and printable."""
    text = " ".join(data[: 4 * EXCERPT].decode("utf-8", "replace").split())
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[:EXCERPT])
    return shown + "..." if len(text) > EXCERPT or len(data) > 4 * EXCERPT else shown
