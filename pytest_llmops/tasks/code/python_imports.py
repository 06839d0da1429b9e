"""What a Python file imports of its own tree, told from its text: nothing is run."""

import ast
import posixpath
from collections.abc import Container, Iterator

ROOTS = ("", "src")
"""Folders that packages of a tree lie in."""


def statements(text: str) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports of a text, wherever they stand; none of one that does not parse."""
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError):
        return
    yield from (node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))


def written(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Names of the modules that a statement imports, as it writes them."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return ["." * node.level + (node.module or "")]


def imported(path: str, text: str, there: Container[str]) -> Iterator[tuple[str, list[str]]]:
    """Full names of the modules that a file imports, each with the files of the tree that it means.

    Args:
        path: Of the file.
        text: Of the file.
        there: Paths of the tree.
    """
    for node in statements(text):
        for name, members in _named(node, path):
            files = [*_files(name, path, there)]
            files += [one for member in members for one in _files(member, path, there)]
            yield name, files


def packages_around(path: str, there: Container[str]) -> list[str]:
    """What is run of the packages that a file is in, before the file."""
    folders = path.split("/")[:-1]
    places = ("/".join([*folders[: end + 1], "__init__.py"]) for end in range(len(folders)))
    return [place for place in places if place in there]


def conftests(test: str, there: Container[str]) -> list[str]:
    """What pytest loads before a test file."""
    folders = test.split("/")[:-1]
    places = ("/".join([*folders[:end], "conftest.py"]) for end in range(len(folders) + 1))
    return [place for place in places if place in there]


def _named(node: ast.Import | ast.ImportFrom, path: str) -> Iterator[tuple[str, list[str]]]:
    """Full names of imported modules, each with those that its members may be."""
    if isinstance(node, ast.Import):
        yield from ((alias.name, []) for alias in node.names)
        return
    folder = path.split("/")[: -node.level] if node.level else []
    name = ".".join([*folder, *([node.module] if node.module else [])])
    yield name, [f"{name}.{alias.name}".strip(".") for alias in node.names]


def _files(name: str, path: str, there: Container[str]) -> Iterator[str]:
    """The files that a module is."""
    inner = name.replace(".", "/")
    for root in (*ROOTS, posixpath.dirname(path)):
        for ending in (".py", "/__init__.py"):
            place = posixpath.join(root, inner + ending)
            if place in there:
                yield place
