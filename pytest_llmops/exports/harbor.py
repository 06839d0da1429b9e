"""Cases as tasks of Harbor: a folder each, with the code in a container and the tests outside it.

The agent works on files: what the source file imports, without tests, and the file itself with the
function's body taken out. For judging, its file alone is copied into a fresh tree, and the pinned
vitest must report exactly the expected tests as passed. What is not covered: the tests run in the
agent's container, where an agent that is root can change the runtime itself.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from pytest_llmops.errors import CaseError
from pytest_llmops.exports.folders import new_folder, write
from pytest_llmops.exports.import_graph import ImportGraph
from pytest_llmops.grading.grader import GRADER
from pytest_llmops.mining.mutants import mutants
from pytest_llmops.tasks.code.modules import replace_body
from pytest_llmops.tasks.materialize import Task
from pytest_llmops.tasks.selection import Selection

VITEST = GRADER.partition(",")[0].split()[1]

INSTRUCTION = """\
Write the TypeScript {kind} `{symbol}` in `/app/{path}`, whose body is missing.

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
DOCKERFILE = """\
FROM node:24-slim
RUN mkdir -p /opt/vitest && cd /opt/vitest && npm init -y > /dev/null && npm install vitest@{vitest}
COPY app /app
WORKDIR /app
"""
TEST = """\
#!/bin/sh
# Copies the answer into a fresh tree and judges it there; the variables are for running it by hand.
set -u
here=$(cd "$(dirname "$0")" && pwd)
app=${{APP:-/app}} vitest=${{VITEST:-/opt/vitest}} logs=${{LOGS:-/logs/verifier}}
tree=$(mktemp -d)
mkdir -p "$logs"
echo 0 > "$logs/reward.txt"
cp -R "$here/tree/." "$tree"
cp "$app/{path}" "$tree/{path}" || exit 0
ln -s "$vitest/node_modules" "$tree/node_modules"
cd "$tree" || exit 1
export CI=true NO_COLOR=1 TZ=UTC
timeout 100 "$vitest/node_modules/.bin/vitest" run --globals --root "$tree" --reporter=json \\
  --outputFile="$tree/report.json" {tests} > "$logs/vitest.txt" 2>&1
node "$here/judge.mjs" "$tree" "$here/expected.json" > "$logs/reward.txt"
"""
SOLVE = """\
#!/bin/sh
cp "$(dirname "$0")/reference" "${{APP:-/app}}/{path}"
"""
JUDGE = """\
// Prints 1 if each expected test was reported once, and as passed; tests are known by the digest of
// file and title, the second of a title with " (2)" behind it.
import { createHash } from "node:crypto"
import { readFileSync, realpathSync } from "node:fs"
import { relative } from "node:path"

const [tree, expectedFile] = process.argv.slice(2)
const passed = new Set()
try {
  for (const file of JSON.parse(readFileSync(`${tree}/report.json`, "utf8")).testResults) {
    const path = relative(realpathSync(tree), realpathSync(file.name))
    const met = new Map()
    for (const test of file.assertionResults) {
      const title = [...test.ancestorTitles, test.title].join(" > ")
      const count = (met.get(title) ?? 0) + 1
      met.set(title, count)
      const named = count > 1 ? `${title} (${count})` : title
      const id = createHash("sha256").update(`${path}\\0${named}`).digest("hex").slice(0, 12)
      if (test.status === "passed") passed.add(id)
    }
  }
} catch (error) {
  console.error(`no report of vitest: ${error.message}`)
}
const expected = JSON.parse(readFileSync(expectedFile, "utf8"))
console.log(expected.every((id) => passed.has(id)) ? 1 : 0)
"""


def functions_of(selection: Selection) -> list[Task]:
    """The tasks of a selection.

    Raises:
        CaseError: One asks for a change, or cannot be read.
    """
    for case in selection.cases.values():
        if case.change:
            raise CaseError(
                f"{case.id}: asks for a change, and tasks of Harbor are made of functions alone; "
                "name suites of functions with --suite, or export to inspect"
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
    for task in tasks:
        if task.tree.language != "typescript":
            raise CaseError(f"{task.case.id}: tasks of Harbor are made of TypeScript alone")
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
    throw, *_ = mutants(task.module, task.declaration)
    shown = graph.closure([path])
    for root, files in (
        (folder / "environment" / "app", shown - {*tests}),
        (folder / "tests" / "tree", shown | graph.closure(tests)),
    ):
        for file in files:
            write(root / file, task.tree.read(file))
        write(root / path, replace_body(task.module, task.declaration, throw.body))
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
    write(folder / "instruction.md", INSTRUCTION.format(kind=kind, symbol=case.symbol, path=path))
    write(folder / "environment" / "Dockerfile", DOCKERFILE.format(vitest=VITEST))
    named = " ".join(f"'{test}'" for test in tests)
    write(folder / "tests" / "test.sh", TEST.format(path=path, tests=named), executable=True)
    write(folder / "tests" / "judge.mjs", JUDGE)
    write(folder / "tests" / "expected.json", json.dumps(sorted(case.expected)))
    write(folder / "solution" / "solve.sh", SOLVE.format(path=path), executable=True)
    write(folder / "solution" / "reference", task.module.source)
