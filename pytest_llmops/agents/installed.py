"""The programs of agents: fetched once by version, into a folder of this user's cache.

`python -m pytest_llmops.agents cline mini pi` does it, each by its module in `programs`. Tarballs
of npm are checked against the digests there, for the versions that are the default; pip checks what
it fetches against its index.
"""

import base64
import hashlib
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pytest_llmops.agents.programs import module_of
from pytest_llmops.agents.settings import ProgramAgent
from pytest_llmops.caches import shared_cache
from pytest_llmops.errors import AgentError
from pytest_llmops.sandbox.npm import NpmError, run_npm

PATIENCE = 900
"""Seconds that a fetch may take."""


def folder_of(kind: str, version: str) -> Path:
    """Where a program of a version is; for root, where unprivileged users can read it."""
    return shared_cache() / "agents" / f"{kind}-{version}-{platform.machine()}"


def require(agent: ProgramAgent) -> Path:
    """The folder of an agent's program.

    Raises:
        AgentError: It is not installed; says how, and which versions are.
    """
    folder = folder_of(agent.kind, agent.pinned)
    place = str(module_of(agent.place or agent.kind).PLACE)
    if not place or (folder / place).is_file():
        return folder
    others = sorted(
        path.name.split("-")[1] for path in folder.parent.glob(f"{agent.kind}-*") if path.is_dir()
    )
    here = f"installed is {', '.join(others)}; " if others else ""
    kind = agent.place or agent.kind
    named = f"{kind}=={agent.version}" if agent.version else kind
    raise AgentError(
        f"agent {agent.name}: {agent.kind} {agent.pinned} is not installed; {here}"
        f"run: python -m pytest_llmops.agents {named}"
    )


def install(kind: str, version: str = "") -> Path:
    """Fetch a program; returns its folder at once where it is there.

    Args:
        kind: One of `KINDS`, or the path of an adapter.
        version: "" for the one that is run where nothing else is named.

    Raises:
        AgentError: It cannot be fetched, or is not what it was.
    """
    module = module_of(kind)
    version = version or module.VERSION
    folder = folder_of(Path(kind).stem, version)
    if (folder / module.PLACE).exists():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        module.install(folder, version)
    except OSError as error:
        raise AgentError(f"{kind} {version} cannot be installed in {folder}: {error}") from None
    return folder


def npm_package(
    named: str, digests: Mapping[str, str], folder: Path, *, whole: bool = False
) -> None:
    """Fetch a package of npm, checked against its digest where that is known.

    Args:
        named: `name@version`.
        digests: Of tarballs, by that name.
        folder: Where it comes to lie; there at once and whole, or not at all.
        whole: Fetch what it depends on too, into `node_modules`; npm checks that.
    """
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".making-") as held:
        work = Path(held)
        _npm(["pack", named], work, named)
        (tarball,) = work.glob("*.tgz")
        found = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
        if digests.get(named, f"sha512-{found}") != f"sha512-{found}":
            raise AgentError(f"{named} from npm is not the pinned package (sha512-{found[:16]}…)")
        if whole:
            made = work / "whole"
            made.mkdir()
            quiet = ("--no-audit", "--no-fund", "--no-save")
            _npm(["install", str(tarball), "--prefix", str(made), *quiet], made, named)
        else:
            with tarfile.open(tarball) as archive:
                archive.extractall(work, filter="data")
            made = work / "package"
        made.chmod(0o755)
        made.rename(folder)


def python_package(named: str, folder: Path) -> None:
    """Make an environment of Python with a package, `venv` in the folder.

    An environment knows its own path, so it is made in place; its programs are the last in it.

    Args:
        named: `name==version`.
        folder: Where it comes to lie.
    """
    shutil.rmtree(folder, ignore_errors=True)
    venv = folder / "venv"
    python = str(Path(sys.base_prefix) / "bin" / "python3")
    run([python, "-m", "venv", "--without-pip", str(venv)], folder.parent, named)
    flags = ["--no-input", "--disable-pip-version-check", "--only-binary", ":all:", "--quiet"]
    pip = [sys.executable, "-m", "pip", "--python", str(venv / "bin" / "python"), "install"]
    try:
        run([*pip, *flags, named], folder.parent, named)
    except AgentError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    folder.chmod(0o755)


def _npm(arguments: list[str], work: Path, what: str) -> None:
    try:
        run_npm(arguments, work)
    except NpmError as error:
        raise AgentError(f"{what} cannot be installed: {error}") from None


def run(command: list[str], work: Path, what: str) -> None:
    """Run a step of an installation in a folder.

    Raises:
        AgentError: It fails, or does not end; names what was to be installed.
    """
    try:
        made = subprocess.run(
            command,
            cwd=work,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        raise AgentError(f"{what} cannot be installed: no end within {PATIENCE} s") from None
    if made.returncode:
        said = [line for line in made.stderr.splitlines() if line.strip()]
        raise AgentError(f"{what} cannot be installed: {' '.join(said[-2:])[:300]}")
