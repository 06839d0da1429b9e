"""Reference solutions as a model would have answered them.

Short is what the grader needs and nothing more: one fenced function without comment and `export`.
Long is the function as it stands in its file, comment and `export` included, which models like to
repeat. Both are read back the way answers are graded, so a reference in a form that the grader
takes for other code is an error and never a training example.
"""

from typing import Literal

from pytest_llmops.grading.extract import extract
from pytest_llmops.likeness.fingerprints import spelled
from pytest_llmops.tasks.code import syntax
from pytest_llmops.tasks.code.modules import Declaration, Module
from pytest_llmops.tasks.materialize import Task

from .errors import FinetuneError

Form = Literal["short", "long"]


def reference_completion(task: Task, form: Form = "short") -> str:
    """Write the reference solution of a task as an answer.

    Raises:
        FinetuneError: The grader would read another body out of it.
    """
    module, asked = task.module, task.declaration
    code = _short(module, asked) if form == "short" else _long(module, asked)
    fence = "`" * max(3, 1 + _longest_fence(code))
    completion = f"{fence}typescript\n{code}\n{fence}"
    candidate = extract(completion, task)
    if candidate is None or candidate.syntax_errors or not _same_body(candidate.body, task):
        raise FinetuneError(
            f"{task.case.id}: the grader reads another body out of its reference solution in "
            f"{form} form; leave the case out of the training split"
        )
    return completion


def hidden_names(task: Task, prompt: str) -> frozenset[str]:
    """Names of the module that the reference uses and the prompt does not show.

    To train on such a reference would teach a model to call what it cannot know.
    """
    module, asked = task.module, task.declaration
    used = syntax.value_names(f"({asked.parameters}) => {task.reference}".encode(), module.path)
    declared = {name for item in module.items for name in item.names}
    shown = syntax.value_names(prompt.encode(), module.path) | set(prompt.split())
    return frozenset((used & declared) - shown - {asked.name})


def _same_body(body: str, task: Task) -> bool:
    return spelled(body) == spelled(task.reference)


def _short(module: Module, asked: Declaration) -> str:
    start = asked.start
    if asked.kind == "function":
        start = asked.head_start
    elif asked.exported and asked.kind == "arrow" and not asked.class_name:
        start = module.source.find(b"const", asked.start, asked.head_start)
    code = module.text(max(start, asked.start), asked.end)
    return _dedented(without_comments(code, module.path), _indent(module, asked.start))


def _long(module: Module, asked: Declaration) -> str:
    parts = filter(None, (asked.doc, *asked.overloads, module.text(asked.start, asked.end)))
    return _dedented("\n".join(parts), _indent(module, asked.start))


def without_comments(code: str, path: str) -> str:
    """Drop all comments, and the lines that held nothing else."""
    source = code.encode()
    kept: list[bytes] = []
    position = 0
    for start, end in syntax.comments(source, path):
        line = source.rfind(b"\n", 0, start) + 1
        stop = source.find(b"\n", end)
        stop = len(source) if stop < 0 else stop
        alone = not source[line:start].strip() and not source[end:stop].strip()
        first, last = (line, stop + 1) if alone else (start, end)
        kept.append(source[position : max(position, first)])
        position = max(position, last)
    text = b"".join([*kept, source[position:]]).decode()
    return "\n".join(line.rstrip() for line in text.splitlines())


def _indent(module: Module, start: int) -> str:
    line = module.source[module.source.rfind(b"\n", 0, start) + 1 : start]
    return line.decode() if line.isspace() else ""


def _dedented(code: str, indent: str) -> str:
    return "\n".join(line.removeprefix(indent) for line in code.strip().splitlines())


def _longest_fence(code: str) -> int:
    """The longest run of backticks that begins or ends a line."""
    runs = [0]
    for line in map(str.strip, code.splitlines()):
        runs.append(len(line) - len(line.lstrip("`")))
        runs.append(len(line) - len(line.rstrip("`")))
    return max(runs)
