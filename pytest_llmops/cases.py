"""Suites and cases: what is asked, as metadata only.

A suite is a source tree plus manifests: JSON lines, one `Case` a line, sorted by id. A case says
where the code to write belongs and which tests judge it; its texts stay in the source tree, and are
verified by hash and cut at run time (`materialize`), so a manifest holds no line of a repository.
"""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from pytest_llmops import commits, tables
from pytest_llmops.errors import CaseError
from pytest_llmops.flaky import FlakyTest
from pytest_llmops.shipped import placed

Split = Literal["eval", "train"]
Difficulty = Literal["easy", "medium", "hard"]
SPLITS: tuple[Split, ...] = ("eval", "train")
DIFFICULTIES: tuple[Difficulty, ...] = ("easy", "medium", "hard")
FileHash = commits.FileHash
LanguageName = Literal["typescript", "python"]


class Case(
    msgspec.Struct,
    frozen=True,
    gc=False,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
):
    """One function to write, or one change to make."""

    id: str
    """Unique in the suite and used as pytest id; see `case_id`."""
    split: Split
    difficulty: Difficulty = msgspec.field(name="tier")
    source: FileHash
    """The file of the function; of a change, the one with most changed lines."""
    symbol: str
    """`name`, `Class.method`, `default` for an anonymous default export, or a commit's short id."""
    body_sha256: str
    """Digest of the body's text, braces included, as UTF-8, or of a change (`Change.digest`)."""
    body_lines: int
    """Lines between the braces of the reference body, or that a commit adds and removes."""
    complexity: int
    """Cyclomatic complexity of the reference (`grading.complexity`); 0 for a change."""
    tests: tuple[FileHash, ...]
    fail_to_pass: tuple[str, ...]
    """Ids (`id_of_test`) that fail when the body throws: the tests that judge this case."""
    pass_to_pass: tuple[str, ...]
    """Ids that pass with any body and must keep passing."""
    falsifiable: int = 0
    """Of all these, the tests that compare with a value that can be changed; 0 if not counted."""
    packages: str = ""
    """Digest of the suite's lock file, where its tests load npm packages; "" for none."""
    date: str = ""
    """Day of the commit, or since which the body is as it is, as 2025-08-22; "" where unknown."""
    change: commits.Change | None = None
    """What a commit case or an edit case asks for; None for a function."""
    flaky: tuple[FlakyTest, ...] = ()
    """Tests of its files that pass at times and judge nothing, sorted."""
    quarantine: str = ""
    """Why this is no case, as flaky tests alone would judge it; "" for a case."""

    @property
    def cluster(self) -> str:
        """Cases of one source file are not independent evidence; statistics group them."""
        return self.source.path

    @property
    def expected(self) -> frozenset[str]:
        """Every test id that must be reported as passed for the case to count as solved."""
        return frozenset(self.fail_to_pass) | frozenset(self.pass_to_pass)


def suite_of(case: Case) -> str:
    """The suite's name, which is the first part of a case id."""
    return case.id.partition(":")[0]


class Suite(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of `suites.toml`: a source tree, its manifests and its split."""

    manifests: tuple[str, ...]
    """Globs of the files that list the cases."""
    language: LanguageName = "typescript"
    """What source and tests are written in; says what runs the tests."""
    tests: tuple[str, ...] = ()
    """Globs of the test files in the tree, for mining; none for what the language calls tests."""
    folder: str = ""
    """Folder of the source tree; `embedded:NAME` for one that comes with the package."""
    repository: str = ""
    """Git repository of the source tree: the URL to clone."""
    commit: str = ""
    """The pinned commit of `repository`, 40 hex digits."""
    sdist: str = ""
    """A source distribution of the Python package index: `NAME==VERSION`."""
    sha256: str = ""
    """The pinned digest of that file, 64 hex digits."""
    sparse: tuple[str, ...] = ()
    """Folders of the repository to check out; if empty, all."""
    packages: str = ""
    """The npm packages that its files may import: a `package-lock.json`, from here; "" for none."""
    vitest: str = ""
    """The tree's own lock file, from its top, whose vitest runs the tests; "" for our own judge."""
    train: tuple[str, ...] = ()
    """Globs of source files whose cases are training material; `*` also matches `/`."""
    train_share: float = 0.0
    """If `train` is empty: the share of files that are training material, by a hash of the path."""
    walk: commits.Walk | None = None
    """Which commits are its cases: `since`, `until`, `files`, `lines`."""
    edits: commits.Edits | None = None
    """Which edits are its cases: `functions`, `each`, `characters`; instead of `walk`."""
    date: str = ""
    """The day on which its cases were published, as 2025-08-22, for those that have none."""
    name: str = ""
    """The table's name, and the folder of its file; filled in by `load_suites`."""
    root: Path = Path()

    @property
    def by_name_alone(self) -> bool:
        """Attempted where it is named: changes are large, and a run has one grader."""
        return self.asks_for_changes or self.language != "typescript" or bool(self.vitest)

    def __post_init__(self) -> None:
        """Refuse a date that is no day: a ValueError that names the field."""
        if self.date:
            commits.day(self.date, "date")

    @property
    def asks_for_changes(self) -> bool:
        """Whether its cases are changes of files."""
        return bool(self.walk or self.edits)


def read_manifest(path: Path) -> list[Case]:
    """Decode one manifest, with what is in quarantine; empty lines are not allowed.

    Raises:
        CaseError: A line is not a case or its tests judge nothing; names file and line.
    """
    cases = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            case = msgspec.json.decode(line, type=Case)
        except msgspec.DecodeError as error:
            raise CaseError(f"{path}:{number}: not a case: {error}") from None
        if fault := _unjudged(case):
            raise CaseError(f"{path}:{number}: {fault}")
        cases.append(case)
    return cases


def _unjudged(case: Case) -> str:
    """What is wrong with the tests of a case; "" where nothing is."""
    if not (case.fail_to_pass or case.quarantine):
        return "'fail_to_pass' is empty; no test judges this case"
    if both := sorted(case.expected.intersection(one.id for one in case.flaky)):
        return f"test {both[0]} is among 'flaky' and judges all the same; take it out of one"
    return ""


def load_suites(path: Path) -> dict[str, Suite]:
    """Read `suites.toml`.

    Raises:
        CaseError: The file is missing, or a table does not have the form of `Suite`.
    """
    found = tables.read(path, CaseError)
    if found is None:
        hint = "`llmops init` makes one, llmops_suites names another"
        raise CaseError(f"{path}: no such file; {hint}")
    suites = {}
    for name, table in found.items():
        if not isinstance(table, dict):
            raise CaseError(f"{path}: {name!r} is not a table; each suite is one, [{name}]")
        here, root = placed(name, table, path)
        own = {"name": name, "root": str(root)}
        suite = tables.value_of(Suite, here, f"{path}: [{name}]", CaseError, own)
        if fault := _fault(suite):
            raise CaseError(f"{path}: [{name}] {fault}")
        suites[name] = suite
    return suites


def _fault(suite: Suite) -> str:
    """What is wrong with a table beside its form; "" where nothing is."""
    sources = sum(map(bool, (suite.folder, suite.repository, suite.sdist)))
    commit, sdist, sha = suite.commit, suite.sdist, suite.sha256
    is_sha, other = re.fullmatch("[0-9a-f]{64}", sha), suite.language != "typescript"
    apart = other or suite.asks_for_changes or suite.packages
    faults = (
        (sources != 1, "needs one of 'folder', 'repository' and 'sdist'"),
        (suite.repository and len(commit) != 40, f"'commit' must be 40 hex digits, is {commit!r}"),
        (sdist and not all(sdist.partition("==")), f"'sdist' must be NAME==VERSION, is {sdist!r}"),
        (sdist and not is_sha, f"'sha256' must be 64 hex digits, is {sha!r}"),
        (suite.walk and other, "'walk': commits are cases of TypeScript alone"),
        (suite.vitest and apart, "'vitest' is for functions in TypeScript, without 'packages'"),
    )
    return next((said for is_wrong, said in faults if is_wrong), "")


def case_id(suite: str, path: str, symbol: str) -> str:
    """`starter:text/truncate#middle` for `text/truncate.ts`; an ending but `.ts` stays in it."""
    return f"{suite}:{path.removesuffix('.ts')}#{symbol}"


def id_of_test(path: str, title: str) -> str:
    """Id of one test: 12 hex digits of its file and full title, which manifests do not quote.

    Args:
        path: Test file, POSIX path relative to the root of the tree.
        title: Names of suites and test, joined by ` > `; the second of a title ends in ` (2)`.
    """
    return hashlib.sha256(f"{path}\0{title}".encode()).hexdigest()[:12]


def suite_hash(cases: Sequence[Case]) -> str:
    """Identity of a selection of cases: 16 hex digits.

    Their order is no part of it, nor are the days of functions and tests that judge nothing.
    """
    digest = hashlib.sha256()
    for case in sorted(cases, key=lambda case: case.id):
        asked = msgspec.structs.replace(case, date=case.date if case.change else "", flaky=())
        digest.update(msgspec.json.encode(asked) + b"\n")
    return digest.hexdigest()[:16]
