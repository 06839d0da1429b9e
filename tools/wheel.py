"""Build dist/*.whl with the judge in it: `make wheel`.

The judge holds compilers of this machine's kind, so the wheel is for that kind alone: it says so in
its name. One is built on each kind of machine.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import setup
from pytest_llmops.sandbox.judge.build import carried_folder
from pytest_llmops.sandbox.judge.lock import machine

TAGS = {
    "linux-x64-gnu": "manylinux_2_17_x86_64",
    "linux-arm64-gnu": "manylinux_2_17_aarch64",
    "linux-x64-musl": "musllinux_1_2_x86_64",
    "linux-arm64-musl": "musllinux_1_2_aarch64",
    "darwin-arm64": "macosx_11_0_arm64",
    "darwin-x64": "macosx_11_0_x86_64",
}
"""What the compilers of each kind need, as wheels are named."""


def main() -> None:
    """Build the judge into the package, in the place of an older one; then the wheel around it."""
    for older in set(carried_folder().parent.glob("*")) - {carried_folder()}:
        shutil.rmtree(older)
    subprocess.run([sys.executable, "-m", "pytest_llmops.sandbox.judge", "--carry"], check=True)
    shutil.rmtree(Path(setup.ROOT) / "build", ignore_errors=True)  # what it holds would go along
    option = f"--config-setting=--build-option=--plat-name={TAGS[machine()]}"
    command = [f"{setup.VENV}/bin/uv", "build", "--quiet", "--wheel", "--out-dir", "dist", option]
    subprocess.run([*command, setup.ROOT], check=True, cwd=setup.ROOT)


if __name__ == "__main__":
    main()
