"""What a commit is about, in the words of its message, without what gives the solution away.

The message of a squashed pull request holds its text and those of its commits. Left out are ids of
commits, links, names of people, trailers, comments and check lists of templates, changes of files,
blocks of code, paragraphs that begin with `Fix:`, `Root cause:` and the like, each line that the
solution has as well, and each word of code that only the solution has. Plain names stay, as the
tests may call them. What is left may still say how the author went about it, as reports of people
do.

What is not covered: a message that tells the solution in prose.
"""

import re
from collections.abc import Collection, Iterable, Iterator

TELLING = 12
"""Characters of the shortest line of a solution that a statement must not have."""
SHORTEST = 8
"""Characters of the shortest word of code that it must not have."""
READ = 30_000
"""Characters of a message that are read, and of one of its lines:"""
LINE = 1_000
LONGEST = 6_000
"""Characters of a statement."""
LEAST = 4
"""Words of the shortest statement that asks for something."""

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FENCE = re.compile(
    r"^[ \t]*(`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t]*\1[^\n]*$|\Z)", re.DOTALL | re.MULTILINE
)
_IMAGE = re.compile(r"!\[[^\]\n]*\]\([^)\n]*\)")
_LINK = re.compile(r"\[([^\]\n]*)\]\([^)\n]*\)")
_URL = re.compile(r"<?\b(?:https?|ssh|git)://[^\s>)\]]+>?")
_REFERENCE = re.compile(r"\s*\((?:[\w.-]+/[\w.-]+)?#\d+\)|(?:[\w.-]+/[\w.-]+)?#\d+\b")
_ID = re.compile(r"`?\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}\b`?")
_PERSON = re.compile(r"<[^<>\s]+@[^<>\s]+>|(?<![\w`/])@[A-Za-z][\w-]+\b(?![\w/])")
_TRAILER = re.compile(
    r"^[ \t]*(?:[*-] )?(?:(?:co-authored-by|signed-off-by|reviewed-by|acked-by|tested-by|helped-by|"
    r"reported-by|suggested-by|change-id|changelog|changeset)[ \t]*:"
    r"|\(?cherry picked from|🤖|generated with "
    r"|this reverts commit|merge (?:branch|pull request) )",
    re.IGNORECASE,
)
_REFERS = re.compile(
    r"^[ \t]*(?:[*-] )?(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|refs?|related(?: to)?|see(?: also)?"
    r"|part of)?:?(?=[ \t#<]|\w+/|https?:)",
    re.IGNORECASE,
)
_REFERRED = re.compile(r"(?:[\w.-]+/[\w.-]+)?#\d+\.?|<?https?://\S+|and|", re.IGNORECASE)
_CHECK = re.compile(r"^[ \t]*[*-] \[[ xX]\] ")
_PATCHED = re.compile(r"^(?:diff --git |index [0-9a-f]+\.\.|--- [ab/]|\+\+\+ [ab/]|@@ )")
_STAT = re.compile(r"^ ?\S+ +\| +\d+ [+-]+$|^ ?\d+ files? changed")
_RULE = re.compile(r"^[ \t]*(?:-{3,}|\*{3,}|_{3,})[ \t]*$")
_SOLVES = re.compile(
    r"^[ \t]*(?:[*-] |#+ )?\**(?:The |Proposed )?(?:[Ff]ix|Solution|Approach|Changes|"
    r"Implementation|Root [Cc]ause|How it works|What changed)\**:(?<!fix:)"
)
"""Beginnings of paragraphs; `fix:` in small letters is how titles begin."""
_WORD = re.compile(r"\S{8,}")
_CODE = re.compile(r"[=(){}\[\];$<>&|]")
_NOISE = re.compile(
    r"^[ \t]*(?:[*-] )?(?:lint|format|wip|typo|bump version|update changelog|merge main.*"
    r"|address (?:review|comments|feedback).*)\.?[ \t]*$",
    re.IGNORECASE,
)


def statement(message: str, before: Iterable[str] = (), solution: Iterable[str] = ()) -> str:
    """Say what a commit is about; "" where its message does not.

    Args:
        message: Of the commit.
        before: Texts of the files that it changes.
        solution: The texts that it leaves.
    """
    old, new = "\n".join(before), "\n".join(solution)
    lines = {line.strip() for line in new.splitlines()} - set(map(str.strip, old.splitlines()))
    telling = {line for line in lines if len(line) >= TELLING}
    whole = message[:READ].replace("\r\n", "\n")
    text = _FENCE.sub("", _COMMENT.sub("", whole))
    kept = (_without_code(line, old, new) for line in _kept(text, telling))
    plain = re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()[:LONGEST].rstrip()
    return plain if len(plain.split()) >= LEAST else ""


def _without_code(line: str, old: str, new: str) -> str:
    """The line without the words of code that only the solution has."""

    def told(found: re.Match[str]) -> str:
        word = found[0].strip(".,:;`'\"*")
        tells = len(word) >= SHORTEST and _CODE.search(word) and word in new and word not in old
        return found[0].replace(word, "...") if tells else found[0]

    return _WORD.sub(told, line)


def _kept(text: str, telling: Collection[str]) -> Iterator[str]:
    in_patch = in_fix = False
    for whole in text.strip().splitlines():
        line = whole[:LINE]
        in_patch = bool(_PATCHED.match(line)) or (
            in_patch and line[:1] in {"+", "-", " ", "@", "\\"}
        )
        in_fix = bool(line.strip()) and (in_fix or bool(_SOLVES.match(line)))
        if in_patch or in_fix or _is_noise(line) or line.strip() in telling:
            continue
        cleaned = _cleaned(line)
        if cleaned.strip() or not line.strip():
            yield cleaned


def _is_noise(line: str) -> bool:
    kinds = (_TRAILER, _CHECK, _STAT, _RULE, _NOISE)
    return bool(line.strip()) and (any(one.match(line) for one in kinds) or _refers(line))


def _refers(line: str) -> bool:
    """Whether a line names issues or pages, and says nothing else."""
    found = _REFERS.match(line)
    words = re.split(r"[\s,]+", line[found.end() :] if found else line)
    return all(map(_REFERRED.fullmatch, words))


def _cleaned(line: str) -> str:
    for pattern, put in (
        (_IMAGE, ""),
        (_LINK, r"\1"),
        (_URL, ""),
        (_REFERENCE, ""),
        (_ID, ""),
        (_PERSON, ""),
    ):
        line = pattern.sub(put, line)
    return line.rstrip()
