"""What is judged and what comes back, as values."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Protocol

import msgspec

Status = Literal[
    "finished",
    "syntax_error",
    "load_error",
    "forbidden_import",
    "timeout",
    "out_of_memory",
    "crashed",
]

TIMEOUT = 10.0
"""Seconds a job may take where it does not say."""
MEMORY = 512 * 1024 * 1024
"""Bytes a job may use where it does not say."""


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """Another overlay of the same files, judged in the same process, with modules of its own."""

    overlay: Mapping[str, str]
    whole: bool = False
    """Run all tests, instead of ending at the first of `TestJob.expected` that fails."""


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Another overlay, with rounds behind it, judged in the same process."""

    overlay: Mapping[str, str]
    rounds: tuple[Round, ...]


class TestJob(msgspec.Struct, frozen=True, kw_only=True):
    """Test files to run, and the text that stands in the place of source files."""

    __test__ = False  # not a class of tests, whatever pytest thinks of its name

    root: Path
    """Folder of the source tree: the one the pool was made for, or one in it."""
    tests: tuple[str, ...]
    """Test files, POSIX paths relative to `root`."""
    overlay: Mapping[str, str]
    """Relative path to the TypeScript text seen instead of that file; the tree is not written."""
    timeout: float = TIMEOUT
    """Seconds from the moment a ready process takes the job, without those in which it waits for
    processors that others use; `cell.LONGEST` times as many in any case."""
    memory: int = MEMORY
    """Bytes of JavaScript heap; buffers and everything else may take as much again."""
    falsify: int | None = None
    """Where set, assertions are judged with changed expectations too, drawn from this seed."""
    allows: tuple[str, ...] | None = None
    """Where set, what is overlaid may import any file of the tree but tests, and these builtin
    modules; else what the files import in whose place it stands, and harmless builtin modules."""
    wary: bool = False
    """Only those that compare what cannot notice, so that a test runs as it always does."""
    trusted: bool = False
    """The overlay is no answer: its files may import what files of the tree may."""
    survey: bool = False
    """Run nothing: only say which files the tests load."""
    rounds: tuple[Round, ...] = ()
    """What follows where this has finished and an expected test has failed: with the test files of
    such tests alone, and as far as time allows; the last of them in any case where another ran."""
    sections: tuple[Section, ...] = ()
    """What follows the rounds, as far as time allows and as long as each is followed by rounds."""
    expected: tuple[str, ...] = ()
    """Ids of tests (`id_of_test`), for rounds and sections."""


class TestResult(msgspec.Struct, frozen=True, kw_only=True):
    """One test that ran. Tests that were skipped have no result."""

    __test__ = False

    file: str
    title: str
    """Enclosing suites and test joined by ` > `; the second of a title ends in ` (2)`."""
    passed: bool
    message: str = ""
    """Why it failed, the first 2,000 characters."""
    refuted: int = 0
    """Assertions that held as written and not with a changed expectation, as they should."""
    held: int = 0
    """Assertions that held with a changed expectation as well: what they were given is a lie."""
    unsure: int = 0
    """Assertions of a wary job that were not tried, as what they compared could run code."""


class TestReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a job. Only `finished` means that every test file ran to its end."""

    __test__ = False

    status: Status
    results: tuple[TestResult, ...] = ()
    detail: str = ""
    """What happened, for people; what the job's code says of itself may be in it."""
    seconds: float = 0.0
    """From hand-over to the end of the process, without what it waited for processors that others
    used and without rounds."""
    peak_memory: int | None = None
    """Largest resident set of the process, Node's own included, bytes; None where none ran.

    Of a process that died by itself, the largest that was seen, every `channel.GLANCE` seconds.
    """
    files: tuple[str, ...] = ()
    """Of a survey: the files that the tests load, themselves included, sorted."""
    missing: tuple[str, ...] = ()
    """Of a survey: each import that leads nowhere, with the file that asks for it and why."""
    packages: tuple[str, ...] = ()
    """Of a survey: the npm packages that files of the tree ask for and that are installed."""
    rounds: tuple["TestReport", ...] = ()
    """Of the rounds that ran, in their order, without messages. What one leaves in the process is
    there in the next: believe them where the last one, a control, passes."""
    sections: tuple["TestReport", ...] = ()
    """Of the sections that ran, in their order, each with its rounds; without messages."""


class Judge(Protocol):
    """What runs tests, here or elsewhere; for any thread. `NodePool` does."""

    def run(self, job: TestJob) -> TestReport:
        """Run a job; raises SandboxError for faults that are not the candidate's."""


class Transformed(msgspec.Struct, frozen=True):
    """A job's code as the process that judges it reads it, or why there is none."""

    status: Literal["ready", "syntax_error", "load_error", "forbidden_import"]
    detail: str
    payload: bytes = b""
    needs: tuple[str, ...] = ()
    """Files of packages that the sandbox must find, with all that they load."""
    files: tuple[str, ...] = ()
    """Of a survey; see `TestReport`."""
    missing: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
