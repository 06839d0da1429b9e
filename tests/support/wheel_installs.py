"""The wheel of this checkout, in environments of its own: with all there is, or the core."""

import os
import subprocess
import sys
import sysconfig
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
NAME = "pytest-llmops"


def uv(*arguments):
    command = [sys.executable, "-m", "uv", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def build(folder):
    """Build wheel and sdist of this checkout."""
    python = ("--python", sys.executable)
    uv("build", "--quiet", "--no-build-isolation", *python, "--out-dir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    (sdist,) = folder.glob("*.tar.gz")
    return wheel, sdist


def closure(names):
    """Distributions and what they need here, but no extras."""
    found, waiting = set(), list(names)
    while waiting:
        name = waiting.pop()
        if name.lower() not in found:
            found.add(name.lower())
            wanted = map(Requirement, distribution(name).requires or ())
            waiting += [
                one.name
                for one in wanted
                if one.marker is None or one.marker.evaluate({"extra": ""})
            ]
    return found - {NAME}


def link(names, folder):
    """Put distributions into a folder as links, which is quick."""
    for name in names:
        found = distribution(name)
        tops = {file.parts[0] for file in found.files or () if file.parts[0] != ".."}
        for top in tops - {"__pycache__"}:
            if not (folder / top).exists():
                (folder / top).symlink_to(str(found.locate_file(top)))


class Install:
    """A virtual environment with the wheel."""

    def __init__(self, folder, wheel, *names):
        """Install the wheel; `names` and what they need come from here, all there is for none."""
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        self.bin = folder / "bin"
        uv("pip", "install", "--quiet", "--no-deps", "--python", self.bin / "python", wheel)
        self.site = next((folder / "lib").glob("python*/site-packages"))
        if names:
            link(closure((NAME, *names)), self.site)
        else:
            (self.site / "rest.pth").write_text(sysconfig.get_path("purelib") + "\n")

    def run(self, *command, cwd, **variables):
        """Run a program of the environment; its exit status, and all it said."""
        if command[0] == "pytest":  # whose script may be another environment's
            command = ("python", "-P", "-m", *command)
        environment = {"PATH": f"{self.bin}:{os.environ['PATH']}", "COLUMNS": "200", **variables}
        for name in ("HOME", "XDG_CACHE_HOME"):
            if name in os.environ and name not in variables:
                environment[name] = os.environ[name]
        done = subprocess.run(
            [self.bin / command[0], *command[1:]],
            cwd=cwd, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr
