"""Where an answer says which file it speaks of: headers of diffs, labels of fences, lines above."""

import re
from collections.abc import Sequence

FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})[ \t]*([^`]*)$")
"""A line that opens a block of code, with its mark and its label, or closes one."""

_TAGS = re.compile(r"</?(?:path|file|filename|absolutePath)>")
_SAYS = re.compile(r"(?:(?:file(?:name)?|path|title)\s*[:=]|#+|//|[-*>] )\s*", re.IGNORECASE)
_PATH = re.compile(r"[^\s`*\"'<>|;{}=,]*(?:/[^\s`*\"'<>|;{}=,]+|\.[A-Za-z][\w]{0,7})$")


def in_header(line: str) -> str:
    """The path of a line `--- a/path` or `+++ b/path`, with a date behind it or not."""
    path = line[4:].partition("\t")[0].strip().strip('"')
    return path if path == "/dev/null" else re.sub(r"^[ab]/", "", path)


def above(lines: Sequence[str], at: int, *, prose: bool = False) -> str:
    """The path that stands above a line; "" for none.

    Args:
        lines: Of the answer.
        at: Of the line; between it and the path may be a fence, an empty line, or a tag.
        prose: Take the only path in backticks of a sentence as well.
    """
    for line in reversed(lines[max(0, at - 4) : at]):
        if fence := FENCE.match(line):
            if path := in_label(fence[2].strip()):
                return path
        elif (bare := line.strip()) and bare not in {"<diff>", "<content>"}:
            quoted = [one for one in re.findall(r"`([^`]+)`", bare) if _PATH.match(one)]
            return _in_line(bare) or (quoted[0] if prose and len(quoted) == 1 else "")
    return ""


def _in_line(line: str) -> str:
    """The path that a line is; "" where it is another text."""
    plain = _TAGS.sub("", line).strip().rstrip(":").strip("*` \t")
    while said := _SAYS.match(plain):
        plain = plain[said.end() :].strip("*` \t").rstrip(":")
    plain = plain.strip("*`[]\"' \t")
    return plain if _PATH.match(plain) and "://" not in plain else ""


def in_label(label: str) -> str:
    """The path in the label of a fence: `ts src/a.ts`, `ts:src/a.ts`, `ts title="src/a.ts"`."""
    words = re.split(r"[\s:=\"'{}]+", label)
    return next((word for word in words if "/" in word and _PATH.match(word)), "")


def in_comment(line: str) -> str:
    """The path that a line of code names in a comment, and nothing else."""
    found = re.match(r"\s*(?://|#|/\*)\s*(\S+)\s*(?:\*/)?\s*$", line)
    return _in_line(found[1]) if found and "/" in found[1] else ""
