"""TypeScript and biome: fetched once from npm, each package checked against the lock file.

They lie in the user's cache, under the digest of the lock. biome is its WebAssembly build, which is
the same for every machine and can reach nothing but what it is handed.
"""

import hashlib
import sys
from functools import cache
from pathlib import Path

import msgspec

from pytest_llmops.caches import shared_cache
from pytest_llmops.errors import QualityError, SandboxError
from pytest_llmops.sandbox.judge.build import appear
from pytest_llmops.sandbox.judge.fetch import ChangedError, UnfetchedError, fetch
from pytest_llmops.sandbox.judge.lock import Package

LOCK = Path(__file__).parent / "lock.json"
LAST = "node_modules/typescript/package.json"
BIOME = "@biomejs/wasm-nodejs"
COMMAND = "python -m pytest_llmops.quality"
CANNOT = "the tools for code quality cannot be installed"


@cache
def packages() -> tuple[Package, ...]:
    """What is locked."""
    return msgspec.json.decode(LOCK.read_bytes(), type=tuple[Package, ...])


def versions() -> dict[str, str]:
    """What measures, by name."""
    return {package.name: package.version for package in packages()}


def folder() -> Path:
    """Where the tools of this lock are; for root, where unprivileged users can read them."""
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    return shared_cache() / "quality" / digest


def tools_folder() -> Path:
    """The folder of the tools.

    Raises:
        QualityError: They are not installed; says how they are.
    """
    if not (folder() / LAST).is_file():
        names = " and ".join(f"{name} {versions()[name]}" for name in ("typescript", BIOME))
        raise QualityError(f"code quality needs {names}, which are not installed; run: {COMMAND}")
    return folder()


def install() -> Path:
    """Fetch the tools; returns their folder at once where they are there.

    Raises:
        QualityError: npm cannot be had, or a package is not what it was.
    """
    if (folder() / LAST).is_file():
        return folder()
    print(f"fetching TypeScript and biome from npm into {folder()} (once)", file=sys.stderr)  # noqa: T201

    def fill(made: Path) -> None:
        fetch(packages(), made.parent).rename(made / "node_modules")

    try:
        return appear(folder(), fill, LAST)
    except UnfetchedError as error:
        raise QualityError(
            f"{CANNOT}: {error.reason}; make npm and its registry reachable and run: {COMMAND}"
        ) from None
    except ChangedError as error:
        raise QualityError(f"{CANNOT}: {error.reason}") from None
    except SandboxError as error:  # the folder cannot be written
        raise QualityError(f"{CANNOT}: {error.__context__ or error}") from None
