"""Chat completions as OpenAI's API has them: what a request may say, and what answers look like."""

import re
import secrets
import time
from typing import Any, Literal

import msgspec

MOST_CHOICES = 128


class RequestError(Exception):
    """A request that is refused: HTTP status, and the fields of OpenAI's error object."""

    def __init__(
        self, message: str, *, status: int = 400, param: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.param, self.code = status, param, code

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        error = {"message": str(self), "type": kind, "param": self.param, "code": self.code}
        return {"error": error}


class TextPart(msgspec.Struct):
    """One part of a message's content; only text is understood."""

    text: str
    type: Literal["text"] = "text"


class ChatMessage(msgspec.Struct):
    """One message of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart] | None = None

    @property
    def plain(self) -> dict[str, str]:
        """Role and text, as chat templates take them."""
        role = "system" if self.role == "developer" else self.role
        if isinstance(self.content, list):
            return {"role": role, "content": "".join(part.text for part in self.content)}
        return {"role": role, "content": self.content or ""}


class StreamOptions(msgspec.Struct):
    """What a stream carries besides text."""

    include_usage: bool = False


class ChatRequest(msgspec.Struct, kw_only=True):
    """Body of `POST /v1/chat/completions`. Fields not named here are ignored, as others do."""

    model: str
    messages: list[ChatMessage]
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    n: int | None = None
    stream: bool = False
    stream_options: StreamOptions | None = None

    @property
    def limit(self) -> int | None:
        """Most tokens of an answer, if the request says so."""
        return self.max_tokens if self.max_completion_tokens is None else self.max_completion_tokens

    @property
    def stops(self) -> list[str]:
        """Stop strings."""
        return [self.stop] if isinstance(self.stop, str) else self.stop or []


def parse(body: bytes) -> ChatRequest:
    """Return the request in `body`; raises RequestError that names the parameter at fault."""
    try:
        request = msgspec.json.decode(body, type=ChatRequest)
    except msgspec.ValidationError as error:
        raise RequestError(str(error), param=_param_of(str(error))) from error
    except msgspec.DecodeError as error:
        raise RequestError(f"the body is not JSON: {error}") from error
    _check(request)
    return request


def _param_of(message: str) -> str | None:
    """Return the top-level field that a validation message is about, if it is about one."""
    found = re.search(r" - at `\$\.(\w+)", message) or re.search(r"required field `(\w+)`", message)
    return found and found[1]


def _check(request: ChatRequest) -> None:
    """Refuse values out of range."""
    name = "max_tokens" if request.max_completion_tokens is None else "max_completion_tokens"
    checks: list[tuple[str, bool, str]] = [
        ("messages", bool(request.messages), "needs at least one message"),
        (name, request.limit is None or request.limit >= 1, "must be at least 1"),
        ("temperature", 0 <= (request.temperature or 0) <= 100, "must be from 0 to 100"),
        (
            "top_p",
            0 < (1.0 if request.top_p is None else request.top_p) <= 1,
            "must be above 0, at most 1",
        ),
        (
            "n",
            1 <= (1 if request.n is None else request.n) <= MOST_CHOICES,
            f"must be 1 to {MOST_CHOICES}",
        ),
        ("stop", all(request.stops), "must not hold an empty string"),
    ]
    for param, right, rule in checks:
        if not right:
            raise RequestError(f"{param!r} {rule}", param=param)


def usage(prompt: int, cached: int, output: int) -> dict[str, Any]:
    """Return the usage object; the end token counts as output, for it was generated."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "total_tokens": prompt + output,
        "prompt_tokens_details": {"cached_tokens": cached},
    }


class Envelope:
    """The parts that every answer to one request has in common."""

    def __init__(self, model: str) -> None:
        self._id = f"chatcmpl-{secrets.token_hex(12)}"
        self._created = int(time.time())
        self._model = model

    def whole(self, choices: list[dict[str, Any]], used: dict[str, Any]) -> dict[str, Any]:
        """Return the body of an answer that is not streamed."""
        return {**self._head("chat.completion"), "choices": choices, "usage": used}

    def chunk(
        self, choices: list[dict[str, Any]], used: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return one chunk of a stream; the last one has no choices but the usage."""
        return {**self._head("chat.completion.chunk"), "choices": choices, "usage": used}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self._id, "object": kind, "created": self._created, "model": self._model}


def choice(index: int, key: Literal["message", "delta"], text: str, finish: str) -> dict[str, Any]:
    """Return one choice, whole (`message`) or a piece (`delta`)."""
    said = {"role": "assistant", "content": text}
    return {"index": index, key: said, "finish_reason": finish or None}
