"""The code in an answer, in its place in the file.

Tolerant of form: fenced, wrapped into something else or bare; the function in any form (also inside
its class or the whole file, or as a change of the file), or only its body. Exact in choice: the
grammar finds the declaration that was asked for, and nothing else of the answer gets into the file
but what that declaration uses.

1. `<think>` parts are dropped.
2. Looked at are, in this order, until the function is found complete: fenced blocks; what is
   wrapped into JSON, tags, quotes or single backticks, and changes of the file (`wrappers`,
   `patches`); the text as it is.
3. Of several places where the function stands one is chosen (`reading`), with what the other pieces
   declare for it. It is put into the file (`splice`) with what it uses of that (`beside`).
4. Without a complete one a broken one counts, as a syntax error or as truncated; else the first
   block that can be a body (`bodies`).

Limits: at most the last 64,000 characters of code are read, and where they don't have the function
as many around the last place that declares it; that bounds the time hostile text can take. A
function that reaches beyond is not read, and `is_unread` tells. Unfenced code with prose between
its lines is not joined.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from pytest_llmops.grading.bodies import bare_body, bodies
from pytest_llmops.grading.candidate import Candidate, candidate, worked_on
from pytest_llmops.grading.fences import READ_LIMIT, Block, blocks, without_thinking
from pytest_llmops.grading.heads import heads, method_heads
from pytest_llmops.grading.patches import is_patch, patched
from pytest_llmops.grading.python_answers import extract_python
from pytest_llmops.grading.reading import Piece, Reading, Worth, read
from pytest_llmops.grading.splice import splice
from pytest_llmops.grading.wrappers import spans, strings, unwrapped
from pytest_llmops.tasks.code.languages import PYTHON_3, language_of
from pytest_llmops.tasks.materialize import Task

_BEFORE = READ_LIMIT // 4
"""Of these, characters before the function in a longer text."""
PIECES = 16
"""Blocks, or texts out of wrappers, that are read."""

_INLINE = "inline"
"""Label of what may be the function, but not its bare body."""
_CODE_LINE = re.compile(
    r"^(?:import|export|const|let|var|async|function|class|abstract|interface|type|enum|public"
    r"|private|protected|static|return|if|for|while|switch|try|throw|/\*|//|@|\{|\})"
)
_STATEMENT = re.compile(r"\s*return\b|.*[;}]\s*\Z")
_FENCE_LINE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[^\n]*$", re.MULTILINE)


def answered(text: str, files: Mapping[str, str], task: Task) -> Candidate | None:
    """Find the answer in a text, or take the file as an agent left it.

    Args:
        text: Of the completion.
        files: What an agent changed or made, by path; empty for a single answer.
        task: The task.
    """
    return worked_on(task, files) if files else extract(text, task)


def extract(text: str, task: Task) -> Candidate | None:
    """Find the answer to a task in a completion's text and put it into the file.

    Returns:
        None when there is no code in the text that could be the function or its body.
    """
    if language_of(task.module.path) is PYTHON_3:
        return extract_python(text, task)
    text = without_thinking(text)
    fenced = _limited(_fenced(text, task))
    wrapped: list[Piece] = []
    found = in_fences = read(fenced, task)
    if not _is_complete(found):
        wrapped = _limited(_wrapped(text, task))
        found = _better(found, read(wrapped, task))
    if not _is_complete(found) and in_fences is None:
        found = _better(found, read(_stretches(_window(text, task), task), task))
    if not _is_complete(found) and is_unread(text, task):
        return None
    pieces = fenced or wrapped or [Piece(_window(text, task), "", False)]
    if found is None:
        return bodies(pieces, task)
    if found.worth == Worth.PLACEHOLDER:
        rest = [one for one in pieces if task.declaration.name not in one.text]
        return bare_body(rest, task) or _spliced(found, task)
    return _spliced(found, task)


def is_unread(text: str, task: Task) -> bool:
    """Whether the function reaches beyond what is read, so that what is read of it is torn."""
    if len(text) <= READ_LIMIT:
        return False
    text = without_thinking(text)
    places = _places(text, task)
    if not places or any(_places(one.text, task) for one in _fenced(text, task) if _fits(one)):
        return False
    return len(text) - places[-1].start() > READ_LIMIT - _BEFORE


def _fits(piece: Piece) -> bool:
    return len(piece.text) <= READ_LIMIT


def _places(text: str, task: Task) -> list[re.Match[str]]:
    """Where the function may begin."""
    asked = task.declaration
    return [*heads(asked).finditer(text)] or [*method_heads(asked).finditer(text)]


def _is_complete(found: Reading | None) -> bool:
    return found is not None and found.worth == Worth.COMPLETE


def _better(one: Reading | None, other: Reading | None) -> Reading | None:
    return other if one is None or (other and other.worth > one.worth) else one


def _spliced(found: Reading, task: Task) -> Candidate:
    made = splice(task.module, task.declaration, *found)
    code, body = ("\n\n".join(filter(None, [made.beside, one])) for one in made[1:3])
    return candidate(task, made.file_text, code, body)


def _limited(pieces: Iterable[Piece]) -> list[Piece]:
    """As many pieces as may be read; the last one is cut where it is too long."""
    found: list[Piece] = []
    left = READ_LIMIT
    for piece in pieces:
        short = piece._replace(text=piece.text[:left])
        left -= len(short.text)
        if short.text.strip():
            found.append(short)
        if left <= 0 or len(found) == PIECES:
            break
    return found[::-1]


def _fenced(text: str, task: Task) -> Iterator[Piece]:
    """What stands in fences, from the last block to the first."""
    ends = [one.start() for one in _FENCE_LINE.finditer(text)]
    for block in reversed(blocks(text)):
        code = text[block.start : block.end]
        if not code.strip():
            continue
        if block.language in {"markdown", "md"} and code.lstrip().startswith(("```", "~~~")):
            yield from _fenced(code, task)
        elif len(code) <= READ_LIMIT and _is_wrapped(code, block.language):
            inner = [*_opened(code, block.language, task)]
            yield from reversed(inner or [Piece(code, block.language, True)])
        else:
            yield Piece(code, block.language, True, _longer(text, block, ends))


def _longer(text: str, block: Block, ends: list[int]) -> tuple[str, ...]:
    """The block with what follows up to later fences: one in a comment or a string ends none."""
    later = [end for end in ends if block.end < end <= block.start + READ_LIMIT]
    return tuple(text[block.start : end] for end in later[:3])


def _is_wrapped(code: str, language: str) -> bool:
    return language.startswith("json") or code.lstrip()[:1] in "{[" or is_patch(code, language)


def _opened(code: str, language: str, task: Task) -> Iterator[Piece]:
    """What is wrapped into a piece of JSON, or what a change makes of the file; in order."""
    if is_patch(code, language):
        first, *others = patched(code, task)
        yield Piece(first, "typescript", True, tuple(others))
        return
    for inner in strings(code):
        yield from _inside(inner, task, "typescript")


def _inside(text: str, task: Task, language: str) -> Iterator[Piece]:
    """The pieces of a text that came out of a wrapper; in order."""
    found = [*_fenced(text, task)][::-1]
    if found:
        yield from found
    elif is_patch(text, ""):
        yield from _opened(text, "", task)
    else:
        bare = Piece(text, language, True)
        others = tuple(one.text for one in _stretches(text, task))[1:]
        yield bare._replace(others=others)


def _wrapped(text: str, task: Task) -> Iterator[Piece]:
    """What stands in anything but fences, from the last to the first."""
    seen: list[str] = []
    size = 0
    for inner in unwrapped(text[-4 * READ_LIMIT :]):
        if inner not in seen and size < READ_LIMIT:
            size += len(inner)
            seen.append(inner)
    found = [*_opened(text, "", task)] if is_patch(text) else []
    found += [Piece(one, _INLINE, True) for one in spans(text)]
    for inner in seen:
        is_code = "\n" in inner or _STATEMENT.match(inner)
        found += _inside(inner, task, "" if is_code else _INLINE)
    return reversed(found)


def _window(text: str, task: Task) -> str:
    """As much of a text without fences as is read: its beginning, or where the function stands."""
    places = _places(text, task) if len(text) > READ_LIMIT else []
    start = max(0, places[-1].start() - _BEFORE) if places else 0
    return _FENCE_LINE.sub("", text[start : start + READ_LIMIT]).strip()


def _stretches(text: str, task: Task) -> Iterator[Piece]:
    """Where code may stand in prose: all of it, its lines of code, or from the function on."""
    yield Piece(text, "", False)
    lines = text.splitlines()
    code = [number for number, line in enumerate(lines) if _CODE_LINE.match(line)]
    ends = [number for number, line in enumerate(lines) if line.rstrip().endswith(("}", ";", "`"))]
    if code and ends:
        yield Piece("\n".join(lines[code[0] : ends[-1] + 1]), "", False)
    for place in _places(text, task)[-1:]:
        yield Piece(text[place.start("code") :], "", False)
