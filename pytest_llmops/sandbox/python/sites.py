"""The places where a Python test states what it expects, and those that always run.

A site is an assertion that holds for what is right and for nothing that another one in its place
holds for. Only sites that run whenever their test runs to its end are taken: of a test that has
some, a right answer fails as soon as one of them is changed. So those in branches, in functions
inside, and behind what may return are passed over; in loops they count where the loop's table is
written out.
"""

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

EQUAL = frozenset(
    f"assert{kind}Equal" for kind in ("", "List", "Tuple", "Dict", "Set", "Sequence", "MultiLine")
) | {"assertAlmostEqual"}
OPPOSITES = {
    one: other
    for pair in (
        ("assertEqual", "assertNotEqual"),
        ("assertTrue", "assertFalse"),
        ("assertIs", "assertIsNot"),
        ("assertIn", "assertNotIn"),
        ("assertIsNone", "assertIsNotNone"),
        ("assertIsInstance", "assertNotIsInstance"),
    )
    for one, other in (pair, pair[::-1])
}
"""Methods of unittest that hold where the other does not."""
RAISES = {"raises", "assertRaises", "assertRaisesRegex"}
ENDS = {"skip", "skipTest", "xfail", "importorskip"}
"""Calls with which a test may end without failing."""
BARE = {"Exception", "BaseException"}

Function = ast.FunctionDef
Table = dict[str, list[ast.expr]]
"""Names that stand for one of several values written out, with these."""


class Site(NamedTuple):
    """One assertion."""

    kind: str
    """`value`: one of `nodes` is another one; `values`: each of them; `not`: the contrary of
    `nodes`; `method`: another method of unittest; `class`: another class of exceptions."""
    nodes: tuple[ast.expr, ...]


def sites(text: str) -> dict[str, list[Site]]:
    """The sites of the tests of a file, by `Class::function` as pytest names them."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    found = {name: [*_Test(function).sites()] for name, function in _tests(tree.body, "")}
    return {name: ones for name, ones in found.items() if ones}


def _tests(body: Sequence[ast.stmt], prefix: str) -> Iterator[tuple[str, Function]]:
    for one in body:
        if isinstance(one, ast.FunctionDef) and one.name.startswith("test"):
            yield prefix + one.name, one
        elif isinstance(one, ast.ClassDef):
            yield from _tests(one.body, f"{prefix}{one.name}::")


class _Test:
    """One test function, with what its names stand for."""

    def __init__(self, function: Function) -> None:
        self._function = function
        names = [one for one in ast.walk(function) if isinstance(one, ast.Name)]
        self._loads = Counter(one.id for one in names if isinstance(one.ctx, ast.Load))
        self._stores = Counter(one.id for one in names if isinstance(one.ctx, ast.Store))
        self._rows = _parameters(function)

    def sites(self) -> Iterator[Site]:
        yield from self._walk(self._function.body, {})

    def _walk(self, body: Sequence[ast.stmt], table: Table) -> Iterator[Site]:
        known = dict(table)
        for one in body:
            if isinstance(one, ast.Assert):
                yield from self._asserted(one.test, known)
            elif isinstance(one, ast.Expr) and isinstance(one.value, ast.Call):
                yield from self._called(one.value, known)
            elif isinstance(one, ast.With):
                yield from self._within(one, known)
            elif isinstance(one, ast.For) and (rows := _written_out(one)) is not None:
                yield from self._walk(one.body, {**known, **_columns(one.target, rows)})
            elif isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
                known[one.targets[0].id] = [one.value]
            if _may_end(one):
                return

    def _asserted(self, test: ast.expr, table: Table) -> Iterator[Site]:
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            sides = (test.comparators[0], test.left)
            exact = isinstance(test.ops[0], ast.Is) and isinstance(sides[0], ast.Constant)
            is_bool = exact and isinstance(getattr(sides[0], "value", None), bool)
            if isinstance(test.ops[0], ast.Eq) or is_bool:
                yield self._compared(sides, table) or Site("not", (test,))
                return
        yield Site("not", (test,))

    def _called(self, call: ast.Call, table: Table) -> Iterator[Site]:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        site = None
        if name in EQUAL and len(call.args) >= 2:
            site = self._compared((call.args[1], call.args[0]), table)
        if site is None and name in OPPOSITES:
            site = Site("method", (call.func,))
        if name in RAISES and len(call.args) >= 2:
            site = _raised(call)
        if site:
            yield site

    def _within(self, block: ast.With, table: Table) -> Iterator[Site]:
        call = block.items[0].context_expr
        name = getattr(getattr(call, "func", None), "attr", "")
        if isinstance(call, ast.Call) and name in RAISES and (site := _raised(call)):
            yield site
        elif name == "subTest":
            yield from self._walk(block.body, table)

    def _compared(self, sides: Sequence[ast.expr], table: Table) -> Site | None:
        """What is expected, where it is written out: the right side, or else the left one."""
        for side in sides:
            if leaves := [*leaves_of(side)]:
                return Site("value", tuple(leaves))
            if not isinstance(side, ast.Name) or self._loads[side.id] != 1:
                continue
            if side.id in self._rows and not self._stores[side.id]:
                rows = [[*leaves_of(row)] for row in self._rows[side.id]]
                if rows and all(rows):
                    return Site("values", tuple(row[0] for row in rows))
            elif self._stores[side.id] == 1:
                cells = table.get(side.id, [])
                if leaves := [leaf for cell in cells for leaf in leaves_of(cell)]:
                    return Site("value", tuple(leaves))
        return None


def leaves_of(node: ast.expr) -> Iterator[ast.expr]:
    """The constants that a value is made of, without those that are part of an expression."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str | bytes | int | float | None):
            yield node
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield from leaves_of(node.operand)
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        yield from (leaf for one in node.elts for leaf in leaves_of(one))
        if not node.elts:
            yield node
    elif isinstance(node, ast.Dict):
        parts = [one for one in (*node.keys, *node.values) if one is not None]
        yield from (leaf for one in parts for leaf in leaves_of(one))
        if not node.values:
            yield node
    elif isinstance(node, ast.Call) and node.args:
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name == "approx":
            yield from leaves_of(node.args[0])


def _raised(call: ast.Call) -> Site | None:
    """The class of exceptions that a call expects."""
    if not call.args:
        return None
    named = {one.id for one in ast.walk(call.args[0]) if isinstance(one, ast.Name)}
    return None if named & BARE else Site("class", (call.args[0],))


def _parameters(function: Function) -> Table:
    """What `parametrize` gives each argument, where its table is written out."""
    found: Table = {}
    for one in function.decorator_list:
        if not isinstance(one, ast.Call) or getattr(one.func, "attr", "") != "parametrize":
            continue
        if len(one.args) < 2 or not isinstance(one.args[1], ast.List | ast.Tuple):
            continue
        names = _argument_names(one.args[0])
        rows = [_row(row) for row in one.args[1].elts]
        for place, name in enumerate(names):
            if len(names) == 1:
                found[name] = rows
            elif all(isinstance(row, ast.Tuple | ast.List) for row in rows):
                cells = [getattr(row, "elts", []) for row in rows]
                if all(len(cell) == len(names) for cell in cells):
                    found[name] = [cell[place] for cell in cells]
    return found


def _row(node: ast.expr) -> ast.expr:
    """A row of a table, also one with marks: `pytest.param(1, 2, id="x")`."""
    if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "param":
        return node.args[0] if len(node.args) == 1 else ast.Tuple(node.args, ast.Load())
    return node


def _argument_names(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [name.strip() for name in node.value.split(",")]
    parts = node.elts if isinstance(node, ast.Tuple | ast.List) else []
    return [str(one.value) for one in parts if isinstance(one, ast.Constant)]


def _written_out(loop: ast.For) -> list[ast.expr] | None:
    """The rows of a loop that runs through all of a table; none of a range; None for others."""
    if any(isinstance(one, ast.Break | ast.Continue) for one in ast.walk(loop)):
        return None
    over = loop.iter
    if isinstance(over, ast.List | ast.Tuple) and over.elts:
        return None if any(isinstance(one, ast.Starred) for one in over.elts) else over.elts
    if isinstance(over, ast.Call) and getattr(over.func, "id", "") == "range":
        ends = [one.value for one in over.args if isinstance(one, ast.Constant)]
        if len(ends) == len(over.args) == 1 and isinstance(ends[0], int) and ends[0] > 0:
            return []
    return None


def _columns(target: ast.expr, rows: list[ast.expr]) -> Table:
    if isinstance(target, ast.Name):
        return {target.id: rows}
    if not isinstance(target, ast.Tuple):
        return {}
    cells = [row.elts for row in rows if isinstance(row, ast.Tuple | ast.List)]
    if len(cells) < len(rows) or any(len(cell) != len(target.elts) for cell in cells):
        return {}
    named = enumerate(target.elts)
    return {one.id: [cell[at] for cell in cells] for at, one in named if isinstance(one, ast.Name)}


def _may_end(statement: ast.stmt) -> bool:
    """Whether a test may end there without failing."""
    for one in ast.walk(statement):
        if isinstance(one, ast.Return):
            return True
        if isinstance(one, ast.Call) and getattr(one.func, "attr", "") in ENDS:
            return True
    return False
