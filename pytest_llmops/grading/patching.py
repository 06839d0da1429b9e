"""The files of a tree after an answer's changes, or the reason why these do not apply.

A change applies whole or not at all. Lines are found as `apply_patch` and Cline find them: as they
are, then without white space at their ends, then without their indentation. A diff's line numbers
and `@@` lines decide between several places; nothing is refused because they are wrong. Paths stay
inside the folders of the case, whatever way they are written; the judging tests are put back, so
what an answer does to tests is left out.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from pytest_llmops.grading.asked import Edit, MisshapenError
from pytest_llmops.grading.calls import Called, calls, calls_in_tags
from pytest_llmops.grading.edits import edits
from pytest_llmops.grading.ground import Ground, RefusedError, inside, plain, serves_tests
from pytest_llmops.grading.hunks import Hunk
from pytest_llmops.grading.placing import filled, found, indented, insertion, replaced, undotted
from pytest_llmops.grading.wrappers import unwrapped

LONGEST = 512_000
"""Characters of an answer that is read."""
MOST = 200
"""Hunks that are applied, and files that are written."""
LARGEST = 2**20
"""Characters of a file that is changed."""


class Patched(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an answer."""

    files: Mapping[str, str | None] = {}
    """The text of each file that is other than before; None for one that is removed."""
    fault: str = ""
    """Why it does not apply, in one line; "" where it does."""
    empty: bool = False
    """It asks for no change at all."""


def patch(answer: str, ground: Ground) -> Patched:
    """Apply the changes that an answer asks for."""
    if len(answer) > LONGEST:
        return Patched(fault=f"the answer is longer than {LONGEST:,} characters")
    try:
        said = calls_in_tags(answer)
        asked = [_called(one) for one in said] or edits(answer)
        asked = asked or [_called(one) for one in calls(answer)]
        for inner in () if asked else unwrapped(answer):
            asked = asked or edits(inner)
        return _once(asked, ground) if asked else Patched(empty=True)
    except (MisshapenError, RefusedError) as error:
        return Patched(fault=str(error))


def _once(asked: Sequence[Edit], ground: Ground) -> Patched:
    """Apply changes; of those that stand in an answer twice, one only where that is needed."""
    try:
        return _Work(ground).all(asked)
    except RefusedError:
        different = [*dict.fromkeys(asked)]
        if len(different) == len(asked):
            raise
        return _Work(ground).all(different)


def _called(call: Called) -> Edit:
    """What a tool call asks for; one that replaces nothing writes a file."""
    if not (call.old or "").strip():
        return Edit(call.path, "write", text=call.new if call.new[-1:] == "\n" else f"{call.new}\n")
    hunk = Hunk(tuple((call.old or "").split("\n")), tuple(call.new.split("\n")))
    return Edit(call.path, "replace", (hunk,))


class _Work:
    """The files as they are so far."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._files: dict[str, str | None] = {}
        self._cursor: dict[str, int] = {}
        """The line behind the last hunk, by file."""
        self._shift: dict[str, int] = {}
        """Lines that a file has more than before, which line numbers do not know of."""

    def all(self, asked: Sequence[Edit]) -> Patched:
        """Apply changes, in their order.

        Raises:
            RefusedError: One does not apply.
        """
        if sum(max(1, len(edit.hunks)) for edit in asked) > MOST:
            raise RefusedError(f"more than {MOST} changes")
        skipped = 0
        for edit in asked:
            if edit.doubtful and not self._is_whole(edit):
                continue
            path = self._place(edit.path, edit.hunks)
            if self._is_test(path):
                skipped += 1
            else:
                self._change(path, edit)
        files = {
            path: text for path, text in self._files.items() if text != self._ground.read(path)
        }
        if not files:
            why = "it changes tests alone" if skipped else "it leaves every file as it is"
            raise RefusedError(why)
        return Patched(files=files)

    def _is_whole(self, edit: Edit) -> bool:
        """Whether a block below a sentence is the file that this names: most of its lines stay."""
        sources = self._ground.sources
        named = [one for one in sources if f"/{one}".endswith(f"/{plain(edit.path)}")]
        if len(named) != 1:
            return False
        old = {line.strip() for line in (self._text(named[0]) or "").split("\n")} - {""}
        kept = old & {line.strip() for line in edit.text.split("\n")}
        return 2 * len(kept) > len(old) or not old

    def _is_test(self, path: str) -> bool:
        before = self._ground.read(path)
        return path in self._ground.hidden or serves_tests(path, self._ground.sources, before)

    def _text(self, path: str) -> str | None:
        if path not in self._files:
            self._files[path] = self._ground.read(path)
        return self._files[path]

    def _change(self, path: str, edit: Edit) -> None:
        if edit.kind == "write":
            self._files[path] = _limited(edit.text, path)
            return
        if edit.moved and edit.hunks and self._text(path) is None:  # `a.ts.orig` to `a.ts`
            path, edit = self._place(edit.moved), edit._replace(moved="")
        text = self._text(path)
        if text is None:
            raise RefusedError(f"there is no file {path}")
        if edit.kind == "delete":
            self._files[path] = None
            return
        for hunk in edit.hunks:
            once = replaced(text, hunk, path) if edit.kind == "replace" else None
            text = self._applied(text, hunk, path) if once is None else once
        self._files[path] = _limited(text, path)
        if edit.moved and (target := self._place(edit.moved)) != path:
            if self._is_test(target):
                raise RefusedError(f"{path} is moved to a test, {target}")
            self._files[target], self._files[path] = text, None

    def _place(self, named: str, hunks: Iterable[Hunk] = ()) -> str:
        """The file that is meant, from the top of the tree."""
        sources = self._ground.sources
        if not named:
            if len(sources) == 1:
                return sources[0]
            holding = [one for one in sources if self._holds(one, hunks)]
            if len(holding) != 1:
                raise RefusedError("a change names no file")
            return holding[0]
        path = plain(named)
        fits = [one for one in sources if one == path or one.endswith(f"/{path}")]
        if len(fits) == 1:
            return fits[0]
        longer = [one for one in sources if "/" in one and f"/{path}".endswith(f"/{one}")]
        is_ours = len(longer) == 1 and ".." not in path.split("/")
        try:
            whole = inside(named, self._ground)
        except RefusedError:
            if is_ours:
                return longer[0]
            raise
        return longer[0] if is_ours and hunks and self._text(whole) is None else whole

    def _holds(self, path: str, hunks: Iterable[Hunk]) -> bool:
        lines = (self._text(path) or "").split("\n")
        return all(hunk.old and found(lines, hunk.old, 0, -1) is not None for hunk in hunks)

    def _applied(self, text: str, hunk: Hunk, path: str) -> str:
        ends = "\r\n" if "\r\n" in text else "\n"
        stated = max(0, hunk.line + self._shift.get(path, 0)) if hunk.line >= 0 else -1
        lines = text.replace("\r\n", "\n").split("\n")
        start = self._cursor.get(path, 0)
        if hunk.anchor:
            behind = (at + 1 for at in range(start, len(lines)) if lines[at].strip() == hunk.anchor)
            start = next(behind, start)
        if not any(map(str.strip, hunk.old)):
            at = end = insertion(lines, start, stated, is_anchored=bool(hunk.anchor))
        else:
            place = found(lines, hunk.old, start, stated)
            if place is None:
                hunk = filled(hunk)
                place = found(lines, hunk.old, start, stated)
            if place is None and (whole := undotted(hunk, lines, start)):
                hunk = whole
                place = found(lines, hunk.old, start, stated)
            if place is None:
                said = next(line for line in hunk.old if line.strip()).strip()[:80]
                raise RefusedError(f"{path} has no place for a change of {said!r}")
            at, end = place, place + len(hunk.old)
        self._cursor[path] = at + len(hunk.new)
        self._shift[path] = self._shift.get(path, 0) + len(hunk.new) - (end - at)
        new = indented(hunk, lines[at:end])
        return ends.join([*lines[:at], *new, *lines[end:]])


def _limited(text: str, path: str) -> str:
    if len(text) > LARGEST:
        raise RefusedError(f"{path} becomes longer than {LARGEST:,} characters")
    return text
