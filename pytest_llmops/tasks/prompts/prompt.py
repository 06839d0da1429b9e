"""The question put to a model: part of the file around the function, then what to write.

The context is cut to a budget of tokens, which is spent on what the reference needs to know before
anything else (`context`); the body itself is never shown. Without a tokenizer tokens are estimated
from characters; every model with the same budget gets the same text.

Comment and signature of the function come last, and without a system message: small models go on
from what stands last, and lose the thread in a long file (`context_tokens` of a model in
models.toml). The text is short because prompt tokens are paid for every case.
"""

import re

from pytest_llmops.completions import Message
from pytest_llmops.tasks.code.languages import language_of
from pytest_llmops.tasks.code.modules import Declaration, Module
from pytest_llmops.tasks.materialize import Task
from pytest_llmops.tasks.prompts.context import Context, context_of
from pytest_llmops.tasks.prompts.parts import indent_at

CHARACTERS_PER_TOKEN = 3.1
"""Estimate for TypeScript, on the safe side: 3.1 with the 49k vocabulary of SmolLM2 over 37 large
files and 50 small ones, 4.0 with the 100k of cl100k_base over 110 files."""

_CONTEXT = """\
Part of {path}:

{fence}{language}
{context}
{fence}

"""

_OTHERS = """\
Of the modules that {path} imports:

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
    head = _head(task.module, asked)
    shown = shown_context(task, context_tokens)
    words = {
        "path": task.module.path,
        "fence": _fence(shown.here + shown.elsewhere + head),
        "language": "tsx" if task.module.path.endswith("x") else language.name,
        "label": language.label,
        "kind": "method" if asked.class_name else "function",
        "symbol": asked.symbol,
        "instruction": f" {instruction}" if instruction else "",
    }
    step = "\t" if b"\n\t" in task.module.source else language.step
    question = _QUESTION.format(code=language.head.format(head=head, step=step), **words)
    if shown.here:
        question = _CONTEXT.format(context=shown.here, **words) + question
    if shown.elsewhere:
        question = _OTHERS.format(context=shown.elsewhere, **words) + question
    return (Message("user", question),)


def shown_context(task: Task, context_tokens: int) -> Context:
    """What a question shows of the program around the function."""
    characters = int(context_tokens * CHARACTERS_PER_TOKEN)
    return context_of(task, characters, _head(task.module, task.declaration))


def _head(module: Module, asked: Declaration) -> str:
    """Comment, overloads and signature, moved to the left margin.

    A brace goes behind it even where the body is an expression, which is for the model to find.
    """
    indent = indent_at(module, asked.start)
    text = "\n".join(filter(None, (asked.doc, *asked.overloads, asked.signature.rstrip())))
    return "\n".join(line.removeprefix(indent) for line in text.splitlines())


def _fence(text: str) -> str:
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    return "`" * (longest + 1)
