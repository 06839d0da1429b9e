"""Cyclomatic complexity, counted on the syntax tree.

The independent paths through a piece of code: 1, and 1 for every point where it can go two ways
(T. J. McCabe, A Complexity Measure, 1976). Which points these are in TypeScript is taken from
ESLint's rule `complexity` (version 8): `if`, each `case`, `for`, `for ... in`, `for ... of`,
`while`, `do`, `catch`, `?:`, `&&`, `||`, `??`, and `&&=`, `||=`, `??=`. Not counted are `else`,
`default`, `finally`, `?.` and default values, nor what only types say. In Python: `if`, `elif`,
each `case`, `for`, `while`, `except`, `x if y else z`, `and`, `or`, and each `for` and `if` of a
comprehension.

A function inside adds its own points and no 1 of its own, so that what is written in one function
or in several beside it compares.
"""

import textwrap

from pytest_llmops.tasks.code.languages import language_of
from pytest_llmops.tasks.code.parsing import parse

_POINTS = frozenset(
    {
        "if_statement",
        "switch_case",
        "for_statement",
        "for_in_statement",
        "while_statement",
        "do_statement",
        "catch_clause",
        "ternary_expression",
    }
)
_PYTHON = frozenset(
    {
        "if_statement",
        "elif_clause",
        "case_clause",
        "for_statement",
        "while_statement",
        "except_clause",
        "conditional_expression",
        "boolean_operator",
        "for_in_clause",
        "if_clause",
    }
)
_OPERATORS = {
    "binary_expression": frozenset({"&&", "||", "??"}),
    "augmented_assignment_expression": frozenset({"&&=", "||=", "??="}),
}


def complexity(code: str, path: str = "") -> int:
    """Count the independent paths through code, functions inside it added.

    Args:
        code: A function's body, a block or an expression, or any statements.
        path: Decides the grammar.

    Returns:
        At least 1, of broken code as far as the grammar finds its way in it; 0 where it gives up.
    """
    language = language_of(path)
    points = _POINTS if language.braces else _PYTHON
    source = (code if language.braces else textwrap.dedent(code)).encode("utf-8", "replace")
    root = parse(source, path)
    if root.end_byte < len(source.rstrip()):
        return 0
    count, stack = 1, [root]
    while stack:
        node = stack.pop()
        operator = node.child_by_field_name("operator") if node.type in _OPERATORS else None
        count += node.is_named and node.type in points
        count += bool(operator and operator.type in _OPERATORS[node.type])
        stack += node.named_children
    return count
