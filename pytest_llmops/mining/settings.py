"""What a project's vitest configuration sets and the sandbox does not read.

The files are not run, so only the names of settings are told. They may be why a test file that
passes in its project does not pass here.
"""

import re
from pathlib import Path, PurePosixPath

FILES = tuple(
    f"{stem}.config.{ending}"
    for stem in ("vitest", "vite")
    for ending in ("ts", "mts", "cts", "js", "mjs", "cjs")
)
UNREAD = re.compile(
    r"\b(alias|define|globalSetup|plugins|setupFiles)\b\s*[:,(]"
    r"|\b(environment)\s*:\s*[\"'`](?!node[\"'`])"
)


def unread_settings(root: Path, test: str) -> str:
    """Name what the configuration nearest to a test file sets and nobody reads here, or ""."""
    name, text = _nearest(root, test)
    names = sorted({match[1] or match[2] for match in UNREAD.finditer(text)})
    return f"{name} sets {', '.join(names)}: not read here" if names else ""


def is_alias(root: Path, test: str, package: str) -> bool:
    """Whether the configuration nearest to a test file says what an import of a package means."""
    _, text = _nearest(root, test)
    _, alias, said = text.partition("alias")
    name = rf"([\"'`]?){re.escape(package)}\1"
    keys = (rf"(?<![\w.\"'`/-]){name}\s*:", rf"\bfind:\s*{name}")
    return bool(alias) and any(re.search(key, said) for key in keys)


def _nearest(root: Path, test: str) -> tuple[str, str]:
    """Name and text of the configuration nearest to a test file; "" for none."""
    for folder in PurePosixPath(test).parents:
        for name in FILES:
            if (path := root / folder / name).is_file():
                return str(folder / name), path.read_text("utf-8", "replace")
    return "", ""
