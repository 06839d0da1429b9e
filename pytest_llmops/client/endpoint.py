"""An OpenAI-compatible endpoint as a value, and the request body it is sent."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec

from pytest_llmops.completions import Request
from pytest_llmops.errors import ModelError
from pytest_llmops.hiding import SHORTEST, hider


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where to ask and how.

    Raises (constructor):
        ModelError: The URL is none, or the key cannot be sent.
    """

    base_url: str
    """Up to and without `/chat/completions`; ends in `/v1` as a rule."""
    model: str
    """Name the server knows the model by."""
    api_key: str = field(default="", repr=False)
    """The key itself; sent as a bearer token, shown nowhere."""
    timeout: float = 600.0
    """Seconds for one try, from sending to the end of the answer."""
    concurrency: int = 0
    """Requests at once, fewer where the server refuses; 0 finds out from 20 up to 100."""
    tokenizer: str = ""
    """Counts tokens where the server reports none: Hugging Face id, folder or tokenizer.json."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Fields to add to every request body, or to replace in it."""
    omit: tuple[str, ...] = ()
    """Fields to leave out. Without `max_tokens`, the cap goes out as `max_completion_tokens`."""

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.base_url)
            usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise ModelError(
                f"model {self.model!r}: the base URL must read http(s)://HOST[:PORT]/v1"
            )
        if many := [name for name in ("n", "best_of") if self.extra.get(name, 1) != 1]:
            raise ModelError(
                f"model {self.model!r}: extra has {many[0]} = {self.extra[many[0]]!r}; one answer "
                "of each request is read, and the server counts the tokens of all: use --samples"
            )
        if taken := [name for name in ("model", "messages") if name in self.extra]:
            raise ModelError(
                f"model {self.model!r}: extra has {taken[0]}, which says what is asked of whom; "
                "take it out"
            )
        if not (self.api_key.isascii() and self.api_key.isprintable() and " " not in self.api_key):
            raise ModelError(
                f"model {self.model!r}: the API key holds characters that no header can carry; "
                "was a space or a line end copied along?"
            )

    @property
    def where(self) -> str:
        """Model and URL for messages, without user name, password and query."""
        parts = urlsplit(self.base_url)
        host = parts.netloc.rpartition("@")[2]
        return f"{self.model} at {parts.scheme}://{host}{parts.path}"

    @property
    def is_local(self) -> bool:
        """Whether the URL names this machine."""
        host = urlsplit(self.base_url).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    def advice(self, status: int) -> str:
        """What to look at where the server refuses with this HTTP status; "" where nothing is."""
        if status in {401, 403} and not self.api_key:
            return (
                "; no key was sent: name its variable as 'api_key_env' in models.toml; the key of "
                "openai:NAME@URL is in LLMOPS_API_KEY"
            )
        if status in {404, 405} and not re.search(r"/v\d", urlsplit(self.base_url).path):
            return "; the URL of the model ends without a version, such as /v1"
        return ""

    def redact(self, text: str) -> str:
        """Take the key out; servers quote it, and a quotation may end in the middle of it."""
        text = self.withhold(text)
        for size in range(len(self.api_key), SHORTEST - 1, -1):
            text = text.replace(self.api_key[:size], "***")
        return text

    def withhold(self, text: str) -> str:
        """Take the key out of what a model wrote: whole, in another case, or half of it."""
        return hider([self.api_key], "***")(text)

    def asked(self, request: Request) -> int | None:
        """Most output tokens that the request body asks for; None where it names no limit."""
        names = ("max_completion_tokens", "max_tokens")
        for name in names:
            if isinstance(given := self.extra.get(name), int):
                return given
        return None if set(names) <= set(self.omit) else request.sampling.max_tokens

    def body(self, request: Request) -> bytes:
        """Encode the JSON body of one request."""
        sampling = request.sampling
        fields: dict[str, Any] = {
            "model": self.model,
            "messages": request.messages,
            "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": request.seed,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if sampling.stop:
            fields["stop"] = sampling.stop
        if "max_tokens" in self.omit:
            fields["max_completion_tokens"] = sampling.max_tokens
        kept = {name: value for name, value in fields.items() if name not in self.omit}
        return msgspec.json.encode(kept | dict(self.extra))
