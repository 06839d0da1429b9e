"""The commands that keep manifests of changes, and what they show.

`llmops mine commits` and `llmops mine edits`; as `llmops mine functions`, they go on from where an
interrupted one was, and say what they left out by reason.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from pytest_llmops.cases import Case, Suite
from pytest_llmops.errors import CaseError
from pytest_llmops.manifests import load_all, load_cases, write_manifest
from pytest_llmops.mining.changes import Bench, LeftOut, MinedChanges
from pytest_llmops.mining.commits import CommitMiner, require_walk
from pytest_llmops.mining.curate import (
    BRIEF,
    Setup,
    Telling,
    telling_what_is_kept,
)
from pytest_llmops.mining.edits import EditMiner, functions_of, require_edits
from pytest_llmops.mining.found_edits import Finder
from pytest_llmops.mining.kept import Kept, results_of
from pytest_llmops.mining.marks import Marks, name_of
from pytest_llmops.mining.outcome import block, check_writable, counted, lines_of, write_report
from pytest_llmops.mining.parallel import Crew
from pytest_llmops.mining.refused import REMEDIES, Row, row_of_flaky
from pytest_llmops.tasks.trees.history import Shelf, open_tree

Work = Callable[[Bench, Crew], MinedChanges]


class Wanted(msgspec.Struct, frozen=True):
    """What becomes of a mining."""

    output: Path | None = None
    """Manifest to write in place of those of the suite."""
    limit: int = 0
    """Stop after so many cases; 0 for all."""
    telling: Telling = BRIEF
    """What is said of it."""


def run_mine_commits(suite: Suite, setup: Setup, wanted: Wanted) -> int:
    """Mine the commits of a suite and write its manifests; as `run_mine`.

    A `*` in the suite's first manifest stands for the year of a commit.

    Raises:
        CaseError: A limit without an output, or a suite that walks through no commits.
        SourceError, SandboxError, PlaceError: The commits or the sandbox cannot be had.
    """
    require_walk(suite)

    def work(bench: Bench, crew: Crew) -> MinedChanges:
        return CommitMiner(bench, crew).mine(wanted.limit)

    return _run(suite, setup, wanted, "commit", work)


def run_mine_edits(
    suite: Suite, setup: Setup, wanted: Wanted, *, suites: Mapping[str, Suite]
) -> int:
    """Mine the edits of a suite and write its manifest; as `run_mine`.

    Args:
        suite: The suite.
        setup: Where its tree is and where it is run.
        wanted: What becomes of it.
        suites: All of its project, one of which says which tests run which functions.

    Raises:
        CaseError: A limit without an output, or there are no functions to edit.
        SourceError, SandboxError, PlaceError: The tree or the sandbox cannot be had.
    """
    require_edits(suite)
    functions = functions_of(suite, suites)
    cases = load_cases(functions)
    if not cases:
        raise CaseError(
            f"suite {functions.name!r} has no cases that say which tests run which functions; "
            f"make them with `llmops mine functions --suite {functions.name}`"
        )
    finder = Finder(open_tree(functions, source=setup.source), cases)

    def work(bench: Bench, crew: Crew) -> MinedChanges:
        return EditMiner(bench, crew, finder).mine(wanted.limit)

    return _run(suite, setup, wanted, "edit", work)


def _run(suite: Suite, setup: Setup, wanted: Wanted, kind: str, work: Work) -> int:
    """Do the work, tell of it and write manifests."""
    telling = wanted.telling
    if wanted.limit and not wanted.output:
        raise CaseError("--limit needs --output FILE: a part must not replace the whole manifest")
    if telling.report:
        check_writable(telling.report)
    console = Console()
    with setup.open(suite) as (tree, judge, crew):
        assert isinstance(tree, Shelf)
        kept = None if wanted.limit else Kept(results_of(suite, tree), fresh=setup.fresh)
        with telling_what_is_kept(kept):
            marks = Marks.of(load_all(suite))
            mined = _with_quarantine(work(Bench(suite, tree, judge, kept, marks), crew), marks)
    if kept and kept.found:
        said = f"{kept.found} results of an interrupted mining (--fresh: judge all anew)"
        console.print(said, highlight=False)
    for line in told_changes(mined, kind, every=telling.verbose):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if telling.report:
        write_report(telling.report, as_json(mined, suite))
    for path, cases in _manifests(suite, mined, wanted.output).items():
        write_manifest(path, cases)
        console.print(f"{path}: {lines_of(cases)}", highlight=False, soft_wrap=True)
    if kept:
        kept.drop()
    return 0 if mined.cases else 1


def _with_quarantine(mined: MinedChanges, marks: Marks) -> MinedChanges:
    """The outcome with the lines that stay in quarantine, which are told as that."""
    still = {name_of(one): one for one in marks.still({one.name for one in mined.left_out})}
    told = (
        one._replace(reason="in quarantine", detail=still[one.name].quarantine)
        if one.name in still
        else one
        for one in mined.left_out
    )
    return replace(mined, left_out=[*told], quarantined=tuple(still.values()))


def _manifests(suite: Suite, mined: MinedChanges, output: Path | None) -> dict[Path, list[Case]]:
    manifests: dict[Path, list[Case]] = {}
    for case in (*mined.cases, *mined.quarantined):
        name = suite.manifests[0].replace("*", case.date[:4])
        manifests.setdefault(output or suite.root / name, []).append(case)
    return manifests


def told_changes(mined: MinedChanges, kind: str, *, every: bool = False) -> Iterator[str]:
    """Lines for a person; `every` names each change that was left out."""
    yield f"{mined.looked_at} looked at"
    yield counted(mined.cases)
    table = [*_rows(mined, kind)]
    if table:
        yield "left out:"
    for row in table:
        yield from block(row)
    if every:
        for one in mined.left_out:
            yield f"left out: {one.name}: {one.reason}{one.detail and ': ' + one.detail}"
        for flaky in mined.quarantine:
            yield f"in quarantine: {flaky.path} > {flaky.title}: {flaky.detail}"
    elif any(row.number > 1 for row in table):
        yield "--verbose names each of them with its reason"


def _rows(mined: MinedChanges, kind: str) -> Iterator[Row]:
    reasons: dict[str, list[LeftOut]] = {}
    for one in mined.left_out:
        reasons.setdefault(one.reason, []).append(one)
    for reason, ones in sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0])):
        first = min(ones)
        yield Row(len(ones), kind, reason, first.name, first.detail, REMEDIES.get(reason, ""))
    yield from row_of_flaky(mined.quarantine)


def as_json(mined: MinedChanges, suite: Suite) -> bytes:
    """All of it, as JSON; the same bytes for the same outcome."""
    left_out = [
        {**one._asdict(), "remedy": REMEDIES.get(one.reason, "")} for one in sorted(mined.left_out)
    ]
    value: dict[str, Any] = {
        "suite": suite.name,
        "commit": suite.commit,
        "looked_at": mined.looked_at,
        "cases": sorted(case.id for case in mined.cases),
        "left_out": left_out,
        "quarantine": mined.quarantine,
    }
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
