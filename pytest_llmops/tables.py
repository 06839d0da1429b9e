"""Tables of the user's TOML files: read, checked, and told of in words of TOML.

What is wrong with a table is said by its key, the value that was found and what it should be, since
its reader sees the file and not the types that read it.
"""

import re
import tomllib
import typing
from collections.abc import Mapping
from datetime import date, time
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar

import msgspec

from pytest_llmops.errors import LlmopsError, nearest

SHOWN = 60
"""Characters of a value that a message quotes."""

T = TypeVar("T")

_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def read(path: Path, failed: type[LlmopsError]) -> dict[str, Any] | None:
    """Everything that is in a file; None where there is no such file.

    Raises:
        LlmopsError: As `failed`: it cannot be read or is no TOML; names the file.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise failed(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise failed(f"{path}: not TOML: {error}") from None


def value_of(
    kind: type[T],
    table: Any,
    where: str,
    failed: type[LlmopsError],
    own: Mapping[str, Any] | None = None,
) -> T:
    """The value that a table stands for.

    Args:
        kind: A struct whose fields are the keys.
        table: What is in the file.
        where: The file, and the table in it.
        failed: What to raise.
        own: Fields that no table may set, with their values.

    Raises:
        LlmopsError: As `failed`: names the key, what it is and what it should be.
    """
    given = own or {}
    try:
        if isinstance(table, dict) and (taken := sorted(given.keys() & table.keys())):
            raise msgspec.ValidationError(f"Object contains unknown field `{taken[0]}`")
        whole = {**table, **given} if isinstance(table, dict) else table
        return msgspec.convert(whole, kind, dec_hook=lambda wanted, text: wanted(text))
    except msgspec.ValidationError as error:
        raise failed(f"{where}: {_fault(kind, table, str(error), set(given))}") from None


def words(annotation: Any) -> str:
    """A type as a writer of TOML thinks of it."""
    bare, _ = _bare(annotation)
    inner = typing.get_args(bare)
    if typing.get_origin(bare) is typing.Literal:
        return " or ".join(f'"{one}"' for one in inner)
    if typing.get_origin(bare) is tuple:
        return f"list of {words(inner[0])}s"
    return _WORDS.get(bare, "table")


def _bare(annotation: Any) -> tuple[Any, list[msgspec.Meta]]:
    """A type without None and what is annotated of it, and that."""
    metas: list[msgspec.Meta] = []
    while True:
        inner = typing.get_args(annotation)
        if typing.get_origin(annotation) is typing.Annotated:
            annotation, metas = inner[0], [*metas, *inner[1:]]
        elif NoneType in inner:
            annotation = next(one for one in inner if one is not NoneType)
        else:
            return annotation, metas


def _wanted(annotation: Any) -> str:
    """What a value should be, with its bounds."""
    _, metas = _bare(annotation)
    if told := next((meta.description for meta in metas if meta.description), None):
        return told
    said = words(annotation)
    article = "" if said in {"text", "true or false"} or said.startswith('"') else "a "
    return article + said + "".join(map(_bounds, metas))


def _bounds(meta: msgspec.Meta) -> str:
    """What an annotation says of a number, after its kind; "" where it says nothing."""
    if meta.ge is not None and meta.le is not None:
        return f" from {meta.ge:g} to {meta.le:g}"
    told = ((" of {:g} or more", meta.ge), (" above {:g}", meta.gt))
    least = "".join(text.format(bound) for text, bound in told if bound is not None)
    return least if meta.lt is None else f"{least} and below {meta.lt:g}"


def _shown(value: Any) -> str:
    if isinstance(value, date | time):
        return str(value)
    text = msgspec.json.encode(value, enc_hook=str).decode()
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _remedy(annotation: Any, value: Any) -> str:
    """How a value that is meant well is written."""
    wanted, _ = _bare(annotation)
    if typing.get_origin(wanted) is tuple and not isinstance(value, list | dict):
        return f"; write [{_shown(value)}]"
    if wanted is str and isinstance(value, int | float | date | time):
        return "; write it in quotes"
    if wanted in {int, float, bool} and isinstance(value, str):
        return "; write it without quotes"
    if typing.get_origin(wanted) is typing.Literal:
        return nearest(str(value), map(str, typing.get_args(wanted)))
    return ""


def _fault(kind: type, table: Any, said: str, own: set[str]) -> str:
    """What msgspec said of a table, in words of its writer."""
    message, _, path = said.partition(" - at `$")
    path = path.removesuffix("`")
    annotation, value, place = kind, table, ""
    for step in re.findall(r"[^.\[\]]+", path):
        bare, _ = _bare(annotation)
        if isinstance(value, list):
            annotation, value = typing.get_args(bare)[0], value[int(step)]
            place += f"[{step}]"
        else:
            hints = typing.get_type_hints(bare, include_extras=True)
            annotation, value = hints[step], value[step]
            place += f".{step}" if place else step
    field = re.search(r"field `(.+)`", message)
    if field:
        key = f"{place}.{field[1]}" if place else field[1]
        if "missing" in message:
            return f"{key!r} is missing"
        known = [one.name for one in msgspec.structs.fields(_bare(annotation)[0])]
        known = [name for name in known if name not in own]
        near = nearest(field[1], known)
        return f"{key!r} is no known key (known: {', '.join(known)}){near}"
    if message.startswith(("Expected ", "Invalid enum value")):
        found = f"{place!r} is {_shown(value)}" if place else f"it is {_shown(value)}"
        return f"{found}, and should be {_wanted(annotation)}{_remedy(annotation, value)}"
    return f"{place}: {message}" if place else message
