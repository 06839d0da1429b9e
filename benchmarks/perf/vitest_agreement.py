"""How often the sandbox judges a test as real vitest does.

    python benchmarks/perf/vitest_agreement.py [--folder FOLDER] [--files FOLDER ...]

Runs every test below `benchmarks/perf/agreement` (and any `--files`) by vitest 4.1.12 of npm and
by the sandbox, and compares each test's verdict. Files `*.test.ts` are run as they are; each
statement of a `*.statements.ts` becomes one test, after what stands above its first blank line. A
test is "same", "strict" (vitest passes it, the sandbox does not) or "lenient" (the other way round,
which must not happen). `heldout` are files that nobody looked at while the judge was made.

vitest is installed once into `--folder` (the user's cache where none is named) and runs as in CI:
a snapshot that is not stored fails.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from pytest_llmops.caches import user_cache
from pytest_llmops.sandbox import NodePool, TestJob
from pytest_llmops.sandbox.binaries import find_node

HERE = Path(__file__).parent / "agreement"
VITEST = "vitest@4.1.12"
Verdicts = dict[str, dict[str, list[bool]]]
"""File, then title, then whether each test of that title passed."""


class Difference(NamedTuple):
    """One test on which the two disagree."""

    file: str
    title: str
    vitest: list[bool]
    sandbox: list[bool]

    @property
    def is_lenient(self) -> bool:
        """Whether the sandbox passes what vitest does not."""
        return self.sandbox.count(True) > self.vitest.count(True)


def statements(text: str) -> Iterator[str]:
    """Lines; one that is indented or only closes something continues the line before."""
    held: list[str] = []
    for line in text.strip().splitlines():
        if held and not line.startswith((" ", "`", "}", "]", ")")):
            yield "\n".join(held)
            held = []
        if line and not line.startswith("//"):
            held.append(line)
    if held:
        yield "\n".join(held)


def as_tests(text: str) -> str:
    """A test file of one test a statement, titled by its number and first line."""
    prelude, _, body = text.partition("\n\n")
    lines = [prelude]
    for number, statement in enumerate(statements(body)):
        title = json.dumps(f"{number}: {statement.splitlines()[0]}".replace("%", "%%"))
        lines.append(f"it({title}, async () => {{ {statement}; }});")
    return "\n".join(lines) + "\n"


def lay_out(folders: Iterable[Path], tree: Path) -> list[str]:
    """Copy all files into `tree`; returns the test files, relative to it."""
    shutil.rmtree(tree, ignore_errors=True)
    for folder in folders:
        shutil.copytree(folder, tree / folder.name, dirs_exist_ok=True)
    (tree / "package.json").write_text('{"name": "agreement", "private": true, "type": "module"}')
    for path in tree.rglob("*.statements.ts"):
        text = as_tests(path.read_text("utf-8"))
        path.with_name(path.name.replace(".statements.", ".test.")).write_text(text, "utf-8")
    tests = (path for path in tree.rglob("*") if re.search(r"\.test\.[cm]?[jt]sx?$", path.name))
    return sorted(path.relative_to(tree).as_posix() for path in tests)


def install(folder: Path) -> None:
    """Install vitest from npm where it is not there yet."""
    if (folder / "node_modules" / "vitest" / "vitest.mjs").is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    npm = find_node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(find_node()), str(npm), "install", VITEST, "--ignore-scripts", "--no-audit"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def by_vitest(folder: Path, tree: Path) -> Verdicts:
    """What vitest says of every test below `tree`, which is inside `folder`."""
    output = folder / "vitest.json"
    output.unlink(missing_ok=True)
    script = folder / "node_modules" / "vitest" / "vitest.mjs"
    options = ["--globals", "--reporter=json", f"--outputFile={output}", "--root", str(tree)]
    subprocess.run(
        [str(find_node()), str(script), "run", *options],
        cwd=tree,
        env={**os.environ, "CI": "true", "NO_COLOR": "1", "TZ": "UTC"},
        capture_output=True,
        check=False,
    )
    found: Verdicts = {}
    for file in json.loads(output.read_bytes())["testResults"]:
        titles: dict[str, list[bool]] = defaultdict(list)
        for test in file["assertionResults"]:
            if test["status"] in {"passed", "failed"}:
                title = " > ".join([*test["ancestorTitles"], test["title"]])
                titles[title].append(test["status"] == "passed")
        found[Path(file["name"]).relative_to(tree.resolve()).as_posix()] = titles
    return found


def by_sandbox(tree: Path, tests: list[str], known: Verdicts) -> Verdicts:
    """What the sandbox says; the ` (2)` behind a title that occurs twice is taken off again."""
    found: Verdicts = {}
    with NodePool(tree) as pool:
        for test in tests:
            report = pool.run(TestJob(root=tree, tests=(test,), overlay={}, timeout=60))
            titles: dict[str, list[bool]] = defaultdict(list)
            for result in report.results:
                bare = re.sub(r" \(\d+\)$", "", result.title)
                is_known = result.title in known.get(test, {})
                titles[result.title if is_known else bare].append(result.passed)
            if report.status != "finished":
                print(f"{test}: {report.status}: {report.detail[:200]}")
            found[test] = titles
    return found


def compare(vitest: Verdicts, sandbox: Verdicts) -> Iterator[Difference | str]:
    """Each test: the file where both agree, else the difference."""
    for file, titles in vitest.items():
        seen = sandbox.get(file, {})
        for title in [*titles, *(title for title in seen if title not in titles)]:
            expected, found = titles.get(title, []), seen.get(title, [])
            is_same = expected.count(True) == found.count(True)  # what did not run did not pass
            yield file if is_same else Difference(file, title, expected, found)


def main() -> int:
    """Print one line a file and every difference; 1 where the sandbox was lenient anywhere."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    cache = user_cache() / "vitest-4.1.12"
    parser.add_argument("--folder", type=Path, default=cache)
    parser.add_argument("--files", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    folder = options.folder.resolve()
    install(folder)
    tree = folder / "tree"
    tests = lay_out([HERE, *options.files], tree)
    vitest = by_vitest(folder, tree)
    sandbox = by_sandbox(tree, tests, vitest)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for one in compare(vitest, sandbox):
        if isinstance(one, str):
            counts[one]["same"] += 1
            continue
        kind = "lenient" if one.is_lenient else "strict"
        counts[one.file][kind] += 1
        print(f"{kind}: {one.file}: {one.title}: vitest {one.vitest}, sandbox {one.sandbox}")
    total: Counter[str] = Counter()
    print(f"\n{'':44}{'same':>7}{'strict':>8}{'lenient':>9}")
    for file, count in sorted(counts.items()):
        total += count
        print(f"{file:44}{count['same']:7}{count['strict']:8}{count['lenient']:9}")
    every = sum(total.values())
    print(f"{'all':44}{total['same']:7}{total['strict']:8}{total['lenient']:9}")
    print(f"the same verdict on {100 * total['same'] / max(1, every):.1f} % of {every} tests")
    return 1 if total["lenient"] else 0


if __name__ == "__main__":
    sys.exit(main())
