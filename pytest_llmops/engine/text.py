"""From tokens to text, piece by piece, and where the text stops."""

from collections.abc import Sequence
from typing import Any

_UNFINISHED = "\ufffd"
"""What a tokenizer puts for the first bytes of a character whose others are still to come."""


class TextStream:
    """The text of one answer as its tokens come.

    Pieces end at whole characters, and, while a stop string may still begin in them, before the
    place where it would: what was handed out is never taken back.
    """

    def __init__(self, tokenizer: Any, stop: Sequence[str]) -> None:
        self._tokenizer = tokenizer
        self._stop = tuple(stop)
        self._tokens: list[int] = []
        self._context = 0
        """First token decoded again with the next piece: tokens look different without it."""
        self._done = 0
        """Tokens whose text is in `text`."""
        self._handed = 0
        """Characters of `text` handed out."""
        self.text = ""
        self.stopped = False
        """Whether a stop string was found; `text` ends before it."""

    def push(self, token: int) -> None:
        """Add a token; with stop strings its text is looked at once."""
        self._tokens.append(token)
        if self._stop:
            self._decode()

    def piece(self, *, last: bool = False) -> str:
        """Return the text that is new and settled; all that is left for the `last` piece."""
        if not self.stopped:
            self._decode(last=last)
        settled = len(self.text) if last or self.stopped else len(self.text) - self._held_back()
        piece = self.text[self._handed : settled]
        self._handed = max(settled, self._handed)
        return piece

    def _decode(self, *, last: bool = False) -> None:
        known = self._text_of(self._tokens[self._context : self._done])
        grown = self._text_of(self._tokens[self._context :])
        if grown.endswith(_UNFINISHED) and not last:
            return
        self.text += grown[len(known) :]
        if len(self._tokens) > self._done:
            self._context, self._done = self._done, len(self._tokens)
        self._cut()

    def _text_of(self, tokens: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(
            tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return text

    def _cut(self) -> None:
        places = [place for stop in self._stop if (place := self.text.find(stop)) >= 0]
        if places:
            self.text, self.stopped = self.text[: min(places)], True

    def _held_back(self) -> int:
        """Return the characters at the end that may be the beginning of a stop string."""
        return max(
            (n for stop in self._stop for n in range(1, len(stop)) if self.text.endswith(stop[:n])),
            default=0,
        )
