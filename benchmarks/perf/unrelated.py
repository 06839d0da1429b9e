"""What an installed pytest-llmops costs a session of a project that does not use it.

    python benchmarks/perf/unrelated.py [--rounds 40] [--output FILE]

Environments of links to what is installed here: pytest alone; the package beside it, built from
this checkout; the same with one of the plugins of other people that its core pulls in, for each of
these; and with all that the core pulls in.
A session of one empty test runs in each, in turn and in an order that turns with the round; the
figure is the median of the rounds' ratios of CPU seconds (user and system), so a machine that
changes its speed changes both, with the interval that 95 % of resampled rounds give.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import msgspec
from packaging.requirements import Requirement

from pytest_llmops.runs.machine import Machine

ROOT = Path(__file__).parents[2]
LIMIT = 1.05
"""Of the CPU of a session without the package."""
BARE, PACKAGE, CORE = "pytest", "package", "core"


def closure(names: Iterable[str]) -> set[str]:
    """Distributions and all they need here, without extras."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name.lower() in found:
            continue
        found.add(name.lower())
        for text in distribution(name).requires or ():
            wanted = Requirement(text)
            if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
                waiting.append(wanted.name)
    return found


def plugins(names: Iterable[str]) -> list[str]:
    """Those that pytest loads in every session of the environment."""
    groups = {name: {entry.group for entry in distribution(name).entry_points} for name in names}
    return sorted(name for name, found in groups.items() if "pytest11" in found)


def link(names: Iterable[str], folder: Path) -> None:
    """Put distributions into a folder, as links to their packages and metadata."""
    folder.mkdir(exist_ok=True)
    for name in names:
        found = distribution(name)
        for top in {file.parts[0] for file in found.files or () if file.parts[0] != ".."}:
            if top != "__pycache__" and not (folder / top).exists():
                (folder / top).symlink_to(str(found.locate_file(top)))


def build(folder: Path) -> None:
    """Install this checkout as a user's pip would, without what it needs."""
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--target", str(folder), str(ROOT)]
    subprocess.run(command, check=True)


def spent(folder: Path, project: Path) -> float:
    """CPU seconds of one session in an environment."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder)}
    command = [sys.executable, "-S", "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run(command, cwd=project, env=environment, check=True, capture_output=True)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def interval(ratios: list[float]) -> tuple[float, float]:
    """Of the median, by resampling."""
    draw = random.Random(0)
    medians = [statistics.median(draw.choices(ratios, k=len(ratios))) for _ in range(2000)]
    cuts = statistics.quantiles(medians, n=40)
    return cuts[0], cuts[-1]


def measure(rounds: int) -> dict[str, tuple[float, float, float]]:
    """Ratios to pytest alone: median, low, high."""
    with tempfile.TemporaryDirectory() as place:
        core = closure(["pytest-llmops"]) - {"pytest-llmops"}
        more = {PACKAGE: set(), **{name: closure([name]) for name in plugins(core)}, CORE: core}
        folders = {name: Path(place) / name for name in (BARE, *more)}
        for folder in folders.values():
            link(closure(["pytest"]), folder)
        for name, others in more.items():
            build(folders[name])
            link(others, folders[name])
        project = Path(place) / "project"
        project.mkdir()
        (project / "test_one.py").write_text("def test_one(): pass\n")
        for folder in folders.values():
            spent(folder, project)  # compiles
        order = list(folders)
        seen: dict[str, list[float]] = {name: [] for name in folders if name != BARE}
        for number in range(rounds):
            first = number % len(order)
            turn = order[first:] + order[:first]
            cost = {name: spent(folders[name], project) for name in turn}
            for name, ratios in seen.items():
                ratios.append(cost[name] / cost[BARE])
    return {name: (statistics.median(ratios), *interval(ratios)) for name, ratios in seen.items()}


def main() -> int:
    """Measure, print, and fail where the package and what it needs cost more than they may."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    found = measure(options.rounds)
    for name, (median, low, high) in found.items():
        print(f"{name}: {median:.3f} times the CPU of pytest alone ({low:.3f} to {high:.3f})")
    if options.output:
        machine = msgspec.to_builtins(Machine.here())
        options.output.write_text(json.dumps({"ratios": found, "machine": machine}, indent=1))
    return 0 if found[CORE][0] <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
