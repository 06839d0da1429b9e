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
    for folder in PurePosixPath(test).parents:
        for name in FILES:
            if (path := root / folder / name).is_file():
                found = UNREAD.finditer(path.read_text("utf-8", "replace"))
                names = sorted({match[1] or match[2] for match in found})
                said = f"{folder / name} sets {', '.join(names)}: not read here"
                return said if names else ""
    return ""
