"""What is asked of a model and what comes back, as values that cross processes and files."""

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal

import msgspec

from pytest_llmops.seeds import derive_seed

FinishReason = Literal["stop", "length", "context", "content_filter", "other"]
"""`length`: the limit that was asked for; `context`: one of the server's own, before that."""
TRUNCATED = frozenset({"length", "context"})
"""Finish reasons of answers that were not ended by the model."""
CountedBy = Literal["server", "total", "local"]
"""The server; the server, but output is its total less the prompt; or a tokenizer here."""
Count = Annotated[int, msgspec.Meta(ge=0)]
"""A number of tokens; decoding refuses a negative one."""


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


def digest_of(messages: Sequence[Message]) -> str:
    """SHA-256 of what is asked, roles included, as hex digits."""
    return hashlib.sha256(msgspec.json.encode(messages)).hexdigest()


class Request(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One completion asked for."""

    case_id: str
    sample: int
    """0-based index of the repeat."""
    messages: tuple[Message, ...]
    sampling: Sampling
    subject: str = ""
    """Digest of what decides the answer beside the messages: files that an agent works on, tests
    that it is told of; "" for a question that is whole in itself."""

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
        return digest_of(self.messages)


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

    def __add__(self, other: "Usage") -> "Usage":
        """The counts of both calls."""
        mine, theirs = msgspec.structs.asdict(self), msgspec.structs.asdict(other)
        return Usage(**{kind: count + theirs[kind] for kind, count in mine.items()})


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


Ending = Literal[
    "done", "turns", "tokens", "cost", "silence", "time", "memory", "repeated", "gave_up", "failed"
]
"""How a loop ended: `done` by the agent's own word; `turns`, `tokens`, `cost`, `time` (of the wall
clock), `memory` and `silence` where that budget was spent; `repeated` where it did the same over
and over; `gave_up` where it says that it cannot; `failed` where its program broke off."""


class ToolCall(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One tool that an agent called."""

    name: str
    arguments: str = ""
    """As the model wrote them; "" where contents are not kept."""
    failed: bool = False
    """It was told an error, or what was called is no tool of its own."""
    result: str = ""
    """What the agent gave back to the model; "" where contents are not kept, or it gave nothing."""
    started: float | None = None
    """Unix time at which it began, as the program says; None where it does not."""
    seconds: float | None = None
    """How long it took, as the program says; None where it does not."""


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of the model within a loop; tries of the same call are one turn."""

    usage: Usage
    timing: Timing
    finish_reason: FinishReason
    counted_by: CountedBy = "server"
    retries: int = 0
    """Tries of this call before it that brought no answer; those of which tokens are known are
    turns of their own."""
    purpose: str = ""
    """What the agent asked for beside the task (`title`, say); "" for the task."""
    text: str = ""
    """What the model wrote; "" where contents are not kept."""
    tools: tuple[ToolCall, ...] = ()
    tool_seconds: float = 0.0
    """From the end of this answer to the next call, or to the end of the loop: tools and tests."""
    passing: bool | None = None
    """Whether all tests passed after this turn; None where none were run."""
    key: str = ""
    """Digest of what was asked, dates and the like left out; "" in records that do not say."""


class Loop(msgspec.Struct, frozen=True, kw_only=True):
    """How an agent came to its answer; None stands for one question and one answer."""

    ending: Ending
    turns: tuple[Turn, ...]
    seconds: float
    """Wall time from the first call to the end."""
    files: dict[str, str] = {}
    """Text of every file that was changed or made, by path in the source tree; tests left out."""
    diffs: dict[str, str] = {}
    """What was changed in each of them since the work began, as unified diffs."""
    edited_tests: tuple[str, ...] = ()
    """Tests that the agent wrote to; they were put back before grading."""
    detail: str = ""
    """Why it ended, for people."""
    memory: int | None = None
    """Most that the program and all it started held at once, bytes; None where none ran."""

    @property
    def usage(self) -> Usage:
        """Tokens of all turns."""
        return sum((turn.usage for turn in self.turns), Usage(input=0, output=0))

    @property
    def model_seconds(self) -> float:
        """Seconds spent waiting for the model."""
        return sum(turn.timing.total for turn in self.turns)

    @property
    def tool_seconds(self) -> float:
        """Seconds in which the model waited: tools, tests and the agent itself."""
        return max(0.0, self.seconds - self.model_seconds)

    @property
    def resent(self) -> int:
        """Input tokens that the turn before had read or written, so that they were sent again."""
        own = [turn.usage for turn in self.turns if not turn.purpose]
        return sum(min(b.input, a.input + a.output) for a, b in pairwise(own))

    def tokens_to_pass(self) -> int | None:
        """Input and output tokens to the first state that passed its tests; None where none did."""
        spent = 0
        for turn in self.turns:
            spent += turn.usage.input + turn.usage.output
            if turn.passing:
                return spent
        return None

    def without_content(self) -> "Loop":
        """Drop what the model wrote and read."""
        turns = [
            msgspec.structs.replace(
                turn,
                text="",
                tools=tuple(
                    msgspec.structs.replace(one, arguments="", result="") for one in turn.tools
                ),
            )
            for turn in self.turns
        ]
        return msgspec.structs.replace(self, turns=tuple(turns), files={}, diffs={}, detail="")


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
    loop: Loop | None = None
    """How an agent came to it; `usage` is then that of all turns, and `text` what is judged."""
