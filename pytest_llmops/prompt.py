"""The question put to a model: the file around the function, its body cut out, and what to write.

The context is cut to a budget of tokens. What is shown is chosen by what stands outside the body
alone (names in the signature, the comment and the class, then nearness), so neither the body nor
which parts of the file it needs can be read from the prompt. Without a tokenizer tokens are
estimated from characters; every model gets the same text.

The text is short because prompt tokens are paid for every case, and it ends with the signature
because small models go on from what stands last.
"""

import re
from collections.abc import Iterator

import msgspec

from pytest_llmops.completions import Message
from pytest_llmops.materialize import Task
from pytest_llmops.typescript import Declaration, Item, Module

PROMPT_VERSION = "1"
"""Part of run identity; raised with every change of the text below or of the selection."""

CHARACTERS_PER_TOKEN = 3.1
"""Estimate for TypeScript, on the safe side: 3.1 with the 49k vocabulary of SmolLM2 over 37 large
files and 50 small ones, 4.0 with the 100k of cl100k_base over 110 files."""

PLACEHOLDER = "// write this body"

_SYSTEM = "You write TypeScript. You answer with one code block and no explanation."

_QUESTION = """\
{path}:

{fence}{language}
{context}
{fence}

Write the complete {kind} `{symbol}`: its body goes in place of `{placeholder}`. Answer with one \
```typescript block that holds the whole {kind} and, only if needed, new helpers beside it. \
Add no imports. It begins:

{signature}"""

_ELIDED = "// ..."
_WORD = re.compile(r"#?[A-Za-z_$][\w$]*")


class _Part(msgspec.Struct, frozen=True):
    """A stretch of the file that is shown or left out as one."""

    start: int
    end: int
    forms: tuple[str, ...]
    """Its texts, from whole to short; none shorter means it is left out whole."""
    rank: int
    """What is shown first; 0 is always shown."""
    indent: str = ""
    spaced: bool = False
    """The file has an empty line above it."""


def build_messages(task: Task, *, context_tokens: int = 1000) -> tuple[Message, ...]:
    """Ask for the function of a task.

    Args:
        task: The task.
        context_tokens: Budget for the file's text, in estimated tokens. What has to be shown (the
            function's comment and signature, the frame of its class) is shown even beyond it.
    """
    asked = task.declaration
    context = _context(task.module, asked, int(context_tokens * CHARACTERS_PER_TOKEN))
    question = _QUESTION.format(
        path=task.module.path,
        fence=_fence(context),
        language="tsx" if task.module.path.endswith("x") else "typescript",
        context=context,
        kind="method" if asked.class_name else "function",
        symbol=asked.symbol,
        placeholder=PLACEHOLDER,
        signature=asked.signature.rstrip() + ("" if asked.is_expression else " {"),
    )
    return Message("system", _SYSTEM), Message("user", question)


def _fence(context: str) -> str:
    longest = max((len(run) for run in re.findall(r"`{3,}", context)), default=2)
    return "`" * (longest + 1)


def _context(module: Module, asked: Declaration, budget: int) -> str:
    """Show the file, or as much of it as the budget has characters, without the asked body."""
    head, tail = module.source[: asked.body_start], module.source[asked.body_end :]
    indent = _indent(module, asked.start)
    step = "\t" if b"\n\t" in head + tail else "  "
    body = f"{{\n{indent}{step}{PLACEHOLDER}\n{indent}}}"
    if len(head) + len(tail) <= budget:
        return (head + body.encode() + tail).decode("utf-8", "replace").strip()
    parts = [*_parts(module, asked, body)]
    return _render(parts, _choose(parts, asked, budget))


def _indent(module: Module, start: int) -> str:
    line = module.source[module.source.rfind(b"\n", 0, start) + 1 : start]
    return line.decode() if line.isspace() else ""


def _parts(module: Module, asked: Declaration, body: str) -> Iterator[_Part]:
    """The file in stretches, in order; the class of an asked method is cut into its members."""
    ranks = _ranks(module, asked)
    for item in module.items:
        if not item.start <= asked.start < item.end:
            yield _part(module, item, ranks.get(item.start, 5))
        elif not asked.class_name or not item.body:
            yield _target(module, item, asked, body)
        else:
            inside, end = item.body[0] + 1, item.body[1] - 1
            header = (module.text(item.start, inside),)
            yield msgspec.structs.replace(_part(module, item, 0), end=inside, forms=header)
            for member in item.members:
                yield _member(module, member, asked, body)
            yield _Part(end, item.end, (module.text(end, item.end),), 0)


def _part(module: Module, item: Item, rank: int) -> _Part:
    end = item.end + (module.source[item.end : item.end + 1] == b";")
    before = module.source[max(0, item.start - 200) : item.start].rstrip(b" \t")
    return _Part(
        item.start,
        end,
        _forms(module, item, end),
        rank,
        _indent(module, item.start),
        before.endswith((b"\n\n", b"\n\r\n")),
    )


def _target(module: Module, item: Item, asked: Declaration, body: str) -> _Part:
    part = _part(module, item, 0)
    text = module.text(item.start, asked.body_start) + body
    return msgspec.structs.replace(part, forms=(text + module.text(asked.body_end, part.end),))


def _member(module: Module, member: Item, asked: Declaration, body: str) -> _Part:
    if member.start <= asked.start < member.end:
        return _target(module, member, asked, body)
    state = member.kind == "field" or "constructor" in member.names
    return _part(module, member, 1 if state else 4)


def _forms(module: Module, item: Item, end: int) -> tuple[str, ...]:
    whole = module.text(item.start, end)
    if not item.body or item.kind == "field":
        return (whole,)
    short = f"{module.text(item.start, item.body[0])}{{ /* ... */ }}"
    short += module.text(item.body[1], end)
    return (whole, short) if len(short) < len(whole) else (whole,)


def _ranks(module: Module, asked: Declaration) -> dict[int, int]:
    """Rank items by their start: 1 used imports and types, 2 used values, 3 other imports."""
    words = set(_WORD.findall(" ".join([asked.doc, *asked.overloads, asked.signature])))
    for item in module.items:
        if item.start <= asked.start < item.end and item.body and asked.class_name:
            state = [one for one in item.members if one.kind == "field"]
            spans = [(item.start, item.body[0]), *((one.start, one.end) for one in state)]
            words.update(word for span in spans for word in _WORD.findall(module.text(*span)))
    ranks = {item.start: 3 for item in module.imports}
    waiting = [item for item in module.items if item.names]
    while used := [item for item in waiting if not words.isdisjoint(item.names)]:
        waiting = [item for item in waiting if words.isdisjoint(item.names)]
        for item in used:
            ranks[item.start] = 1 if item.kind in {"import", "type"} else 2
            if item.kind == "type":
                words.update(_WORD.findall(module.text(item.start, item.end)))
    return ranks


def _choose(parts: list[_Part], asked: Declaration, budget: int) -> dict[int, str]:
    """Choose the text of every part that is shown, by the part's index."""
    target = next(at for at, part in enumerate(parts) if part.start <= asked.start < part.end)
    shown = {at: part.forms[0] for at, part in enumerate(parts) if part.rank == 0}
    left = budget - sum(map(len, shown.values()))
    order = sorted(range(len(parts)), key=lambda at: (parts[at].rank, abs(at - target), at))
    for at in order:
        if at in shown:
            continue
        # A neighbour is shown whole only while that leaves room for others.
        room = left if parts[at].rank < 4 else left // 2
        forms = [form for form in parts[at].forms if len(form) <= room]
        forms = forms or [form for form in parts[at].forms[-1:] if len(form) <= left]
        if forms:
            shown[at] = forms[0]
            left -= len(forms[0])
    return shown


def _render(parts: list[_Part], shown: dict[int, str]) -> str:
    """Join what is shown in the order of the file; each gap is one line that says so."""
    lines: list[str] = []
    for at, part in enumerate(parts):
        if at in shown:
            lines += [""] * (part.spaced and bool(lines))
            lines.append(part.indent + shown[at].strip("\n"))
        elif lines and not lines[-1].endswith(_ELIDED):
            lines.append(part.indent + _ELIDED)
    return "\n".join(lines)
