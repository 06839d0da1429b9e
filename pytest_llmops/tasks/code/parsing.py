"""Parsing with tree-sitter, with a bound on the work that hostile text can cause.

tree-sitter recovers from errors by trying many ways at once; a few thousand characters that are no
code can take it minutes. Its steps are counted (the count depends on the text alone, so a verdict
does not depend on the machine): of 750 real files none takes more than 5 in 1,000 bytes beyond the
first hundred, of minified ones 20; here it may take 25, and 300 more.
"""

from functools import cache

import tree_sitter_python
import tree_sitter_typescript
from tree_sitter import Language, Node, Parser

_STEPS = 300
_BYTES_A_STEP = 40
_CHUNK = 4096


PYTHON = (".py", ".pyi")
"""Endings of files in Python."""


def grammar(path: str) -> Language:
    """Return the grammar of a file: Python, TypeScript with JSX (`.tsx`, `.jsx`), or TypeScript."""
    if path.endswith(PYTHON):
        return _loaded("python")
    return _loaded("tsx" if path.endswith("x") else "typescript")


@cache
def _loaded(name: str) -> Language:
    if name == "python":
        return Language(tree_sitter_python.language())
    typescript = tree_sitter_typescript
    both = {"tsx": typescript.language_tsx, "typescript": typescript.language_typescript}
    return Language(both[name]())


def parse(source: bytes, path: str) -> Node:
    """Parse into a root node; `path` decides the grammar.

    Of text on which the parser gives up, the root is one error of one byte.
    """
    left = _STEPS + len(source) // _BYTES_A_STEP
    chosen = grammar(path)

    def is_too_much(_offset: int, _has_error: bool) -> bool:
        nonlocal left
        left -= 1
        return left < 0

    def read(offset: int, _point: object) -> bytes:
        return source[offset : offset + _CHUNK]

    # A parser is not safe to share between threads and costs microseconds to make; one that was
    # stopped would go on where it was.
    try:
        return Parser(chosen).parse(read, progress_callback=is_too_much).root_node
    except ValueError:  # tree-sitter's word for having been stopped
        return Parser(chosen).parse(b"(").root_node


def count_errors(root: Node) -> int:
    """Count erroneous and missing nodes."""
    count, stack = 0, [root]
    while stack:
        node = stack.pop()
        if node.has_error:
            count += node.is_error or node.is_missing
            stack += node.children
    return count
