"""Changes of files in the arguments of tool calls, in whatever a model writes these.

A call says a path, and either a whole text or one that takes the place of another: as a JSON object
(also as a string in one, or behind the marks of a model), as `<parameter name="...">`, as
`<arg_key>` and `<arg_value>`, or as tags named by the arguments. Which argument is which is told by
its name alone. Linear in the length of the text.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pytest_llmops.grading.asked import MisshapenError

DEEPEST = 6
"""Objects and lists inside one another, strings that hold some included."""
MOST = 64
"""Objects that are read of one text."""

_PATH = "path|filepath|file|filename|targetfile|absolutepath|relativepath|targetpath"
_OLD = "oldstr|oldstring|oldtext|oldcode|oldcontent|old|search|searchtext|original|find|before"
_NEW = (
    "newstr|newstring|newtext|newcode|newcontent|new|replace|replacement|replacewith|updated|after"
)
_TEXT = "content|contents|filetext|filecontent|text|code|filecontents"
_ROLES = tuple(re.compile(names) for names in (_PATH, _OLD, _NEW, _TEXT))
_VALUE = re.compile(r"\{\s*\"|\[\s*[{\"]")
_GROUP = r"<(?:\w+:)?(?:invoke|function|tool_call|edit|change|apply_edit|str_replace)\b[^<>\n]*>"
_PARAMETER = (
    r"<(?P<parameter>(?:\w+:)?parameter)(?: name=[\"']?|=)(?P<name>\w+)[\"']?[^<>\n]{0,80}>"
)
_PAIR = r"<arg_key>\s{0,9}(?P<key>\w+)\s{0,9}</arg_key>\s{0,9}<arg_value>"
_TAGGED = (
    r"<(?P<tag>path|file_?path|old_?(?:str|string|text|code)|search|new_?(?:str|string|text|code)"
    r"|replace|replacement)>"
)
_MARKED = re.compile(f"(?P<group>{_GROUP})|{_PARAMETER}|{_PAIR}|{_TAGGED}")
_FILE = re.compile(r"(?:[\w.@-]+/)+[\w.@-]*\.\w{1,8}")
_NAMED = re.compile(r"[_\-]")


class Called(NamedTuple):
    """What a call writes."""

    path: str
    """As it is written; "" where it says none."""
    old: str | None
    """What is replaced; None for a whole file."""
    new: str


def calls_in_tags(text: str) -> list[Called]:
    """What calls write whose arguments stand between tags that nothing else has.

    Raises:
        MisshapenError: One of them is cut off.
    """
    return [*_of_tags(text, strict=True)] if "</arg_value>" in text or "parameter>" in text else []


def is_old(name: str) -> bool:
    """Whether an argument of a name is a text that is to go."""
    return bool(_ROLES[1].fullmatch(_plain(name)))


def calls(text: str) -> list[Called]:
    """List what the calls in a text write, in order."""
    found = [*_of_values(text)]
    return found or [*_of_tags(text)]


def values(text: str) -> Iterator[Any]:
    """Yield the JSON objects and lists that begin anywhere in a text, each once."""
    decoder = json.JSONDecoder(strict=False)
    position = 0
    for number, opening in enumerate(_VALUE.finditer(text)):
        if opening.start() < position or number >= MOST:
            continue
        try:
            value, position = decoder.raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            continue
        yield value


def _of_values(text: str) -> Iterator[Called]:
    for value in values(text):
        yield from _walked(value, "", DEEPEST)


def _walked(value: Any, path: str, depth: int) -> Iterator[Called]:
    if not depth:
        return
    if isinstance(value, str) and value.lstrip()[:1] in {"{", "["}:
        for inner in values(value):
            yield from _walked(inner, path, depth - 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _walked(inner, path, depth - 1)
    elif isinstance(value, dict):
        yield from _of_files(value)
        strings = {key: one for key, one in value.items() if isinstance(one, str)}
        said = _called(strings, path)
        path = said.path if said else _roles(strings)[0] or path
        if said:
            yield said
        for inner in () if said else value.values():
            yield from _walked(inner, path, depth - 1)


def _of_files(value: Mapping[str, Any]) -> Iterator[Called]:
    """Whole texts under the paths of their files."""
    for key, text in value.items():
        if isinstance(text, str) and "\n" in text and _FILE.fullmatch(key):
            yield Called(key, None, text)


def _of_tags(text: str, *, strict: bool = False) -> Iterator[Called]:
    """What stands between tags; one that begins a call, or repeats a name, begins another."""
    given: dict[str, str] = {}
    position = 0
    endless = set[str]()
    for found in _MARKED.finditer(text):
        if found.start() < position:
            continue
        name = found["name"] or found["key"] or found["tag"] or ""
        close = f"</{found['parameter'] or found['tag'] or 'arg_value'}>"
        end = text.find(close, found.end()) if name and close not in endless else -1
        if name and end < 0:
            if strict and not found["tag"]:
                raise MisshapenError(f"the argument {name} of a call is not closed")
            endless.add(close)
            continue
        if (found["group"] or name in given) and (said := _called(given, "")):
            yield said
            given = {"path": said.path} if not found["group"] else {}
        if name:
            given[name] = text[found.end() : end].removeprefix("\n").removesuffix("\n")
            position = end
    if said := _called(given, ""):
        yield said


def _called(arguments: Mapping[str, str], path: str) -> Called | None:
    own, old, new, text = _roles(arguments)
    path = (own or path or "").strip()
    if old is not None and new is not None:
        return Called(path, old, new)
    if path and text is not None and old is None:
        return Called(path, None, text)
    return None


def _roles(arguments: Mapping[str, str]) -> tuple[str | None, ...]:
    """The path, the old text, the new one, and the whole text among arguments."""
    plain = {_plain(name): value for name, value in arguments.items()}
    return tuple(
        next((value for name, value in plain.items() if role.fullmatch(name)), None)
        for role in _ROLES
    )


def _plain(name: str) -> str:
    return _NAMED.sub("", name).lower()
