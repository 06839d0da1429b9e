"""The line by which a project opts in, in the configuration file that pytest reads."""

import configparser
import re
import tomllib
from pathlib import Path
from typing import Any

from pytest_llmops.scaffold.changes import Change, ScaffoldError, appended, read

NAME, VALUE = "llmops_suites", "cases/suites.toml"
TOML = {
    "pytest.toml": ("pytest",),
    ".pytest.toml": ("pytest",),
    "pyproject.toml": ("tool.pytest.ini_options", "tool.pytest"),
}
"""Files and the tables that pytest looks for in them."""
INI = {
    "pytest.ini": "pytest",
    ".pytest.ini": "pytest",
    "tox.ini": "pytest",
    "setup.cfg": "tool:pytest",
}
ORDER = (
    *("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini"),
    *("pyproject.toml", "tox.ini", "setup.cfg"),
)
"""In which pytest takes the first with a section of its own."""
ALWAYS = ORDER[:4]
"""Files that are pytest's without a section too."""


def opt_in(folder: Path) -> Change:
    """The file that pytest reads here, with a setting of ours; a new pytest.ini where none is.

    Raises:
        ScaffoldError: The line cannot be added without changing anything else.
    """
    texts = {name: read(folder, name) for name in ORDER}
    there = {name: text for name, text in texts.items() if text is not None}
    for name, text in there.items():
        if name in TOML:
            if change := _toml(name, text, always=name in ALWAYS):
                return change
        elif change := _ini(name, text, always=name in ALWAYS):
            return change
    if "pyproject.toml" in there:
        text = there["pyproject.toml"]
        table = f'[tool.pytest.ini_options]\n{NAME} = "{VALUE}"\n'
        return Change(path=Path("pyproject.toml"), before=text, after=appended(text, [table]))
    return Change(path=Path("pytest.ini"), before=None, after=f"[pytest]\n{NAME} = {VALUE}\n")


def _toml(name: str, text: str, *, always: bool) -> Change | None:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScaffoldError(f"{name}: not TOML: {error}") from None
    for header in TOML[name]:
        table = _table(document, header)
        if table is None:
            continue
        if _opted_in(table):
            return Change(path=Path(name), before=text, after=text)
        after = _below(text, rf"\[\s*{re.escape(header)}\s*\]", f'{NAME} = "{VALUE}"')
        wanted = {**table, NAME: VALUE}
        if after is None or _table(tomllib.loads(after), header) != wanted:
            raise ScaffoldError(
                f'{name}: [{header}] is not written as a table of its own; add {NAME} = "{VALUE}"'
                " to it by hand"
            )
        return Change(path=Path(name), before=text, after=after)
    if always:
        table_text = f'[pytest]\n{NAME} = "{VALUE}"\n'
        return Change(path=Path(name), before=text, after=appended(text, [table_text]))
    return None


def _ini(name: str, text: str, *, always: bool) -> Change | None:
    section = INI[name]
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        line = str(error).splitlines()[0]
        raise ScaffoldError(f"{name}: not a configuration file: {line}") from None
    if not parser.has_section(section):
        added = appended(text, [f"[{section}]\n{NAME} = {VALUE}\n"])
        return Change(path=Path(name), before=text, after=added) if always else None
    if _opted_in(dict(parser[section])):
        return Change(path=Path(name), before=text, after=text)
    after = _below(text, rf"\[{re.escape(section)}\]", f"{NAME} = {VALUE}")
    assert after is not None
    return Change(path=Path(name), before=text, after=after)


def _opted_in(table: dict[str, Any]) -> bool:
    return any(key.startswith("llmops_") for key in table)


def _table(document: Any, header: str) -> dict[str, Any] | None:
    """A table of a document; `tool.pytest` only where it has more than `ini_options`."""
    for part in header.split("."):
        document = document.get(part) if isinstance(document, dict) else None
    if header == "tool.pytest" and isinstance(document, dict) and not document.keys():
        return None
    return document if isinstance(document, dict) else None


def _below(text: str, header: str, line: str) -> str | None:
    """The text with a line below a header; None where there is no such header."""
    found = re.search(rf"^[ \t]*{header}[^\r\n]*(\r?\n|$)", text, re.MULTILINE)
    if not found:
        return None
    end = found[1] or "\n"
    head = text[: found.end()] + ("" if found[1] else end)
    return f"{head}{line}{end}{text[found.end() :]}"
