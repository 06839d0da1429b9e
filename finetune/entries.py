"""Entries of adapters in `models.toml`, written without touching anything else in the file."""

import os
import tempfile
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import ParseError

from .errors import FinetuneError


def write_entry(path: Path, name: str, table: dict[str, Any], *, replace: bool) -> bool:
    """Put `[name]` into a models file; comments, order and other entries stay as they are.

    Args:
        path: The file; made where there is none.
        name: Of the model.
        table: Its fields.
        replace: Overwrite an entry of that name that says something else.

    Returns:
        Whether the file was changed.

    Raises:
        FinetuneError: There is another entry of that name, or the file cannot be read or written.
    """
    document = _read(path)
    known = document.get(name)
    if known is not None and known.unwrap() == table:
        return False
    if known is not None and not replace:
        raise FinetuneError(
            f"{path}: [{name}] is there and says {_shown(known.unwrap())}, not {_shown(table)}; "
            "choose another --name, or give --replace"
        )
    if isinstance(known, dict):
        for key in [*known]:
            if key not in table:
                del known[key]
        known.update(table)
    else:
        _append(document, name, table)
    _write(path, tomlkit.dumps(document))
    return True


def find_conflict(path: Path, name: str, table: dict[str, Any]) -> str:
    """Say what an existing entry of that name says otherwise; "" where nothing is in the way.

    Raises:
        FinetuneError: The file cannot be read.
    """
    known = _read(path).get(name)
    return "" if known is None or known.unwrap() == table else _shown(known.unwrap())


def _read(path: Path) -> Any:
    try:
        return tomlkit.parse(path.read_text("utf-8"))
    except FileNotFoundError:
        return tomlkit.document()
    except OSError as error:
        raise FinetuneError(f"{path}: cannot be read: {error.strerror}") from None
    except (ParseError, UnicodeDecodeError) as error:
        raise FinetuneError(f"{path}: not TOML: {error}") from None


def _append(document: Any, name: str, table: dict[str, Any]) -> None:
    entry = tomlkit.table()
    entry.update(table)
    if document.body:
        document.add(tomlkit.nl())
    document[name] = entry


def _shown(entry: Any) -> str:
    fields = entry.items() if isinstance(entry, dict) else [("value", entry)]
    return ", ".join(f"{key} = {value!r}" for key, value in fields)


def _write(path: Path, text: str) -> None:
    """Replace the file at once, so that no reader ever sees half of it."""
    try:
        mode = path.stat().st_mode if path.exists() else 0o644
        handle, part = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(part).chmod(mode & 0o777)
        Path(part).replace(path)
    except OSError as error:
        raise FinetuneError(f"{path}: cannot be written: {error.strerror}") from None
