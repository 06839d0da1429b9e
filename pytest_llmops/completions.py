"""What is asked of a model and what comes back, as values that cross processes and files."""

import hashlib
from typing import Annotated, Literal

import msgspec

FinishReason = Literal["stop", "length", "context", "content_filter", "other"]
"""`length`: the limit that was asked for; `context`: one of the server's own, before that."""
CUT = frozenset({"length", "context"})
"""Finish reasons of answers that were not ended by the model."""
CountedBy = Literal["server", "total", "local"]
"""The server; the server, but output is its total less the prompt; or a tokenizer here."""
Count = Annotated[int, msgspec.Meta(ge=0)]
"""A number of tokens; decoding refuses a negative one."""


SEED_SCHEME = "sha256 of seed, case and sample"
"""How the seed of an attempt is found; part of run identity, for it decides every drawn answer."""


def derive_seed(seed: int, case_id: str, sample: int) -> int:
    """Return the seed of sample `sample` of a case: no two attempts share random numbers.

    The first 31 bits of the SHA-256 of the JSON array `[seed, case id, sample]`, written without
    spaces: every server takes a number of that size (some read 32 bits, some with a sign).
    """
    digest = hashlib.sha256(msgspec.json.encode((seed, case_id, sample))).digest()
    return int.from_bytes(digest[:4]) >> 1


class Message(msgspec.Struct, frozen=True, gc=False):
    """One chat message."""

    role: Literal["system", "user", "assistant"]
    content: str


class Sampling(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """How tokens are drawn; part of run identity."""

    max_tokens: int = 512
    """Cap of output tokens a completion."""
    temperature: float = 0.0
    """0 is greedy."""
    top_p: float = 1.0
    stop: tuple[str, ...] = ()
    seed: int = 0
    """Of the session; sample k of a case has one of its own, see `derive_seed`."""


class Request(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One completion asked for."""

    case_id: str
    sample: int
    """0-based index of the repeat."""
    messages: tuple[Message, ...]
    sampling: Sampling

    @property
    def key(self) -> tuple[str, int]:
        """What a session knows the completion by."""
        return self.case_id, self.sample

    @property
    def seed(self) -> int:
        """What the answer is drawn with."""
        return derive_seed(self.sampling.seed, self.case_id, self.sample)

    @property
    def prompt_sha256(self) -> str:
        """Digest of the messages, roles included."""
        return hashlib.sha256(msgspec.json.encode(self.messages)).hexdigest()


class Usage(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Token counts of one answer; `client.usage` tells how a server's report becomes these."""

    input: Count
    """Prompt tokens, cached ones included."""
    output: Count
    """Generated tokens, reasoning included."""
    cached: Count = 0
    """Part of `input` that the server read from a prompt cache."""
    cache_write: Count = 0
    """Part of `input` that the server wrote to a prompt cache, and charges for."""
    reasoning: Count = 0
    """Part of `output` that was hidden reasoning."""

    @property
    def fresh(self) -> int:
        """Input neither read from a prompt cache nor written to one."""
        return max(0, self.input - self.cached - self.cache_write)

    @property
    def shown(self) -> int:
        """Output that was not hidden reasoning."""
        return max(0, self.output - self.reasoning)


class Timing(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """When one call happened.

    Times of the last try, as the client saw them: a server that makes requests wait counts into
    `first_token` and `total`, so compare them only at equal numbers of requests at once.
    """

    started: float
    """Unix time, seconds, at which the request was handed to the client."""
    queue: float
    """Seconds until it was sent: waiting for its turn here, earlier tries and back-off."""
    first_token: float | None = None
    """Seconds from sending to the first piece of text, the server's own queue and the reading of
    the prompt included; None where the answer was not streamed, and so has no first piece."""
    total: float
    """Seconds from sending to the end of the answer, the server's own queue included."""


class Completion(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What came back for one request."""

    text: str
    finish_reason: FinishReason
    usage: Usage
    timing: Timing
    counted_by: CountedBy = "server"
    served_model: str = ""
    """The model name in the server's answer."""
    refusal: str = ""
    """The refusal a server puts in place of content."""
    retries: int = 0
    """Transport faults overcome before this answer."""
    from_cache: bool = False
    """Read from the completion cache; `timing` is then that of the original call."""
