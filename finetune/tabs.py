"""Cases shown with tabs, so that an adapter does not depend on how its training cases are indented.

To many tokenizers a newline with the blank after it is one token, and a newline before a tab is
another. An adapter that only ever saw the first takes the second for the end of the function.
"""

import re
from dataclasses import replace

from pytest_llmops.grading.fences import blocks
from pytest_llmops.tasks.code import syntax
from pytest_llmops.tasks.code.languages import parse_module
from pytest_llmops.tasks.code.modules import find
from pytest_llmops.tasks.materialize import Task

_LINE = re.compile(rb"^( *)(?=\S)", re.MULTILINE)


def code_with_tabs(code: str, path: str = ".ts") -> str:
    """Indent code with tabs instead of blanks; what it does stays the same.

    A level is as wide as the least indentation of two blanks or more. What is left of a line's
    indentation, as before the asterisks of a comment, stays blanks. Lines that begin within a
    string or template are content and stay as they are.

    Args:
        code: Of any completeness.
        path: Of its file; decides the grammar.
    """
    source = code.encode("utf-8", "replace")
    literals = _inside(source, syntax.literals(source, path))
    remarks = _inside(source, syntax.comments(source, path))
    lines = [one for one in _LINE.finditer(source) if one.start() not in literals]
    depths = [len(one[1]) for one in lines if one.start() not in remarks]
    width = min((depth for depth in depths if depth >= 2), default=0)
    if not width:
        return code
    kept, position = [], 0
    for one in lines:
        levels = len(one[1]) // width
        kept += [source[position : one.start()], b"\t" * levels]
        position = one.start() + levels * width
    return b"".join([*kept, source[position:]]).decode()


def answer_with_tabs(text: str, path: str = ".ts") -> str:
    """Indent the code in an answer with tabs: what stands in fences, else all of it."""
    kept, position = [], 0
    for block in blocks(text):
        kept += [text[position : block.start], code_with_tabs(text[block.start : block.end], path)]
        position = block.end
    return "".join([*kept, text[position:]]) if kept else code_with_tabs(text, path)


def task_with_tabs(task: Task) -> Task:
    """The task as it would be if its source file were indented with tabs; itself where it is."""
    path = task.module.path
    if b"\n\t" in task.module.source:
        return task
    module = parse_module(code_with_tabs(task.module.source.decode(), path).encode(), path)
    return replace(task, module=module, declaration=find(module, task.case.symbol))


def _inside(source: bytes, spans: list[tuple[int, int]]) -> set[int]:
    """Places where lines begin within spans."""
    return {
        start + found.end()
        for start, end in spans
        for found in re.finditer(rb"\n", source[start:end])
    }
