"""What answers wrap code into when it is not a fence: JSON, tags, quotes, single backticks.

`unwrapped` opens one layer after the other and gives the texts inside, outermost first, each to be
read like an answer of its own. The parser decides later which of them holds the function, so a
wrapper that is none costs a reading and no more. All of it is linear in the length of the text: a
bounded number of marks is looked at, each is searched for once.
"""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

DEEPEST = 4
"""Wrappers inside one another."""
MARKS = 16
"""Tags, objects and spans that are opened in one text, the last ones."""

_CODE_KEYS = re.compile(
    "answer|arguments|code|contents?|completion|diff|file_content|file_text|function|implementation"
    "|input|new_str|new_string|output|parameters|patch|replace|replacement|response|result"
    "|solution|source|source_code|text",
    re.IGNORECASE,
)
_TAGS = (
    "answer|artifact|code|content|contents|diff|file|file_content|file_text|final|final_answer"
    "|function_call|implementation|new_str|new_string|output|parameter|patch|pre|replace"
    "|replacement|response|result|solution|source|tool_call|tool_use"
)
_TAG = re.compile(rf"<({_TAGS})\b(?:[ =][^<>\n]{{0,200}})?>")
_OBJECT = re.compile(r"^[ \t]*[{\[]|\A\s*\"", re.MULTILINE)
_QUOTE = re.compile(r"^[ \t]{0,3}> ?", re.MULTILINE)
_SPAN = re.compile(r"(?<!`)(`{1,2})([^`\n]+)\1(?!`)")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|#39|#x27);")
_BARE_MARKUP = re.compile(r"<|&(?!(?:lt|gt|amp|quot|apos|nbsp|#\w+);)")
_CDATA = re.compile(r"\A\s*<!\[CDATA\[(.*?)(?:\]\]>\s*)?\Z", re.DOTALL)


def unwrapped(text: str, deepest: int = DEEPEST) -> Iterator[str]:
    """Yield the texts inside of whatever a text wraps, each before what is inside of it."""
    if not deepest:
        return
    for layer in (_tagged, _in_json, _quoted, _escaped):
        for inner in layer(text):
            if inner.strip() and inner != text:
                yield inner
                yield from unwrapped(inner, deepest - 1)


def spans(text: str) -> list[str]:
    """List what stands in single or double backticks: on one line, or the whole text."""
    whole = text.strip()
    if len(whole) > 2 and whole[0] == whole[-1] == "`" and "``" not in (whole[:2], whole[-2:]):
        return [whole[1:-1]]
    return [found.group(2) for found in _SPAN.finditer(text)][-MARKS:]


def strings(text: str) -> list[str]:
    """List the strings of a JSON text that can be code; none where it is no JSON."""
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return []
    return [*_strings(value, is_code=isinstance(value, str))]


def _strings(value: Any, *, is_code: bool) -> Iterator[str]:
    """The strings under keys that name code, and those that have lines of it."""
    stack = [(value, is_code)]
    while stack:
        one, named = stack.pop()
        if isinstance(one, str) and (named or "\n" in one):
            yield one
        elif isinstance(one, list):
            stack += [(inner, named) for inner in reversed(one)]
        elif isinstance(one, dict):
            stack += [
                (inner, bool(_CODE_KEYS.fullmatch(key))) for key, inner in reversed(one.items())
            ]


def _tagged(text: str) -> Iterator[str]:
    """What stands between tags; entities are read where nothing else of HTML is in it."""
    position = 0
    for opening in [*_TAG.finditer(text)][-MARKS:]:
        if opening.start() < position:
            continue
        close = f"</{opening.group(1)}>"
        end = text.find(close, opening.end())
        position = len(text) if end < 0 else end
        inner = text[opening.end() : position]
        if found := _CDATA.match(inner):
            inner = found.group(1)
        elif _ENTITY.search(inner) and not _BARE_MARKUP.search(inner):
            inner = html.unescape(inner)
        yield inner


def _in_json(text: str) -> Iterator[str]:
    """The strings of JSON values that begin a line."""
    decoder = json.JSONDecoder(strict=False)
    position = 0
    for opening in [*_OBJECT.finditer(text)][:MARKS]:
        if opening.start() < position:
            continue
        try:
            value, position = decoder.raw_decode(text, opening.end() - 1)
        except (ValueError, RecursionError):
            continue
        yield from _strings(value, is_code=isinstance(value, str))


def _quoted(text: str) -> Iterator[str]:
    """The text without the marks of a Markdown quote, where it has lines of one."""
    if text.lstrip().startswith(">") or "\n>" in text:
        yield _QUOTE.sub("", text)


def _escaped(text: str) -> Iterator[str]:
    """The text with its line ends as such, where it has them escaped and no other."""
    bare = text.strip()
    if "\n" in bare or "\\n" not in bare:
        return
    try:
        yield str(json.loads(f'"{bare}"'))
    except ValueError:
        yield bare.replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"')
