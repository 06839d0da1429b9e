"""Duplication: functions that exist already, written again in an answer.

    duplication = runs of the answer that lie in such functions / its runs

Runs are eight leaves of syntax with names numbered (`likeness.fingerprints`), so renaming hides
nothing. A function that exists is one of the same file, or of a file that it imports; it is written
again where four fifths of its runs are in the answer, and not in the reference as well.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import PurePosixPath

from pytest_llmops.errors import CaseError
from pytest_llmops.tasks.code.languages import parse_module
from pytest_llmops.tasks.code.leaves import Runs, code_of, contained
from pytest_llmops.tasks.code.modules import Module
from pytest_llmops.tasks.materialize import Task
from pytest_llmops.tasks.sources import SourceTree

LEAST = 8
"""Runs (15 leaves) from which on a function is no coincidence."""
SHARE = 0.8
ENDINGS = (".ts", ".tsx", ".mts", "/index.ts")


def duplication(code: Sequence[str], task: Task) -> tuple[float, tuple[str, ...]]:
    """The share, and the functions that are written again.

    Args:
        code: Texts of the answer's pieces.
        task: The task it answers.
    """
    runs: Runs = frozenset().union(*(code_of(one).runs for one in code))
    reference = code_of(task.reference).runs
    again: set[tuple[str, ...]] = set()
    names = []
    for name, known in _existing(task):
        if contained(known, runs) >= SHARE > contained(known, reference):
            again |= known & runs
            names.append(name)
    return len(again) / len(runs) if runs else 0.0, tuple(names)


def _existing(task: Task) -> Iterator[tuple[str, Runs]]:
    own = task.case.symbol
    for name, runs in _functions(task.module):
        if name != own:
            yield name, runs
    for path, module in _imported(task.tree, task.module):
        yield from ((f"{name} of {path}", runs) for name, runs in _functions(module))


@lru_cache(maxsize=256)
def _functions(module: Module) -> tuple[tuple[str, Runs], ...]:
    found = ((one.symbol, code_of(module.body(one)).runs) for one in module.declarations)
    return tuple((name, runs) for name, runs in found if len(runs) >= LEAST)


@lru_cache(maxsize=256)
def _imported(tree: SourceTree, module: Module) -> tuple[tuple[str, Module], ...]:
    """The modules of the tree that a module imports by a relative name."""
    folder = PurePosixPath(module.path).parent
    found = []
    for item in module.imports:
        if not item.module.startswith("."):
            continue
        stem = _plain(folder / item.module).removesuffix(".js").removesuffix(".ts")
        for ending in ENDINGS:
            try:
                source = tree.read(f"{stem}{ending}")
            except CaseError:
                continue
            found.append((f"{stem}{ending}", parse_module(source, f"{stem}{ending}")))
            break
    return tuple(found)


def _plain(path: PurePosixPath) -> str:
    names: list[str] = []
    for name in path.parts:
        if name == ".." and names:
            names.pop()
        elif name != ".":
            names.append(name)
    return "/".join(names)
