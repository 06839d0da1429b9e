"""What a task of Harbor needs by the language of its case: a container, and what judges in it."""

import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import NamedTuple

from pytest_llmops.cases import LanguageName
from pytest_llmops.grading.grader import GRADER


class Kit(NamedTuple):
    """Of one language; `{path}` and `{tests}` of texts are those of the case."""

    dockerfile: str
    steps: str
    """Of the shell: judges `$tree`, and writes the reward."""
    variables: str
    judge: tuple[str, str]
    """The file that gives the reward: its name and text."""
    files: Mapping[str, str]
    """Others beside the tree of tests."""


TEST = """\
#!/bin/sh
# Copies the answer into a fresh tree and judges it there; the variables are for running it by hand.
set -u
here=$(cd "$(dirname "$0")" && pwd)
app=${{APP:-/app}} {variables} logs=${{LOGS:-/logs/verifier}}
tree=$(mktemp -d)
mkdir -p "$logs"
echo 0 > "$logs/reward.txt"
cp -R "$here/tree/." "$tree"
cp "$app/{path}" "$tree/{path}" || exit 0
"""

_VITEST = GRADER.partition(",")[0].split()[1]
_TYPESCRIPT = Kit(
    dockerfile=f"""\
FROM node:24-slim
RUN mkdir -p /opt/vitest && cd /opt/vitest && npm init -y > /dev/null \\
  && npm install vitest@{_VITEST}
COPY app /app
WORKDIR /app
""",
    variables="vitest=${VITEST:-/opt/vitest}",
    steps="""\
ln -s "$vitest/node_modules" "$tree/node_modules"
cd "$tree" || exit 1
export CI=true NO_COLOR=1 TZ=UTC
timeout 100 "$vitest/node_modules/.bin/vitest" run --globals --root "$tree" --reporter=json \\
  --outputFile="$tree/report.json" {tests} > "$logs/vitest.txt" 2>&1
node "$here/judge.mjs" "$tree" "$here/expected.json" > "$logs/reward.txt"
""",
    judge=(
        "judge.mjs",
        """\
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
""",
    ),
    files={},
)

_PYTHON = Kit(
    dockerfile=f"""\
FROM python:{".".join(platform.python_version_tuple()[:2])}-slim
RUN pip install --no-cache-dir pytest=={version("pytest")}
COPY app /app
WORKDIR /app
""",
    variables="python=${PYTHON:-python3}",
    steps="""\
cp "$here/reporting.py" "$tree/llmops_reporting.py"
printf '[pytest]\\n' > "$tree/pytest.ini"
cd "$tree" || exit 1
export TZ=UTC PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 PYTHONDONTWRITEBYTECODE=1
PYTHONPATH="$tree:$tree/src" timeout 100 "$python" -s -m pytest -q -p no:cacheprovider \\
  -p llmops_reporting -W default -c "$tree/pytest.ini" --rootdir "$tree" \\
  --continue-on-collection-errors {tests} > "$logs/pytest.txt" 2>&1
"$python" -I "$here/judge.py" "$tree" "$here/expected.json" > "$logs/reward.txt"
""",
    judge=(
        "judge.py",
        '''\
"""Prints 1 if each expected test was reported, and as passed in each of its phases.

Tests are known by the digest of file and title.
"""

import hashlib
import json
import pathlib
import sys

tree, expected_file = map(pathlib.Path, sys.argv[1:])
passed = set()
try:
    for node, phases in json.loads((tree / "report.json").read_text()).items():
        path, _, title = node.partition("::")
        if "passed" in phases and set(phases) == {"passed"}:
            passed.add(hashlib.sha256(f"{path}\\0{title}".encode()).hexdigest()[:12])
except (OSError, ValueError) as error:
    print(f"no report of pytest: {error}", file=sys.stderr)
print(int(passed.issuperset(json.loads(expected_file.read_text()))))
''',
    ),
    files={
        "reporting.py": '''\
"""A plugin of pytest that writes how each phase of each test ended."""

import json
import pathlib

ended = {}


def pytest_runtest_logreport(report):
    ended.setdefault(report.nodeid, []).append(report.outcome)


def pytest_sessionfinish(session):
    place = pathlib.Path(session.config.rootpath, "report.json")
    place.write_text(json.dumps(ended))
'''
    },
)

KITS: Mapping[LanguageName, Kit] = {"typescript": _TYPESCRIPT, "python": _PYTHON}
