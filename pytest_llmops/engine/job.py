"""One answer: what was asked, what is generated of it, and when there is news to tell."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pytest_llmops.engine.drafts import Drafts
from pytest_llmops.engine.sampling import drawing, stream_of
from pytest_llmops.engine.text import TextStream

PIECE_TOKENS, PIECE_SECONDS = 16, 0.25
"""A stream hands out text every so many tokens or so much time: a chunk costs more than a token."""


class Asked(NamedTuple):
    """One answer to generate."""

    prompt: Sequence[int]
    max_tokens: int
    temperature: float
    top_p: float
    seed: int
    which: int
    """Of the answers that one request asks for."""
    stop: Sequence[str]
    adapter: str
    """Empty for the base."""
    streams: bool
    """Whether text is wanted as it comes, or all at the end."""


class Event(NamedTuple):
    """News of one answer."""

    job: "Job"
    text: str
    """What is new."""
    finish: str
    """`stop` or `length` in the last event; `error` with the reason as text; else empty."""
    output_tokens: int
    """So far, the end token included."""


class Job:
    """One answer being generated."""

    def __init__(self, asked: Asked, number: int, tokenizer: Any) -> None:
        self.asked = asked
        self.number = number
        self.tokens = list(asked.prompt)
        self.computed = 0
        """Tokens whose keys and values lie in the pool."""
        self.cached = 0
        """Prompt tokens that were copied instead of computed."""
        self.blocks: list[int] = []
        self.cancelled = False
        self.text = TextStream(tokenizer, asked.stop)
        stream = stream_of(asked.seed, asked.which, asked.prompt)
        self.processors: Any = None
        """Done to its logits before a token is chosen."""
        self.choice = drawing(asked.temperature, asked.top_p, stream)
        self.drafts = Drafts()
        self._sent = (0, 0.0)

    def guess(self) -> list[int]:
        """Return tokens that may come after the last one, where guesses change nothing else.

        A drawn token uses up a random number, and a rule looks at all tokens before: those answers
        go token by token.
        """
        if self.choice.stream is not None or self.processors is not None:
            return []
        return self.drafts.guess(self.tokens, self.asked.max_tokens - self.generated - 1)

    @property
    def generated(self) -> int:
        """Tokens generated so far."""
        return len(self.tokens) - len(self.asked.prompt)

    def is_due(self, now: float) -> bool:
        """Whether enough is new for a piece of the stream; the first token always is."""
        tokens, when = self._sent
        due = self.asked.streams and (
            tokens == 0 or self.generated - tokens >= PIECE_TOKENS or now - when >= PIECE_SECONDS
        )
        if due:
            self._sent = (self.generated, now)
        return due

    def shared(self, other: "Job") -> int:
        """Return the tokens of the prompt, its last one apart, with which `other` begins too."""
        if other.asked.adapter != self.asked.adapter:
            return 0
        most = min(len(self.asked.prompt) - 1, len(other.tokens))
        mine, theirs = self.tokens, other.tokens
        return next((i for i in range(most) if mine[i] != theirs[i]), most)
