"""Cases as tasks of Harbor: a folder each, with the code in a container and the tests outside it.

The agent works on files: what the source file imports, without tests, and the file itself with the
function's body taken out. For judging, its file alone is copied into a fresh tree, and the pinned
vitest or pytest (`kits`) must report exactly the expected tests as passed. What is not covered: the
tests run in the agent's container, where an agent that is root can change the runtime itself, and
an answer in Python the report.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from pytest_llmops.errors import CaseError
from pytest_llmops.exports.folders import new_folder, write
from pytest_llmops.exports.kits import KITS, TEST
from pytest_llmops.tasks.code.languages import LANGUAGES
from pytest_llmops.tasks.code.modules import replace_body
from pytest_llmops.tasks.import_graph import ImportGraph
from pytest_llmops.tasks.materialize import Task
from pytest_llmops.tasks.selection import Selection
from pytest_llmops.tasks.trees.own_lock import OwnLock

INSTRUCTION = """\
Write the {label} {kind} `{symbol}` in `/app/{path}`, whose body is missing.

It is to do what its name, signature and comment say, and what the code around it needs. Change that
file alone, and add no imports. Hidden tests judge it.
"""
TASK = """\
schema_version = "1.4"

[metadata]
case = {case}
suite = {suite}
split = {split}
difficulty = {difficulty}
file = {file}

[verifier]
timeout_sec = 120.0

[agent]
timeout_sec = 900.0
"""
SOLVE = """\
#!/bin/sh
cp "$(dirname "$0")/reference" "${{APP:-/app}}/{path}"
"""


def functions_of(selection: Selection) -> list[Task]:
    """The tasks of a selection.

    Raises:
        CaseError: One asks for a change, needs the packages of its repository, or cannot be read.
    """
    for case in selection.cases.values():
        if case.change:
            raise CaseError(
                f"{case.id}: asks for a change, and tasks of Harbor are made of functions alone; "
                "name suites of functions with --suite, or export to inspect"
            )
        if isinstance(selection.tree(case).lock, OwnLock):
            raise CaseError(
                f"{case.id}: its repository's own vitest judges it, which tasks of Harbor have not "
                "got; name other suites with --suite, or export to inspect"
            )
    return [selection.task(name) for name in selection.cases]


def export_harbor(tasks: Sequence[Task], folder: Path) -> None:
    """Write tasks of Harbor.

    Args:
        tasks: The cases.
        folder: To be made; holds one folder a case.

    Raises:
        CaseError: The folder has something in it, or cannot be written.
    """
    new_folder(folder)
    graphs = {task.tree: ImportGraph(task.tree) for task in tasks}
    names: dict[str, str] = {}
    for task in tasks:
        name = re.sub(r"[^a-z0-9]+", "-", task.case.id.lower()).strip("-")
        if name in names:
            raise CaseError(f"{names[name]} and {task.case.id} would have one folder, {name}")
        names[name] = task.case.id
        _export(task, graphs[task.tree], folder / name)


def _export(task: Task, graph: ImportGraph, folder: Path) -> None:
    case, path = task.case, task.module.path
    tests = [test.path for test in case.tests]
    language, kit = LANGUAGES[task.tree.language], KITS[task.tree.language]
    shown = set(graph.closure([path]))
    for root, files in (
        (folder / "environment" / "app", shown - {*tests}),
        (folder / "tests" / "tree", shown.union(graph.closure(tests))),
    ):
        for file in files:
            write(root / file, task.tree.read(file))
        write(root / path, replace_body(task.module, task.declaration, language.missing))
    kind = "method" if task.declaration.class_name else "function"
    values = {
        "case": case.id,
        "suite": case.id.partition(":")[0],
        "split": case.split,
        "difficulty": case.difficulty,
        "file": case.cluster,
    }
    quoted = {name: json.dumps(value) for name, value in values.items()}
    write(folder / "task.toml", TASK.format(**quoted))
    asked = {"label": language.label, "kind": kind, "symbol": case.symbol, "path": path}
    write(folder / "instruction.md", INSTRUCTION.format(**asked))
    write(folder / "environment" / "Dockerfile", kit.dockerfile)
    named = " ".join(f"'{test}'" for test in tests)
    script = (TEST + kit.steps).format(path=path, tests=named, variables=kit.variables)
    write(folder / "tests" / "test.sh", script, executable=True)
    for name, text in (kit.judge, *kit.files.items()):
        write(folder / "tests" / name, text)
    write(folder / "tests" / "expected.json", json.dumps(sorted(case.expected)))
    write(folder / "solution" / "solve.sh", SOLVE.format(path=path), executable=True)
    write(folder / "solution" / "reference", task.module.source)
