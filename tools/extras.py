"""Prove that each extra can be installed by itself, by pips that people have, and print the table.

    python tools/extras.py                        every installer and extra: up to half an hour
    python tools/extras.py --installer 'pip 24.0' --extra traceloop

Each cell resolves `pytest-llmops[EXTRA]` from a wheel of this checkout, in a new environment, as if
nothing were installed, and shows its seconds. Not green, and exit status 1: no set of versions that
fits, or more than 60 seconds. Needs `make setup` and a package index; CI does not run it.
"""

import argparse
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import setup

INSTALLERS = {
    "pip 23.0.1": "Debian 12",
    "pip 24.0": "Ubuntu 24.04",
    "pip 25.1.1": "Debian 13",
    "pip": "the newest",
    "uv": "the locked one",
}
LIMIT = 60.0
"""Seconds that an installer may look for versions that fit."""
PATIENCE = 300.0
UV = str(Path(setup.VENV) / "bin" / "uv")


def extras() -> list[str]:
    """The extras of pyproject.toml; "" is the core alone."""
    project = tomllib.loads((Path(setup.ROOT) / "pyproject.toml").read_text("utf-8"))["project"]
    return ["", *project["optional-dependencies"]]


def build(folder: Path) -> Path:
    """A wheel of this checkout."""
    subprocess.run([UV, "build", "-q", "--wheel", "-o", str(folder), setup.ROOT], check=True)
    return next(folder.glob("*.whl"))


def command_of(installer: str, folder: Path) -> list[str]:
    """How `installer` resolves a requirement into a new environment in `folder`."""
    python = str(folder / "bin" / "python")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    if installer == "uv":
        return [UV, "pip", "install", "-q", "--dry-run", "--python", python]
    wanted = installer.replace(" ", "==")
    subprocess.run([UV, "pip", "install", "-q", "--python", python, wanted], check=True)
    return [python, "-m", "pip", "install", "-q", "--no-input", "--dry-run"]


def cell(command: list[str], requirement: str) -> tuple[bool, str]:
    """Whether the requirement resolves within the limit, and what the table says of it."""
    started = time.monotonic()
    try:
        done = subprocess.run(
            [*command, requirement], capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return False, f"no end in {PATIENCE:.0f} s"
    seconds = time.monotonic() - started
    if done.returncode:
        said = setup.reason(done.stdout + done.stderr)
        return False, f"fails after {seconds:.0f} s: {said}"
    return seconds <= LIMIT, f"{seconds:.0f} s"


def main() -> int:
    """Fill the table row by row; 1 where a cell is not green."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--installer", action="append", choices=INSTALLERS, help="only this one")
    parser.add_argument("--extra", action="append", choices=extras(), help="only this one")
    options = parser.parse_args()
    installers = options.installer or list(INSTALLERS)
    shown = [f"{name} ({INSTALLERS[name]})" for name in installers]
    print("| extra | " + " | ".join(shown) + " |\n| --- |" + " --- |" * len(shown))
    green = True
    with tempfile.TemporaryDirectory() as place:
        wheel = build(Path(place))
        commands = [command_of(name, Path(place) / name) for name in installers]
        for extra in options.extra or extras():
            requirement = f"pytest-llmops[{extra}] @ {wheel.as_uri()}" if extra else str(wheel)
            cells = [cell(command, requirement) for command in commands]
            green = green and all(good for good, _ in cells)
            texts = [text for _, text in cells]
            print(f"| {extra or '(none)'} | " + " | ".join(texts) + " |", flush=True)
    return 0 if green else 1


if __name__ == "__main__":
    sys.exit(main())
