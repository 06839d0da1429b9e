"""Which file of a tree an import means, and where the module behind it declares a name.

Relative paths, and names of packages that lie in the tree: what their package.json exports is
looked for in `src` where it would be built into another folder. What is not covered: `paths` of a
tsconfig.json, `#name`, and packages from npm, whose types nobody has here.
"""

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from tree_sitter import Node

from pytest_llmops.tasks.code.languages import parse_module
from pytest_llmops.tasks.code.modules import Item, Module
from pytest_llmops.tasks.code.parsing import parse
from pytest_llmops.tasks.code.syntax import text_of
from pytest_llmops.tasks.sources import SourceTree

FURTHER = 8
"""Modules in a row that pass on what another one declares."""

_TYPESCRIPT = (".ts", ".tsx", ".mts", ".cts")
_ENDINGS = (".mjs", ".js", ".mts", ".ts", ".cts", ".jsx", ".tsx", ".cjs")
_WRITTEN_AS = {
    ".js": (".ts", ".tsx"),
    ".mjs": (".mts",),
    ".cjs": (".cts",),
    ".jsx": (".tsx",),
}
"""What a JavaScript ending in an import may stand for."""
_BUILT = re.compile(r"^\./(?:dist|lib|build|out)/|^\./")
_ENDING = re.compile(r"(?:\.d)?\.[mc]?[jt]sx?$")


class Link(NamedTuple):
    """A name that a module has from another one."""

    specifier: str
    name: str
    """There; `*` for all of it."""


class Links(NamedTuple):
    """What a module has from others."""

    imports: Mapping[str, Link]
    """By the name here."""
    passed_on: tuple[tuple[str, Link], ...]
    """Name for others and where it is from; `*` where a module passes on all of another."""


class Found(NamedTuple):
    """Where a name is declared."""

    module: Module
    item: Item


def resolve_path(root: Path, importer: str, specifier: str) -> str:
    """Find the file that a relative specifier means; "" for none, or one that is no TypeScript.

    In the order in which the judge looks (`sandbox/node/compiler/tree.mjs`).
    """
    target = posixpath.normpath(posixpath.join(posixpath.dirname(importer), specifier))
    stem, ending = posixpath.splitext(target)
    written = [f"{stem}{other}" for other in _WRITTEN_AS.get(ending, ())]
    added = [f"{name}{other}" for name in (target, f"{target}/index") for other in _ENDINGS]
    for name in (target, *written, *added):
        if not name.startswith("..") and (root / name).is_file():
            return name if name.endswith(_TYPESCRIPT) else ""
    return ""


def resolve(root: Path, importer: str, specifier: str) -> str:
    """Find the file of a tree that any specifier means; "" for none."""
    if specifier.startswith("."):
        return resolve_path(root, importer, specifier)
    parts = specifier.split("/")
    name = "/".join(parts[: 2 if specifier.startswith("@") else 1])
    folder = _packages(root).get(name)
    if folder is None:
        return ""
    inner = "." + specifier[len(name) :]
    for path in _exported(root / folder / "package.json", inner):
        if found := resolve_path(root, f"{folder}/package.json", path):
            return found
    return ""


@lru_cache(maxsize=64)
def _packages(root: Path) -> Mapping[str, str]:
    """The folders of the packages in a tree, by name."""
    found = {}
    for path in sorted(root.rglob("package.json")):
        if "node_modules" not in path.parts and (name := _read(path).get("name")):
            found[str(name)] = str(PurePosixPath(path.parent.relative_to(root)))
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):  # a fixture of a test, perhaps: nothing is imported from it
        return {}
    return found if isinstance(found, dict) else {}


def _exported(path: Path, inner: str) -> Iterator[str]:
    """Where the source of what a package exports may lie, the likeliest first."""
    exports = _read(path).get("exports")
    waiting = [exports.get(inner) if isinstance(exports, dict) else None]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, str):
            yield _ENDING.sub("", _BUILT.sub("./src/", one))
            yield one
    yield f"./src/{inner.removeprefix('.').strip('/') or 'index'}"
    yield f"./{inner.removeprefix('.').strip('/') or 'index'}"


def declared(tree: SourceTree, importer: Module, link: Link) -> Found | None:
    """Where what a module imports is declared; None where that is not in the tree."""
    waiting, seen = [(importer.path, link)], set()
    for _ in range(FURTHER):
        following = []
        for path, one in waiting:
            target = resolve(tree.root, path, one.specifier)
            if not target or one.name in {"*", "default"} or (target, one.name) in seen:
                continue
            seen.add((target, one.name))
            module = read_module(tree, target)
            for item in module.items:
                if one.name in item.names and item.kind != "import":
                    return Found(module, item)
            following += [(target, link) for link in _onwards(module, one.name)]
        waiting = following
    return None


def _onwards(module: Module, name: str) -> Iterator[Link]:
    links = links_of(module)
    if name in links.imports:
        yield links.imports[name]
    for shown, link in links.passed_on:
        if shown == name:
            yield link
        elif shown == "*":
            yield Link(link.specifier, name)


def read_module(tree: SourceTree, path: str) -> Module:
    """Parse a file of a tree; once, as long as it stays as it is.

    Raises:
        CaseError: It cannot be read.
    """
    state = (tree.root / path).stat()
    return _module(tree, path, (state.st_mtime_ns, state.st_size))


@lru_cache(maxsize=512)
def _module(tree: SourceTree, path: str, _state: tuple[int, int]) -> Module:
    return parse_module(tree.read(path), path)


@lru_cache(maxsize=512)
def links_of(module: Module) -> Links:
    """What a module imports and passes on."""
    imports: dict[str, Link] = {}
    passed_on: list[tuple[str, Link]] = []
    for node in parse(module.source, module.path).named_children:
        specifier = text_of(node.child_by_field_name("source"))[1:-1]
        if not specifier:
            continue
        if node.type == "import_statement":
            imports |= {here: Link(specifier, name) for here, name in _imported(node)}
        elif node.type == "export_statement":
            passed_on += [(name, Link(specifier, there)) for name, there in _passed_on(node)]
    return Links(imports, tuple(passed_on))


def _imported(node: Node) -> Iterator[tuple[str, str]]:
    """The names that an import binds, each with its name in the other module."""
    for clause in (one for one in node.named_children if one.type == "import_clause"):
        for one in clause.named_children:
            if one.type == "identifier":
                yield text_of(one), "default"
            elif one.type == "namespace_import":
                yield text_of(one.named_children[-1]), "*"
            else:
                yield from ((here, there) for there, here in _specifiers(one))


def _passed_on(node: Node) -> Iterator[tuple[str, str]]:
    clauses = [one for one in node.named_children if one.type == "export_clause"]
    if not clauses and not any(one.type == "namespace_export" for one in node.named_children):
        yield "*", "*"
    for clause in clauses:
        yield from ((shown, there) for there, shown in _specifiers(clause))


def _specifiers(clause: Node) -> Iterator[tuple[str, str]]:
    """Name there and name here of each part of `{ a, b as c }`."""
    for one in clause.named_children:
        if one.type in {"import_specifier", "export_specifier"}:
            there = text_of(one.child_by_field_name("name"))
            yield there, text_of(one.child_by_field_name("alias")) or there
