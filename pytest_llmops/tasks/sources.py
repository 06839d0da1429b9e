"""The source tree of a suite: embedded, or taken from git at a pinned commit.

A git tree is fetched once into the user's cache (depth 1, only the blobs of the sparse folders) and
kept there as plain files without `.git`: nothing to edit, nothing of the history for a sandboxed
candidate to read. It is built in a temporary folder and renamed, under a lock the system frees when
its holder dies, so a folder under its final name is always whole.

What is not covered: the folder is trusted by its name and not hashed as a whole; every file that is
used is verified by its own digest (`SourceTree.verify`), and other files can be edited unseen.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pytest_llmops.caches import user_cache
from pytest_llmops.cases import FileHash, Suite
from pytest_llmops.errors import CaseError, SourceError
from pytest_llmops.tasks.locks import PackageLock, lock_of, variable_of

if TYPE_CHECKING:
    import git

GIT_SETTINGS: Mapping[str, str] = {
    "core.autocrlf": "false",
    "core.hooksPath": os.devnull,
    "core.longpaths": "true",
    "gc.auto": "0",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "30",
    "protocol.version": "2",
}
"""What the user's own settings must not decide: bytes as committed, no hooks, no endless wait."""

GIT_ENVIRONMENT: Mapping[str, str] = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "LC_ALL": "C",
}
"""Never ask for a password; error texts in the language `reason` reads."""

LOCAL_UPLOAD_PACK = (
    "git -c uploadpack.allowFilter=true -c uploadpack.allowAnySHA1InWant=true upload-pack"
)
"""A repository on this machine serves partial clones only when asked to in this way."""


@dataclass(frozen=True)
class SourceTree:
    """A checked-out tree, read only."""

    root: Path
    """Absolute folder."""
    commit: str
    """40 hex digits; empty for an embedded tree."""
    within: Path | None = None
    """Folder of all trees that have one judge with this; None where it has its own."""
    lock: PackageLock | None = None
    """What pins the npm packages that its files may import; None where they may import none."""

    def read(self, path: str) -> bytes:
        """Bytes of one file.

        Raises:
            CaseError: The path leaves the tree (`..`, absolute, a link), or is no readable file.
        """
        try:
            full = Path(os.path.realpath(self.root / path))
            inside = full.is_relative_to(self.root) and not PurePosixPath(path).is_absolute()
            if inside:
                return full.read_bytes()
        except (OSError, ValueError) as error:
            raise CaseError(
                f"{path}: cannot be read from {self.root} ({_cause(error)}); {self._remedy}"
            ) from None
        raise CaseError(f"{path}: leaves the source tree {self.root}; paths must stay inside")

    def verify(self, file: FileHash) -> bytes:
        """Bytes of one file, known to be those the case was made from.

        Raises:
            CaseError: As `read`, or the digest differs; names both digests and what to do.
        """
        content = self.read(file.path)
        found = hashlib.sha256(content).hexdigest()
        if found != file.sha256:
            raise CaseError(
                f"{file.path}: sha256 is {found}, the case expects {file.sha256}; {self._remedy}"
            )
        return content

    @property
    def _remedy(self) -> str:
        if self.commit:
            return f"delete {self.root} and it is fetched again"
        return "mine the suite again with `llmops mine functions`"


def open_source(suite: Suite, *, source: str | None = None) -> SourceTree:
    """Give the tree of a suite; a git tree is fetched once, later calls need no network.

    Args:
        suite: The suite.
        source: Path or URL to fetch from. Default: the environment variable `source_variable`
            names, then `suite.repository`. The commit is pinned, so the origin changes no byte.

    Raises:
        SourceError: The tree is not there and cannot be fetched; one line with the reason.
    """
    if suite.folder:
        if source:
            raise SourceError(f"suite {suite.name!r} is embedded; --source has no meaning for it")
        tree = present_source(suite)
        if tree is None:
            raise SourceError(f"suite {suite.name!r}: no folder {suite.root / suite.folder}")
        return tree
    tree = SourceTree(_cache_folder(suite), suite.commit, lock=lock_of(suite))
    if not tree.root.is_dir():
        origin = source or os.environ.get(source_variable(suite)) or suite.repository
        try:
            _fetch(suite, origin, tree.root)
        except OSError as error:
            raise SourceError(f"suite {suite.name!r}: {tree.root}: {_cause(error)}") from None
    return tree


def present_source(suite: Suite) -> SourceTree | None:
    """The tree of a suite, if it is on this machine already; nothing is fetched."""
    folder = (suite.root / suite.folder).resolve() if suite.folder else _cache_folder(suite)
    tree = SourceTree(folder, suite.commit, lock=lock_of(suite))
    return tree if folder.is_dir() else None


def source_variable(suite: Suite) -> str:
    """`LLMOPS_CLINE_REPO` for suite `cline`: where to fetch it from."""
    return variable_of(suite, "REPO")


def _cache_folder(suite: Suite) -> Path:
    """One folder a commit and choice of sparse folders, so that neither is mistaken for another."""
    parts = hashlib.sha256("\0".join(suite.sparse).encode()).hexdigest()[:6]
    name = f"{suite.name}-{suite.commit[:12]}-{parts}"
    return user_cache().resolve() / "sources" / name


def _fetch(suite: Suite, origin: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with locked(target.with_name(f".{target.name}.lock")):
        if target.is_dir():
            return  # another process was first
        for leftover in target.parent.glob(f".{target.name}.*.part"):
            shutil.rmtree(leftover, ignore_errors=True)  # of a killed one: nobody holds the lock
        part = tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
        try:
            _checkout(suite, origin, Path(part))
            Path(part).chmod(0o755)  # mkdtemp's 0700 would shut the sandbox's user out
            Path(part).rename(target)
        finally:
            shutil.rmtree(part, ignore_errors=True)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock; waits for another holder."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _checkout(suite: Suite, origin: str, folder: Path) -> None:
    """Fill `folder` with the files of the pinned commit."""
    try:
        # Here, because it is slow to import, needed once a commit, and raises without git.
        import git  # noqa: PLC0415
    except ImportError:
        raise SourceError(
            f"suite {suite.name!r}: git is not installed; it fetches {origin}"
        ) from None
    local = Path(origin).expanduser()
    origin = str(local.resolve()) if local.exists() else origin
    run = git.Git(folder)
    # Named in full: inside a hook of another repository the environment points to that one.
    run.update_environment(
        **GIT_ENVIRONMENT,
        GIT_DIR=str(folder / ".git"),
        GIT_WORK_TREE=str(folder),
        GIT_INDEX_FILE=str(folder / ".git" / "index"),
    )
    try:
        _run_git(run, suite, origin)
    except git.CommandError as error:
        shown = re.sub(r"://[^@/]+@", "://", origin)  # an origin may carry a password
        raise SourceError(
            f"suite {suite.name!r}: cannot fetch {suite.commit[:12]} from {shown}: "
            f"{reason(str(error.stderr), suite.commit)}; "
            f"name a clone of it by --source or {source_variable(suite)}"
        ) from None
    shutil.rmtree(folder / ".git")


def _run_git(run: "git.Git", suite: Suite, origin: str) -> None:
    run.init("--quiet")
    settings = {
        **GIT_SETTINGS,
        "remote.origin.url": origin,
        # A partial clone: the checkout asks this remote for the blobs it needs. A server without
        # filters sends all of them with the commit; git then warns, and the result is the same.
        "remote.origin.promisor": "true",
        "remote.origin.partialclonefilter": "blob:none",
    }
    for key, value in settings.items():
        run.config(key, value)
    # The effective URL: the user's git may map a public one to a mirror on this machine.
    if str(run.ls_remote("--get-url", "origin")).startswith(("/", "file:")):
        run.config("remote.origin.uploadpack", LOCAL_UPLOAD_PACK)
    run.fetch("--quiet", "--no-tags", "--depth=1", "--filter=blob:none", "origin", suite.commit)
    if suite.sparse:
        # Without a slash at the end a pattern is a folder, with all that is in it, or a file.
        run.sparse_checkout("set", "--no-cone", *(f"/{one.strip('/')}" for one in suite.sparse))
    for one in suite.sparse:
        top = re.split(r"[^/]*[*?\[]", one)[0].strip("/")  # what no wildcard is in
        if not run.ls_tree("--name-only", suite.commit, *filter(None, [top])):
            raise SourceError(
                f"suite {suite.name!r}: sparse: {one!r} is nothing in commit {suite.commit[:12]}; "
                "name folders or files from the top of the repository"
            )
    run.checkout("--quiet", "--detach", suite.commit)


def reason(stderr: str, commit: str) -> str:
    """Pick the one line of git's output a reader needs."""
    if re.search(r"not our ref|unadvertised object|couldn't find remote ref", stderr):
        return f"it has no commit {commit}"
    lines = re.findall(r"(?:fatal|error): ([^\n]+)", stderr) or stderr.split("\n")
    # A full disk is named first and followed by what it broke.
    cause = next((line for line in lines if "No space left" in line), lines[0])
    return cause.strip(" '.\"")


def _cause(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
