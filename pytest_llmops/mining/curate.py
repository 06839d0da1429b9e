"""The two commands that keep manifests, and what they show: `llmops mine` and `llmops validate`."""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from rich.console import Console

from pytest_llmops.cases import Case, Suite
from pytest_llmops.errors import CaseError, LlmopsError, SourceError
from pytest_llmops.manifests import load_all, write_manifest
from pytest_llmops.mining.alike import known_functions
from pytest_llmops.mining.dates import dated
from pytest_llmops.mining.explain import explained
from pytest_llmops.mining.kept import Kept, results_of
from pytest_llmops.mining.marks import Marks
from pytest_llmops.mining.mine import Miner
from pytest_llmops.mining.mined import Known, Part
from pytest_llmops.mining.outcome import as_json, check_writable, lines_of, told, write_report
from pytest_llmops.mining.parallel import Crew
from pytest_llmops.places.where import Where, open_place
from pytest_llmops.sandbox import Judge
from pytest_llmops.tasks.sources import SourceTree
from pytest_llmops.tasks.trees.history import open_tree

Isolation = Literal["bwrap", "process"]

TWO = Where(jobs=2)
"""This machine, two at a time."""


@dataclass(frozen=True)
class Setup:
    """Where the source comes from, and where and how test files are run."""

    source: str | None = None
    """Path or URL in place of the suite's repository."""
    place: Where = TWO
    """Where they are run, and how many at a time."""
    isolation: Isolation = "bwrap"
    fresh: bool = False
    """Mine without what an interrupted mining has found."""
    beside: tuple[Suite, ...] = ()
    """Suites to which their cases may be left; see `known_functions`."""
    within: tuple[str, ...] = ()
    """Files and folders of the tree of which functions are mined; all where there is none."""

    def part(self, suite: Suite, output: Path | None) -> Part | None:
        """What is mined, where that is not all; in the manifests of a suite other cases stay."""
        if not self.within:
            return None
        known = [] if output else load_all(suite)
        elsewhere = (case for case in known if not Part(self.within).has(case.source.path))
        return Part(self.within, tuple(elsewhere))

    @contextmanager
    def open(self, suite: Suite) -> Iterator[tuple[SourceTree, Judge, Crew]]:
        """Give the tree of a suite, what judges it, and threads that end with the block."""
        tree = open_tree(suite, source=self.source)
        with (
            closing(open_place(self.place, self.isolation)) as place,
            Crew(place.size) as crew,
        ):
            yield tree, place.judge(tree), crew


@dataclass(frozen=True)
class Telling:
    """What is said of a mining beside the table of reasons."""

    verbose: bool = False
    """Name everything that was left out."""
    report: Path | None = None
    """File to write what was found and left out to, as JSON."""


BRIEF = Telling()


def run_mine(
    suite: Suite,
    setup: Setup,
    *,
    output: Path | None = None,
    limit: int = 0,
    telling: Telling = BRIEF,
) -> int:
    """Mine a suite and write its manifests, or all cases to `output`.

    Args:
        suite: The suite.
        setup: Where its tree is and where it is run.
        output: Manifest to write in place of those of the suite.
        limit: Stop after so many cases.
        telling: What is said of it.

    Returns:
        Exit status: 0, or 1 where no case was found; nothing is written then.

    Raises:
        CaseError: A limit without an output: a manifest would be replaced by a part of itself.
        SourceError, SandboxError, PlaceError: The tree or the sandbox cannot be had.
    """
    if limit and not output:
        raise CaseError("--limit needs --output FILE: a part must not replace the whole manifest")
    if telling.report:
        check_writable(telling.report)
    with setup.open(suite) as (tree, pool, crew):
        kept = None if limit else Kept(results_of(suite, tree), fresh=setup.fresh)
        with telling_what_is_kept(kept):
            marks = Marks.of(load_all(suite))
            miner = Miner(suite, tree, pool, crew, Known(kept, marks))
            without = known_functions(suite, setup.beside)
            mined = miner.mine(limit, without, setup.part(suite, output))
        cases, undated = _dated(mined.cases, suite, tree, setup.source)
    console = Console()
    if kept and kept.found:
        said = f"{kept.found} results of an interrupted mining (--fresh: judge all anew)"
        console.print(said, highlight=False)
    for line in told(mined, every=telling.verbose):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if telling.report:
        write_report(telling.report, as_json(mined, suite, tree.commit))
    for path, found in manifests_of(suite, tree, [*cases, *mined.quarantined], output).items():
        write_manifest(path, found)
        console.print(f"{path}: {lines_of(found)}", highlight=False, soft_wrap=True)
    if undated:
        console.print(f"without days: {undated}", highlight=False, markup=False, soft_wrap=True)
    if kept and not setup.within:
        kept.drop()
    return 0 if mined.cases else 1


def _dated(
    cases: list[Case], suite: Suite, tree: SourceTree, source: str | None
) -> tuple[list[Case], str]:
    """The cases with their days; or as they are, and why: what was mined must not be lost."""
    try:
        return dated(cases, suite, tree, source), ""
    except SourceError as error:
        return cases, f"{error}; then `llmops cases date --suite {suite.name}`"


@contextmanager
def telling_what_is_kept(kept: Kept | None) -> Iterator[None]:
    """Say at an interruption how many results the next mining will find."""
    try:
        yield
    except (KeyboardInterrupt, LlmopsError):
        if kept and kept.count:
            said = f"results kept: {kept.count}; the next mining goes on from there"
            Console(stderr=True).print(said, highlight=False)
        raise


def run_explain(suite: Suite, setup: Setup, path: str) -> int:
    """Say what mining makes of one file; nothing is written.

    Returns:
        Exit status: 0.

    Raises:
        CaseError: The tree has no such file.
        SourceError, SandboxError, PlaceError: The tree or the sandbox cannot be had.
    """
    with setup.open(suite) as (tree, pool, crew):
        known = Known(marks=Marks.of(load_all(suite)))
        lines = list(explained(path, tree, Miner(suite, tree, pool, crew, known)))
    console = Console()
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    return 0


def manifests_of(
    suite: Suite, tree: SourceTree, cases: Iterable[Case], output: Path | None = None
) -> dict[Path, list[Case]]:
    """Say which manifest each case goes to.

    A `*` in the suite's first manifest stands for the package: the nearest folder above the source
    file that has a `package.json`, or else the first folder of the path.
    """
    manifests: dict[Path, list[Case]] = {}
    for case in cases:
        name = suite.manifests[0].replace("*", _package(tree, case.source.path))
        manifests.setdefault(output or suite.root / name, []).append(case)
    return manifests


def _package(tree: SourceTree, path: str) -> str:
    folders = PurePosixPath(path).parents
    found = (
        one.name for one in folders if one.name and (tree.root / one / "package.json").exists()
    )
    return next(found, PurePosixPath(path).parts[0])
