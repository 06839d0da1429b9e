"""Parsing with tree-sitter, with a bound on the work that hostile text can cause.

tree-sitter recovers from errors by trying many ways at once; a few thousand characters that are no
code can take it minutes. Its steps are counted (the count depends on the text alone, so a verdict
does not depend on the machine): of 750 real files none takes more than 5 in 1,000 bytes beyond the
first hundred, of minified ones 20; here it may take 25, and 300 more.
"""

from functools import cache

import tree_sitter_typescript
from tree_sitter import Language, Node, Parser

_STEPS = 300
_BYTES_A_STEP = 40
_CHUNK = 4096


@cache
def language(tsx: bool) -> Language:
    """Return the grammar of TypeScript, or of TypeScript with JSX."""
    grammar = tree_sitter_typescript
    return Language(grammar.language_tsx() if tsx else grammar.language_typescript())


def parse(source: bytes, path: str) -> Node:
    """Parse into a root node; `path` decides the grammar: `.tsx` (and `.jsx`), else TypeScript.

    Of text on which the parser gives up, the root is one error of one byte.
    """
    left = _STEPS + len(source) // _BYTES_A_STEP
    grammar = language(path.endswith("x"))

    def is_too_much(_offset: int, _has_error: bool) -> bool:
        nonlocal left
        left -= 1
        return left < 0

    def read(offset: int, _point: object) -> bytes:
        return source[offset : offset + _CHUNK]

    # A parser is not safe to share between threads and costs microseconds to make; one that was
    # stopped would go on where it was.
    try:
        return Parser(grammar).parse(read, progress_callback=is_too_much).root_node
    except ValueError:  # tree-sitter's word for having been stopped
        return Parser(grammar).parse(b"(").root_node


def count_errors(root: Node) -> int:
    """Count erroneous and missing nodes."""
    count, stack = 0, [root]
    while stack:
        node = stack.pop()
        if node.has_error:
            count += node.is_error or node.is_missing
            stack += node.children
    return count
