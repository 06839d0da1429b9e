"""What a server says: a stream of chunks, or a plain answer, read from JSON documents.

Servers differ in the details, and what is harmless is taken as it comes: chunks without choices,
usage on every chunk or on the last, content in parts, chunks that repeat all the text so far, no
`[DONE]`. What would change a measurement is refused: bytes that are no completion, an answer
without an end, and counts that are none.

Limits: only choice 0 is read, and tool calls are not text. Hidden reasoning that a server sends
apart (`reasoning_content`, parts of type `thinking`) is counted in its usage but is not part of the
text.
"""

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from pytest_llmops.client.content import Content, joined, refusals, texts, thoughts, whole
from pytest_llmops.client.endings import NONE, ending, is_fault
from pytest_llmops.client.faults import UNREADABLE, TransientError, error_of, excerpt
from pytest_llmops.client.usage import Counted, last_usage
from pytest_llmops.completions import FinishReason
from pytest_llmops.errors import EndpointError

NOTHING = (b"null", b'""', b"false", b"{}", b"[]")
"""What servers write under `error` where there is none."""


class _Piece(msgspec.Struct):
    content: Content = None
    refusal: str | None = None
    tool_calls: Any = None
    function_call: Any = None
    reasoning_content: Any = None
    reasoning: Any = None

    @property
    def calls(self) -> bool:
        """Whether it holds a tool call, which costs tokens too."""
        return bool(self.tool_calls or self.function_call)

    @property
    def thoughts(self) -> Iterator[str]:
        """Thinking that is sent apart; some servers send it under both names."""
        for said in (self.reasoning_content, self.reasoning):
            if isinstance(said, str) and said:
                yield said
                return
        yield from thoughts(self.content)


class _Choice(msgspec.Struct):
    index: int | None = 0
    delta: _Piece | None = None
    message: _Piece | None = None
    text: str | None = None
    finish_reason: str | None = None
    usage: Any = None
    error: Any = None


class _Document(msgspec.Struct):
    choices: list[_Choice] | msgspec.UnsetType | None = msgspec.UNSET
    usage: Any = None
    x_groq: Any = None
    model: str | None = None
    error: msgspec.Raw = msgspec.Raw(b"null")
    message: Any = None
    detail: Any = None


_decoder = msgspec.json.Decoder(_Document)


class Answer:
    """One answer while it arrives: fed chunk by chunk, or at once with a plain JSON document."""

    def __init__(self) -> None:
        self._deltas: list[str] = []
        self._messages: list[str] = []
        self._refusal: list[str] = []
        self._usages: list[dict[str, Any]] = []
        self._thoughts: tuple[list[str], list[str]] = [], []
        self._begun = self._calls = False
        self.said = ""
        """Why the model stopped, in the server's word."""
        self.done = False
        """`[DONE]` was seen."""
        self.model = ""
        self.told = False
        """The server said in its own words that there is no answer."""

    @property
    def text(self) -> str:
        """The content so far; that of messages only where there were no deltas."""
        return whole(joined(self._deltas or self._messages))

    @property
    def refusal(self) -> str:
        """What the server put in place of content."""
        return whole("".join(self._refusal))

    @property
    def thinking(self) -> str:
        """Thinking that the server sent apart; no part of the text."""
        deltas, messages = self._thoughts
        return whole(joined(deltas or messages))

    @property
    def finish_reason(self) -> FinishReason:
        """Why the model stopped, in our words."""
        return ending(self.said)

    @property
    def started(self) -> bool:
        """Whether any text has arrived."""
        return bool(self._deltas or self._messages or self._refusal)

    @property
    def complete(self) -> bool:
        """Whether the server said that this is all; `[DONE]` behind nothing says nothing."""
        return bool(self.said) or (self.done and self.started)

    @property
    def has_counts(self) -> bool:
        """Whether any counts came, whatever they say."""
        return bool(self._usages)

    def counted(self) -> Counted | None:
        """Token counts: the last that can be used, or None.

        Raises:
            EndpointError: They are no counts, or contradict each other; see `usage`.
        """
        return last_usage(self._usages, wrote=bool(self.started or self._calls or self.thinking))

    def feed(self, data: bytes, *, last: bool = False) -> None:
        """Take one JSON document, several on lines of their own, or the closing `[DONE]`.

        Args:
            data: The document.
            last: Nothing follows, so what is cut short was broken off on the way.

        Raises:
            TransientError: The server reports a passing fault in place of an answer.
            EndpointError: The bytes are not a chat completion; quotes them.
        """
        for document in _documents(data, last=last):
            if document is None:
                self.done = True
            else:
                self._read(document, data)

    def _read(self, document: _Document, data: bytes) -> None:
        if bytes(document.error) not in NOTHING:
            raise self._error(data)
        usage = document.usage or (
            document.x_groq.get("usage") if isinstance(document.x_groq, dict) else None
        )
        if isinstance(usage, dict):
            self._usages.append(usage)
        elif document.choices is msgspec.UNSET:
            if document.message or document.detail:
                raise self._error(data)
            raise EndpointError(f"not a chat completion (no 'choices'): {excerpt(data)}")
        self._begun = True
        self.model = document.model or self.model
        for choice in document.choices or ():
            if not choice.index:
                self._take(choice)

    def _error(self, data: bytes) -> EndpointError:
        self.told = True
        return error_of(0, data, begun=self._begun)

    def _take(self, choice: _Choice) -> None:
        kept = zip((self._deltas, self._messages), self._thoughts, strict=True)
        for piece, (found, thought) in zip((choice.delta, choice.message), kept, strict=True):
            if piece:
                self._calls = self._calls or piece.calls
                thought.extend(piece.thoughts)
                found.extend(filter(None, texts(piece.content)))
                self._refusal.extend(filter(None, (piece.refusal, *refusals(piece.content))))
        if choice.text:
            self._deltas.append(choice.text)
        if isinstance(choice.usage, dict):  # Moonshot's place for it
            self._usages.append(choice.usage)
        if choice.error:
            raise self._error(msgspec.json.encode({"error": choice.error}))
        said = choice.finish_reason or ""
        if is_fault(said):
            raise TransientError(f"the server ended the answer with {said[:40]!r}")
        if said.lower() not in NONE:
            self.said = said


def _documents(data: bytes, *, last: bool) -> Iterator[_Document | None]:
    """Decode data; None stands for `[DONE]`."""
    if data.strip() == b"[DONE]":
        yield None
        return
    try:
        yield _decode(data)
    except UNREADABLE as error:
        lines = [line for line in data.splitlines() if line.strip()]
        if len(lines) > 1 and "trailing characters" in str(error):
            for line in lines:
                yield from _documents(line, last=last and line is lines[-1])
        elif last and "truncated" in str(error):
            raise TransientError("the answer broke off before its end") from None
        else:
            raise EndpointError(f"not a chat completion ({error}): {excerpt(data)}") from None


def _decode(data: bytes) -> _Document:
    """Decode JSON; what strict JSON forbids (NaN, half a surrogate pair) is read as Python does."""
    try:
        return _decoder.decode(data)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError as error:
        try:
            found = json.loads(data)
        except ValueError:
            raise error from None
    fault = found.pop("error", None) if isinstance(found, dict) else None
    document = msgspec.convert(found, _Document)
    document.error = msgspec.Raw(json.dumps(fault).encode())
    return document
