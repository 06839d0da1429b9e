"""What an answer makes of the files of a commit case, what is judged of it, and its size."""

import re
from collections.abc import Iterator, Mapping

import msgspec

from pytest_llmops.cases import Case
from pytest_llmops.completions import Completion
from pytest_llmops.errors import CaseError
from pytest_llmops.grading.candidate import Candidate
from pytest_llmops.grading.graded import Quality
from pytest_llmops.grading.ground import Ground, serves_tests
from pytest_llmops.grading.patching import Patched, patch
from pytest_llmops.grading.quality import measure
from pytest_llmops.sandbox import TestJob
from pytest_llmops.tasks.changes import ChangeTask, diff
from pytest_llmops.tasks.code.languages import syntax_errors
from pytest_llmops.tasks.sources import SourceTree

JUDGED = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json")
"""Endings of what tests can load; anything else in an answer is kept, and not judged."""
REMOVED = "export {};\n"
"""What stands in the place of a file that is removed: whatever imports from it gets nothing."""
SECONDS = 20.0
"""Wall time of the tests of a commit, which are often several files."""

_BUILTIN = re.compile(r"""(?:from|import|require)\s*\(?\s*["'](?:node:)?([a-z_/]+)["']""")


def job_of(case: Case, tree: SourceTree, overlay: Mapping[str, str]) -> TestJob:
    """What runs the tests of a case with other texts in the place of files."""
    return TestJob(root=tree.root, tests=tuple(test.path for test in case.tests), overlay=overlay)


def job_of_change(task: ChangeTask, made: Patched) -> TestJob:
    """What runs the tests of a commit case with changed files.

    These may import any file of the tree but tests, and the builtin modules that the files of the
    commit import, before it or after.
    """
    texts = {path: REMOVED if text is None else text for path, text in made.files.items()}
    overlay = {path: text for path, text in texts.items() if path.endswith(JUDGED)}
    job = job_of(task.case, task.tree, overlay)
    return msgspec.structs.replace(job, allows=builtins_of(task), timeout=SECONDS)


def builtins_of(task: ChangeTask) -> tuple[str, ...]:
    """Modules that the files of the commit import, by names that builtin ones may have."""
    texts = (*task.before.values(), *task.solution.values())
    return tuple(sorted({name for text in texts for name in _BUILTIN.findall(text)}))


def reference_of(task: ChangeTask) -> Patched:
    """The change that the commit made."""
    return Patched(files={path: task.solution.get(path) for path in task.sources})


def changed(task: ChangeTask, completion: Completion) -> Patched:
    """What an answer makes of the files: those that an agent left, or its text applied."""
    return made_of(task, completion.text, completion.loop.files if completion.loop else {})


def made_of(task: ChangeTask, text: str, files: Mapping[str, str]) -> Patched:
    """The same of a text, or of the files that an agent left, where it left any."""
    if files:
        kept = {
            path: text
            for path, text in files.items()
            if path not in task.hidden
            and not serves_tests(path, task.sources, text_in(task.tree, path))
        }
        return Patched(files=kept)
    return patch(text, ground(task))


def told(task: ChangeTask, text: str, files: Mapping[str, str]) -> str:
    """What an answer changes as a unified diff; "" where it does not apply."""
    made = Patched(files=files) if files else patch(text, ground(task))
    read = ground(task).read
    old = {path: before for path in made.files if (before := read(path)) is not None}
    new = {path: after for path, after in made.files.items() if after is not None}
    return "".join(diff(path, old, new) for path in sorted(made.files))


def ground(task: ChangeTask) -> Ground:
    """What an answer to a task may change."""

    def read(path: str) -> str | None:
        return task.before[path] if path in task.before else text_in(task.tree, path)

    return Ground(read=read, sources=task.sources, folders=task.folders, hidden=task.hidden)


def text_in(tree: SourceTree, path: str) -> str | None:
    """The text of a file of a tree; None where there is none, or it is a link out of the tree."""
    try:
        return tree.read(path).decode("utf-8", "replace")
    except CaseError:
        return None


def measure_change(text: str, made: Patched, task: ChangeTask) -> Quality:
    """Measure an answer: its lines that no file had before are the code that is used."""
    path = task.case.source.path
    read = ground(task).read
    added = "\n".join(
        line
        for name, after in sorted(made.files.items())
        for line in _added(read(name) or "", after or "")
    )
    errors = sum(
        max(0, _errors(after, name) - _errors(read(name) or "", name))
        for name, after in made.files.items()
        if after and name.endswith(JUDGED[:-1])
    )
    found = Candidate("", added, added, errors) if made.files else None
    wanted = "\n".join(
        line
        for name in task.sources
        for line in _added(task.before.get(name, ""), task.solution.get(name, ""))
    )
    quality = measure(text, found, path, wanted)
    return msgspec.structs.replace(quality, complexity=0)


def _errors(text: str, path: str) -> int:
    return syntax_errors(text.encode("utf-8", "replace"), path)


def _added(before: str, after: str) -> Iterator[str]:
    old = set(before.splitlines())
    return (line for line in after.splitlines() if line not in old)
