"""Answers that change what tests are run by: none is solved, and none leaves a file."""

import json

import pytest
from edit_repo import TEST, TITLE, WORDS, mine_edits, opened
from test_commit_cases import answered

from pytest_llmops.grading.grade import grade
from pytest_llmops.manifests import load_cases
from pytest_llmops.tasks.changes import materialize_change

FOLDER = "packages/text"
AWAY = f"{FOLDER}/src/away.ts"
HEAD = "export function count(text: string, least): number {"
FAKE = """\
export const count = () => 3;
export const it = () => {};
export const expect = () => ({ toBe() {} });"""
SETTINGS = """\
const alias = { "./words": "./away" };
export default { test: { globals: true, setupFiles: ["./src/away.ts"], alias } };"""
MANIFEST = json.dumps(
    {
        "name": "vitest",
        "exports": {".": "./src/away.ts", "./*": "./src/away.ts"},
        "imports": {"#words": "./src/away.ts"},
        "vitest": {"setupFiles": ["./src/away.ts"]},
        "scripts": {"test": "true", "postinstall": "true"},
    }
)
PATHS = {"vitest": ["./away.ts"], "./words": ["./away.ts"], "*": ["./away.ts"]}
TSCONFIG = json.dumps({"compilerOptions": {"baseUrl": "src", "paths": PATHS}})


def whole(path, text):
    return f"{path}\n```ts\n{text}\n```\n"


def above_head(*lines):
    added = "".join(f"+{line}\n" for line in lines)
    return f"*** Update File: {WORDS}\n@@\n-{HEAD}\n{added}+{HEAD}\n"


ATTACKS = {
    "settings of vitest": whole(f"{FOLDER}/vitest.config.ts", SETTINGS) + whole(AWAY, FAKE),
    "settings of vite beside": whole(f"{FOLDER}/src/vite.config.mts", SETTINGS) + whole(AWAY, FAKE),
    "a workspace": whole(f"{FOLDER}/vitest.workspace.ts", SETTINGS) + whole(AWAY, FAKE),
    "a manifest": whole(f"{FOLDER}/package.json", MANIFEST) + whole(AWAY, FAKE),
    "a manifest beside": whole(f"{FOLDER}/src/package.json", MANIFEST) + whole(AWAY, FAKE),
    "a tsconfig": whole(f"{FOLDER}/tsconfig.json", TSCONFIG) + whole(AWAY, FAKE),
    "a tsconfig beside": whole(f"{FOLDER}/src/tsconfig.json", TSCONFIG) + whole(AWAY, FAKE),
    "a file of vitest's name": whole(f"{FOLDER}/src/vitest.ts", FAKE),
    "the test in other letters": whole(TEST.replace("words.test", "Words.Test"), FAKE),
    "a folder of the source's name": whole(f"{WORDS}/index.ts", FAKE),
    "names of objects": whole("packages/__proto__/constructor.ts", FAKE),
    "all is removed": f"*** Delete File: {WORDS}\n*** Delete File: {TITLE}\n",
    "an import of the test": above_head('import "./words.test";'),
    "a global": above_head("(globalThis as any).expect = () => ({ toBe() {} });"),
    "many files": "".join(whole(f"{FOLDER}/src/more{n}.ts", FAKE) for n in range(100)),
    "files without end": above_head(
        'const fs = process.getBuiltinModule("node:fs");',
        'for (let n = 0; ; n += 1) fs.writeFileSync(`/tmp/${n}`, "x".repeat(1e6));',
    ),
}


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    """One that no other worker writes to."""
    made = tmp_path_factory.mktemp("attacked")
    mine_edits(made)
    with opened(made) as found:
        yield found


@pytest.fixture(scope="module")
def task(workshop):
    cases = {case.symbol: case for case in load_cases(workshop[1])}
    return materialize_change(cases["default-count"], workshop[2])


@pytest.fixture
def files(workshop):
    """What lies in the folder of the repository and its trees."""

    def found():
        return {one: one.stat().st_mtime_ns for one in workshop[0].rglob("*")}

    return found


@pytest.mark.parametrize("answer", ATTACKS.values(), ids=ATTACKS)
def test_an_attack_is_judged_and_not_solved_and_leaves_nothing(workshop, task, files, answer):
    before = files()
    found = grade(task, answered(answer), workshop[3])
    assert found.outcome in {"wrong", "forbidden_import"}
    assert files() == before


def test_after_them_a_right_answer_is_solved(workshop, task):
    for answer in (ATTACKS["a manifest"], f"```diff\n{task.reference}```"):
        found = grade(task, answered(answer), workshop[3])
    assert found.outcome == "solved"
