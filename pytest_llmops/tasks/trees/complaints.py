"""What git says of a clone it cannot take something from, as the one line that a reader needs."""

import re
from pathlib import Path

OBJECT = r"([0-9a-f]{40})"
LACKING = re.compile(f"(?:not our ref|could not fetch|bad revision|unable to unpack) '?{OBJECT}")
"""How git names an object that the other side has not got or cannot read."""
DAMAGED = re.compile(r"is corrupt|hash mismatch|bad revision|unable to unpack|inflate: ")


def reason(stderr: str, commit: str, origin: str) -> str:
    """Pick the cause from git's output.

    Args:
        stderr: All that it said.
        commit: The one that was asked for; "" for several.
        origin: Where from.
    """
    cut = cut_off(origin)
    full = re.search(r"No space left[^\n]*", stderr)  # named first, followed by what it broke
    if full:
        return full[0].strip(" '.\"")
    if lost := next((one for one in LACKING.findall(stderr) if one != commit), ""):
        if "lazy fetching disabled" in stderr:
            files = f"the files of {commit}" if commit else "files"
            return f"it is a partial clone without {files} ({lost[:12]} and others)"
        if cut:
            return f"it has no object {lost[:12]}{cut}"
        if DAMAGED.search(stderr) or f"not our ref {lost}" in stderr:
            named = f"object {lost[:12]} of {commit}" if commit else f"object {lost[:12]}"
            return f"{named} is missing or damaged; `git fsck` there tells more"
    if re.search(r"not our ref|unadvertised object|couldn't find remote ref", stderr):
        return f"it has no {f'commit {commit}' if commit else 'such commit'}{cut}"
    lines = re.findall(r"(?:fatal|error): ([^\n]+)", stderr) or stderr.split("\n")
    return str(lines[0]).rstrip(" .") + cut


def cut_off(origin: str) -> str:
    """What to do about a clone on this machine whose history is cut off; "" for any other."""
    folder = Path(origin.removeprefix("file://"))
    if (folder / ".git" / "shallow").is_file() or (folder / "shallow").is_file():
        return "; it is a shallow clone: complete it with `git fetch --unshallow`"
    return ""
