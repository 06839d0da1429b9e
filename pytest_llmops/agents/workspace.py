"""What a program works on: a folder with the file whose body is missing, and what that imports.

A commit case has the whole tree before the commit there.

The folder has no history, no other cases' files but what is imported, and the judging tests only
where the user wants them there. What counts afterwards is the text of files that were changed;
tests are put back by never being read from here.
"""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from difflib import unified_diff
from pathlib import Path
from typing import NamedTuple

from pytest_llmops.grading.changed import told
from pytest_llmops.tasks.asked import AnyTask
from pytest_llmops.tasks.changes import ChangeTask
from pytest_llmops.tasks.code.languages import LANGUAGES, language_of, parse_module
from pytest_llmops.tasks.code.modules import find, replace_body
from pytest_llmops.tasks.import_graph import ImportGraph

LARGEST = 2**20
"""Bytes of a file that is taken back."""
MOST = 200
"""Files that are taken back."""
LONGEST_DIFF = 5_000
"""Lines of a file whose changes are told."""
IMPORTS = 400
"""Files that are laid out."""
SOURCES = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json", ".py", ".pyi")
BESIDE = {".git", "node_modules", ".venv", "__pycache__", ".clinerules", ".cline"}
"""Folders that programs make for themselves."""

_ASKED = """\
In the file {path} the body of the {kind} `{symbol}` is missing: it only throws an error. Write \
it, so that the {kind} does what its name, its comment, its signature and the code around it say. \
Change nothing else, and add no dependencies.{tests} There is no network. When it is done, say so \
and stop."""
_ASKED_CHANGE = """\
Make this change in the files of this folder:

{statement}

Change no tests, and add no dependencies.{tests} There is no network. When it is done, say so and \
stop."""
_JUDGED = " It will be judged by tests that are not in this folder."
_SHOWN = " It is judged by {tests}, which you may read and must not change."


class Changes(NamedTuple):
    """What a program left in its workspace."""

    files: dict[str, str]
    """Text of each source file that was changed or made, by its path in the tree; no tests."""
    edited_tests: tuple[str, ...]
    """Judging tests that lay there and were changed."""
    diffs: dict[str, str]
    """What was changed in each of `files`, as a unified diff."""


def instruction(task: AnyTask, *, tests: bool) -> str:
    """What a program is asked."""
    names = " and ".join(test.path for test in task.case.tests)
    if isinstance(task, ChangeTask):
        return _ASKED_CHANGE.format(
            statement=task.statement, tests=_SHOWN.format(tests=names) if tests else _JUDGED
        )
    return _ASKED.format(
        path=task.case.source.path,
        kind="method" if task.declaration.class_name else "function",
        symbol=task.declaration.symbol,
        tests=_SHOWN.format(tests=names) if tests else _JUDGED,
    )


def digest(task: AnyTask, *, tests: bool) -> str:
    """Of everything that lies in a workspace before the program comes."""
    total = hashlib.sha256()
    for path, data in sorted(files_of(task, tests=tests).items()):
        total.update(f"{path}\0{len(data)}\0".encode() + data)
    return total.hexdigest()


def lay_out(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files into a folder."""
    for path, data in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)


def files_of(task: AnyTask, *, tests: bool) -> dict[str, bytes]:
    """The files of a task by path, the judging tests among them or not.

    Raises:
        CaseError: A file cannot be read.
    """
    if isinstance(task, ChangeTask):
        root, hidden = task.tree.root, frozenset[str]() if tests else task.hidden
        paths = [
            one.relative_to(root).as_posix() for one in sorted(root.rglob("*")) if one.is_file()
        ]
        return {path: task.tree.read(path) for path in paths if path not in hidden}
    roots = [task.case.source.path, *(test.path for test in task.case.tests if tests)]
    found = ImportGraph(task.tree).closure(roots, tests=tests, most=IMPORTS)
    files = {path: task.tree.read(path) for path in found}
    missing = LANGUAGES[task.tree.language].missing
    files[task.case.source.path] = replace_body(task.module, task.declaration, missing).encode()
    return files


def changes(task: AnyTask, folder: Path, before: dict[str, bytes]) -> Changes:
    """See what became of a workspace; links and what is no source are left out."""
    files = sources(folder, before)
    wrote = [
        test.path
        for test in task.case.tests
        if test.path in before and _read(folder / test.path) != before[test.path]
    ]
    diffs = {path: _diff(path, before.get(path, b""), text) for path, text in files.items()}
    return Changes(files, tuple(wrote), diffs)


def sources(folder: Path, before: Mapping[str, bytes]) -> dict[str, str]:
    """Text of each source file that was changed or made, by its path; no tests.

    The program may still be at work, so that a file is not what it was a moment ago.
    """
    files: dict[str, str] = {}
    for path in sorted(_paths(folder)):
        data = None if language_of(path).test_names.search(path) else _read(folder / path)
        if data is not None and data != before.get(path) and len(files) < MOST:
            files[path] = data.decode("utf-8", "replace")
    return files


def contents(folder: Path, paths: Iterable[str]) -> dict[str, bytes | None]:
    """What is in files of a folder; None for a link, what is no file, and what is too large."""
    return {path: _read(folder / path) for path in paths}


def _paths(folder: Path) -> Iterator[str]:
    """Source files of a folder; links are not followed, what goes away meanwhile is left out."""
    for base, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in BESIDE]
        inside = Path(base).relative_to(folder)
        yield from ((inside / name).as_posix() for name in names if name.endswith(SOURCES))


def _diff(path: str, before: bytes, now: str) -> str:
    """A unified diff; "" where the texts are so long that finding one takes its time."""
    old, new = before.decode("utf-8", "replace").splitlines(True), now.splitlines(True)
    if max(len(old), len(new)) > LONGEST_DIFF:
        return ""
    names = (f"a/{path}" if before else "/dev/null", f"b/{path}")
    return "".join(unified_diff(old, new, *names))


def answer_in(task: AnyTask, files: dict[str, str]) -> str:
    """The function as it stands in the file now; the whole file where it is not found there.

    Of a change, what it changes, as a unified diff.
    """
    if isinstance(task, ChangeTask):
        return told(task, "", files)
    text = files.get(task.case.source.path, "")
    if not text:
        return ""
    module = parse_module(text.encode("utf-8", "replace"), task.case.source.path)
    if not any(one.symbol == task.case.symbol for one in module.declarations):
        return text
    found = find(module, task.case.symbol)
    return module.text(found.start, found.end)


def _read(place: Path) -> bytes | None:
    """What a file holds; None for a link, what is no file, and what is too large."""
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        data = file.read(LARGEST + 1)
    return data if len(data) <= LARGEST else None
