"""The modules that an answer may use: Node's own and those that its file imports.

An import of another one could not be resolved and is left out; what used it then fails by name.
CommonJS is said in imports: `require("path")` becomes the default import of `path`, which is the
same object.
"""

import re

from tree_sitter import Node

from pytest_llmops.tasks.code.bindings import outer_names
from pytest_llmops.tasks.code.modules import Item, Module
from pytest_llmops.tasks.code.parsing import parse
from pytest_llmops.tasks.code.syntax import text_of

_NODE = re.compile(
    r"node:.+|assert|buffer|child_process|crypto|events|fs|fs/promises|os|path|path/posix"
    r"|path/win32|process|querystring|stream|string_decoder|timers|url|util|zlib"
)
_ENDING = re.compile(r"(?:/index)?\.[cm]?[jt]sx?$")
_REQUIRED = re.compile(
    r"^import[ \t]+([\w$]+)[ \t]*=[ \t]*require\(([\"'])([^\"'\n]+)\2\)", re.MULTILINE
)
_NOT_WORD = re.compile(r"\W+")


def specifier_for(module: Module, wanted: str) -> str:
    """Return how the file itself would import a module, "" for one that it could not.

    Args:
        module: The file.
        wanted: The specifier that an answer uses; its ending may be another one.
    """
    if is_of_node(wanted):
        return wanted
    known = {_ENDING.sub("", item.module): item.module for item in module.imports}
    return known.get(_ENDING.sub("", wanted), "")


def is_of_node(specifier: str) -> bool:
    """Whether a specifier names one of Node's own modules."""
    return bool(_NODE.fullmatch(specifier))


def is_same_module(one: str, other: str) -> bool:
    """Whether two specifiers of one file name the same module."""
    return _ENDING.sub("", one).removeprefix("node:") == _ENDING.sub("", other).removeprefix(
        "node:"
    )


def imported_name(module: Module, item: Item, local: str) -> str:
    """Return what a local name of an import is in its module: a name, `default` or `*`."""
    clause = module.text(item.code_start, item.end).removeprefix("import").rpartition("from")[0]
    plain, _, named = clause.partition("{")
    for part in named.rpartition("}")[0].split(","):
        words = part.removeprefix("type ").split()
        if words[-1:] == [local]:
            return words[0]
    return "*" if "*" in plain.replace(",", " ").split()[-3:] and local in plain else "default"


def without_require(code: str, module: Module) -> str:
    """Turn each `require("...")` of a module that may be imported into an import of it."""
    if "require" not in code:
        return code
    code = _REQUIRED.sub(lambda found: _equals(found, module), code)
    source = code.encode("utf-8", "replace")
    free = {one.start for one in outer_names(source, module.path) if one.text == "require"}
    imports: dict[str, str] = {}
    pieces, position = [], 0
    for call in _calls(parse(source, module.path), free):
        specifier = specifier_for(module, _argument(call))
        if specifier:
            name = f"required_{_NOT_WORD.sub('_', specifier).strip('_')}"
            star = "" if is_of_node(specifier) else "* as "
            imports[name] = f'import {star}{name} from "{specifier}";\n'
            pieces += [source[position : call.start_byte], name.encode()]
            position = call.end_byte
    rest = b"".join([*pieces, source[position:]]).decode("utf-8", "replace")
    return "".join(imports.values()) + rest


def _equals(found: re.Match[str], module: Module) -> str:
    """`import a = require("b")` as other imports are."""
    star = "" if is_of_node(found.group(3)) else "* as "
    known = specifier_for(module, found.group(3))
    return f'import {star}{found.group(1)} from "{known}"' if known else found.group()


def _calls(root: Node, free: set[int]) -> list[Node]:
    """The calls of one string whose function stands at one of the places, in order."""
    found, stack = [], [root]
    while stack:
        node = stack.pop()
        if node.type == "call_expression" and node.start_byte in free and _argument(node):
            found.append(node)
        stack += reversed(node.named_children)
    return found


def _argument(call: Node) -> str:
    arguments = call.child_by_field_name("arguments")
    given = arguments.named_children if arguments else []
    name = call.child_by_field_name("function")
    if len(given) != 1 or given[0].type != "string" or text_of(name) != "require":
        return ""
    return text_of(given[0])[1:-1]
