"""The pinned npm packages of the judge, with their hashes, and what a built judge is called."""

import hashlib
import platform
import sys
from functools import cache
from pathlib import Path

import msgspec

from pytest_llmops.errors import SandboxError

HERE = Path(__file__).parent
_RECIPE = ("bundle.py", "*.mjs", "*.json")


class Package(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One package of the npm registry."""

    name: str
    version: str
    license: str
    integrity: str
    """Digest of its tarball as npm writes it: `sha512-` and base64."""

    @property
    def tarball(self) -> str:
        """File name that `npm pack` gives it."""
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"


class Lock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All packages: those for every machine, and the compilers by machine."""

    packages: tuple[Package, ...]
    platforms: dict[str, tuple[Package, ...]]


def read_lock() -> Lock:
    """The lock file that is part of the product."""
    return msgspec.json.decode((HERE / "lock.json").read_bytes(), type=Lock)


def machine() -> str:
    """What the lock calls this machine.

    Raises:
        SandboxError: It has no compilers for it.
    """
    processor = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
    system = f"{sys.platform}-{processor.get(platform.machine().lower(), platform.machine())}"
    if sys.platform == "linux":
        is_musl = any(Path("/lib").glob("ld-musl-*"))
        system += "-musl" if is_musl else "-gnu"
    if system not in read_lock().platforms:
        known = ", ".join(sorted(read_lock().platforms))
        raise SandboxError(f"the judge has no compiler for {system}; there is one for {known}")
    return system


@cache
def digest() -> str:
    """Twelve digits that change with the lock file and with every line of the recipe."""
    total = hashlib.sha256()
    for path in sorted(path for pattern in _RECIPE for path in HERE.glob(pattern)):
        total.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()[:12]
