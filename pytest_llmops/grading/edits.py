"""The changes of files that an answer asks for, in any of the forms that models write.

Read are, wherever they stand and in the order of the text: unified diffs (with or without `git`'s
own lines), SEARCH/REPLACE blocks of Cline's, Roo Code's and aider's marks, `apply_patch` of Cline
and OpenAI (`*** Begin Patch`, its first and last line may be missing), and whole files in fences or
between tags (`write_to_file` of Cline, `<file path=...>`). The path of a block or a file is in the
label of its fence, in the line above it, or in a comment that is its first line. Nothing is looked
up here: `patching` applies what is found.
"""

import re
from collections.abc import Iterator, Sequence

from pytest_llmops.grading.asked import Edit, MisshapenError
from pytest_llmops.grading.hunks import Hunk, hunks, is_diff, is_half_headed
from pytest_llmops.grading.patches import DIVIDER, REPLACE, SEARCH
from pytest_llmops.grading.stated import (
    FENCE,
    HEREDOC,
    above,
    in_comment,
    in_header,
    in_label,
    laid_out,
)
from pytest_llmops.grading.thinking import said

_SECTION = re.compile(r"\*\*\* (Update|Add|Delete) File: *(.+?)[ \t]*$")
_MOVED = re.compile(r"\*\*\* Move to: *(.+?)[ \t]*$")
_UNFIT = re.compile(r"(?:Binary files |GIT binary patch|(?:new file |new |old )?mode 1[26]0000)")
_GIT = re.compile(
    r"(?:index |(?:new|old|deleted) (?:file )?mode |similarity |copy |rename |diff --)"
)
_NUMBERED = re.compile(r"@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@")
_TAGGED = re.compile(
    r"[ \t]*<(content|file|boltAction)"
    r"(?: (?:[^<>]* )?(?:path|name|filePath)=[\"']([^\"'<>]+)[\"'][^<>]*)?>(.*)$"
)
_START = re.compile(r":start_line:")
_NUMBER = re.compile(r"^[ \t]*\d+ \| ?")
_NOTHING = "/dev/null"
_PATCHES = re.compile(r"\*\*\* Begin Patch|(?:\$ )?(?:apply_patch|git apply|patch)\b")
_DIFFS = frozenset(["diff", "patch", "udiff"])


def edits(text: str) -> list[Edit]:
    """Find the changes that an answer asks for.

    Raises:
        MisshapenError: One of them is torn, or of a kind that no source file has.
    """
    lines = said(text).replace("\r\n", "\n").split("\n")
    return [*_Reader(laid_out(lines)).edits()]


class _Reader:
    """Reads lines from the first to the last."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._at = 0
        self._path = ""
        """Of the block before, which holds on for those that name none."""

    def edits(self) -> Iterator[Edit]:
        while self._at < len(self._lines):
            line = self._line()
            if _SECTION.match(line):
                yield self._section()
            elif SEARCH.match(line):
                yield self._block()
            elif is_diff(self._lines, self._at) or is_half_headed(self._lines, self._at):
                yield from self._diff()
            elif _NUMBERED.match(line):
                yield Edit(above(self._lines, self._at) or self._path, "update", self._hunks())
            elif found := _TAGGED.match(line):
                yield from self._tagged(found)
            elif shell := HEREDOC.match(line):
                yield self._heredoc(shell)
            elif fence := FENCE.match(line):
                yield from self._fenced(fence[1], fence[2].strip())
            else:
                self._at += 1

    def _line(self) -> str:
        return self._lines[self._at] if self._at < len(self._lines) else ""

    def _fenced(self, mark: str, label: str) -> Iterator[Edit]:
        """A block of code: what is in it is read further, or it is a whole file."""
        start = self._at + 1
        end = next((at for at in range(start, len(self._lines)) if self._closes(at, mark)), None)
        inside = range(start, len(self._lines) if end is None else end)
        named = in_label(label) or above(self._lines, self._at)
        language = label.partition(" ")[0].lower()
        if self._is_read_on(inside, bool(named or above(self._lines, self._at, prose=True))):
            self._path = named or self._path
            self._at = start
        elif language in _DIFFS:
            self._at = start
            if found := self._hunks():
                yield Edit(named, "update", found)
        else:
            self._at = inside.stop + (end is not None)
            code = self._lines[inside.start : inside.stop]
            path = named or (in_comment(code[0]) if code else "")
            said = "" if path or end is None else above(self._lines, start - 1, prose=True)
            if path and end is None:
                raise MisshapenError(f"the text of {path} is not closed")
            if path or said:
                text = "".join(f"{line}\n" for line in code)
                yield Edit(path or said, "write", text=text, doubtful=not path)

    def _heredoc(self, opening: re.Match[str]) -> Edit:
        """A whole file as a shell would write it."""
        path, word = opening["path"] or opening["behind"], opening["word"] or opening["first"]
        start = self._at + 1
        ends = (at for at in range(start, len(self._lines)) if self._lines[at].strip() == word)
        end = next(ends, None)
        if end is None:
            raise MisshapenError(f"the text of {path} is not closed")
        self._at = end + 1
        return Edit(path, "write", text="".join(f"{line}\n" for line in self._lines[start:end]))

    def _is_read_on(self, inside: range, is_named: bool) -> bool:
        """Whether a block has changes in it: below a path that is so from its first line on.

        A file may have texts in it that look like changes.
        """
        kept = [at for at in inside if self._lines[at].strip()]
        if is_named:
            kept = kept[1:2] if kept and in_comment(self._lines[kept[0]]) else kept[:1]
            if kept and _PATCHES.match(self._lines[kept[0]]):
                return True
        return any(_begins(self._lines, at) for at in kept)

    def _closes(self, at: int, mark: str) -> bool:
        bare = self._lines[at].strip()
        return len(bare) >= len(mark) and not bare.strip(mark[0])

    def _block(self) -> Edit:
        """A SEARCH/REPLACE block."""
        path = above(self._lines, self._at, prose=True) or self._path
        start = self._at
        divider = self._next(DIVIDER, start + 1)
        closing = self._next(REPLACE, divider + 1)
        if again := [at for at in range(start + 1, closing) if SEARCH.match(self._lines[at])]:
            raise MisshapenError(f"a SEARCH block is not closed before line {again[0] + 1}")
        self._at, self._path = closing + 1, path
        old, new = self._lines[start + 1 : divider], self._lines[divider + 1 : closing]
        if old and _START.match(old[0]):  # Roo Code's way to say where
            old = old[next((n for n, line in enumerate(old, 1) if line.startswith("---")), 0) :]
        if all(_NUMBER.match(line) for line in [*old, *new] if line.strip()):
            old, new = ([_NUMBER.sub("", line) for line in side] for side in (old, new))
        if not any(map(str.strip, old)):
            return Edit(path, "write", text="".join(f"{line}\n" for line in new))
        return Edit(path, "update", (Hunk(tuple(old), tuple(new)),))

    def _tagged(self, opening: re.Match[str]) -> Iterator[Edit]:
        """A whole file between tags, as Cline's `write_to_file` and others have it."""
        path = opening[2] or above(self._lines, self._at)
        close = f"</{opening[1]}>"
        self._at += 1
        if not path:
            return
        lines = [opening[3]] if opening[3].strip() else []
        while self._at < len(self._lines) and close not in self._line():
            lines.append(self._line())
            self._at += 1
        if close not in self._line():
            raise MisshapenError(f"the text of {path} is not closed")
        last = self._line().partition(close)[0]
        lines += [last] if last.strip() else []
        self._at += 1
        if len(lines) > 1 and (fence := FENCE.match(lines[0])) and lines[-1].strip() == fence[1]:
            lines = lines[1:-1]
        yield Edit(path, "write", text="".join(f"{line}\n" for line in lines))

    def _next(self, mark: re.Pattern[str], start: int) -> int:
        for at in range(start, len(self._lines)):
            if mark.match(self._lines[at]):
                return at
        raise MisshapenError("a SEARCH/REPLACE block is not closed")

    def _section(self) -> Edit:
        """One file of `apply_patch`."""
        found = _SECTION.match(self._line())
        assert found
        self._at += 1
        if found[1] == "Delete":
            return Edit(found[2], "delete")
        if found[1] == "Add":
            lines = []
            while self._at < len(self._lines) and not self._ends_section():
                lines.append(self._line().removeprefix("+"))
                self._at += 1
            return Edit(found[2], "write", text="".join(f"{line}\n" for line in lines))
        moved = _MOVED.match(self._line())
        self._at += bool(moved)
        changed = self._hunks()
        if not changed and not moved:
            raise MisshapenError(f"nothing is changed in {found[2]}")
        return Edit(found[2], "update", changed, moved=moved[1] if moved else "")

    def _ends_section(self) -> bool:
        return self._line().startswith("*** ") or bool(FENCE.match(self._line()))

    def _diff(self) -> Iterator[Edit]:
        """One file of a unified diff."""
        old, new, is_deleted = self._head()
        old, new = old or new, new or old
        found = self._hunks()
        if old == new == _NOTHING:
            raise MisshapenError("a diff names no file")
        if is_deleted or new == _NOTHING:
            yield Edit(old, "delete")
        elif old == _NOTHING:
            lines = [line for hunk in found for line in hunk.new]
            yield Edit(new, "write", text="".join(f"{line}\n" for line in lines))
        elif found or new != old:
            yield Edit(old, "update", found, moved=new if new != old else "")

    def _head(self) -> tuple[str, str, bool]:
        """The lines before the hunks: the path before and after, and whether the file goes."""
        old, new, is_deleted = "", "", False
        while line := self._line():
            if _UNFIT.match(line):
                raise MisshapenError(f"a link, submodule or binary file: {line}")
            git = re.match(r"diff --git a/(\S+) b/(\S+)$", line)
            if line.startswith("--- "):
                old = in_header(line)
            elif line.startswith("+++ "):
                self._at += 1
                return old, in_header(line), is_deleted
            elif not _GIT.match(line) or (git and old):
                break
            elif git:
                old, new = git[1], git[2]
            is_deleted = is_deleted or line.startswith("deleted file")
            self._at += 1
        return old, new, is_deleted

    def _hunks(self) -> tuple[Hunk, ...]:
        found, self._at = hunks(self._lines, self._at)
        return found


def _begins(lines: Sequence[str], at: int) -> bool:
    marks = (SEARCH, _SECTION, HEREDOC)
    return any(mark.match(lines[at]) for mark in marks) or is_diff(lines, at)
