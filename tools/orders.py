"""Run the tests in other orders: shuffled with ten seeds, then one file at a time.

    .venv/bin/python tools/orders.py                      all of tests/, seeds 0 to 9
    .venv/bin/python tools/orders.py --seeds 3 tests/test_g*.py -- -n 2
    .venv/bin/python tools/orders.py --seed 7 tests       one order again

A test that passes in one order only depends on what others left behind. A seed shuffles the files,
and the tests within each; fixtures of a module are made once, as ever. Takes an hour or two, and is
no part of CI.
"""

import argparse
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the seed (this file is a plugin of the sessions that it starts)."""
    parser.addoption("--order-seed", type=int, help="seed of the order of files and tests")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Shuffle files, and tests within them; the same in each worker of pytest-xdist."""
    draw = random.Random(config.getoption("order_seed"))  # noqa: S311 - an order, no secret
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    names = sorted(files)
    draw.shuffle(names)
    for name in names:
        draw.shuffle(files[name])
    items[:] = [item for name in names for item in files[name]]


def session(*arguments: str) -> tuple[bool, list[str]]:
    """Run pytest; return whether it passed, and its last lines."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    said = done.stdout.splitlines() + done.stderr.splitlines()
    failed = [line for line in said if line.startswith(("FAILED", "ERROR"))]
    return done.returncode in {0, 5}, failed or said[-1:]  # 5: a file without tests


def tell(name: str, arguments: list[str]) -> bool:
    """Run one session and print what came of it."""
    began = time.monotonic()
    passed, lines = session(*arguments)
    word = "passed" if passed else "FAILED"
    print(f"{word} {name} in {time.monotonic() - began:.0f} s", *lines, sep="\n  ", flush=True)
    return passed


def main(arguments: list[str]) -> int:
    """Run what the command line asks for; 1 where a session failed."""
    own, _, further = " ".join(arguments).partition(" -- ")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10, help="how many orders (default 10)")
    parser.add_argument("--seed", type=int, help="this order alone")
    parser.add_argument("paths", nargs="*", default=["tests"])
    chosen = parser.parse_args(own.split())
    paths, further = chosen.paths, further.split()
    seeds = range(chosen.seeds) if chosen.seed is None else [chosen.seed]
    found = [
        tell(f"seed {seed}", ["-p", "tools.orders", f"--order-seed={seed}", *further, *paths])
        for seed in seeds
    ]
    if chosen.seed is None:
        given = [ROOT / path for path in paths]
        files = [one for path in given for one in (sorted(path.rglob("test_*.py")) or [path])]
        found += [tell(f"{file.name} alone", [str(file)]) for file in files]
    print(f"{found.count(True)} of {len(found)} sessions passed")
    return 0 if all(found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
