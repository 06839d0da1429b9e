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

from pytest_llmops.grading.calls import is_old

DEEPEST = 4
"""Wrappers inside one another."""
MARKS = 16
"""Tags, objects and spans that are opened in one text, the last ones."""

_KEYS = (
    "answer|arguments|body|code|code_?(?:block|snippet)|contents?|completion|diff|file_?contents?"
    "|file_text|function|implementation|input|javascript|js|method|new_?(?:str|string|text|code)"
    "|output|parameters|patch|replace|replacement|response|result|snippet|solution|source"
    "|source_code|text|ts|typescript|python|(?:final|fixed|function|python|typescript|updated)_code"
)
_CODE_KEYS = re.compile(_KEYS, re.IGNORECASE)
_TAGS = (
    "answer|arg_value|artifact|code|function|method|typescript|ts|javascript|python|content|contents|diff|file|file_content|file_text|final"
    "|final_answer|function_call|implementation|new_str|new_string|new_text|output|parameter|patch"
    "|pre|replace|replacement|response|result|solution|source|tool_call|tool_use"
)
_TAG = re.compile(rf"<((?:[a-z]+:)?(?:{_TAGS}))\b(?:[ =]([^<>\n]{{0,200}}))?>")
_NAME = re.compile(r"\A(?:name=)?[\"']?(\w+)")
_KEYED = re.compile(
    rf"(?<![\w$.])([\"']?)(?:{_KEYS})\1[ \t]*[:=][ \t]*"
    r"(\"(?:[^\"\\]|\\.)*+(?:\"|\Z)|'(?:[^'\\]|\\.)*+(?:'|\Z)|`(?:[^`\\]|\\.)*+(?:`|\Z))",
    re.IGNORECASE | re.DOTALL,
)
"""A string under a key of code, in whatever is nearly JSON: one that is cut off, too."""
_ESCAPES = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\r?\n|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0", "\n": "", "\r\n": ""}
_OBJECT = re.compile(r"(?:^|[\]>\uff5c])[ \t]*[{\[](?=\s*[\]}{\[\"])|\A\s*\"", re.MULTILINE)
_QUOTE = re.compile(r"^[ \t]{0,3}> ?", re.MULTILINE)
_CLOSE = re.compile(r"^>[^\s>]", re.MULTILINE)
_CLOSE_QUOTE = re.compile(r"^>", re.MULTILINE)
"""Of a quote without a space behind its marks, whose own spaces count."""
_SPAN = re.compile(r"(?<!`)(`{1,2})([^`\n]+)\1(?!`)")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
_BARE_MARKUP = re.compile(r"<|&(?!(?:lt|gt|amp|quot|apos|nbsp|#\w+);)")
_CDATA = re.compile(r"\A\s*<!\[CDATA\[(.*?)(?:\]\]>\s*)?\Z", re.DOTALL)


def unwrapped(text: str, deepest: int = DEEPEST) -> Iterator[str]:
    """Yield the texts inside of whatever a text wraps, each before what is inside of it."""
    if not deepest:
        return
    for layer in (_tagged, _in_json, _keyed, _quoted, _escaped):
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
    """List the strings of a JSON text that can be code, also of what is nearly JSON."""
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return [*_keyed(text)]
    return [*_strings(value, is_code=isinstance(value, str))]


def _strings(value: Any, *, is_code: bool) -> Iterator[str]:
    """The strings under keys that name code, and those that have lines of it."""
    stack = [(value, is_code)]
    while stack:
        one, named = stack.pop()
        if isinstance(one, str) and (named or "\n" in one):
            yield one
        elif isinstance(one, list) and named and all(isinstance(inner, str) for inner in one):
            yield "\n".join(one)
        elif isinstance(one, list):
            stack += [(inner, named) for inner in reversed(one)]
        elif isinstance(one, dict):
            stack += [
                (inner, bool(_CODE_KEYS.fullmatch(key)))
                for key, inner in reversed(one.items())
                if not is_old(key)
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
        name = _NAME.match(opening.group(2) or "")
        if name and is_old(name.group(1)):
            continue
        if found := _CDATA.match(inner):
            inner = found.group(1)
        elif _ENTITY.search(inner) and not _BARE_MARKUP.search(inner):
            inner = html.unescape(inner)
        yield inner


def _in_json(text: str) -> Iterator[str]:
    """The strings of JSON values that begin a line, or stand behind the mark of a model."""
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


def _keyed(text: str) -> Iterator[str]:
    """The strings under keys of code where there is no JSON: trailing commas, calls, a lost end."""
    if any(True for _ in _in_json(text)):
        return
    for found in [*_KEYED.finditer(text)][-MARKS:]:
        quoted = found.group(2)
        closed = len(quoted) > 1 and quoted[-1] == quoted[0]
        yield _ESCAPES.sub(_unescaped, quoted[1:-1] if closed else quoted[1:])


def _unescaped(found: re.Match[str]) -> str:
    code = found.group(1)
    if code[0] in "ux" and len(code) > 1:
        return chr(int(code[1:], 16))
    return _ESCAPED.get(code, code)


def _quoted(text: str) -> Iterator[str]:
    """The text without the marks of a Markdown quote, where it has lines of one."""
    if text.lstrip().startswith(">") or "\n>" in text:
        yield (_CLOSE_QUOTE if _CLOSE.search(text) else _QUOTE).sub("", text)


def _escaped(text: str) -> Iterator[str]:
    """The text with its line ends as such, where it has them escaped and no other."""
    bare = text.strip()
    if "\n" in bare or "\\n" not in bare or any(map(any, (_in_json(text), _keyed(text)))):
        return
    try:
        yield str(json.loads(f'"{bare}"'))
    except ValueError:
        yield re.sub(r"\\([nt\"\\])", lambda found: _ESCAPED.get(found[1], found[1]), bare)
