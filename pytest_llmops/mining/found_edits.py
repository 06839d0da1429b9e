"""Edits that a tree offers: what may be undone in the functions that its tests are known to run.

For each case of a suite of functions, every place in the function that could be an edit, and each
name that at most three files use. The order is that of a digest, so that it is no one's choice and
the same every time.
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tree_sitter import Node

from pytest_llmops.cases import Case
from pytest_llmops.commits import Edit, EditKind
from pytest_llmops.errors import CaseError
from pytest_llmops.mining.changes import SOURCES, is_source
from pytest_llmops.tasks.code.languages import parse_module
from pytest_llmops.tasks.code.modules import Declaration, find
from pytest_llmops.tasks.code.parsing import parse
from pytest_llmops.tasks.edits import CUTS, NAMES, NODES, SUFFIX, cut, named
from pytest_llmops.tasks.sources import SourceTree

FILES = 3
"""Files that an edit may change."""
TESTS = 4
"""Test files that may judge one."""
SEVERAL = 3
"""Edits of a case that has several."""
BODY = range(3, 41)
"""Lines of a body that is given."""
SMALL: tuple[EditKind, ...] = ("insert", "literal", "condition", "default")
"""Kinds of which several make a case."""
_WORD = re.compile(rb"[A-Za-z_$][\w$]*")
_TYPES = frozenset({"literal_type", "import_statement"})


@dataclass(frozen=True)
class Found:
    """Edits that may be a case."""

    kind: str
    """Of the edit; `several` for more than one."""
    edits: tuple[Edit, ...]
    paths: tuple[str, ...]
    """Files that change."""
    tests: tuple[str, ...]
    """Test files that may judge them, at most `TESTS`."""

    @property
    def name(self) -> str:
        """What the case is called in its file."""
        return f"{self.kind}-{self.edits[0].symbol}"

    @property
    def draw(self) -> str:
        """Its place in the order."""
        said = f"{self.kind} {self.edits[0].path} {self.edits[0].at}"
        return hashlib.sha256(said.encode()).hexdigest()


class Finder:
    """A tree, and the functions that its tests run."""

    def __init__(self, tree: SourceTree, functions: Sequence[Case]) -> None:
        self._tree = tree
        self._functions = [case for case in functions if case.symbol != "default"]
        self._texts: dict[str, bytes] = {}

    def text(self, path: str) -> bytes:
        """A file of the tree; each is read once."""
        if path not in self._texts:
            self._texts[path] = self._tree.read(path)
        return self._texts[path]

    def found(self) -> dict[str, list[Found]]:
        """All edits, by kind, in the order of their draw."""
        kinds: dict[str, list[Found]] = {kind: [] for kind in CUTS}
        for case in self._functions:
            tests = tuple(test.path for test in case.tests)
            for edit in self._edits_in(case):
                kinds[edit.kind].append(Found(edit.kind, (edit,), (edit.path,), tests))
        kinds["rename"] = [*self._renames()]
        for several in kinds.values():
            several.sort(key=lambda one: one.draw)
        kinds["several"] = [*_several(kinds)]
        return kinds

    def _edits_in(self, case: Case) -> Iterator[Edit]:
        path, source = case.source.path, self.text(case.source.path)
        asked = find(parse_module(source, path), case.symbol)
        lines = source.count(b"\n", asked.body_start, asked.body_end) - 1
        seen: set[tuple[EditKind, int]] = set()
        for kind, node in _places(source, path, asked):
            at = node.start_byte
            is_body = kind == "body" and (lines not in BODY or asked.is_expression)
            if (kind, at) not in seen and not is_body:
                seen.add((kind, at))
                edit = Edit(kind=kind, path=path, symbol=case.symbol, at=at)
                if _is_there(edit, source):
                    yield edit

    def _renames(self) -> Iterator[Found]:
        """Names of functions and classes that are exported and that few files use."""
        first = {
            (case.source.path, case.symbol.partition(".")[0]): case
            for case in reversed(self._functions)
        }
        wanted = {name.encode() for _, name in first}
        users, words = self._users(wanted)
        declared = Counter(name for _, name in first)
        for (path, name), case in sorted(first.items()):
            paths = users[name.encode()]
            asked = find(parse_module(self.text(path), path), case.symbol)
            is_free = f"{name}{SUFFIX}".encode() not in words and declared[name] == 1
            is_free = is_free and asked.exported and not asked.of_object
            if is_free and len(paths) <= FILES and self._is_plain(paths, name):
                edit = Edit(kind="rename", path=path, symbol=name, at=asked.start)
                yield Found("rename", (edit,), tuple(sorted(paths)), self._tests_of(case, paths))

    def _users(self, wanted: set[bytes]) -> tuple[Mapping[bytes, set[str]], set[bytes]]:
        """The source files that have each of some words, and all words of the tree."""
        users: defaultdict[bytes, set[str]] = defaultdict(set)
        every: set[bytes] = set()
        for path in _sources(self._tree.root):
            words = {*_WORD.findall(self.text(path))}
            every |= words
            if is_source(path):
                for word in words & wanted:
                    users[word].add(path)
        return users, every

    def _is_plain(self, paths: Iterable[str], name: str) -> bool:
        """Whether a name is one thing wherever it is code: no property has it as well."""
        nodes = (node for path in paths for node in named(self.text(path), path, name))
        return all(node.type in NAMES or node.type == "comment" for node in nodes)

    def _tests_of(self, case: Case, paths: Container[str]) -> tuple[str, ...]:
        beside = [one for one in self._functions if one.source.path in paths]
        tests = (test.path for one in (case, *beside) for test in one.tests)
        return tuple(dict.fromkeys(tests))[:TESTS]


def _places(source: bytes, path: str, asked: Declaration) -> Iterator[tuple[EditKind, Node]]:
    """The nodes of a function that an edit may begin with."""
    stack = [parse(source, path)]
    while stack:
        node = stack.pop()
        if node.end_byte <= asked.start or asked.end <= node.start_byte or node.type in _TYPES:
            continue
        for kind, types in NODES.items():
            inside = asked.start <= node.start_byte and node.end_byte <= asked.end
            if kind != "rename" and inside and node.type in types and _suits(kind, node, asked):
                yield kind, node
        stack += reversed(node.named_children)


def _suits(kind: EditKind, node: Node, asked: Declaration) -> bool:
    above = node.parent
    if kind == "body":
        return (node.start_byte, node.end_byte) == (asked.body_start, asked.body_end)
    if kind == "insert":
        return above is not None and above.start_byte == asked.body_start
    if kind == "default":
        return node.end_byte <= asked.body_start
    is_key = above is not None and above.type == "pair" and above.named_children[0] == node
    return node.start_byte >= asked.body_start and not is_key


def _is_there(edit: Edit, source: bytes) -> bool:
    """Whether it can be cut."""
    try:
        cut(edit, source)
    except CaseError:
        return False
    return True


def _several(kinds: Mapping[str, Sequence[Found]]) -> Iterator[Found]:
    """Edits that one test file judges, of as many files and functions as can be, one a function."""
    by_test: defaultdict[str, list[Edit]] = defaultdict(list)
    every = sorted((one for kind in SMALL for one in kinds[kind]), key=lambda one: one.draw)
    for one in every:
        for test in one.tests:
            by_test[test] += one.edits
    for test, edits in sorted(by_test.items()):
        chosen: list[Edit] = []
        for is_new in (True, False):  # other files first, then other functions of the same ones
            for edit in edits:
                beside = [one for one in chosen if one.path == edit.path]
                has_room = all(one.symbol != edit.symbol for one in beside)
                if len(chosen) < SEVERAL and has_room and not (is_new and beside):
                    chosen.append(edit)
        if len(chosen) > 1:
            chosen.sort(key=lambda one: (one.path, one.at))
            paths = tuple(sorted({one.path for one in chosen}))
            yield Found("several", tuple(chosen), paths, (test,))


def _sources(root: Path) -> Iterator[str]:
    """The files of a tree that are code, tests among them, in order."""
    for place in sorted(root.rglob("*")):
        path = place.relative_to(root).as_posix()
        if path.endswith(SOURCES) and "node_modules" not in place.parts and place.is_file():
            yield path
