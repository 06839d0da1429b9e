"""A recorded loop as the model of another one: each request gets the answer that it got then.

Requests are known again by what they ask (`requests`). One that was not asked then has no answer,
which is told to the agent with status 400 and ends the attempt as an error.
"""

import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from msgspec.structs import replace

from pytest_llmops.agents.requests import key_of
from pytest_llmops.agents.turns import BROKE, LEFT
from pytest_llmops.client.connections import Reply
from pytest_llmops.completions import Completion, Message, Request, Turn
from pytest_llmops.errors import EndpointError
from pytest_llmops.generation.keys import Key, named

Tapes = Mapping[Key, Sequence[Turn]]
"""Turns of recorded loops by case and sample."""
NEVER_ASKED = (
    "the recorded run holds no answer to this request: its messages or tools are not those of then"
)
NOT_TAKEN = {LEFT, BROKE}
"""Purposes of turns whose answer the agent did not have."""
FINISH = {
    "stop": "stop",
    "length": "length",
    "context": "length",
    "content_filter": "content_filter",
    "other": "other",
}
"""Words of then; that an answer was cut by the context is told by its tokens, see `Call`."""


class Tape:
    """The answers of one recorded loop, in the order in which the same question got them."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = turns
        self._taken: dict[str, int] = {}

    def answer(self, body: Mapping[str, Any]) -> Turn | None:
        """The recorded answer to a request; the last again where all were given."""
        key = key_of(body)
        found = [turn for turn in self._turns if turn.key == key and turn.purpose not in NOT_TAKEN]
        if not found:
            return None
        number = self._taken.get(key, 0)
        self._taken[key] = number + 1
        return found[min(number, len(found) - 1)]


class TapeModel:
    """Answers the requests of `repair` from tapes; an `Answerer`."""

    concurrency = 4

    def __init__(self, tapes: Tapes) -> None:
        self._tapes = tapes

    async def aclose(self) -> None:
        """Nothing is held."""

    async def complete(self, request: Request) -> Completion:
        """Answer one request.

        Raises:
            EndpointError: The recorded run holds no answer to it.
        """
        body = {"messages": as_json(request.messages)}
        turn = Tape(self._tapes.get(request.key, ())).answer(body)
        if turn is None:
            raise EndpointError(f"{named(request.key)}: {NEVER_ASKED}")
        return Completion(
            text=turn.text,
            finish_reason=turn.finish_reason,
            usage=turn.usage,
            timing=turn.timing,
            counted_by=turn.counted_by,
            retries=turn.retries,
        )


def counted_as_then(turns: Sequence[Turn], recorded: Sequence[Turn]) -> tuple[Turn, ...]:
    """Turns of a replay, counted by whoever counted the same answers then."""
    by = {turn.key: turn.counted_by for turn in recorded}
    return tuple(replace(turn, counted_by=by.get(turn.key, turn.counted_by)) for turn in turns)


def as_json(messages: Sequence[Message]) -> list[dict[str, str]]:
    """Messages as a request has them."""
    return [{"role": one.role, "content": one.content} for one in messages]


class PlayedTape:
    """What an agent's proxy asks in place of an endpoint: the answers of one recorded loop."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._tape = Tape(turns)

    async def aclose(self) -> None:
        """Nothing is held."""

    @asynccontextmanager
    async def ask(self, path: str, content: bytes | None = None) -> AsyncIterator[Reply]:
        """Answer as a server does, as a stream where that is asked."""
        del path  # the proxy knows only one
        body = json.loads(content or b"{}")
        turn = self._tape.answer(body)
        if turn is None:
            yield _whole(400, {"error": {"message": NEVER_ASKED}})
        elif body.get("stream"):
            yield Reply(200, {"content-type": "text/event-stream"}, _come(_events(turn)))
        else:
            yield _whole(200, _document(turn))


def _whole(status: int, document: Any) -> Reply:
    kind = {"content-type": "application/json"}
    return Reply(status, kind, _come([json.dumps(document).encode()]))


async def _come(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def _events(turn: Turn) -> Iterator[bytes]:
    whole = _document(turn)
    choice, usage = whole["choices"][0], whole.pop("usage")
    calls = choice["message"].get("tool_calls", ())
    delta = choice["message"] | (
        {"tool_calls": [{"index": n} | call for n, call in enumerate(calls)]} if calls else {}
    )
    whole["object"] += ".chunk"
    for choices, more in (
        ([{"index": 0, "delta": delta, "finish_reason": None}], {}),
        ([{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}], {}),
        ([], {"usage": usage}),
    ):
        document = json.dumps(whole | {"choices": choices} | more)
        yield f"data: {document}\n\n".encode()
    yield b"data: [DONE]\n\n"


def _document(turn: Turn) -> dict[str, Any]:
    """A recorded answer as a server writes it."""
    message: dict[str, Any] = {"role": "assistant", "content": turn.text or None}
    if turn.tools:
        message["tool_calls"] = [
            {
                "id": f"call_{turn.key[:8]}_{number}",
                "type": "function",
                "function": {"name": tool.name, "arguments": tool.arguments},
            }
            for number, tool in enumerate(turn.tools)
        ]
    usage = turn.usage
    other = turn.finish_reason == "other" and turn.tools
    reason = "tool_calls" if other else FINISH[turn.finish_reason]
    return {
        "id": f"recorded-{turn.key}",
        "object": "chat.completion",
        "created": int(turn.timing.started),
        "model": "recorded",
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {
            "prompt_tokens": usage.input,
            "completion_tokens": usage.output,
            "total_tokens": usage.input + usage.output,
            "prompt_tokens_details": {
                "cached_tokens": usage.cached,
                "cache_write_tokens": usage.cache_write,
            },
            "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
        },
    }
