"""Files beside the package in a checkout that a wheel carries in it: a suite, its baseline, pages.

`setup.py` puts them there, and the folder `finetune` too, as `pytest_llmops.finetune`.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_llmops.errors import CaseError

_PACKAGE = Path(__file__).parent
CARRIED = _PACKAGE / "carried"
"""In a wheel; a checkout has none."""
ROOT = CARRIED if CARRIED.is_dir() else _PACKAGE.parent
SUITES = ROOT / "cases" / "suites.toml"
DOCS = ROOT / "docs"
BASELINES = ROOT / "benchmarks" / "baselines"
"""Of the embedded model on the suite `starter`; `llmops init` copies it."""
EMBEDDED = "embedded:"
"""Before the name of a suite of the package, as `folder` in suites.toml."""


def placed(name: str, table: Mapping[str, Any], file: Path) -> tuple[Mapping[str, Any], Path]:
    """A table of a suites.toml and its root; those of the package where it says so.

    Args:
        name: Of the table.
        table: What is in it.
        file: The suites.toml.

    Raises:
        CaseError: The package has no such suite, or the table changes it.
    """
    folder = table.get("folder")
    if not isinstance(folder, str) or not folder.startswith(EMBEDDED):
        return table, file.parent
    own = tomllib.loads(SUITES.read_text("utf-8"))
    embedded = {key: one for key, one in own.items() if "folder" in one}
    wanted = folder.removeprefix(EMBEDDED)
    if wanted not in embedded:
        known = ", ".join(embedded)
        raise CaseError(f"{file}: [{name}] 'folder' is {folder!r}; the package has {known}")
    if wanted != name or len(table) > 1:
        raise CaseError(
            f"{file}: [{name}] is a suite of the package, whose name and fields stay as they are; "
            f"write [{wanted}] and folder = {folder!r} alone"
        )
    return embedded[wanted], SUITES.parent
