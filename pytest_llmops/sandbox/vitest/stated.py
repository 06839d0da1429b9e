"""The places where a test in TypeScript states what it expects, and other expectations there.

A site is a statement `expect(...).matcher(...)` that runs whenever its test runs to its end: it
stands in the body of the test itself, not in a branch, loop or function in it, nor behind what may
return (in a `try` that catches nothing, as it would without). Where the matcher is an equality and
what it compares with is written out, another value can stand there; else the assertion is turned
around (`.not`). Either way, whatever passes as written fails then. Read are tests whose titles are
plain strings, in suites of such.
"""

import random
import re
from collections import Counter
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import NamedTuple

from tree_sitter import Node

from pytest_llmops.sandbox.others import LETTERS, Edit, other_letter, other_whole
from pytest_llmops.tasks.code.parsing import parse
from pytest_llmops.tasks.code.splicing import spliced
from pytest_llmops.tasks.code.syntax import text_of

TESTS, SUITES = {"it", "test"}, {"describe", "suite"}
EXACT = {
    *("toBe", "toEqual", "toStrictEqual", "toMatchObject", "toHaveLength"),
    "toHaveBeenCalledTimes",
}
"""Matchers that hold for no two values that differ in a leaf."""
MODIFIERS = {"not", "resolves", "rejects"}
CONSTANTS = {"true", "false", "null"}
FUNCTIONS = {"arrow_function", "function_expression", "function_declaration", "method_definition"}
NUMBER = re.compile(r"\d+(?:\.\d+)?")


class Site(NamedTuple):
    """One assertion."""

    leaves: tuple[Node, ...]
    """Constants of which another one can stand there; none where it has to be turned around."""
    turned: Edit
    """What turns it around."""


def named(path: str, text: str) -> frozenset[str]:
    """Full titles of the tests of a file in which something can be changed."""
    return frozenset(_sites(path, text))


def changed(path: str, text: str, chosen: Collection[str], seed: int) -> str:
    """Return a test file in which the chosen tests (`named` names them) expect something else."""
    source = text.encode()
    edits = set()
    for name, found in _sites(path, text).items():
        drawn = random.Random(f"{seed}:{name}")  # noqa: S311 - secret is the seed alone
        # A changed value looks like any other, an assertion that is turned around may not.
        site = drawn.choice([one for one in found if one.leaves] or found)
        if name in chosen:
            edits.add(_other(drawn.choice(site.leaves), drawn) if site.leaves else site.turned)
    return spliced(source, [(one.start, one.end, one.text.encode()) for one in edits]).decode()


@lru_cache(maxsize=64)
def _sites(path: str, text: str) -> dict[str, list[Site]]:
    tests = [*_tests(parse(text.encode(), path), ())]
    times = Counter(title for title, _ in tests)
    found = {title: [*_of_test(body)] for title, body in tests if times[title] == 1}
    return {title: ones for title, ones in found.items() if ones}


def _tests(block: Node, above: tuple[str, ...]) -> Iterator[tuple[str, Node]]:
    """Titles and bodies of tests that stand in a block, and in suites in it."""
    for statement in block.named_children:
        call = statement.named_children[0] if statement.type == "expression_statement" else None
        if call is None or call.type != "call_expression":
            continue
        name, arguments = text_of(call.child_by_field_name("function")), _arguments(call)
        title = _plain(arguments[0]) if arguments else None
        body = next((one for one in map(_body, arguments) if one), None)
        if title is None or body is None:
            continue
        if name in TESTS:
            yield " > ".join((*above, title)), body
        elif name in SUITES:
            yield from _tests(body, (*above, title))


def _of_test(body: Node) -> Iterator[Site]:
    if body.type != "statement_block":  # of an arrow: its value, for which vitest waits
        yield from filter(None, [_site(body, is_awaited=True)])
        return
    for statement in body.named_children:
        if statement.type == "expression_statement":
            call = statement.named_children[0]
            is_awaited = call.type == "await_expression"
            call = call.named_children[0] if is_awaited else call
            yield from filter(None, [_site(call, is_awaited=is_awaited)])
        elif statement.type == "try_statement" and not statement.child_by_field_name("handler"):
            tried = statement.child_by_field_name("body")
            yield from _of_test(tried) if tried else ()
        if _may_end(statement):
            return


def _site(call: Node, *, is_awaited: bool) -> Site | None:
    """The assertion that an expression is, if it is one that throws there."""
    matcher = call.child_by_field_name("function") if call.type == "call_expression" else None
    if matcher is None or matcher.type != "member_expression":
        return None
    name = text_of(matcher.child_by_field_name("property"))
    chain, modifiers = matcher.child_by_field_name("object"), {}
    held = chain
    while chain and chain.type == "member_expression":
        word = chain.child_by_field_name("property")
        modifiers[text_of(word)] = chain
        chain = chain.child_by_field_name("object")
    called = chain.child_by_field_name("function") if chain else None
    is_plain = called is not None and called.type == "identifier" and text_of(called) == "expect"
    is_late = bool({"resolves", "rejects"} & modifiers.keys())
    if not is_plain or not modifiers.keys() <= MODIFIERS or is_late > is_awaited:
        return None
    if "Snapshot" in name or held is None:
        return None
    leaves: tuple[Node, ...] = ()
    if "not" in modifiers:
        inner = modifiers["not"].child_by_field_name("object")
        assert inner is not None
        turned = Edit(inner.end_byte, modifiers["not"].end_byte, "")
    else:
        turned = Edit(held.end_byte, held.end_byte, ".not")
        arguments = _arguments(call)
        if name in EXACT and len(arguments) == 1:
            leaves = tuple(_leaves(arguments[0]))
    return Site(leaves, turned)


def _arguments(call: Node) -> list[Node]:
    arguments = call.child_by_field_name("arguments")
    return [one for one in arguments.named_children if one.type != "comment"] if arguments else []


def _body(function: Node) -> Node | None:
    return function.child_by_field_name("body") if function.type in FUNCTIONS else None


def _plain(node: Node) -> str | None:
    """What a string stands for that is written without escapes; None for all else."""
    if node.type not in {"string", "template_string"}:
        return None
    parts = node.named_children
    if any(one.type != "string_fragment" for one in parts):
        return None
    return "".join(map(text_of, parts))


def _leaves(node: Node) -> Iterator[Node]:
    """The constants that a value is made of, without those that are part of an expression."""
    parts = [one for one in node.named_children if one.type != "comment"]
    if node.type == "pair":
        value = node.child_by_field_name("value")
        yield from _leaves(value) if value else ()
    elif node.type in {"array", "object"}:
        if all(one.type != "spread_element" for one in parts):
            yield from (leaf for one in parts for leaf in _leaves(one))
    elif node.type in {"unary_expression", "parenthesized_expression"}:
        if node.type != "unary_expression" or text_of(node)[:1] == "-":
            yield from _leaves(parts[0])
    elif node.type in CONSTANTS or _plain(node) is not None or _is_number(node):
        yield node


def _is_number(node: Node) -> bool:
    return node.type == "number" and bool(NUMBER.fullmatch(text_of(node)))


def _other(leaf: Node, drawn: random.Random) -> Edit:
    """A constant that is not equal to the one that a leaf is."""
    written = text_of(leaf)
    if leaf.type in {"true", "false"}:
        return Edit(leaf.start_byte, leaf.end_byte, "true" if written == "false" else "false")
    if leaf.type == "null":
        return Edit(leaf.start_byte, leaf.end_byte, str(drawn.randrange(9)))
    if leaf.type == "number":
        return Edit(leaf.start_byte, leaf.end_byte, _other_number(written, drawn))
    return Edit(leaf.start_byte + 1, leaf.end_byte - 1, _other_text(written[1:-1], drawn))


def _other_number(written: str, drawn: random.Random) -> str:
    if "." in written:
        return repr(2 * float(written) + drawn.randint(1, 9))
    return str(other_whole(int(written), drawn))


def _other_text(text: str, drawn: random.Random) -> str:
    """The text with another letter in the place of one."""
    places = [at for at, letter in enumerate(text) if letter.isascii() and letter.isalpha()]
    if not places:
        return text + drawn.choice(LETTERS)
    return other_letter(text, drawn.choice(places), drawn)


def _may_end(statement: Node) -> bool:
    """Whether a test may end there without failing."""
    waiting = [statement]
    while waiting:
        node = waiting.pop()
        if node.type == "return_statement":
            return True
        function = node.child_by_field_name("function") if node.type == "call_expression" else None
        if function is not None and text_of(function).endswith(".skip"):
            return True
        waiting += [one for one in node.named_children if one.type not in FUNCTIONS]
    return False
