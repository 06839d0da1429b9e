"""The programs of agents: fetched once by version, into a folder of this user's cache.

`python -m pytest_llmops.agents cline mini` does it. npm's tarballs are checked against the digests
here for the versions that are the default; pip checks what it fetches against its index.
"""

import base64
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import platformdirs

from pytest_llmops.agents.settings import Kind, ProgramAgent
from pytest_llmops.errors import AgentError
from pytest_llmops.sandbox.judge.fetch import npm

PATIENCE = 900
"""Seconds that a fetch may take."""
DIGESTS = {
    "@cline/cli-linux-x64@3.0.65": "sha512-"
    "YRDt0eNj/XEMB7DeMeOeE92jQFf7DyKGCysStxrk+mIKdO0GVPugDG4yxsmKtBouBnaRVteW3NwYEnSq2kah8A==",
}
"""Of npm tarballs, as npm writes them."""
_PLACES = {"cline": "bin/cline", "mini": "venv/bin/mini"}


def folder_of(kind: Kind, version: str) -> Path:
    """Where a program of a version is; for root, where unprivileged users can read it."""
    root = os.geteuid() == 0
    cache = platformdirs.site_cache_dir if root else platformdirs.user_cache_dir
    return Path(cache("pytest-llmops")) / "agents" / f"{kind}-{version}-{platform.machine()}"


def require(agent: ProgramAgent) -> Path:
    """The folder of an agent's program.

    Raises:
        AgentError: It is not installed; says how, and which versions are.
    """
    folder = folder_of(agent.kind, agent.pinned)
    if (folder / _PLACES[agent.kind]).is_file():
        return folder
    others = sorted(
        path.name.split("-")[1] for path in folder.parent.glob(f"{agent.kind}-*") if path.is_dir()
    )
    here = f"installed is {', '.join(others)}; " if others else ""
    named = f"{agent.kind}=={agent.version}" if agent.version else agent.kind
    raise AgentError(
        f"agent {agent.name}: {agent.kind} {agent.pinned} is not installed; {here}"
        f"run: python -m pytest_llmops.agents {named}"
    )


def install(kind: Kind, version: str) -> Path:
    """Fetch a program; returns its folder at once where it is there.

    Raises:
        AgentError: It cannot be fetched, or is not what it was.
    """
    folder = folder_of(kind, version)
    if (folder / _PLACES[kind]).is_file():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if kind == "mini":
            _install_mini(folder, version)
        else:
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".making-") as work:
                made = _install_cline(Path(work), version)
                made.chmod(0o755)
                made.rename(folder)
    except OSError as error:
        raise AgentError(f"{kind} {version} cannot be installed in {folder}: {error}") from None
    return folder


def _install_cline(work: Path, version: str) -> Path:
    processors = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
    processor = processors.get(platform.machine().lower())
    if sys.platform != "linux" or processor is None:
        raise AgentError(f"cline: no sandbox for {sys.platform} on {platform.machine()}")
    named = f"@cline/cli-linux-{processor}@{version}"
    _run([*npm(), "pack", named, "--ignore-scripts", "--loglevel=error"], work, named)
    (tarball,) = work.glob("*.tgz")
    found = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    if DIGESTS.get(named, f"sha512-{found}") != f"sha512-{found}":
        raise AgentError(f"{named} from npm is not the pinned package (sha512-{found[:16]}…)")
    with tarfile.open(tarball) as archive:
        archive.extractall(work, filter="data")
    return work / "package"


def _install_mini(folder: Path, version: str) -> None:
    """An environment knows its own path, so it is made in place; its program is the last in it."""
    shutil.rmtree(folder, ignore_errors=True)
    venv = folder / "venv"
    named = f"mini-swe-agent=={version}"
    python = str(Path(sys.base_prefix) / "bin" / "python3")
    _run([python, "-m", "venv", "--without-pip", str(venv)], folder.parent, named)
    flags = ["--no-input", "--disable-pip-version-check", "--only-binary", ":all:", "--quiet"]
    pip = [sys.executable, "-m", "pip", "--python", str(venv / "bin" / "python"), "install"]
    try:
        _run([*pip, *flags, named], folder.parent, named)
    except AgentError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    folder.chmod(0o755)


def _run(command: list[str], work: Path, what: str) -> None:
    environment = {**os.environ, "npm_config_update_notifier": "false"}
    try:
        made = subprocess.run(
            command,
            cwd=work,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        raise AgentError(f"{what} cannot be installed: no end within {PATIENCE} s") from None
    if made.returncode:
        said = [line for line in made.stderr.splitlines() if line.strip()]
        raise AgentError(f"{what} cannot be installed: {' '.join(said[-2:])[:300]}")
