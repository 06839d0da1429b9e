"""The files of a pinned commit, by git: fetched once, with nothing of the history."""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_llmops.cases import Suite
from pytest_llmops.errors import SourceError
from pytest_llmops.tasks.trees.complaints import reason
from pytest_llmops.tasks.trees.locks import variable_of

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


def checkout(suite: Suite, origin: str, folder: Path) -> None:
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
            f"{reason(str(error.stderr), suite.commit, origin)}; "
            f"name a clone of it by --source or {variable_of(suite, 'REPO')}"
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
