"""Run the tests in other orders: shuffled with ten seeds, then one file at a time.

    .venv/bin/python tools/orders.py                      all tests: seeds 0 to 9, then each file
    .venv/bin/python tools/orders.py --seeds 4-6,9 tests/compare -- -n 2
    .venv/bin/python tools/orders.py --seeds 7 --again    one order once more
    .venv/bin/python tools/orders.py --alone              each file, and no seeds
    .venv/bin/python tools/orders.py --table              what is known, by seed and commit

A test that passes in one order only depends on what others left behind. A seed shuffles the files,
and the tests within each; fixtures of a module are made once, as ever. Several files run at once,
each in a session of its own. A seed takes as long as `make test`, so this is no part of CI.

What came of each session is kept in build/orders.jsonl, and all that a failed one said in a file
beside it. What passed at this commit is not run again unless `--again` is given; where files differ
from the commit, all is.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pytest_llmops.places.cores import cores

ROOT = Path(__file__).resolve().parent.parent
SPREAD = ["-n", "auto"]
"""How a seed is spread over processes where nothing else is said, as in `make test`."""

Session = dict[str, object]
"""Name, commit, arguments, whether it passed, seconds, and the lines that say why not."""


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


def commit() -> str:
    """The commit that is checked out, with a plus sign where a file differs from it."""
    git = ["git", "describe", "--always", "--abbrev=7", "--match=", "--dirty=+"]
    return subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def session(name: str, arguments: list[str], at: str, log: Path) -> Session:
    """Run pytest and tell what came of it; all that it said is left in `log` where it failed."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    began = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    said = done.stdout.splitlines() + done.stderr.splitlines()
    failed = [line for line in said if line.startswith(("FAILED", "ERROR"))]
    passed = done.returncode in {0, 5}  # 5: a file without tests
    if not passed:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(done.stdout + done.stderr, "utf-8")
        failed = [*(failed or said[-1:]), f"all it said: {log}"]
    found: Session = {
        "name": name, "commit": at, "arguments": arguments, "passed": passed,
        "seconds": round(time.monotonic() - began), "said": failed or said[-1:],
    }  # fmt: skip
    print(line_of(found), *found["said"], sep="\n  ", flush=True)
    return found


def line_of(found: Session) -> str:
    """One session in one line."""
    word = "passed" if found["passed"] else "FAILED"
    return f"{found['commit']:9} {word} {found['name']} in {found['seconds']} s"


def table(sessions: Iterable[Session]) -> list[str]:
    """The last result of each session, by commit; files that passed alone in one line."""
    last = {(one["commit"], one["name"], str(one["arguments"])): one for one in sessions}
    lines = []
    for at in dict.fromkeys(one["commit"] for one in last.values()):
        here = [one for one in last.values() if one["commit"] == at]
        alone = [one for one in here if one["passed"] and str(one["name"]).endswith(" alone")]
        lines += [line_of(one) for one in here if one not in alone]
        lines += [f"{at:9} passed {len(alone)} files alone"] if alone else []
    return lines


class Kept:
    """The file of results: read once, then appended to."""

    def __init__(self, path: Path, *, again: bool) -> None:
        self.path = path
        text = path.read_text("utf-8") if path.exists() else ""
        self.sessions: list[Session] = [json.loads(line) for line in text.splitlines()]
        self.again = again

    def run(self, name: str, arguments: list[str]) -> Session:
        """What came of a session that passed before at this commit, or of a new one."""
        at = commit()
        if not self.again and not at.endswith("+"):
            wanted = (name, at, arguments, True)
            for one in self.sessions:
                if (one["name"], one["commit"], one["arguments"], one["passed"]) == wanted:
                    return one
        self.path.parent.mkdir(parents=True, exist_ok=True)
        log = self.path.parent / "orders" / f"{name.replace(' ', '-')}-{at}.txt"
        found = session(name, arguments, at, log)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(found) + "\n")
        self.sessions.append(found)
        return found


def numbers(text: str) -> list[int]:
    """Seeds as the command line has them: `0-9`, `3`, `1,4-6`."""
    ends = [part.partition("-") for part in text.split(",")]
    return [seed for first, _, last in ends for seed in range(int(first), int(last or first) + 1)]


def main(arguments: list[str]) -> int:
    """Run what the command line asks for; 1 where a session failed."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    own, further = arguments[:end], arguments[end + 1 :]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--seeds", type=numbers, help="these orders, and no file by itself: 3, 1,5-7"
    )
    which.add_argument("--alone", action="store_true", help="each file by itself, and no orders")
    parser.add_argument("--again", action="store_true", help="run what passed before, too")
    parser.add_argument("--table", action="store_true", help="run nothing, print what is known")
    parser.add_argument("--kept", type=Path, default=ROOT / "build" / "orders.jsonl")
    parser.add_argument("paths", nargs="*", default=["tests"])
    chosen = parser.parse_args(own)
    kept = Kept(chosen.kept, again=chosen.again)
    if chosen.table:
        print(*table(kept.sessions), sep="\n")
        return 0
    found = []
    for seed in () if chosen.alone else chosen.seeds or range(10):
        order = ["-p", "tools.orders", f"--order-seed={seed}"]
        found.append(kept.run(f"seed {seed}", [*order, *(further or SPREAD), *chosen.paths]))
    if chosen.seeds is None:
        given = [ROOT / path for path in chosen.paths]
        files = [one for path in given for one in (sorted(path.rglob("test_*.py")) or [path])]
        with ThreadPoolExecutor(cores()) as several:
            found += several.map(lambda file: kept.run(f"{file.name} alone", [str(file)]), files)
    print("", *table(kept.sessions), sep="\n")
    print(f"{sum(bool(one['passed']) for one in found)} of {len(found)} sessions passed")
    return 0 if all(one["passed"] for one in found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
