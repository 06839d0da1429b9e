"""Where an answer says which file it speaks of: headers of diffs, labels of fences, lines above."""

import re
from collections.abc import Sequence

FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})[ \t]*([^`]*)$")
"""A line that opens a block of code, with its mark and its label, or closes one."""

HEREDOC = re.compile(
    r"\s*(?:\$ )?cat (?:> ?(?P<path>[^\s<>|&;'\"]+) ?<<-? ?['\"]?(?P<word>\w+)['\"]?"
    r"|<<-? ?['\"]?(?P<first>\w+)['\"]? ?> ?(?P<behind>[^\s<>|&;'\"]+))\s*$"
)
"""A line of a shell that writes the lines below it into a file."""

_TAGS = re.compile(r"</?(?:path|file|filename|absolutePath)>")
_SAYS = re.compile(
    r"(?:(?:file(?:name)?|path|title)\s*[:=]|#+|//|[-*>] |\d{1,3}[.)] )\s*", re.IGNORECASE
)
_DATE = re.compile(r" +\d{4}-\d\d-\d\d\b.*$")
_CHANGE = re.compile(r"(?:--- |\+\+\+ |diff --git |@@|\*\*\* |<{3,} ?SEARCH|-{3,} ?SEARCH)")
_PATH = re.compile(r"[^\s`*\"'<>|;{}=,]*(?:/[^\s`*\"'<>|;{}=,]+|\.[A-Za-z][\w]{0,7})$")


def in_header(line: str) -> str:
    """The path of a line `--- a/path` or `+++ b/path`, with a date behind it or not."""
    path = _DATE.sub("", line[4:].partition("\t")[0]).strip().strip('"')
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
            marked = re.findall(r"`([^`]+)`|\*\*([^*`]+)\*\*", bare)
            quoted = [one or other for one, other in marked if _PATH.match(one or other)]
            words = [word for word in re.split(r"[\s:,()]+", bare) if "/" in word]
            quoted = quoted or [word for word in words if _PATH.fullmatch(word)]
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


def laid_out(lines: Sequence[str]) -> list[str]:
    """The lines with changes in indented fences moved to the margin, and closing fences alone.

    A fence is indented in a list, and small models close one behind the last line of code.
    """
    found: list[str] = []
    at = 0
    while at < len(lines):
        opening = FENCE.match(lines[at])
        found.append(lines[at])
        at += 1
        if not opening:
            continue
        margin = lines[at - 1][: opening.start(1)]
        end = next((n for n in range(at, len(lines)) if _closes(lines[n], opening[1])), None)
        inside = [*lines[at:end]]
        first = next((line for line in inside if line.strip()), "")
        if margin and _CHANGE.match(first.removeprefix(margin)):
            inside = [line.removeprefix(margin) for line in inside]
        if end is None:
            behind = (n for n, line in enumerate(inside) if line.rstrip().endswith(opening[1]))
            for last in [*behind][:1]:
                inside[last : last + 1] = [inside[last].rstrip()[: -len(opening[1])], opening[1]]
        found += inside
        at += len(lines[at:end])
        if end is not None:
            found.append(lines[end].strip())
            at += 1
    return found


def _closes(line: str, mark: str) -> bool:
    bare = line.strip()
    return len(bare) >= len(mark) and not bare.strip(mark[0])
