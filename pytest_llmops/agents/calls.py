"""One call of a model by an agent, as the proxy heard it.

Counts are those of the server, by the rules of `client.usage`. An answer counts where the agent has
the whole of it; `turns` tells what calls add up to.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

from pytest_llmops.agents.called import Called
from pytest_llmops.agents.requests import key_of
from pytest_llmops.client.endings import cut_by_context
from pytest_llmops.client.events import BodyReader
from pytest_llmops.client.wire import Answer
from pytest_llmops.completions import CountedBy, FinishReason, Usage
from pytest_llmops.errors import EndpointError


class Call:
    """One request and what came back, as it comes."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.files: Mapping[str, str] = {}
        """What the agent had changed by then; see `states`."""
        self.started = time.time()
        self._clock = time.perf_counter()
        self._asked = {name: body.get(name) for name in ("messages", "tools")}
        self.messages: Sequence[Any] = body.get("messages") or ()
        self.offered: Sequence[Any] = body.get("tools") or ()
        self.offers_tools = bool(self.offered)
        self.answer = Answer()
        self.fault = ""
        """Why there is no answer that counts."""
        self.uncounted = False
        """The agent has its answer, and nobody knows what it cost."""
        self.left = False
        """The agent went away before the answer's end."""
        self.lost = False
        """Its answer was cut off when the agent had ended, and nobody knows what it cost."""
        self.spent = False
        """It was not made, because a budget was spent."""
        self.usage: Usage | None = None
        self.counted_by: CountedBy = "server"
        self.first_token: float | None = None
        self.seconds = 0.0
        self.ended = False
        self.limit: int | None = None
        """Most tokens that the model was asked for."""
        self._body = BodyReader()
        self._called = Called()

    def feed(self, chunk: bytes) -> None:
        """Take a piece of the answer.

        Raises:
            EndpointError: It is none.
        """
        self._take(self._body.feed(chunk), last=False)

    def close(self) -> None:
        """Nothing more comes of the answer.

        Raises:
            EndpointError: It is none, or was broken off.
        """
        self._take(self._body.close(), last=True)
        if not self.complete:
            raise EndpointError("the stream broke off before its end")

    def count(self, length: Callable[[str], int] | None) -> None:
        """Note what the answer took, once the agent has it.

        Args:
            length: Counts tokens where the server does not; None where there is no tokenizer.

        Raises:
            EndpointError: Nobody counts it, or the counts are none.
        """
        self.uncounted = True
        if counted := self.answer.counted():
            self.usage, self.counted_by = counted
        elif length:
            self.count_here(length)
        else:
            raise EndpointError(
                "the server reports no token counts ('usage'); "
                "name the model's 'tokenizer' to have them counted here"
            )
        self.uncounted = False
        self.end()

    def end(self) -> None:
        """Nothing more comes."""
        self.seconds = time.perf_counter() - self._clock
        self.ended = True

    def cut(self, length: Callable[[str], int] | None) -> None:
        """Nothing more is read of the answer: it is counted by what came, where that is known.

        So is one that broke off, for the agent does not have it, but it was generated.

        Args:
            length: Counts tokens; None where there is no tokenizer.
        """
        self.end()
        if self.uncounted:
            return
        with suppress(EndpointError):
            if counted := self.answer.counted():
                self.usage, self.counted_by = counted
        if not self.usage and length and self._came:
            self.count_here(length)
        if not self.fault:
            self.left, self.lost = True, not self.usage

    def count_here(self, length: Callable[[str], int]) -> None:
        """Count its tokens with the model's tokenizer, for a server that counts none.

        What stands between the messages is not counted, because it is not known.
        """
        asked = "\n".join([*map(_words, self.messages), *map(json.dumps, self.offered)])
        thought = length(self.answer.thinking)
        output = length(self.answer.text + self.asks_for) + thought
        self.usage = Usage(input=length(asked), output=output, reasoning=thought)
        self.counted_by = "local"

    @cached_property
    def key(self) -> str:
        """Of what was asked, by which a second try is known, and the answer in a replay.

        Made when it is asked for: a long conversation takes longer to digest than to pass on.
        """
        return key_of(self._asked)

    @property
    def answered(self) -> bool:
        """Whether the agent has an answer that counts; one that broke off is none."""
        return bool(self.usage) and not self.fault

    @property
    def complete(self) -> bool:
        """Whether the server said that this is all."""
        return self.answer.complete or (self.answer.done and bool(self._called))

    @property
    def is_told(self) -> bool:
        """Whether all is there, counts too."""
        return self.complete and self.answer.has_counts

    @property
    def is_streamed(self) -> bool:
        """Whether the answer comes as a stream, as far as is known."""
        return self._body.streamed

    @property
    def finish_reason(self) -> FinishReason:
        """Why the model stopped."""
        output = self.usage.output if self.usage and self.counted_by != "local" else None
        if output is not None and cut_by_context(self.answer.said, output, self.limit):
            return "context"
        return self.answer.finish_reason

    @property
    def tools(self) -> list[tuple[str, str, str]]:
        """Id, name and arguments of each tool that the model called."""
        return self._called.tools

    @property
    def asks_for(self) -> str:
        """What the model wants done; equal for calls that ask for the same."""
        return json.dumps([one[1:] for one in self.tools]) if self._called else ""

    @property
    def _came(self) -> bool:
        """Whether anything that costs output has arrived."""
        return self.answer.started or bool(self._called or self.answer.thinking)

    def _take(self, documents: Sequence[bytes], *, last: bool) -> None:
        for data in documents:
            if not data:
                continue
            self.answer.feed(data, last=last)
            if b'"tool_calls"' in data:
                self._called.feed(data)
        came = self.answer.started or bool(self._called)
        if came and self.first_token is None and self.is_streamed:
            self.first_token = time.perf_counter() - self._clock


def _words(message: Any) -> str:
    """What a message says, and which tools it calls."""
    if not isinstance(message, dict):
        return json.dumps(message)
    content, called = message.get("content") or "", message.get("tool_calls")
    said = content if isinstance(content, str) else json.dumps(content)
    return said + json.dumps(called) if called else said
