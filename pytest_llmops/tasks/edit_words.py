"""How edits are asked for: in words and code that leave nothing open.

What an instruction quotes is in the file once, or once in the function that it names (`unclear`),
so that there is one place to do it.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from pytest_llmops.commits import Edit, EditKind
from pytest_llmops.tasks.code.languages import parse_module
from pytest_llmops.tasks.code.modules import find
from pytest_llmops.tasks.edits import SUFFIX, Cut, cut

Texts = Mapping[str, bytes]
_LONGEST = 200
"""Characters of a line that is quoted."""


def asked(edits: Sequence[Edit], solution: Texts) -> str:
    """Say what is to be done, one sentence an edit; several are numbered.

    Args:
        edits: What is undone in the tree that is asked of.
        solution: The files as they are to be.

    Raises:
        CaseError: An edit is not there.
    """
    said = [_WORDS[edit.kind](edit, solution) for edit in edits]
    if len(said) == 1:
        return said[0]
    return "\n\n".join(f"{number}. {one}" for number, one in enumerate(said, start=1))


def unclear(edits: Sequence[Edit], before: Texts, solution: Texts) -> str:
    """Why the words of edits do not say where; "" where they do.

    Raises:
        CaseError: An edit is not there.
    """
    return next(filter(None, (_doubt(edit, before, solution) for edit in edits)), "")


def _doubt(edit: Edit, before: Texts, solution: Texts) -> str:
    if edit.kind in {"rename", "body", "default"}:
        return ""  # names, functions and parameters are there once
    made, text = cut(edit, solution[edit.path]), before[edit.path]
    if edit.kind == "insert":
        anchor, _ = _anchor(made, solution[edit.path])
        lines = [line.strip() for line in text.decode("utf-8", "replace").splitlines()]
        return "" if anchor and lines.count(anchor) == 1 else "no line beside it is there once"
    asked_in = find(parse_module(text, edit.path), edit.symbol)
    inside = text[asked_in.start : asked_in.end].decode("utf-8", "replace")
    quoted = made.before.decode("utf-8", "replace")
    places = re.findall(rf"(?<![\w$.]){re.escape(quoted)}(?![\w$])", inside)
    return "" if len(places) == 1 else f"{quoted} is there {len(places)} times"


def _anchor(made: Cut, source: bytes) -> tuple[str, str]:
    """A line beside one that is gone, and on which side of it that is; "" for none to quote."""
    behind = source[made.end :].split(b"\n", 1)[0].decode("utf-8", "replace").strip()
    if _is_telling(behind):
        return behind, "before"
    above = source[: made.start].rstrip().rpartition(b"\n")[2].decode("utf-8", "replace").strip()
    return (above, "behind") if _is_telling(above) else ("", "")


def _is_telling(line: str) -> bool:
    return len(re.findall(r"\w", line)) >= 4 and len(line) <= _LONGEST


def _body(edit: Edit, solution: Texts) -> str:
    source = solution[edit.path]
    made = cut(edit, source)
    body = source[made.start : made.end].decode("utf-8", "replace")
    return (
        f"In `{edit.path}`, the body of `{edit.symbol}` only throws an error. Put this in its "
        f"place:\n\n{fenced(body)}"
    )


def _insert(edit: Edit, solution: Texts) -> str:
    source = solution[edit.path]
    made = cut(edit, source)
    anchor, side = _anchor(made, source)
    lines = source[made.start : made.end].decode("utf-8", "replace").rstrip()
    return (
        f"In `{edit.path}`, in `{edit.symbol}`, insert these lines directly {side} the line "
        f"{_code(anchor)}:\n\n{fenced(lines)}"
    )


def _literal(edit: Edit, solution: Texts) -> str:
    old, new = _sides(edit, solution)
    kind = "number" if new.isdigit() else "string"
    return f"In `{edit.path}`, in `{edit.symbol}`, change the {kind} {_code(old)} to {_code(new)}."


def _condition(edit: Edit, solution: Texts) -> str:
    old, new = _sides(edit, solution)
    return f"In `{edit.path}`, in `{edit.symbol}`, change {_code(old)} to {_code(new)}."


def _default(edit: Edit, solution: Texts) -> str:
    source = solution[edit.path]
    made = cut(edit, source)
    old = source[edit.at : made.start].decode("utf-8", "replace")
    value = source[made.start : made.end].decode("utf-8", "replace").strip().removeprefix("=")
    return (
        f"In `{edit.path}`, give the parameter {_code(old)} of `{edit.symbol}` the default value "
        f"{_code(value.strip())}."
    )


def _rename(edit: Edit, solution: Texts) -> str:
    *first, last = (f"`{path}`" for path in sorted(solution))
    files = f"{', '.join(first)} and {last}" if first else last
    return (
        f"Rename `{edit.symbol}{SUFFIX}` to `{edit.symbol}` wherever it is used in {files}. "
        "Leave comments and strings as they are."
    )


def _sides(edit: Edit, solution: Texts) -> tuple[str, str]:
    source = solution[edit.path]
    made = cut(edit, source)
    return (
        made.before.decode("utf-8", "replace"),
        source[made.start : made.end].decode("utf-8", "replace"),
    )


def _code(text: str) -> str:
    """Code in a line of prose, whatever ticks are in it."""
    ticks = _ticks(text, 1)
    space = " " * (text.startswith("`") or text.endswith("`"))
    return f"{ticks}{space}{text}{space}{ticks}"


def fenced(text: str, language: str = "typescript") -> str:
    """Code in a fence that is longer than any in it."""
    fence = _ticks(text, 3)
    return f"{fence}{language}\n{text}\n{fence}"


def _ticks(text: str, least: int) -> str:
    runs = (len(run) for run in re.findall(r"`+", text))
    longest = max((run for run in runs if run >= least), default=least - 1)
    return "`" * (longest + 1)


_WORDS: Mapping[EditKind, Callable[[Edit, Texts], str]] = {
    "body": _body,
    "insert": _insert,
    "literal": _literal,
    "condition": _condition,
    "default": _default,
    "rename": _rename,
}
"""How an edit of each kind is asked for."""
