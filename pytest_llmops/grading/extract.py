"""The code in an answer, in its place in the file.

Tolerant of form: fenced or bare, the function in any form (also inside its class or the whole
file), or only its body. Exact in choice: the grammar finds the declaration that was asked for, and
nothing else of the answer gets into the file but what that declaration uses and the file lacks.

1. `<think>` parts are dropped. Fenced blocks are looked at, then the text without fences.
2. Of all places where the asked declaration stands, the last complete one is taken: a model that
   corrects itself does so further down. Else one that is broken, so that it counts as a syntax
   error or as truncated; else the first block that can be a body.
3. Helpers beside it (functions, constants, types, class members) are kept where the declaration
   uses them and the file has nothing of that name. An import is kept where its names are used as
   values and new, and it is of Node or of a module that the file imports; another could not be
   resolved. Everything else is dropped: examples, tests, exports, repeated parts of the file.

Limits: at most the last 16,000 characters of code are read (the first of unfenced text), which
bounds the time hostile text can take; unfenced code with prose between its lines is not joined.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from pytest_llmops.grading.fences import CODE_LANGUAGES, blocks, without_thinking
from pytest_llmops.grading.splice import edited, splice
from pytest_llmops.tasks.materialize import Task
from pytest_llmops.tasks.syntax import EXPRESSIONS, shape
from pytest_llmops.tasks.typescript import Declaration, Module, parse_module, syntax_errors

READ_LIMIT = 16_000
"""Characters of code that are read; tree-sitter takes up to 7 ms a 1,000 of hostile text."""

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
_CODE_LINE = re.compile(
    r"^(?:import|export|const|let|var|async|function|class|abstract|interface|type|enum|public"
    r"|private|protected|static|return|if|for|while|switch|try|throw|/\*|//|@|\{|\})"
)
_FENCE_LINE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[^\n]*$", re.MULTILINE)
_FUNCTION = re.compile(r"\s*(?:async\b\s*)?(?:function\b|\(|<|[\w$]+\s*=>)")
_EXPORT = re.compile(r"^export\s+(?:default\s+)?", re.MULTILINE)


class Candidate(msgspec.Struct, frozen=True):
    """An answer in the place of the body that was cut out."""

    file_text: str
    """The source file with the answer in it."""
    code: str
    """The part of the answer that was used, in its own form."""
    body: str
    """The function's body in that, helpers with it; what was put there if it is torn."""
    syntax_errors: int
    """Errors that the file without the answer did not have."""


class _Code(NamedTuple):
    """A stretch of an answer that may be code."""

    text: str
    language: str
    fenced: bool


class _Reading(NamedTuple):
    """The asked declaration as an answer has it."""

    answer: Module
    given: Declaration


def extract(text: str, task: Task) -> Candidate | None:
    """Find the answer to a task in a completion's text and put it into the file.

    Returns:
        None when there is no code in the text that could be the function or its body.
    """
    text = without_thinking(text)
    fenced = _fenced(text)
    bare = _Code(_FENCE_LINE.sub("", text[:READ_LIMIT]).strip(), "", False)
    reading = _read(fenced, task) or _read(_stretches(bare, task), task)
    if reading:
        found = splice(task.module, task.declaration, *reading)
        code, body = ("\n\n".join(filter(None, [found.beside, one])) for one in found[1:3])
        return _candidate(task, found.file_text, code, body)
    pieces = fenced or [bare]
    return (
        _torn(pieces, task, _head(task.declaration))
        or _body(pieces, task)
        or _torn(pieces, task, _method_head(task.declaration))
        or _garbled(fenced, task)
    )


def _fenced(text: str) -> list[_Code]:
    """The blocks, in order, as many from the end as may be read."""
    found: list[_Code] = []
    left = READ_LIMIT
    for block in reversed(blocks(text)):
        code = text[block.start : min(block.end, block.start + left)]
        left -= len(code)
        if code.strip():
            found.append(_Code(code, block.language, True))
        if left <= 0 or len(found) == 16:
            break
    return found[::-1]


def _stretches(bare: _Code, task: Task) -> Iterator[_Code]:
    """Where code may stand in prose: all of it, its lines of code, or from the function on."""
    yield bare
    lines = bare.text.splitlines()
    code = [number for number, line in enumerate(lines) if _CODE_LINE.match(line)]
    ends = [number for number, line in enumerate(lines) if line.rstrip().endswith(("}", ";", "`"))]
    if code and ends:
        yield bare._replace(text="\n".join(lines[code[0] : ends[-1] + 1]))
    heads = [*_head(task.declaration).finditer(bare.text)]
    for head in heads[-1:] or [*_method_head(task.declaration).finditer(bare.text)][-1:]:
        yield bare._replace(text=bare.text[head.start() :])


def _read(pieces: list[_Code] | Iterator[_Code], task: Task) -> _Reading | None:
    """The last complete reading, of bare code the first without prose; else any that is broken."""
    broken = whole = None
    for piece in pieces:
        for one in _readings(piece.text, task):
            if one.given.is_broken:
                broken = one
            elif piece.fenced or one.answer.errors:
                whole = one
            else:
                return one
    return whole or broken


def _readings(code: str, task: Task) -> Iterator[_Reading]:
    """The asked declaration in a stretch of code, as it stands or as text of a class or `const`."""
    asked, path = task.declaration, task.module.path
    forms = [code] if asked.symbol == "default" or asked.name in code else []
    if forms and asked.class_name:
        forms.append(f"class {asked.class_name} {{\n{code}\n}}")
    if _FUNCTION.match(code) and set(shape(code, path)) <= EXPRESSIONS:
        forms.append(f"const {asked.name} = {code.strip()}")
    for form in forms:
        module = parse_module(form.encode("utf-8", "replace"), path)
        given = _given(module, asked)
        if given:
            yield _Reading(module, given)
            return


def _given(module: Module, asked: Declaration) -> Declaration | None:
    """The last complete declaration under the asked symbol, else under its bare name."""
    ways = (
        [one for one in module.declarations if one.symbol == asked.symbol],
        [one for one in module.declarations if one.name == asked.name],
        [*module.declarations]
        if asked.symbol == "default" and len(module.declarations) == 1
        else [],
    )
    found = next((way for way in ways if way), [])
    whole = [one for one in found if not one.is_broken] or found
    return whole[-1] if whole else None


def _head(asked: Declaration) -> re.Pattern[str]:
    """The beginning of a line that declares the asked function."""
    name = re.escape(asked.name)
    named = rf"(?:async[ \t]+)?function\b[ \t*]*{name}\b|(?:const|let|var)[ \t]+{name}\b"
    default = r"|export[ \t]+default\b" if asked.symbol == "default" else ""
    return re.compile(
        rf"^[ \t]*(?:(?:export[ \t]+)?(?:default[ \t]+)?(?:{named}){default})", re.MULTILINE
    )


def _method_head(asked: Declaration) -> re.Pattern[str]:
    words = r"(?:(?:public|private|protected|static|override|async)[ \t]+|\*[ \t]*)*"
    return re.compile(rf"^[ \t]*{words}{re.escape(asked.name)}[ \t]*[<(]", re.MULTILINE)


def _torn(pieces: list[_Code], task: Task, head: re.Pattern[str]) -> Candidate | None:
    """The asked function from its head on, where the grammar finds no declaration any more."""
    asked = task.declaration
    for piece in reversed(pieces):
        for found in [*head.finditer(piece.text)][-1:]:
            code = piece.text[found.start() :]
            if piece.fenced or "{" in code or "=>" in code:
                text = edited(task.module, [(asked.start, asked.end, code)])
                return _candidate(task, text, code, code, broken=True)
    return None


def _body(pieces: list[_Code], task: Task) -> Candidate | None:
    """The first stretch that can be the body: it parses, and it does something."""
    asked = task.declaration
    for piece in pieces:
        if piece.language and piece.language not in CODE_LANGUAGES:
            continue
        code = _EXPORT.sub("", piece.text).strip()
        body = _as_body(code, bool(piece.language), task)
        if body:
            text = edited(task.module, [(asked.body_start, asked.body_end, body)])
            return _candidate(task, text, code, body)
    return None


def _as_body(code: str, labelled: bool, task: Task) -> str:
    """The code as a body, "" if it cannot be one."""
    kinds = shape(code, task.module.path)
    single = kinds[0] if len(kinds) == 1 else ""
    if not kinds or "ERROR" in kinds:
        return ""
    is_value = single and not single.endswith(("statement", "declaration", "block"))
    if is_value and task.declaration.is_expression:
        return f"({code.rstrip(';')})" if labelled or single not in _WORDS else ""
    if not labelled and _INERT.issuperset(kinds):
        return ""
    return code if single == "statement_block" else f"{{\n{code}\n}}"


def _garbled(pieces: list[_Code], task: Task) -> Candidate | None:
    """A block that calls itself TypeScript and is not, as the body: a syntax error."""
    asked = task.declaration
    for code, language, _ in pieces:
        if language in CODE_LANGUAGES:
            body = f"{{\n{code}\n}}"
            text = edited(task.module, [(asked.body_start, asked.body_end, body)])
            return _candidate(task, text, code, code, broken=True)
    return None


def _candidate(
    task: Task, file_text: str, code: str, body: str, *, broken: bool = False
) -> Candidate:
    found = syntax_errors(file_text.encode("utf-8", "replace"), task.module.path)
    return Candidate(file_text, code, body, max(int(broken), found - task.module.errors))
