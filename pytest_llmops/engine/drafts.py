"""Guesses at the next tokens of an answer, from what followed the same tokens before.

Answers copy from their prompts and repeat themselves. So the tokens that followed where the last
few stood before are computed along with the next one, in one step, and those are kept that the
model itself chooses there: greedy text stays what it is, and takes fewer steps. This is known as
prompt lookup decoding (Saxena, 2023), a kind of speculative decoding without a second model.
"""

from collections.abc import Sequence

MOST = 8
"""Tokens guessed at once, where guesses come true."""
_ALIKE = 3
"""Tokens that must stand where they stood before."""
_PAUSE = 8
"""Tokens without a guess after a single one was wrong."""


class Drafts:
    """What may come next in one answer, and how often that came true of late."""

    def __init__(self) -> None:
        self._after: dict[tuple[int, ...], int] = {}
        self._known = _ALIKE
        self._reach = 2
        self._resume = 0

    def guess(self, tokens: Sequence[int], most: int) -> list[int]:
        """Return up to `most` tokens that may follow `tokens`; none where nothing is alike."""
        for end in range(self._known, len(tokens)):
            self._after[tuple(tokens[end - _ALIKE : end])] = end
        self._known = max(self._known, len(tokens))
        place = self._after.get(tuple(tokens[-_ALIKE:]))
        if place is None or len(tokens) < self._resume:
            return []
        return list(tokens[place : place + min(self._reach, most)])

    def learn(self, guessed: int, kept: int, length: int) -> None:
        """Guess more after guesses that came true, and fewer after others.

        `length` is that of the sequence when it was guessed.
        """
        if kept == guessed:
            self._reach = min(MOST, 2 * self._reach)
        elif kept == 0 and self._reach == 1:
            self._resume = length + _PAUSE
        elif kept <= guessed // 2:
            self._reach = max(1, self._reach // 2)
