"""The package managers that install a tree's own lock file: npm, and pnpm and bun from npm.

pnpm and bun are pinned in `lock.json` with the hashes of their tarballs, and fetched once, each
when a lock file first needs it. No script of theirs runs, nor of any package that they install.
"""

import hashlib
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import msgspec

from pytest_llmops.caches import appear_whole, shared_cache
from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox.binaries import find_node
from pytest_llmops.sandbox.judge.fetch import fetch
from pytest_llmops.sandbox.judge.lock import Lock, Package, machine
from pytest_llmops.sandbox.npm import PATIENCE, NpmError, run_npm

LOCK = Path(__file__).parent / "lock.json"
SETTINGS: Mapping[str, str] = {
    "CI": "true",
    "npm_config_fetch_retries": "1",
    "npm_config_fetch_retry_mintimeout": "1000",
}
"""A registry that is not there is told in seconds, and nothing is asked."""
NOISE = re.compile(r"\x1b\[[0-9;]*m")
TELLING = re.compile(r"^\W*(?:error\b|ERR_|ERROR\b|fatal\b)", re.IGNORECASE)


class ManagerError(Exception):
    """A package manager is not there, failed or did not end; its text says which, on one line."""


def install(lock_file: str, folder: Path, packages: tuple[str, ...]) -> None:
    """Install a lock file in the folder that holds it with all manifests.

    Args:
        lock_file: Its name, which says whose it is.
        folder: Where it is; gets `node_modules`, and so do folders of packages in it.
        packages: The folders of packages that are wanted; npm installs all.

    Raises:
        ManagerError: It cannot be installed; the first error that was told.
    """
    wanted = [f"--filter=./{one}" for one in packages] if packages else []
    try:
        if lock_file == "package-lock.json":
            run_npm(["ci", "--include=dev", "--no-audit", "--no-fund"], folder, SETTINGS)
        elif lock_file == "pnpm-lock.yaml":
            program = [str(find_node()), str(_package("pnpm") / "bin" / "pnpm.cjs")]
            _run([*program, *PNPM, f"--store-dir={folder / KEPT}", *wanted], folder)
        else:
            _run([str(_package("bun") / "bin" / "bun"), *BUN, f"{folder / KEPT}", *wanted], folder)
    except (NpmError, SandboxError) as error:
        raise ManagerError(str(error)) from None


KEPT = ".kept"
"""Where a package manager keeps what it fetches, until all is installed."""
PNPM = ("install", "--frozen-lockfile", "--ignore-scripts", "--ignore-pnpmfile", "--no-color")
BUN = ("install", "--frozen-lockfile", "--ignore-scripts", "--no-progress", "--cache-dir")


def _package(name: str) -> Path:
    """The folder of a pinned package manager; fetched when it is not there.

    Raises:
        SandboxError: It cannot be fetched, or there is none for this machine.
    """
    lock = msgspec.json.decode(LOCK.read_bytes(), type=Lock)
    every = (*lock.packages, *lock.platforms.get(machine(), ()))
    found = [one for one in every if one.name.rpartition("/")[2].startswith(name)]
    if not found:
        raise SandboxError(f"there is no {name} for {machine()}")
    return _fetched(found[0])


def _fetched(package: Package) -> Path:
    digest = hashlib.sha256(package.integrity.encode()).hexdigest()[:12]
    folder = shared_cache() / "managers" / f"{package.tarball}-{digest}"

    def fill(part: Path) -> None:
        (fetch((package,), part) / package.name).rename(part / "package")

    appear_whole(folder, fill)
    return folder / "package"


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=PATIENCE,
            env={**os.environ, **SETTINGS},
        )
    except subprocess.TimeoutExpired:
        raise ManagerError(f"{Path(command[0]).name} did not end within {PATIENCE} s") from None
    if done.returncode:
        raise ManagerError(_first_error(done.stdout) or f"it ended with status {done.returncode}")


def _first_error(said: str) -> str:
    lines = [" ".join(NOISE.sub("", line).split()) for line in said.splitlines()]
    told = [line for line in lines if TELLING.match(line)] or [line for line in lines if line][-1:]
    return told[0][:300] if told else ""
