"""White space before lines of Python, and other in its place."""

from pytest_llmops.tasks.code.modules import Module
from pytest_llmops.tasks.code.parsing import parse


def margin_at(module: Module, start: int) -> str:
    """The white space before the line that a position is in."""
    line = module.source[module.source.rfind(b"\n", 0, start) + 1 : start]
    return line[: len(line) - len(line.lstrip())].decode("utf-8", "replace")


def indented(code: str, old: str, new: str, path: str) -> str:
    """Code with other white space before all lines but the first, and but those inside strings."""
    if old == new:
        return code
    source = code.encode("utf-8", "replace")
    inside = set[int]()
    stack = [parse(source, path)]
    while stack:
        node = stack.pop()
        if node.type == "string":
            inside.update(range(node.start_point.row + 1, node.end_point.row + 1))
        else:
            stack += node.children
    lines = code.split("\n")
    for row, line in enumerate(lines):
        if row and row not in inside and line.strip():
            lines[row] = new + line.removeprefix(old)
    return "\n".join(lines)
