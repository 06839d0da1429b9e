"""Answers in which no declaration of the asked function can be found: torn ones, and bare bodies.

A function that is cut off or broken is put into the file from its head on, so that it counts as a
syntax error or as truncated. Else the first block that can be the body is one.
"""

import re
from itertools import takewhile

from pytest_llmops.grading.candidate import Candidate, candidate
from pytest_llmops.grading.fences import CODE_LANGUAGES
from pytest_llmops.grading.heads import heads, method_heads
from pytest_llmops.grading.modules import without_require
from pytest_llmops.grading.pieces import Piece
from pytest_llmops.grading.splice import edited
from pytest_llmops.tasks.code.parsing import parse
from pytest_llmops.tasks.code.syntax import shape, text_of
from pytest_llmops.tasks.materialize import Task

_WORDS = frozenset({"identifier", "string", "number", "sequence_expression", "non_null_expression"})
"""Statements as which prose parses."""
_INERT = _WORDS | {
    "member_expression",
    "binary_expression",
    "template_string",
    "array",
    "object",
    "true",
    "false",
    "null",
    "import_statement",
}
"""Statements that do nothing: output or prose, unless a label says that it is code."""
_EXPORT = re.compile(r"^export\s+(?:default\s+)?", re.MULTILINE)


def bodies(pieces: list[Piece], task: Task) -> Candidate | None:
    """Make what there is a candidate, None where nothing can be the function or its body."""
    return (
        _torn(pieces, task, heads(task))
        or bare_body(pieces, task)
        or _torn(pieces, task, method_heads(task))
        or _garbled(pieces, task)
    )


def bare_body(pieces: list[Piece], task: Task) -> Candidate | None:
    """The first stretch that can be the body: it parses, and it does something."""
    asked = task.declaration
    for piece in pieces:
        if piece.language and piece.language not in CODE_LANGUAGES:
            continue
        code = _EXPORT.sub("", piece.text).strip()
        imports, inner = _apart(without_require(code, task.module))
        body = _as_body(inner, bool(piece.language), task)
        if body:
            edits = [(0, 0, imports), (asked.body_start, asked.body_end, body)]
            return candidate(task, edited(task.module, edits), code, body)
    return None


def _apart(code: str) -> tuple[str, str]:
    """The imports that were made of `require`, and the rest."""
    lines = code.splitlines(keepends=True)
    imports = list(
        takewhile(lambda line: line.startswith("import ") and "required_" in line, lines)
    )
    return "".join(imports), "".join(lines[len(imports) :])


def _torn(pieces: list[Piece], task: Task, head: re.Pattern[str]) -> Candidate | None:
    """The asked function from its head on, where the grammar finds no declaration any more."""
    asked = task.declaration
    for piece in reversed(pieces):
        for found in [*head.finditer(piece.text)][-1:]:
            code = piece.text[found.start("code") :]
            if piece.fenced or "{" in code or "=>" in code:
                text = edited(task.module, [(asked.start, asked.end, code)])
                return candidate(task, text, code, code, broken=True)
    return None


def _as_body(code: str, labelled: bool, task: Task) -> str:
    """The code as a body, "" if it cannot be one."""
    kinds = shape(code, task.module.path)
    if "ERROR" in kinds and (begun := _up_to_brace(code, task.module.path)):
        code, kinds = begun, shape(begun, task.module.path)
    single = kinds[0] if len(kinds) == 1 else ""
    if not kinds or "ERROR" in kinds:
        return ""
    is_value = single and not single.endswith(("statement", "declaration", "block"))
    if is_value and task.declaration.is_expression:
        return f"({code.rstrip(';')})" if labelled or single not in _WORDS else ""
    if not labelled and _INERT.issuperset(kinds):
        return ""
    return code if single == "statement_block" else f"{{\n{code}\n}}"


def _garbled(pieces: list[Piece], task: Task) -> Candidate | None:
    """A block that calls itself TypeScript and is not, as the body: a syntax error."""
    asked = task.declaration
    for piece in pieces:
        if piece.language in CODE_LANGUAGES:
            body = f"{{\n{piece.text}\n}}"
            text = edited(task.module, [(asked.body_start, asked.body_end, body)])
            return candidate(task, text, piece.text, piece.text, broken=True)
    return None


def _up_to_brace(code: str, path: str) -> str:
    """The statements of a function that are followed by its closing brace alone; "" for none."""
    head = "async function* _() {\n"
    root = parse(f"{head}{code}".encode("utf-8", "replace"), path)
    function = root.named_children[0] if root.named_child_count else root
    body = function.child_by_field_name("body")
    if body is None or function.has_error or not text_of(body).endswith("}"):
        return ""
    return text_of(body)[2:-1].rstrip()
