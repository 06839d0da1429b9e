"""Fetch the locked packages: npm's tarballs by name and version, each checked against its hash."""

import base64
import hashlib
import tarfile
from pathlib import Path

from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox.judge.lock import Package
from pytest_llmops.sandbox.npm import NpmError, run_npm


class ChangedError(SandboxError):
    """A package is not the locked one."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the judge cannot be built: {reason}")
        self.reason = reason


class UnfetchedError(SandboxError):
    """npm or its registry cannot be had."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the judge cannot be built: {reason}. It is made once of pinned packages from npm;"
            " make npm and its registry reachable and run `python -m pytest_llmops.sandbox.judge`"
        )
        self.reason = reason


def fetch(packages: tuple[Package, ...], work: Path) -> Path:
    """Fetch and unpack `packages` below `work`; returns the folder `node_modules`.

    No script of any package runs.

    Raises:
        SandboxError: npm or the registry cannot be had, or a tarball is not the locked one.
    """
    tarballs = work / "tarballs"
    tarballs.mkdir()
    _pack(packages, tarballs)
    modules = work / "node_modules"
    for package in packages:
        tarball = tarballs / package.tarball
        if not tarball.is_file():
            raise UnfetchedError(f"npm brought no {package.tarball}")
        _check(tarball, package)
        _unpack(tarball, modules / package.name)
    return modules


def _pack(packages: tuple[Package, ...], folder: Path) -> None:
    names = [f"{package.name}@{package.version}" for package in packages]
    try:
        run_npm(["pack", *names], folder)
    except NpmError as error:
        raise UnfetchedError(str(error)) from None


def _check(tarball: Path, package: Package) -> None:
    found = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    if f"sha512-{found}" != package.integrity:
        raise ChangedError(
            f"{package.name}@{package.version} from npm is not the locked package"
            f" (sha512-{found[:16]}… instead of {package.integrity[:23]}…)"
        )


def _unpack(tarball: Path, target: Path) -> None:
    """Every npm tarball holds one folder; that folder becomes `target`."""
    unpacked = tarball.with_suffix("")
    with tarfile.open(tarball) as archive:
        archive.extractall(unpacked, filter="data")
    folder = next(path for path in unpacked.iterdir() if path.is_dir())
    target.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(target)
