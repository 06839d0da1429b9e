"""One call of a model by an agent, as the proxy heard it, and the turns that calls add up to.

Counts are those of the server, by the rules of `client.usage`. Tries of the same request are one
turn: those that brought no answer are its retries. A call that offers no tools, where the agent
offers tools in others, is none of the work: a title, a memory. Neither is an answer that the agent
left before its end. Their tokens count, their names say so.
"""

import json
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

from pytest_llmops.agents.adapter import ToolRun
from pytest_llmops.agents.requests import key_of
from pytest_llmops.client.events import BodyReader
from pytest_llmops.client.wire import Answer
from pytest_llmops.completions import CountedBy, Timing, ToolCall, Turn, Usage
from pytest_llmops.errors import EndpointError

BESIDE = "no tools offered"
"""Purpose of a call beside the work, as far as it can be told."""


LEFT = "left before its end"
"""Purpose of a call whose answer the agent did not take."""


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
        self._body = BodyReader()
        self._tools: dict[int, dict[str, str]] = {}

    def feed(self, chunk: bytes) -> None:
        """Take a piece of the answer.

        Raises:
            EndpointError: It is none.
        """
        self._take(self._body.feed(chunk), last=False)

    def close(self) -> None:
        """The answer is over.

        Raises:
            EndpointError: It is none, or its counts are.
        """
        self._take(self._body.close(), last=True)
        if counted := self.answer.counted():
            self.usage, self.counted_by = counted
        self.end()

    def end(self) -> None:
        """Nothing more comes."""
        self.seconds = time.perf_counter() - self._clock
        self.ended = True

    def cut(self, length: Callable[[str], int] | None) -> None:
        """Nothing more is read of the answer: it is counted by what came, where that is known.

        Args:
            length: Counts tokens; None where there is no tokenizer.
        """
        self.end()
        if self.fault:
            return
        with suppress(EndpointError):
            if counted := self.answer.counted():
                self.usage, self.counted_by = counted
        if not self.usage and length and self.first_token is not None:
            self.count_here(length)
        self.left, self.lost = True, not self.usage

    def count_here(self, length: Callable[[str], int]) -> None:
        """Count its tokens with the model's tokenizer, for a server that counts none.

        What stands between the messages is not counted, because it is not known.
        """
        asked = "\n".join([*map(_words, self.messages), *map(json.dumps, self.offered)])
        self.usage = Usage(input=length(asked), output=length(self.answer.text + self.asks_for))
        self.counted_by = "local"

    @cached_property
    def key(self) -> str:
        """Of what was asked, by which a second try is known, and the answer in a replay.

        Made when it is asked for: a long conversation takes longer to digest than to pass on.
        """
        return key_of(self._asked)

    @property
    def tools(self) -> list[tuple[str, str, str]]:
        """Id, name and arguments of each tool that the model called."""
        found = [self._tools[index] for index in sorted(self._tools)]
        return [(one["id"], one["name"], one["arguments"]) for one in found]

    @property
    def asks_for(self) -> str:
        """What the model wants done; equal for calls that ask for the same."""
        return json.dumps([one[1:] for one in self.tools]) if self._tools else ""

    def _take(self, documents: Sequence[bytes], *, last: bool) -> None:
        for data in documents:
            if not data:
                continue
            self.answer.feed(data, last=last)
            if b'"tool_calls"' in data:
                self._add_tools(data)
        if self.first_token is None and (self.answer.started or self._tools):
            self.first_token = time.perf_counter() - self._clock

    def _add_tools(self, data: bytes) -> None:
        with suppress(ValueError, TypeError, AttributeError, LookupError):
            choice = json.loads(data)["choices"][0]
            piece = choice.get("delta") or choice.get("message") or {}
            for number, one in enumerate(piece.get("tool_calls") or ()):
                index = one.get("index", number)
                held = self._tools.setdefault(index, {"id": "", "name": "", "arguments": ""})
                held["id"] = one.get("id") or held["id"]
                function = one.get("function") or {}
                held["name"] += function.get("name") or ""
                held["arguments"] += function.get("arguments") or ""


def turns_of(
    calls: Sequence[Call],
    ended: float,
    failed: Callable[[str], bool],
    passing: Sequence[bool | None] = (),
    runs: Sequence[ToolRun] = (),
) -> tuple[Turn, ...]:
    """The turns of a loop.

    Args:
        calls: In the order in which they were made.
        ended: When the loop ended; Unix time, seconds.
        failed: Whether a tool's result says that it failed.
        passing: Whether the tests passed after each answered call, where that is known.
        runs: Which tools the program says that it ran, in order.
    """
    answered = [call for call in calls if call.usage]
    with_tools = any(call.offers_tools for call in answered)
    results, ran = dict(_results(calls)), deque(runs)
    starts = [*(call.started for call in answered[1:]), ended][: len(answered)]
    turns = []
    known = passing or (None,) * len(answered)
    for call, following, passes in zip(answered, starts, known, strict=True):
        assert call.usage
        turns.append(
            Turn(
                usage=call.usage,
                counted_by=call.counted_by,
                timing=Timing(
                    started=call.started,
                    queue=0.0,
                    first_token=call.first_token,
                    total=call.seconds,
                ),
                finish_reason=call.answer.finish_reason,
                retries=sum(
                    one.key == call.key and one.started < call.started
                    for one in calls
                    if not (one.usage or one.spent)
                ),
                purpose=_purpose(call, with_tools=with_tools),
                text=call.answer.text,
                tools=tuple(
                    _tool(tool, results.get(tool[0], ""), failed, ran) for tool in call.tools
                ),
                tool_seconds=max(0.0, following - call.started - call.seconds),
                passing=passes,
                key=call.key,
            )
        )
    return tuple(turns)


def _purpose(call: Call, *, with_tools: bool) -> str:
    if call.left:
        return LEFT
    return "" if call.offers_tools or not with_tools else BESIDE


def _words(message: Any) -> str:
    """What a message says, and which tools it calls."""
    if not isinstance(message, dict):
        return json.dumps(message)
    content, called = message.get("content") or "", message.get("tool_calls")
    said = content if isinstance(content, str) else json.dumps(content)
    return said + json.dumps(called) if called else said


def _tool(
    called: tuple[str, str, str], result: str, failed: Callable[[str], bool], runs: deque[ToolRun]
) -> ToolCall:
    """A tool that was called; takes its run out of those that are left, the first of its id."""
    name_id, name, arguments = called
    ran = next((one for one in runs if one.id == name_id), None)
    if ran:
        runs.remove(ran)
    return ToolCall(
        name=name,
        arguments=arguments,
        result=result,
        failed=failed(result),
        started=ran.started if ran else None,
        seconds=ran.seconds if ran else None,
    )


def _results(calls: Sequence[Call]) -> Iterator[tuple[str, str]]:
    """What the agent gave back for each tool call, by the call's id."""
    for call in calls:
        for message in call.messages:
            if isinstance(message, dict) and message.get("role") == "tool":
                content = message.get("content")
                text = content if isinstance(content, str) else json.dumps(content)
                yield str(message.get("tool_call_id") or ""), text
