"""The session's Python with pytest, as what runs in a cage.

The interpreter is started isolated (`-I`) and without `site` (`-S`): no variable, no user folder
and no `.pth` file has a say. Of what is installed it has pytest and what that needs, and no more.
"""

import sys
import sysconfig
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox.syscalls import filter_of

RUNNER = Path(__file__).parent / "runner.py"
SITE, SCRIPT, TREE = "/sandbox/site", "/sandbox/runner.py", "/tmp/tree"  # noqa: S108 - of the sandbox
PACKAGES = ("pytest", "_pytest", "py", "pluggy", "iniconfig", "packaging", "pygments")
"""What pytest needs of what is installed."""
SYSTEM = Path("/usr")
NOT_BARE = (
    "suites in Python are judged in namespaces alone: without them an answer could read and write"
    " your files; leave --sandbox=process out"
)


class PythonProgram:
    """A `cage.Program`."""

    environment: Mapping[str, str] = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "100"}

    def __init__(self) -> None:
        self.filter = filter_of(processes=False)
        self._python = Path(getattr(sys, "_base_executable", "") or sys.executable).resolve()
        self._prefix = Path(sys.base_prefix).resolve()
        self._packages = {place.name: place for place in map(_place, PACKAGES)}
        folders = () if self._prefix == SYSTEM else (self._prefix / "lib",)
        self.paths = (self._python, *folders, *self._packages.values(), RUNNER)

    @property
    def mounts(self) -> list[str]:
        """Arguments of bubblewrap; the interpreter stays where it is, to find its library."""
        shown = ["--dev", "/dev", *_bound(self._python, self._python)]
        if self._prefix != SYSTEM:
            library = self._prefix / "lib"
            shown += _bound(library, library)
            installed = Path(sysconfig.get_paths()["stdlib"]).resolve() / "site-packages"
            if installed.is_dir():
                shown += ["--tmpfs", str(installed)]
        for name, place in self._packages.items():
            shown += _bound(place, f"{SITE}/{name}")
        return [*shown, *_bound(RUNNER, SCRIPT)]

    def inside(self, memory: int, channel: int, folder: str) -> list[str]:
        """The command where the mounts are."""
        del folder
        own = (str(channel), str(memory), SITE, TREE)
        return [str(self._python), "-I", "-S", "-B", SCRIPT, *own]

    def outside(self, memory: int, channel: int, folder: str) -> list[str]:
        """None: without namespaces, nothing keeps Python from the files of the user."""
        del memory, channel, folder
        raise SandboxError(NOT_BARE)


def _bound(place: Path, inside: Path | str) -> list[str]:
    return ["--ro-bind", str(place), str(inside)]


def _place(name: str) -> Path:
    """The folder or file of an installed package."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise SandboxError(f"{name} is missing, which runs tests in Python: pip install pytest")
    origin = Path(spec.origin).resolve()
    return origin.parent if spec.submodule_search_locations else origin
