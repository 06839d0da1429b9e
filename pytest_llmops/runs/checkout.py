"""Which state of a project's code a run belongs to."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import msgspec

BRANCHES = (
    *("GITHUB_HEAD_REF", "GITHUB_REF_NAME"),
    *("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_COMMIT_REF_NAME"),
)
"""Where GitHub Actions and GitLab CI name the branch: they check out a commit without one."""

LETTERS_OF_COMMIT = 7


class Checkout(msgspec.Struct, frozen=True, kw_only=True):
    """The commit that was checked out, as git tells it."""

    commit: str
    """Its full hash."""
    branch: str = ""
    """"" where a commit was checked out by itself, and nothing else names its branch."""
    dirty: bool = False
    """Whether files that git tracks differ from the commit."""

    def __str__(self) -> str:
        """`main@1a2b3c4`, with `+` where files differ."""
        branch = f"{self.branch}@" if self.branch else ""
        return f"{branch}{self.commit[:LETTERS_OF_COMMIT]}{'+' if self.dirty else ''}"


def find_checkout(folder: Path, environment: Mapping[str, str] = os.environ) -> Checkout | None:
    """The checkout that a folder lies in; None without git, outside one, and before a commit.

    Args:
        folder: Of the project.
        environment: Where CI names the branch.
    """
    command = ("git", "status", "--porcelain=v2", "--branch", "--untracked-files=no")
    try:
        told = subprocess.run(
            [*command, "--ignore-submodules=none"],
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            errors="replace",
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    found = dict(re.findall(r"^# branch\.(oid|head) (.+)$", told, re.MULTILINE))
    commit, branch = found.get("oid", ""), found.get("head", "")
    if not re.fullmatch(r"[0-9a-f]{40,64}", commit):
        return None  # `(initial)`
    if branch == "(detached)":
        branch = next((environment[name] for name in BRANCHES if environment.get(name)), "")
    dirty = any(not line.startswith("#") for line in told.splitlines())
    return Checkout(commit=commit, branch=branch, dirty=dirty)
