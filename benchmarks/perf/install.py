"""What an installation takes: megabytes by package and extra, and seconds of set-up.

    python benchmarks/perf/install.py                  sizes, in the versions of the lock
    python benchmarks/perf/install.py --against REV    set-up, against that of another commit

Set-up is `tools/setup.py` in a fresh clone with empty caches of pip and uv, the two commits in
turn, so that a machine that changes its speed changes both; the figure is the ratio. Sizes are what
files take after installation, without compiled bytecode.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
UV = ROOT / ".venv" / "bin" / "uv"
PROJECT = "pytest-llmops"


def extras() -> list[str]:
    """The core, as "", and every extra."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    return ["", *tomllib.loads(text)["project"]["optional-dependencies"]]


def install(folder: Path, extra: str) -> list[Distribution]:
    """Install the project with one extra into a new environment; what is there then."""
    subprocess.run([UV, "venv", "-q", "--python", sys.executable, folder], check=True)
    command: list[str | Path] = [UV, "pip", "install", "-q", "--python", folder / "bin" / "python"]
    wanted = f"{ROOT}[{extra}]" if extra else str(ROOT)
    subprocess.run([*command, "--constraint", ROOT / "requirements.lock", wanted], check=True)
    place = next(folder.glob("lib/python*/site-packages"))
    return list(distributions(path=[str(place)]))


def megabytes(distribution: Distribution) -> float:
    """What the files of one package take."""
    paths = (Path(str(file.locate())) for file in distribution.files or ())
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def sizes(folder: Path) -> Iterator[str]:
    """Lines of two tables: packages of the core, and what each extra adds."""
    core = {one.name: megabytes(one) for one in install(folder / "core", "")}
    yield "| package of the core | MB |\n| --- | --- |"
    for name, size in sorted(core.items(), key=lambda item: -item[1]):
        yield f"| {name} | {size:.1f} |"
    yield f"| all {len(core)} | {sum(core.values()):.0f} |\n"
    yield "| extra | packages more | MB more |\n| --- | --- | --- |"
    for extra in extras()[1:]:
        found = {one.name: megabytes(one) for one in install(folder / extra, extra)}
        more = {name: size for name, size in found.items() if name not in core}
        yield f"| {extra} | {len(more)} | {sum(more.values()):.0f} |"


def set_up(folder: Path, revision: str) -> float:
    """Seconds of set-up in a clone of `revision` that finds nothing downloaded."""
    clone = folder / "clone"
    subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
    subprocess.run(["git", "-C", clone, "checkout", "-q", revision], check=True)
    caches = {"UV_CACHE_DIR": str(folder / "uv"), "PIP_CACHE_DIR": str(folder / "pip")}
    started = time.monotonic()
    command = [f"{sys.base_prefix}/bin/python3", "tools/setup.py"]
    subprocess.run(command, cwd=clone, env=os.environ | caches, check=True)
    return time.monotonic() - started


def compare(against: str, rounds: int) -> Iterator[str]:
    """Lines: seconds of either commit in each round, and the median ratio."""
    ratios = []
    for number in range(rounds):
        seconds = {}
        for revision in (against, "HEAD"):
            with tempfile.TemporaryDirectory() as place:
                seconds[revision] = set_up(Path(place), revision)
        ratios.append(seconds["HEAD"] / seconds[against])
        shown = ", ".join(f"{name} {value:.0f} s" for name, value in seconds.items())
        yield f"round {number + 1}: {shown}, ratio {ratios[-1]:.2f}"
    yield f"median ratio: {statistics.median(ratios):.2f}"


def main() -> None:
    """Print sizes, or the comparison of two set-ups."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--against", help="a commit whose set-up is the other side")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        lines = compare(options.against, options.rounds) if options.against else sizes(Path(place))
        for line in lines:
            print(line, flush=True)


if __name__ == "__main__":
    main()
