"""Other expectations in the place of those that a test file states.

Of each chosen test one site (`sites`) is changed, drawn from a seed: a right answer fails the test
then. The text stays such as people write, so that nothing in it tells the changed tests from the
others.
"""

import ast
import random
from collections.abc import Collection, Iterator

from pytest_llmops.sandbox.others import LARGE, LETTERS, Edit, other_letter, other_whole
from pytest_llmops.sandbox.python.sites import OPPOSITES, Site, sites
from pytest_llmops.tasks.code.splicing import spliced

CLASSES = ("BufferError", "FloatingPointError", "StopAsyncIteration")
"""Exceptions that nobody raises by chance."""


def changed(text: str, chosen: Collection[str], seed: int) -> str:
    """Return a test file in which the chosen tests (`sites` names them) expect something else."""
    source = text.encode()
    lines = [0]
    for line in source.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    edits: set[Edit] = set()
    for name, found in sites(text).items():
        drawn = random.Random(f"{seed}:{name}")  # noqa: S311 - secret is the seed alone
        site = drawn.choice(found)
        if name in chosen:
            edits.update(_edits(site, source, lines, drawn))
    return spliced(source, [(one.start, one.end, one.text.encode()) for one in edits]).decode()


def _edits(site: Site, source: bytes, lines: list[int], drawn: random.Random) -> Iterator[Edit]:
    nodes = site.nodes
    if site.kind == "value":
        nodes = (drawn.choice(nodes),)
    for node in nodes:
        start, end = _place(node, lines)
        if site.kind in {"value", "values"}:
            yield Edit(start, end, _other(node, drawn))
        elif site.kind == "class":
            named = source[start:end].decode()
            yield Edit(start, end, drawn.choice([one for one in CLASSES if one not in named]))
        elif isinstance(node, ast.Attribute):
            yield Edit(end - len(node.attr), end, OPPOSITES[node.attr])
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner, _ = _place(node.operand, lines)
            yield (
                Edit(start, inner, "")
                if source[start:inner].strip() == b"not"
                else Edit(start, start, "not ")
            )
        else:
            yield Edit(start, start, "not (")
            yield Edit(end, end, ")")


def _place(node: ast.expr, lines: list[int]) -> tuple[int, int]:
    start = lines[node.lineno - 1] + node.col_offset
    return start, lines[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)


def _other(node: ast.expr, drawn: random.Random) -> str:
    """A value that is not equal to the one that a leaf is."""
    if not isinstance(node, ast.Constant):
        return {ast.List: "[0]", ast.Tuple: "(0,)", ast.Dict: "{0: 0}"}[type(node)]
    value = node.value
    if value is None:
        return str(drawn.randrange(9))
    if isinstance(value, str):
        return repr(_other_text(value, drawn))
    if isinstance(value, bytes):
        return repr(_other_text(value.decode("latin-1"), drawn).encode("latin-1"))
    assert isinstance(value, int | float)
    return repr(_other_number(value, drawn))


def _other_number(value: float, drawn: random.Random) -> float:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return other_whole(value, drawn)
    return 2 * value + drawn.randint(1, 9) if value < LARGE**2 else value / 2


def _other_text(text: str, drawn: random.Random) -> str:
    if not text:
        return drawn.choice(LETTERS)
    return other_letter(text, drawn.randrange(len(text)), drawn)
