"""Make the servers behind a sink from their own sources: collector, Jaeger, Prometheus.

    .venv/bin/python tools/servers.py collector              where the program is, made if need be
    LLMOPS_JAEGER=/opt/jaeger make servers-check             take a program that is there

Each folder of tools/servers/ pins its program and all modules of it (go.mod, go.sum). Programs are
kept outside the repository, by a digest of what made them: in /var/cache/pytest-llmops for root,
else in the user's cache. Needs Go of the version in go.mod and a module proxy. Made on two cores:
collector in three minutes, Jaeger and Prometheus in as many each; later calls take nothing.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pytest_llmops.caches import shared_cache

SOURCES = Path(__file__).parent / "servers"
PACKAGES = {
    "collector": ".",
    "jaeger": "github.com/jaegertracing/jaeger/cmd/jaeger",
    "prometheus": "github.com/prometheus/prometheus/cmd/prometheus",
}
"""The package that becomes the program, by its name."""
TAGS = {"prometheus": "remove_all_sd"}
"""Build tags: Prometheus would compile the libraries of a dozen clouds to find its targets."""


class ServerError(Exception):
    """A program cannot be had; says why in one line."""


def program(name: str, environment: Mapping[str, str] = os.environ) -> Path:
    """Where a program is: named by `LLMOPS_<NAME>`, kept from earlier, or made now.

    Raises:
        ServerError: It is named and not there, or cannot be made.
    """
    variable = f"LLMOPS_{name.upper()}"
    if named := environment.get(variable):
        if shutil.which(named) is None:
            raise ServerError(f"{variable}: {named} is no program")
        return Path(named)
    place = kept(name)
    return place if place.is_file() else make(name, place)


def kept(name: str) -> Path:
    """Where a program of these sources is kept, whether it is there or not."""
    made_of = hashlib.sha256()
    for path in sorted((SOURCES / name).iterdir()):
        made_of.update(path.name.encode() + b"\0" + path.read_bytes())
    machine = f"{platform.system()}-{platform.machine()}".lower()
    return shared_cache() / "servers" / f"{name}-{made_of.hexdigest()[:12]}-{machine}"


def make(name: str, place: Path) -> Path:
    """Compile a program; it appears by one rename.

    Raises:
        ServerError: Go is not there, or could not do it.
    """
    if shutil.which("go") is None:
        raise ServerError(f"{name} is made by Go, which is not installed (go.dev/doc/install)")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with (place.parent / f"{name}.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # of two, the second finds what the first made
            if not place.is_file():
                print(f"making {name} as {place} (once; minutes)", file=sys.stderr)
                _compile(name, place)
    except OSError as error:
        raise ServerError(f"{name} cannot be made as {place}: {error}") from None
    return place


def _compile(name: str, place: Path) -> None:
    flags = {"GOFLAGS": "-mod=readonly -buildvcs=false", "GOTOOLCHAIN": "local"}
    with tempfile.TemporaryDirectory(dir=place.parent, prefix="making-") as work:
        made = Path(work, name)
        command = ["go", "build", "-trimpath", "-ldflags=-s -w", f"-tags={TAGS.get(name, '')}"]
        done = subprocess.run(
            [*command, "-o", str(made), PACKAGES[name]],
            cwd=SOURCES / name,
            env={**os.environ, **flags},
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            said = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
            raise ServerError(f"{name} cannot be made: {said[-1]}")
        made.rename(place)


def main(names: list[str]) -> int:
    """Print where each program is; status 1 with one line where one cannot be had."""
    if unknown := [name for name in names if name not in PACKAGES]:
        print(f"{unknown[0]}: none of {', '.join(PACKAGES)}", file=sys.stderr)
        return 2
    try:
        for name in names or PACKAGES:
            print(program(name))
    except ServerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
