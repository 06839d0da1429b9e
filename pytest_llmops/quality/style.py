"""How the file around an answer is written, as a configuration of biome.

Where the project has a `biome.json`, that decides layout and rules. Elsewhere the layout is seen in
the file and those beside it (indentation, quotes, semicolons, trailing commas, width), and the
rules are biome's recommended ones with a few that reviewers ask for anyway (`RULES`).
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

import msgspec
from tree_sitter import Node

from pytest_llmops.errors import CaseError, QualityError
from pytest_llmops.tasks.code.parsing import parse
from pytest_llmops.tasks.code.syntax import text_of
from pytest_llmops.tasks.sources import SourceTree

CONFIGURATIONS = ("biome.json", "biome.jsonc", ".biome.json", ".biome.jsonc")
KEPT = ("formatter", "linter", "javascript", "overrides")
"""Parts of a project's configuration that say how TypeScript is written."""
RULES: Mapping[str, Any] = {
    "recommended": True,
    "suspicious": {
        "noAssignInExpressions": "error",
        "noConsole": "warn",
        "noDoubleEquals": "error",
        "noExplicitAny": "warn",
        "noTsIgnore": "error",
        "noVar": "error",
    },
    "style": {
        "noNestedTernary": "warn",
        "noNonNullAssertion": "warn",
        "noParameterAssign": "warn",
        "noUselessElse": "warn",
        "useConst": "warn",
        "useForOf": "info",
        "useSingleVarDeclarator": "info",
        "useTemplate": "info",
        "useThrowOnlyError": "error",
    },
    "complexity": {
        "noExcessiveCognitiveComplexity": "warn",
        "noForEach": "info",
        "noUselessTernary": "warn",
        "useLiteralKeys": "info",
    },
    "correctness": {"noUnusedVariables": "warn"},
}
"""What is asked for where a project says nothing."""
BESIDE = 20
"""Files of the same folder that are looked at beside the file itself."""
WIDTHS = (80, 100, 120, 140)
_COMMENT = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_LAST_COMMA = re.compile(r'"(?:\\.|[^"\\])*"|,(?=\s*[}\]])')


class Style(msgspec.Struct, frozen=True):
    """How a file is to be written."""

    biome: dict[str, Any]
    """biome's configuration."""
    folder: str
    """What paths in it are relative to; "" for the top of the tree."""
    quote: str
    """`"` or `'`."""


@lru_cache(maxsize=1024)
def style_of(tree: SourceTree, path: str) -> Style:
    """How a file of the tree, and an answer in it, is to be written.

    Raises:
        QualityError: The project's `biome.json` cannot be read.
    """
    found = _configured(tree, PurePosixPath(path).parent)
    if found is None:
        seen = _seen(tree, path)
        single = seen["javascript"]["formatter"]["quoteStyle"] == "single"
        linter = {"enabled": True, "rules": RULES}
        return Style({**seen, "linter": linter}, "", "'" if single else '"')
    settings, folder = found
    quote = settings.get("javascript", {}).get("formatter", {}).get("quoteStyle", "double")
    return Style(settings, folder, "'" if quote == "single" else '"')


def _configured(tree: SourceTree, folder: PurePosixPath) -> tuple[dict[str, Any], str] | None:
    """The nearest configuration, and its folder; with those that it extends."""
    for place in (folder, *folder.parents):
        for name in CONFIGURATIONS:
            where = place / name
            try:
                text = tree.read(str(where)).decode("utf-8", "replace")
            except CaseError:
                continue
            try:
                whole = json.loads(_LAST_COMMA.sub(_plain, _COMMENT.sub(_plain, text)))
            except ValueError as error:
                raise QualityError(f"{tree.root / where}: not JSON: {error}") from None
            mine = {name: whole[name] for name in KEPT if name in whole}
            above = whole.get("extends") == "//" and place != place.parent
            outer = _configured(tree, place.parent) if above else None
            return _merged(outer[0], mine) if outer else mine, str(place).removeprefix(".")
    return None


def _plain(token: re.Match[str]) -> str:
    """Nothing in the place of a comment or a trailing comma; strings stay."""
    return token[0] if token[0].startswith('"') else ""


def _merged(outer: dict[str, Any], inner: dict[str, Any]) -> dict[str, Any]:
    merged = dict(outer)
    for name, value in inner.items():
        both = isinstance(value, dict) and isinstance(outer.get(name), dict)
        merged[name] = _merged(outer[name], value) if both else value
    return merged


def _seen(tree: SourceTree, path: str) -> dict[str, Any]:
    """What most of the file and those beside it do; where they say nothing, what biome does."""
    counts: Counter[str] = Counter()
    for text in _texts(tree, path):
        counts.update(_signs(text, path))
    unit = max((2, 4, 8, 3), key=lambda width: counts[f"indent {width}"])
    tabs = counts["tab"] > sum(counts[f"indent {width}"] for width in (2, 3, 4, 8))
    lines = sum(counts[f"line {width}"] for width in (*WIDTHS, 0))
    width, within = WIDTHS[-1], 0
    for one in WIDTHS:
        within += counts[f"line {one}"]
        if within >= 0.998 * lines:
            width = one
            break
    commas = "none" if counts["no comma"] > counts["comma"] else "all"
    if commas == "all" and counts["no comma in call"] > counts["comma in call"]:
        commas = "es5"
    return {
        "formatter": {
            "enabled": True,
            "indentStyle": "tab" if tabs else "space",
            "indentWidth": unit,
            "lineWidth": width,
        },
        "javascript": {
            "formatter": {
                "quoteStyle": "single" if counts["'"] > counts['"'] else "double",
                "semicolons": "asNeeded" if counts["no ;"] > counts[";"] else "always",
                "trailingCommas": commas,
                "arrowParentheses": "asNeeded" if counts["x =>"] > counts["(x) =>"] else "always",
                "bracketSpacing": counts["{a}"] <= counts["{ a }"],
            }
        },
    }


def _texts(tree: SourceTree, path: str) -> Iterator[str]:
    here = PurePosixPath(path)
    folder = tree.root / here.parent
    others = sorted(one.name for one in folder.glob(f"*{here.suffix}") if one.is_file())
    tests = [name for name in others if ".test." in name or ".spec." in name]
    named = [here.name, *(name for name in others if name not in {here.name, *tests})]
    for name in named[: 1 + BESIDE]:
        yield tree.read(str(here.parent / name)).decode("utf-8", "replace")


def _signs(text: str, path: str) -> Iterator[str]:
    """What one file shows of its layout, a sign each time it does."""
    depth = 0
    for line in text.splitlines():
        solid = line.strip()
        if not solid:
            continue
        yield f"line {next((width for width in WIDTHS if len(line) <= width), 0)}"
        if line.startswith("\t"):
            yield "tab"
        spaces = len(line) - len(line.lstrip(" "))
        if spaces - depth in {2, 3, 4, 8} and not solid.startswith("*"):
            yield f"indent {spaces - depth}"
        depth = spaces if not solid.startswith("*") else depth
    stack = [parse(text.encode("utf-8", "replace"), path)]
    while stack:
        node = stack.pop()
        yield from _signs_of(node)
        stack += node.named_children


_STATEMENTS = frozenset(
    {"expression_statement", "lexical_declaration", "return_statement", "import_statement"}
)
_LISTS = frozenset({"object", "array", "object_pattern", "array_pattern"})
_CALLS = frozenset({"arguments", "formal_parameters"})


def _signs_of(node: Node) -> Iterator[str]:
    if node.type in _STATEMENTS:
        yield ";" if text_of(node).endswith(";") else "no ;"
    elif node.type == "string":
        inner = text_of(node)
        if not {"'", '"'} & set(inner[1:-1]):
            yield inner[0]
    elif node.type == "arrow_function":
        if node.child_by_field_name("parameter"):
            yield "x =>"
        elif re.fullmatch(r"\(\w+\)", text_of(node.child_by_field_name("parameters"))):
            yield "(x) =>"
    elif node.type in _LISTS | _CALLS and node.named_child_count:
        yield from _brackets(node)


def _brackets(node: Node) -> Iterator[str]:
    first, last = node.children[0], node.children[-1]
    if first.end_point.row == last.start_point.row:
        if node.type == "object":
            yield "{ a }" if first.end_byte < node.named_children[0].start_byte else "{a}"
    elif node.named_children[-1].end_point.row < last.start_point.row:
        word = "comma" if node.children[-2].type == "," else "no comma"
        yield f"{word} in call" if node.type in _CALLS else word
