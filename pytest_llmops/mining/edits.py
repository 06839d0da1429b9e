"""Make cases from edits of a tree: what is undone, its tests notice, and words can say exactly.

The funnel, each step on what the one before left: edits that the functions of another suite's cases
offer (`found_edits`), of each kind one a file; those whose words leave nothing open and whose files
are short enough to be shown; those that tests notice, every part of them, and that pass all proofs
of commits (`proof`). As many of a kind are made as the suite asks for.
"""

from collections.abc import Mapping

from pytest_llmops.cases import FileHash, Suite
from pytest_llmops.commits import Change, Edits
from pytest_llmops.errors import CaseError, nearest
from pytest_llmops.mining.changes import Bench, Drafted, MinedChanges, Outcome, mined
from pytest_llmops.mining.found_edits import Finder, Found
from pytest_llmops.mining.parallel import Crew
from pytest_llmops.mining.proof import WeakError
from pytest_llmops.mining.strata import split_of
from pytest_llmops.tasks.edit_words import unclear
from pytest_llmops.tasks.edits import undone

TRIES = 6
"""Drafts of a kind that are proved, for each case that is asked for."""
STEP = 8
"""Drafts that are proved at once, at least."""


class EditMiner:
    """A suite that asks for edits, and what is needed to mine it."""

    def __init__(self, bench: Bench, crew: Crew, finder: Finder) -> None:
        self._suite = bench.suite
        self._edits = require_edits(bench.suite)
        self._bench = bench
        self._crew = crew
        self._finder = finder

    def mine(self, limit: int = 0) -> MinedChanges:
        """Make cases, kind by kind; `limit` of them where it is not 0.

        Raises:
            SourceError: The tree cannot be fetched.
        """
        kinds = self._finder.found()
        git = self._bench.shelf.git
        git.fetch_commits([self._suite.commit])
        day = git.day(self._suite.commit)
        outcomes: list[Outcome] = []
        for kind, found in kinds.items():
            outcomes += self._some(kind, found, day)
            if limit and sum(bool(one.case) for one in outcomes) >= limit:
                break
        count = sum(map(len, kinds.values()))
        return mined(outcomes, f"{count:,} edits of {len(kinds)} kinds", limit)

    def _some(self, kind: str, found: list[Found], day: str) -> list[Outcome]:
        """Prove edits of a kind in their order until there are enough, one of a file."""
        outcomes: list[Outcome] = []
        full: set[str] = set()
        """Files that have their case."""
        waiting, tried, each = found, 0, self._edits.each
        while waiting and len(full) < each and tried < TRIES * each:
            some, waiting = _next(waiting, full, max(STEP, each - len(full)))
            proved = self._crew.map(f"{kind} edits", lambda one: self._prove(one, day), some)
            tried += len(some)
            for one, outcome in zip(some, proved, strict=True):
                if outcome.case is None or len(full) < each:
                    outcomes.append(outcome)
                if outcome.case and len(full) < each:
                    full.add(one.edits[0].path)
        return outcomes

    def _prove(self, one: Found, day: str) -> Outcome:
        change = Change(
            commit=self._suite.commit,
            parent=self._suite.commit,
            sources=(),
            solution=tuple(FileHash(path=path, sha256="") for path in one.paths),
            given=(),
            edits=one.edits,
        )
        draft = Drafted(change, one.name, day, one.tests)
        if fault := self._fault(one):
            return self._bench.left_out(draft, fault)
        return self._bench.prove(draft, lambda _: None)

    def _fault(self, one: Found) -> WeakError | None:
        """What is wrong with an edit before anything is run."""
        if len({split_of(self._suite, path) for path in one.paths}) > 1:
            return WeakError("its files are in two splits")
        solution = {path: self._finder.text(path) for path in one.paths}
        before = undone(one.edits, solution)
        characters = sum(len(text.decode("utf-8", "replace")) for text in before.values())
        if characters > self._edits.characters:
            return WeakError("its files are too long to be shown", f"{characters:,} characters")
        doubt = unclear(one.edits, before, solution)
        return WeakError("its words leave something open", doubt) if doubt else None


def _next(waiting: list[Found], full: set[str], count: int) -> tuple[list[Found], list[Found]]:
    """The next edits, each of another file that has no case yet, and the others that are left."""
    some: list[Found] = []
    rest: list[Found] = []
    busy = set(full)
    for one in waiting:
        path = one.edits[0].path
        if path in full:
            continue
        if path in busy or len(some) == count:
            rest.append(one)
        else:
            busy.add(path)
            some.append(one)
    return some, rest


def require_edits(suite: Suite) -> Edits:
    """Which edits of a suite are its cases.

    Raises:
        CaseError: None are.
    """
    if suite.edits:
        return suite.edits
    raise CaseError(
        f"suite {suite.name!r} does not say which edits are its cases; add to its table: "
        'edits = {functions = "NAME"}, the suite whose functions its tests run'
    )


def functions_of(suite: Suite, suites: Mapping[str, Suite]) -> Suite:
    """The suite whose cases say which tests run which functions.

    Raises:
        CaseError: It is not there, or of another tree.
    """
    name = require_edits(suite).functions
    functions = suites.get(name)
    if functions is None:
        raise CaseError(f"suite {suite.name!r}: edits: {name!r} is no suite{nearest(name, suites)}")
    if (functions.repository, functions.commit) != (suite.repository, suite.commit):
        raise CaseError(f"suite {suite.name!r}: edits: {name!r} has another repository or commit")
    if functions.language != "typescript":
        raise CaseError(
            f"suite {suite.name!r}: edits: {name!r} is written in {functions.language}; "
            "edits are made in TypeScript alone"
        )
    return functions
