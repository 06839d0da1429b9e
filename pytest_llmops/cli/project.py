"""Where a command finds the files of a project: as pytest would from the same folder."""

import shlex
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from iniconfig import IniConfig, ParseError

from pytest_llmops.errors import CaseError
from pytest_llmops.session.configured import Configured

SECTIONS = {
    "pytest.toml": ("pytest",),
    ".pytest.toml": ("pytest",),
    "pytest.ini": ("pytest",),
    ".pytest.ini": ("pytest",),
    "pyproject.toml": ("tool.pytest", "tool.pytest.ini_options"),
    "tox.ini": ("pytest",),
    "setup.cfg": ("tool:pytest",),
}
"""Files in which pytest is configured, the first that is one wins, and the sections it reads."""

PREFIX = "llmops_"


class Project(msgspec.Struct, frozen=True):
    """The folder that names are relative to, and what pytest's configuration says in it."""

    root: Path
    """Empty where it is the current folder, so that names are as short as people write them."""
    configured: Configured

    @property
    def models(self) -> Path:
        """File that names the models."""
        return self.root / self.configured.models

    @property
    def suites(self) -> Path:
        """File that names the suites."""
        return self.root / self.configured.suites

    @property
    def baselines(self) -> Path:
        """Folder of the baselines."""
        return self.root / self.configured.baselines

    @property
    def runs(self) -> Path:
        """Folder of recorded runs."""
        return self.root / "runs"


def find_project() -> Project:
    """The project that the current folder lies in.

    Raises:
        CaseError: Its configuration file is broken; names it.
    """
    return _find(Path.cwd())


def forget_project() -> None:
    """Look again at the next call: a configuration file may have changed."""
    _find.cache_clear()


@lru_cache(maxsize=1)
def _find(folder: Path) -> Project:
    for root in (folder, *folder.parents):
        for name, sections in SECTIONS.items():
            values = _read(root / name, sections)
            if values is not None:
                known = {key: values[key] for key in values if key.startswith(PREFIX)}
                return Project(_short(root, folder), _configured(known))
    return Project(Path(), Configured())


def _short(root: Path, folder: Path) -> Path:
    """The root as a person would write it in the current folder."""
    return Path() if root == folder else root


def _read(path: Path, sections: tuple[str, ...]) -> dict[str, Any] | None:
    """What a file says of pytest; None where it is no configuration of it."""
    if not path.is_file():
        return None
    try:
        if path.suffix == ".toml":
            return _read_toml(path, sections)
        found = IniConfig(path)
    except (ParseError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CaseError(f"{path}: cannot be read: {error}") from None
    if sections[0] in found:
        return dict(found[sections[0]].items())
    return {} if path.name in {"pytest.ini", ".pytest.ini"} else None


def _read_toml(path: Path, sections: tuple[str, ...]) -> dict[str, Any] | None:
    whole = tomllib.loads(path.read_text("utf-8"))
    for section in reversed(sections):
        table: Any = whole
        for key in section.split("."):
            table = table.get(key) if isinstance(table, dict) else None
        if table:
            return dict(table)
    return {} if "pyproject" not in path.name else None


def _configured(values: dict[str, Any]) -> Configured:
    fields = {name.removeprefix(PREFIX): value for name, value in values.items()}
    sinks = fields.pop("sinks", ())
    words = shlex.split(sinks) if isinstance(sinks, str) else sinks
    known = set(Configured.__struct_fields__)
    return Configured(
        sinks=tuple(words), **{name: str(v) for name, v in fields.items() if name in known}
    )
