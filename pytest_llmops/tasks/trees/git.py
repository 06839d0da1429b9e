"""A bare clone that is filled as it is asked, for `history`; git itself does all of it."""

import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_llmops.caches import locked
from pytest_llmops.cases import Suite
from pytest_llmops.errors import SourceError
from pytest_llmops.tasks.sources import source_variable
from pytest_llmops.tasks.trees.checkout import GIT_ENVIRONMENT, GIT_SETTINGS, LOCAL_UPLOAD_PACK
from pytest_llmops.tasks.trees.complaints import reason

if TYPE_CHECKING:
    import git

AT_ONCE = 500
"""Commits or objects that are asked of the origin at once."""
HELD = "refs/llmops/"
"""Refs of what was fetched as a commit of its own."""

PLAIN = ("100644", "100755")
"""Modes of files that are laid out."""

_PREPARED: set[tuple[Path, str]] = set()
"""Clones that this process has made ready, by the origin that they were made ready for."""


class Entry(NamedTuple):
    """One file of a commit."""

    oid: str
    """Of its text."""
    path: str


@dataclass(frozen=True)
class Git:
    """The clone of a suite's repository in a folder; made when first needed."""

    folder: Path
    suite: Suite
    origin: str

    def run(self, *arguments: str) -> str:
        """Run a command of git and give what it says.

        Raises:
            SourceError: It fails.
        """
        return self._run(arguments).decode("utf-8", "replace")

    def holds(self, commit: str) -> bool:
        """Whether a commit was fetched by its id."""
        return (self.folder / HELD / commit).is_file()

    def day(self, commit: str) -> str:
        """When a commit was made, as 2025-08-22, in UTC.

        Raises:
            SourceError: The commit is not there.
        """
        shown = ("--date=format-local:%Y-%m-%d", "--format=%cd")
        return self.run("log", "-1", *shown, commit).strip()

    def entries(self, commit: str, paths: Sequence[str]) -> Iterator[Entry]:
        """The plain files of a commit below paths; all where none is named.

        Raises:
            SourceError: The commit is not there.
        """
        for start in range(0, max(1, len(paths)), AT_ONCE):
            chosen = paths[start : start + AT_ONCE]
            for line in self.run("ls-tree", "-r", "-z", commit, "--", *chosen).split("\0"):
                head, _, path = line.partition("\t")
                if head and head.split(" ")[0] in PLAIN:
                    yield Entry(head.split(" ")[2], path)

    def fetch_walk(self, since: str) -> None:
        """Have the commits that lead to the one of the suite, from a day on; without files.

        Raises:
            SourceError: They cannot be fetched.
        """
        self._fetch([f"--shallow-since={since}"], [self.suite.commit])
        self._fetch(["--deepen=1"], [self.suite.commit])  # and the parents of the first of them

    def fetch_whole(self, commit: str) -> None:
        """Have all commits that lead to one, as far as the origin has them; without files.

        Raises:
            SourceError: They cannot be fetched.
        """
        if not self.holds(commit):
            # Without a depth, what a shallow clone serves is refused or taken for complete.
            self._fetch([f"--depth={2**31 - 1}"], [f"+{commit}:{HELD}{commit}"])

    def fetch_commits(self, commits: Sequence[str]) -> None:
        """Have commits and their parents; without files.

        Raises:
            SourceError: One cannot be fetched.
        """
        for start in range(0, len(commits), AT_ONCE):
            chosen = commits[start : start + AT_ONCE]
            self._fetch(["--depth=2"], [f"+{one}:{HELD}{one}" for one in chosen])

    def blobs(self, oids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """The texts of files by their ids; fetched where they are missing.

        Raises:
            SourceError: One cannot be fetched.
        """
        for start in range(0, len(oids), AT_ONCE):
            chosen = oids[start : start + AT_ONCE]
            self._fetch(["--no-write-fetch-head", "--stdin"], [], given=chosen)
            yield from _parsed(self._run(["cat-file", "--batch"], given=chosen), chosen)

    def _fetch(
        self, options: Sequence[str], wanted: Sequence[str], *, given: Iterable[str] = ()
    ) -> None:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with locked(self.folder.with_name(f".{self.folder.name}.lock")):
            self._prepare()
            command = ["fetch", "--quiet", "--no-tags", "--filter=blob:none", *options]
            self._run([*command, "origin", *wanted], given=given)

    def _prepare(self) -> None:
        """Make the clone, and say where it is fetched from today."""
        if (self.folder, self.origin) in _PREPARED and (self.folder / "HEAD").is_file():
            return
        if not (self.folder / "HEAD").is_file():
            self._run(["init", "--quiet", "--bare", str(self.folder)])
        settings = {
            **GIT_SETTINGS,
            "fetch.negotiationAlgorithm": "noop",
            "remote.origin.url": self.origin,
            "remote.origin.promisor": "true",
            "remote.origin.partialclonefilter": "blob:none",
        }
        for key, value in settings.items():
            self._run(["config", key, value])
        # The effective URL: the user's git may map a public one to a mirror on this machine.
        if self.run("ls-remote", "--get-url", "origin").startswith(("/", "file:")):
            self._run(["config", "remote.origin.uploadpack", LOCAL_UPLOAD_PACK])
        _PREPARED.add((self.folder, self.origin))

    def _run(self, arguments: Sequence[str], *, given: Iterable[str] = ()) -> bytes:
        try:
            # Here, because it is slow to import, needed seldom, and raises without git.
            import git  # noqa: PLC0415
        except ImportError:
            raise SourceError(
                f"suite {self.suite.name!r}: git is not installed; it fetches {self.origin}"
            ) from None
        runner = git.Git(self.folder.parent)
        runner.update_environment(**GIT_ENVIRONMENT, GIT_DIR=str(self.folder), TZ="UTC")
        with tempfile.TemporaryFile() as stdin:
            stdin.write("".join(f"{line}\n" for line in given).encode())
            stdin.seek(0)
            try:
                said = runner.execute(
                    ["git", *arguments],
                    istream=stdin,
                    stdout_as_string=False,
                    strip_newline_in_stdout=False,
                )
            except git.CommandError as error:
                raise SourceError(self._refusal(error)) from None
        assert isinstance(said, bytes)
        return said

    def _refusal(self, error: "git.CommandError") -> str:
        shown = re.sub(r"://[^@/]+@", "://", self.origin)  # an origin may carry a password
        told = reason(str(error.stderr), "", self.origin)
        return (
            f"suite {self.suite.name!r}: {shown}: {told}; "
            f"name a clone of it by --source or {source_variable(self.suite)}"
        )


def origin_of(suite: Suite, source: str | None) -> str:
    """Where a suite is fetched from: what the user names, or its repository."""
    origin = source or os.environ.get(source_variable(suite)) or suite.repository
    local = Path(origin).expanduser()
    return str(local.resolve()) if local.exists() else origin


def _parsed(batch: bytes, oids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """What `git cat-file --batch` says of files."""
    at = 0
    for oid in oids:
        end = batch.index(b"\n", at)
        head = batch[at:end].split()
        if len(head) != 3:
            raise SourceError(f"the repository has no file {oid}; fetch it from another origin")
        size = int(head[2])
        yield oid, batch[end + 1 : end + 1 + size]
        at = end + 2 + size
