"""The question put to a model: part of the file around the function, then what to write.

The context is cut to a budget of tokens. What is shown is chosen by what stands outside the body
alone (names in the signature, the comment and the class, then nearness), so neither the body nor
which parts of the file it needs can be read from the prompt. Without a tokenizer tokens are
estimated from characters; every model with the same budget gets the same text.

Comment and signature of the function come last, and without a system message: small models go on
from what stands last, and lose the thread in a long file (`context_tokens` of a model in
models.toml). The text is short because prompt tokens are paid for every case.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from pytest_llmops.completions import Message
from pytest_llmops.tasks.languages import language_of
from pytest_llmops.tasks.materialize import Task
from pytest_llmops.tasks.modules import Declaration, Item, Module

PROMPT_VERSION = "1"
"""Part of run identity; raised with every change of the text below or of the selection."""

CHARACTERS_PER_TOKEN = 3.1
"""Estimate for TypeScript, on the safe side: 3.1 with the 49k vocabulary of SmolLM2 over 37 large
files and 50 small ones, 4.0 with the 100k of cl100k_base over 110 files."""

_CONTEXT = """\
Part of {path}:

{fence}{language}
{context}
{fence}

"""

_QUESTION = """\
Write the {label} {kind} `{symbol}`. Answer with the whole {kind} in one code block; \
add no imports.{instruction}

{fence}{language}
{code}
{fence}"""

_NEIGHBOUR = 5
"""Rank of what nothing points to."""
_LEFT_OUT = "..."
"""A comment in the place of what is not shown."""
_HERE = "{remark} {symbol} goes here"
_WORD = re.compile(r"#?[A-Za-z_$][\w$]*")


class _Part(msgspec.Struct, frozen=True, gc=False):
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


def build_messages(
    task: Task, *, context_tokens: int, instruction: str = ""
) -> tuple[Message, ...]:
    """Ask for the function of a task.

    Args:
        task: The task.
        context_tokens: Budget for the rest of the file, in estimated tokens; 0 shows none of it.
            The frame of a method's class is shown even beyond any other budget.
        instruction: A sentence of the user's own, put behind what is asked; "" for none.
    """
    asked = task.declaration
    language = language_of(task.module.path)
    context = _context(task.module, asked, int(context_tokens * CHARACTERS_PER_TOKEN))
    head = _head(task.module, asked)
    words = {
        "path": task.module.path,
        "fence": _fence(context + head),
        "language": "tsx" if task.module.path.endswith("x") else language.name,
        "label": language.label,
        "kind": "method" if asked.class_name else "function",
        "symbol": asked.symbol,
        "instruction": f" {instruction}" if instruction else "",
    }
    step = "\t" if b"\n\t" in task.module.source else language.step
    question = _QUESTION.format(code=language.head.format(head=head, step=step), **words)
    if context:
        question = _CONTEXT.format(context=context, **words) + question
    return (Message("user", question),)


def _head(module: Module, asked: Declaration) -> str:
    """Comment, overloads and signature, moved to the left margin.

    A brace goes behind it even where the body is an expression, which is for the model to find.
    """
    indent = _indent(module, asked.start)
    text = "\n".join(filter(None, (asked.doc, *asked.overloads, asked.signature.rstrip())))
    return "\n".join(line.removeprefix(indent) for line in text.splitlines())


def _fence(text: str) -> str:
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    return "`" * (longest + 1)


def _context(module: Module, asked: Declaration, budget: int) -> str:
    """Show the rest of the file, or as much of it as the budget has characters; "" for none."""
    if not budget:
        return ""
    remark = language_of(module.path).remark
    here, elided = _HERE.format(remark=remark, symbol=asked.symbol), f"{remark} {_LEFT_OUT}"
    parts = [*_parts(module, asked, here)]
    if sum(_cost(part.forms[0]) for part in parts) <= budget:
        shown = {at: part.forms[0] for at, part in enumerate(parts)}
    else:
        shown = _choose(parts, asked, budget)
    text = _render(parts, shown, elided)
    return "" if text.replace(elided, "").strip() == here else text


def _indent(module: Module, start: int) -> str:
    line = module.source[module.source.rfind(b"\n", 0, start) + 1 : start]
    return line.decode() if line.isspace() else ""


def _parts(module: Module, asked: Declaration, here: str) -> Iterator[_Part]:
    """The file in stretches, in order; the class of an asked method is cut into its members."""
    ranks = _ranks(module, asked)
    for item, part in zip(module.items, _plain_parts(module), strict=True):
        if not item.start <= asked.start < item.end:
            rank = ranks.get(item.start, _NEIGHBOUR)
            yield part if rank == _NEIGHBOUR else msgspec.structs.replace(part, rank=rank)
        elif not asked.class_name or not item.body:
            yield _target(module, item, here)
        else:
            brace = int(language_of(module.path).braces)
            inside, end = item.body[0] + brace, item.body[1] - brace
            header = (module.text(item.start, inside).rstrip(),)
            yield msgspec.structs.replace(_part(module, item, 0), end=inside, forms=header)
            for member in item.members:
                yield _member(module, member, asked, here)
            if brace:
                yield _Part(end, item.end, (module.text(end, item.end),), 0)


@lru_cache(maxsize=256)
def _plain_parts(module: Module) -> tuple[_Part, ...]:
    """Every item as it is shown beside any function but itself; the same for all of a file."""
    return tuple(_part(module, item, _NEIGHBOUR) for item in module.items)


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


def _target(module: Module, item: Item, here: str) -> _Part:
    return msgspec.structs.replace(_part(module, item, 0), forms=(here,))


def _member(module: Module, member: Item, asked: Declaration, here: str) -> _Part:
    if member.start <= asked.start < member.end:
        return _target(module, member, here)
    state = member.kind == "field" or "constructor" in member.names
    return _part(module, member, 1 if state else 4)


def _forms(module: Module, item: Item, end: int) -> tuple[str, ...]:
    whole = module.text(item.start, end)
    if not item.body or item.kind == "field":
        return (whole,)
    short = module.text(item.start, item.body[0]) + language_of(module.path).elided
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
    left = budget - sum(map(_cost, shown.values()))
    order = sorted(range(len(parts)), key=lambda at: (parts[at].rank, abs(at - target), at))
    for at in order:
        if left <= len(_LEFT_OUT) + 3:
            break
        if at in shown:
            continue
        # A neighbour is shown whole only while that leaves room for others.
        room = left if parts[at].rank < 4 else left // 2
        forms = [form for form in parts[at].forms if _cost(form) <= room]
        forms = forms or [form for form in parts[at].forms[-1:] if _cost(form) <= left]
        if forms:
            shown[at] = forms[0]
            left -= _cost(forms[0])
    return shown


def _cost(text: str) -> int:
    return len(text) + 2  # the line ends around it


def _render(parts: list[_Part], shown: dict[int, str], elided: str) -> str:
    """Join what is shown in the order of the file; each gap is one line that says so."""
    lines: list[str] = []
    for at, part in enumerate(parts):
        if at in shown:
            lines += [""] * (part.spaced and bool(lines))
            lines.append(part.indent + shown[at].strip("\n"))
        elif lines and not lines[-1].endswith(elided):
            lines.append(part.indent + elided)
    return "\n".join(lines)
