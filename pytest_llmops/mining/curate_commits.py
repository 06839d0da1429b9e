"""The command that keeps manifests of commits, and what it shows: `llmops mine commits`."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from pytest_llmops.cases import Case, Suite, write_manifest
from pytest_llmops.errors import CaseError
from pytest_llmops.mining.commits import CommitMiner, MinedCommits, require_walk
from pytest_llmops.mining.curate import Setup
from pytest_llmops.mining.outcome import counted
from pytest_llmops.tasks.history import Shelf


def run_mine_commits(
    suite: Suite,
    setup: Setup,
    *,
    output: Path | None = None,
    limit: int = 0,
    verbose: bool = False,
) -> int:
    """Mine the commits of a suite and write its manifests; as `run_mine`.

    A `*` in the suite's first manifest stands for the year of a commit.

    Raises:
        CaseError: A limit without an output, or a suite that walks through no commits.
        SourceError, SandboxError, PlaceError: The commits or the sandbox cannot be had.
    """
    if limit and not output:
        raise CaseError("--limit needs --output FILE: a part must not replace the whole manifest")
    require_walk(suite)
    with setup.open(suite) as (tree, judge, crew):
        assert isinstance(tree, Shelf)
        mined = CommitMiner(suite, tree, judge, crew).mine(limit)
    console = Console()
    for line in told_commits(mined, every=verbose):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    manifests: dict[Path, list[Case]] = {}
    for case in mined.cases:
        name = suite.manifests[0].replace("*", case.date[:4])
        manifests.setdefault(output or suite.root / name, []).append(case)
    for path, cases in manifests.items():
        write_manifest(path, cases)
        console.print(f"{path}: {len(cases)} cases", highlight=False)
    return 0 if mined.cases else 1


def told_commits(mined: MinedCommits, *, every: bool = False) -> Iterator[str]:
    """Lines for a person; `every` names each commit that was left out."""
    yield f"{mined.walked} commits looked at"
    yield counted(mined.cases)
    for reason, number in Counter(one.reason for one in mined.left_out).most_common():
        yield f"left out: {number} commit{'s' * (number > 1)}: {reason}"
    for one in mined.left_out if every else ():
        yield f"left out: {one.commit}: {one.reason}{one.detail and ': ' + one.detail}"
