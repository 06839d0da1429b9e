"""Write requirements.lock: every package of set-up in one version, with hashes.

`make lock` keeps the versions that pyproject.toml still allows, `make lock ARGS=--upgrade` takes
the newest of each, and `make lock-check` fails where the file is not current.
One file holds for Python 3.11 to 3.14 on Linux and macOS: markers say which line is for whom, and
`make lock ARGS=--platforms` proves that each of them finds all it needs.

torch has a version and no hashes, so that a machine can take another build of the same version.
"""

import argparse
import itertools
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import indexes

import setup

ROOT = Path(setup.ROOT)
LOCK = Path(setup.LOCK)
LOCAL = {"UV_FIND_LINKS", "UV_INDEX", "UV_INDEX_STRATEGY", "UV_TORCH_BACKEND"}
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = ("x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "aarch64-apple-darwin")
HEAD = """\
# What set-up installs: each package in one version, proved by its hashes. Written by `make lock`.
"""


def installer() -> str:
    """The uv of set-up."""
    uv = Path(setup.VENV) / "bin" / "uv"
    if not uv.exists():
        sys.exit("lock: no .venv/bin/uv; run `make setup` first")
    return str(uv)


def resolve(kept: str, *, upgrade: bool) -> str:
    """The text of the lock for pyproject.toml as it is, preferring the versions in `kept`."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "requirements.lock"
        output.write_text(kept, "utf-8")
        command = [installer(), "pip", "compile", "-q", "--universal", "--generate-hashes"]
        command += ["--python-version", "3.11", "--no-emit-index-url", "--no-emit-find-links"]
        command += ["--no-annotate", "--no-header", "--extra", setup.EXTRAS, "-o", str(output)]
        command += ["--upgrade"] if upgrade else []
        done = subprocess.run(
            [*command, "pyproject.toml"], cwd=ROOT, env=_environment(), check=False
        )
        if done.returncode:
            sys.exit("lock: pyproject.toml cannot be resolved; the reason is above")
        text = output.read_text("utf-8")
    return HEAD + re.sub(
        r"^(torch==\S+) \\\n(?:    --hash=\S+(?: \\)?\n)+", r"\1\n", text, flags=re.MULTILINE
    )


def _environment() -> dict[str, str]:
    """Where to look: the index alone; other builds of torch need other packages."""
    found: dict[str, str] = indexes.environment(sys.executable)
    return {name: found[name] for name in found if name not in LOCAL}


def try_platforms() -> None:
    """Resolve, without installing, for each Python and platform; print how many packages it has."""
    old = {"MACOSX_DEPLOYMENT_TARGET": "14.0"}  # the oldest that torch has wheels for
    failed = False
    for python, platform in itertools.product(PYTHONS, PLATFORMS):
        with tempfile.TemporaryDirectory() as target:
            command = [installer(), "pip", "install", "--dry-run", "--target", target]
            command += ["--python-version", python, "--python-platform", platform]
            command += ["--constraint", str(LOCK), f"{ROOT}[{setup.EXTRAS}]"]
            done = subprocess.run(
                command, env=_environment() | old, capture_output=True, text=True, check=False
            )
        failed |= done.returncode != 0
        found = re.search(r"Would install (\d+ packages)", done.stderr)
        shown = found[1] if found and not done.returncode else setup.reason(done.stderr)
        print(f"Python {python}, {platform}: {shown}", flush=True)
    if failed:
        sys.exit(1)


def main() -> None:
    """Write the lock, or check that it is current."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--upgrade", action="store_true", help="take the newest of everything")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if not current")
    parser.add_argument("--platforms", action="store_true", help="only try it on each of them")
    options = parser.parse_args()
    if options.platforms:
        try_platforms()
        return
    kept = LOCK.read_text("utf-8") if LOCK.exists() else ""
    text = resolve(kept, upgrade=options.upgrade)
    if not options.check:
        LOCK.write_text(text, "utf-8")
    elif text != kept:
        changed = set(kept.splitlines()) ^ set(text.splitlines())
        names = sorted({line.split("==")[0] for line in changed if "==" in line})
        sys.exit(f"lock: requirements.lock is not current ({', '.join(names)}): run `make lock`")


if __name__ == "__main__":
    main()
