"""What a model says before, between and behind its answer: thinking, and the marks of turns.

A mark may stand in code as well, so one inside of a fenced block is code where the next fence
closes that block: a part of thinking would begin or end outside of it. Everything here is linear in
the length of the text.
"""

import re
from bisect import bisect_left
from functools import cached_property

from pytest_llmops.grading.fences import Opened

_TAGS = "think|thinking|thoughts?|reasoning|scratchpad|seed:think|longcat_think"
_CLOSED_TAGS = (
    "reflection|analysis|plan|planning|internal|inner_monologue|chain_of_thought|cot|reason"
    "|reasoning_engine|reasoning_process|thinking_mode|thinking_process|think_mode|thought_process"
)
"""Tags that code may have too: thinking only where they are closed."""
_MARKS = (
    (rf"<(?i:{_TAGS})>", rf"</(?i:{_TAGS})>"),
    (rf"<(?i:{_CLOSED_TAGS})>", rf"</(?i:{_CLOSED_TAGS})>"),
    (r"\[THINK\]", r"\[/THINK\]"),
    (r"◁think▷", r"◁/think▷"),
    (r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),
    (r"<\|START_THINKING\|>", r"<\|END_THINKING\|>"),
    (r"<\|thinking\|>", r"<\|/thinking\|>"),
    (
        r"(?:<\|start\|>assistant)?<\|channel\|>analysis<\|message\|>",
        r"(?:<\|end\|>(?:<\|start\|>assistant)?)?<\|channel\|>final<\|message\|>|<\|end\|>",
    ),
)
"""What begins and ends the thinking of models."""
_OF_TAGS, _UNSURE = 2, 1
"""How many of them are tags, which end by their own name; which must be closed."""
_ANY = "|".join(f"(?P<m{number}>{opening})" for number, (opening, _) in enumerate(_MARKS))
_AT_START = re.compile(rf"\s*(?:{_ANY})")
_ALONE = re.compile(rf"^[ \t]*(?:{_ANY})[ \t]*$", re.MULTILINE)
_ENDS = tuple(re.compile(closing) for _, closing in _MARKS)
_CLOSING = re.compile(
    "^[ \\t]*(?:"
    + "|".join(closing for n, (_, closing) in enumerate(_MARKS[:-1]) if n != _UNSURE)
    + ")",
    re.MULTILINE,
)
_FENCES = re.compile(r"^[ \t]*(?:`{3,}|~{3,})|(?:`{3,}|~{3,})[ \t]*\r?$", re.MULTILINE)
_SPOKEN = re.compile(
    r"(?:^[ \t]*|<\|end\|>)(?:<\|start\|>assistant)?<\|channel\|>(?:final|commentary)\b[^<\n]{0,80}"
    r"(?:<\|constrain\|>\w+)?<\|message\|>",
    re.MULTILINE,
)
_ENDINGS = (
    "<|im_end|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|end|>",
    "<|return|>",
    "<|call|>",
    "<|END_RESPONSE|>",
    "</s>",
    "<end_of_turn>",
    "<\uff5cend▁of▁sentence\uff5c>",
)
"""Marks of the end of an answer."""
_END = "|".join(map(re.escape, _ENDINGS))
_NEXT = re.compile(
    rf"^[^\n`\"']*?(?:{_END})\s*(?:<\|im_start\|>|<\|start_header_id\|>|<start_of_turn>|\[INST\])",
    re.MULTILINE,
)


def said(text: str) -> str:
    """The answer in a text: without thinking, the marks of turns, and turns that follow.

    A model that is not stopped goes on with what a user might say next.
    """
    text = _SPOKEN.sub("\n", without_thinking(text))
    following = _NEXT.search(text)
    if following and not _Marked(text).is_code(following.start(), -1):
        ending = re.search(_END, text[following.start() :])
        text = text[: following.start() + (ending.start() if ending else 0)]
    return _without_endings(text)


def _without_endings(text: str) -> str:
    """A text without the marks of ends that it ends with."""
    end = len(text)
    while True:
        last = end
        while last and text[last - 1].isspace():
            last -= 1
        mark = next((one for one in _ENDINGS if text.endswith(one, 0, last)), "")
        if not mark:
            return text[:end]
        end = last - len(mark)


def without_thinking(text: str) -> str:
    """Return the text without the parts in which a model thinks, such as `<think>`.

    A part begins where the text does or with a mark alone on its line, because code may hold such
    marks too. One that is never closed runs to the end; a closing mark that begins a line and has
    no opening one (chat templates put it into the prompt) ends a part that began with the text.
    """
    kept: list[str] = []
    position = 0
    marked = _Marked(text)
    endless = set[str]()
    opening = _AT_START.match(text) or _ALONE.search(text)
    while opening:
        number = int((opening.lastgroup or "m0")[1:])
        name = opening.group().strip().lower()
        end = -1 if name in endless else _end_of(opening, text, number)
        if end < 0:
            endless.add(name)
        if marked.is_code(opening.start(), end) or (end < 0 and number == _UNSURE):
            marked.go_on(opening.end())
            opening = _ALONE.search(text, opening.end())
            continue
        kept.append(text[position : opening.start()])
        if end < 0:
            return "".join(kept)
        position = end
        marked.skip(end)
        opening = _ALONE.search(text, position)
    if not position and (stray := _stray(text)):
        position = stray
    return "".join(kept) + text[position:]


def _stray(text: str) -> int:
    """Where thinking ends that began in the prompt; 0 where there is none."""
    marked = _Marked(text)
    for found in _CLOSING.finditer(text):
        if not marked.is_code(found.start(), -1):
            return found.end()
    return 0


def _end_of(opening: re.Match[str], text: str, number: int) -> int:
    """Where a part of thinking ends, its closing mark included; -1 where it doesn't."""
    if number < _OF_TAGS:
        closing = re.compile(f"</{re.escape(opening.group().strip()[1:])}", re.IGNORECASE)
    else:
        closing = _ENDS[number]
    found = closing.search(text, opening.end())
    return found.end() if found else -1


class _Marked:
    """Says of places in a text, from the first to the last, whether they are in a fenced block."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._opened = Opened()
        self._at = 0

    @cached_property
    def _fences(self) -> list[int]:
        """Where fences stand; most texts have no mark to ask of."""
        return [one.start() for one in _FENCES.finditer(self._text)]

    def skip(self, position: int) -> None:
        """Leave out what stands before a position."""
        self._at = max(self._at, position)

    def go_on(self, position: int) -> None:
        """Read up to a position."""
        if position > self._at:
            for line in self._text[self._at : position].splitlines():
                self._opened.read(line)
            self._at = position

    def is_code(self, start: int, end: int) -> bool:
        """Whether a mark is in a block that the next fence closes, and its part ends in there.

        Args:
            start: Of the mark.
            end: Of the part of thinking that it begins; -1 if it never ends.
        """
        self.go_on(start)
        first = bisect_left(self._fences, start)
        if not self._opened.fence or first == len(self._fences):
            return False
        at = self._fences[first]
        ends = self._text.find("\n", at)
        line = self._text[self._text.rfind("\n", 0, at) + 1 : ends if ends >= 0 else None]
        return self._opened.closes(line) and end <= at
