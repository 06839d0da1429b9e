"""Tools that an answer calls, put together from the pieces in which they come.

A piece says by an index to which call it belongs, where its server keeps to the protocol. Some
servers number all calls 0, or none (Gemini's among them): a piece with a name and another id
begins a new call where the arguments of the one before it are whole.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any


class Called:
    """The tools that one answer calls."""

    def __init__(self) -> None:
        self._calls: list[dict[str, str]] = []
        self._by_index: dict[int, dict[str, str]] = {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    @property
    def tools(self) -> list[tuple[str, str, str]]:
        """Id, name and arguments of each call."""
        return [(one["id"], one["name"], one["arguments"]) for one in self._calls]

    def feed(self, data: bytes) -> None:
        """Take one JSON document of the answer; what is no tool call in it is left."""
        with suppress(ValueError, TypeError, AttributeError, LookupError):
            for number, piece in enumerate(_pieces(json.loads(data))):
                index = piece.get("index")
                self._take(index if isinstance(index, int) else number, piece)

    def _take(self, index: int, piece: Mapping[str, Any]) -> None:
        function = piece.get("function") or {}
        name, said = function.get("name") or "", piece.get("id") or ""
        held = self._by_index.get(index)
        if held is None or (name and said and said != held["id"] and _is_whole(held)):
            held = self._by_index[index] = {"id": "", "name": "", "arguments": ""}
            self._calls.append(held)
        held["id"] = said or held["id"]
        held["name"] += name if name != held["name"] else ""  # some say it in every piece
        held["arguments"] += function.get("arguments") or ""


def _pieces(document: Any) -> Iterator[Mapping[str, Any]]:
    """The pieces of tool calls of the first choice."""
    for choice in document["choices"]:
        if not choice.get("index"):
            told = choice.get("delta") or choice.get("message") or {}
            yield from told.get("tool_calls") or ()


def _is_whole(call: Mapping[str, str]) -> bool:
    try:
        json.loads(call["arguments"] or "{}")
    except ValueError:
        return False
    return True
