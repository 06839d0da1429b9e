"""What a server says: a stream of chunks, a plain answer, or an error, read from bytes.

Servers differ in the details, and what is harmless is taken as it comes: chunks without choices,
usage on every chunk or on the last, a plain JSON answer where a stream was asked for, no `[DONE]`.
What would change a measurement is refused: bytes that are neither, an answer without an end, and a
negative count of tokens.

Limits: only choice 0 is read, and tool calls are not text. Hidden reasoning that a server sends
apart (`reasoning_content`) is counted in its usage but is not part of the text.
"""

from collections.abc import Mapping

import msgspec

from pytest_llmops.completions import Count, FinishReason, Usage
from pytest_llmops.errors import EndpointError

RETRIED_STATUS = frozenset({408, 429, 500, 502, 503, 504, 529})
"""HTTP statuses that say nothing about the request: the same one may succeed a moment later."""
RETRIED_TYPES = frozenset(
    {"server_error", "api_error", "overloaded_error", "rate_limit_error", "InternalServerError"}
)
"""`error.type` of errors that arrive inside a stream, where there is no status."""
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding foreign JSON raises; the last for ten thousand brackets."""
EXCERPT = 300
"""Characters of a foreign text quoted in an error."""
FINISH: Mapping[str, FinishReason] = {
    "stop": "stop", "eos": "stop", "eos_token": "stop", "end_turn": "stop", "stop_sequence": "stop",
    "length": "length", "max_tokens": "length",
    "content_filter": "content_filter", "safety": "content_filter",
}  # fmt: skip


class TransientError(EndpointError):
    """A fault on the way that another try may not meet; never a statement about the answer."""

    def __init__(
        self, reason: str, *, retry_after: float | None = None, throttled: bool = False,
        reached: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(reason)
        self.retry_after = retry_after
        """Seconds the server asks to wait."""
        self.throttled = throttled
        """The server says it is asked too often (429)."""
        self.reached = reached
        """The server answered; False where the connection failed or broke."""


class _Details(msgspec.Struct):
    cached_tokens: Count | None = None
    reasoning_tokens: Count | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    prompt_tokens_details: _Details | None = None
    completion_tokens_details: _Details | None = None
    prompt_cache_hit_tokens: Count | None = None


class _Piece(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    index: int = 0
    delta: _Piece | None = None
    message: _Piece | None = None
    finish_reason: str | None = None


class _Document(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    model: str | None = None
    error: msgspec.Raw = msgspec.Raw(b"null")


_decoder = msgspec.json.Decoder(_Document)


class EventReader:
    """Cut a `text/event-stream` body into the `data` of its events, as bytes arrive."""

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take bytes, return the data of the events that they complete.

        Raises:
            EndpointError: A line is not part of an event stream.
        """
        self._rest.append(chunk)
        if b"\n" not in chunk:  # joined once a line is whole: a long one would cost its square
            return []
        *lines, rest = b"".join(self._rest).split(b"\n")
        self._rest = [rest]
        return [data for line in lines if (data := self._line(line.removesuffix(b"\r")))]

    def close(self) -> list[bytes]:
        """Return what the last event holds where the empty line behind it is missing."""
        return self.feed(b"\n\n")

    def _line(self, line: bytes) -> bytes:
        """Take one line; returns the data of an event when this line ends it, else nothing."""
        if not line:
            data, self._data = self._data, []
            return b"\n".join(data)
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
        elif name not in {b"", b"event", b"id", b"retry"}:
            raise EndpointError(f"not an event stream: {excerpt(line)}")
        return b""


class Answer:
    """One answer while it arrives: fed chunk by chunk, or at once with a plain JSON document."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._refusal: list[str] = []
        self._finish = ""
        self.done = False
        """`[DONE]` was seen."""
        self.model = ""
        self.usage: Usage | None = None

    @property
    def text(self) -> str:
        """The content so far."""
        return "".join(self._text)

    @property
    def refusal(self) -> str:
        """What the server put in place of content."""
        return "".join(self._refusal)

    @property
    def finish_reason(self) -> FinishReason:
        """Why the model stopped, in our four words."""
        return FINISH.get(self._finish, "other")

    @property
    def started(self) -> bool:
        """Whether any text has arrived."""
        return bool(self._text or self._refusal)

    @property
    def complete(self) -> bool:
        """Whether the server said that this is all."""
        return self.done or bool(self._finish)

    def feed(self, data: bytes) -> None:
        """Take one JSON document, or the closing `[DONE]`.

        Raises:
            TransientError: The server reports a passing fault in place of an answer.
            EndpointError: The bytes are not a chat completion; quotes them.
        """
        if data.strip() == b"[DONE]":
            self.done = True
            return
        try:
            document = _decoder.decode(data)
        except UNREADABLE as error:
            raise EndpointError(f"not a chat completion ({error}): {excerpt(data)}") from None
        if bytes(document.error) != b"null":
            raise error_of(0, data)
        if document.choices is None and document.usage is None:
            raise EndpointError(f"not a chat completion (no 'choices'): {excerpt(data)}")
        self.model = document.model or self.model
        self.usage = usage_of(document.usage) or self.usage
        for choice in document.choices or ():
            if choice.index == 0:
                self._take(choice)

    def _take(self, choice: _Choice) -> None:
        piece = choice.message or choice.delta
        if piece and piece.content:
            self._text.append(piece.content)
        if piece and piece.refusal:
            self._refusal.append(piece.refusal)
        self._finish = choice.finish_reason or self._finish


def usage_of(usage: _Usage | None) -> Usage | None:
    """Token counts, or None where the server gave none that can be used."""
    if usage is None or usage.prompt_tokens is None or usage.completion_tokens is None:
        return None
    read, written = usage.prompt_tokens_details, usage.completion_tokens_details
    return Usage(
        input=usage.prompt_tokens,
        output=usage.completion_tokens,
        cached=(read and read.cached_tokens) or usage.prompt_cache_hit_tokens or 0,
        reasoning=(written and written.reasoning_tokens) or 0,
    )


def error_of(status: int, body: bytes, *, retry_after: float | None = None) -> EndpointError:
    """Turn an error body into the error to raise: a `TransientError` where a retry makes sense.

    Args:
        status: HTTP status; 0 for an error inside a stream, whose own code then counts.
        body: Anything; the usual places of a message are looked up, else it is quoted.
        retry_after: Seconds, from the headers.
    """
    message, kind, code = _said(body)
    number = status or (int(code) if code.isdecimal() else 0)
    reason = f"HTTP {status}: {message}" if status else f"error in the stream: {message}"
    # An empty account answers 429 too, and no waiting fills it.
    passing = number in RETRIED_STATUS or (not status and kind in RETRIED_TYPES)
    if passing and "insufficient_quota" not in (code, kind):
        throttled = number == 429 or kind == "rate_limit_error"
        return TransientError(reason, retry_after=retry_after, throttled=throttled)
    return EndpointError(reason)


def _said(body: bytes) -> tuple[str, str, str]:
    """Message, type and code of an error body, each "" where it has none."""
    try:
        document = msgspec.json.decode(body)
    except UNREADABLE:
        return excerpt(body) or "(empty body)", "", ""
    holder = document.get("error", document) if isinstance(document, dict) else document
    if not isinstance(holder, dict):
        return excerpt(str(holder).encode()), "", ""
    message = holder.get("message") or holder.get("detail") or body.decode()
    kind, code = holder.get("type"), holder.get("code")
    return excerpt(str(message).encode()), str(kind or ""), str(code or "")


def excerpt(data: bytes) -> str:
    """The beginning of foreign bytes, on one line and printable."""
    text = " ".join(data[: 4 * EXCERPT].decode("utf-8", "replace").split())
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[:EXCERPT])
    return shown + "..." if len(text) > EXCERPT or len(data) > 4 * EXCERPT else shown
