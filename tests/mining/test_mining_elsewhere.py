"""Mining finds the cases of repositories that are set up in other ways than Cline."""

# ruff: noqa: E501 - lines of TypeScript and of what is shown are kept whole

import json

import msgspec
import pytest

from pytest_llmops.cases import Suite
from pytest_llmops.cli.main import main
from pytest_llmops.errors import CaseError
from pytest_llmops.manifests import load_cases
from pytest_llmops.mining.curate import Setup, Telling, run_explain, run_mine
from pytest_llmops.mining.refused import ALIASED, NOT_HERE

SETUP = Setup(isolation="process")
HALF = "export function half(n: number): number {\n  return n / 2\n}\n"
IMPORTED = 'import {{ expect, it }} from "vitest"\nimport {{ half }} from "{}"\n'
TESTED = 'it("halves", () => expect(half(4)).toBe(2))\n'
PACKAGE = json.dumps(
    {
        "name": "halves",
        "exports": {".": "./dist/half.js", "./*": "./dist/*.js"},
        "imports": {"#half": "./src/half.ts"},
    }
)
WAYS = {
    "globals": {"src/half.test.ts": 'import { half } from "./half"\n' + TESTED},
    "the package by its own name": {"test/half.test.ts": IMPORTED.format("halves") + TESTED},
    "a file of the package": {"test/half.test.ts": IMPORTED.format("halves/half") + TESTED},
    "paths of a tsconfig.json": {
        "tsconfig.json": '{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }',
        "test/half.test.ts": IMPORTED.format("@/half") + TESTED,
    },
    "a folder in the place of a package": {
        "apps/one/package.json": '{ "devDependencies": { "core": "file:../../src" } }',
        "apps/one/half.test.ts": IMPORTED.format("core/half.js") + TESTED,
    },
    "#imports": {"test/half.test.ts": IMPORTED.format("#half") + TESTED},
    "a helper that imports vitest": {
        "src/half.test.ts": 'import { checks } from "./checks"\nchecks()\n',
        "src/checks.ts": IMPORTED.format("./half")
        + "export function checks() {\n  it('halves', () => expect(half(4)).toBe(2))\n}\n",
    },
    "a helper that has globals": {
        "vitest.config.ts": "export default { test: { globals: true } }\n",
        "src/half.test.ts": 'import { half } from "./half"\nimport { is } from "./is"\n'
        'it("halves", () => is(half(4)))\n',
        "src/is.ts": "export function is(n: number) {\n  expect(n).toBe(2)\n}\n",
    },
}


@pytest.fixture
def made(tmp_path):
    def make(files):
        for name, text in {"package.json": PACKAGE, "src/half.ts": HALF, **files}.items():
            (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "tree" / name).write_text(text)
        return Suite(name="other", manifests=("other.jsonl",), folder="tree", root=tmp_path)

    return make


@pytest.mark.parametrize("way", WAYS)
def test_a_function_is_found_however_its_test_file_comes_to_it(made, way):
    suite = made(WAYS[way])
    assert run_mine(suite, SETUP) == 0
    assert "other:src/half#half" in [case.id for case in load_cases(suite)]


LEFT_OUT = {
    "src/zod.test.ts": 'import { z } from "zod"\nimport { half } from "./half"\nit("x", () => z(half))\n',
    "src/half.test.ts": 'import { half } from "./half"\n'
    + TESTED
    + 'it("fails", () => half(1).no())\n',
    "src/none.test.ts": 'it("is alone", () => expect(1).toBe(1))\n',
    "src/more.ts": "export function more(n: number) {\n  return n + 1\n}\nexport const unused = () => 1\n",
    "src/long.ts": "export function isLong(text: string) {\n  return text.length > 9\n}\n",
    "src/long.test.ts": 'import { isLong } from "./long"\n'
    'it("is", () => { expect(isLong("x".repeat(10))).toBeTruthy(); expect(isLong("x")).toBeFalsy() })\n',
    "src/more.test.ts": 'import { more } from "./more"\nit("runs", () => { more(1) })\n',
}


def test_a_report_tells_everything_that_was_left_out_with_reason_message_and_remedy(made, tmp_path):
    suite = made(LEFT_OUT)
    report = tmp_path / "new" / "report.json"
    assert run_mine(suite, SETUP, telling=Telling(report=report)) == 0
    told = json.loads(report.read_text())
    assert (told["suite"], told["cases"]) == ("other", ["other:src/half#half"])
    assert [(one["path"], one["symbol"], one["reason"]) for one in told["left_out"]] == [
        ("src/long.ts", "isLong", "no test can be falsified"),
        ("src/more.ts", "more", "a trivial body passes"),
        ("src/none.test.ts", "", "calls no function of the tree"),
        ("src/zod.test.ts", "", "needs an npm package"),
    ]
    assert "cannot find 'zod' imported from src/zod.test.ts" in told["left_out"][3]["detail"]
    assert all(one["remedy"] for one in told["left_out"])


REASONS = {
    'import "node:fs"; import { readFileSync } from "node:fs"; readFileSync("package.json")': NOT_HERE,
    'import { it } from "vitest"; import { spawnSync } from "node:child_process"; it("runs", () => { spawnSync("ls") })': NOT_HERE,
    'import { it } from "vitest"; it("changes", () => { (globalThis as any).Function = 1 })': NOT_HERE,
    'import { it } from "node:test"; it("x", () => {})': "written for another test runner",
    'it("x", () => { jest.fn() })': "written for another test runner",
    'import "./gone"': "an import leads nowhere",
    'import "left-pad"': "needs an npm package",
    "throw new Error('no')": "does not load",
    "let a = ": "does not parse",
    "export {}": "no tests",
    'import { it } from "vitest"; it("is red", () => { throw new Error("no") })': "nothing passes",
}


def test_each_kind_of_refusal_has_a_reason_and_a_remedy_of_its_own(made, tmp_path):
    suite = made({f"t{number:02}.test.ts": code for number, code in enumerate(REASONS)})
    report = tmp_path / "report.json"
    assert run_mine(suite, SETUP, telling=Telling(report=report)) == 1
    left_out = json.loads(report.read_text())["left_out"]
    assert [one["reason"] for one in left_out] == [*REASONS.values()]
    assert all(one["remedy"] for one in left_out)
    assert all(one["detail"] for one in left_out if one["reason"] != "no tests")


@pytest.mark.parametrize("name", ["half/test.ts", "half/half.checks.ts"])
def test_a_function_of_a_test_file_is_none_of_the_tree_whatever_the_file_is_called(made, name):
    text = (
        'import { half } from "../src/half"\nfunction twice(n: number) {\n  return half(n) * 4\n}\n'
    )
    text += 'it("halves", () => { expect(half(4)).toBe(2); expect(twice(2)).toBe(4) })\n'
    suite = msgspec.structs.replace(made({name: text}), tests=("half/*.ts",))
    assert run_mine(suite, SETUP) == 0
    assert [case.symbol for case in load_cases(suite)] == ["half"]


ALIASES = {
    "a key": "alias: { vscode: path.resolve(__dirname, './vscode.ts') }",
    "a text as a key": "alias: { 'vscode': './vscode.ts' }",
    "a list": "alias: [{ find: 'vscode', replacement: './vscode.ts' }]",
}


@pytest.mark.parametrize("way", ALIASES)
def test_a_package_that_is_an_alias_of_the_configuration_is_told_as_that(made, tmp_path, way):
    config = f"export default {{ resolve: {{ {ALIASES[way]} }} }}\n"
    test = 'import { it } from "vitest"\nimport "vscode"\nimport "zod"\nit("x", () => {})\n'
    other = 'import { it } from "vitest"\nimport "code"\nit("x", () => {})\n'
    suite = made({"vitest.config.ts": config, "src/a.test.ts": test, "src/b.test.ts": other})
    report = tmp_path / "report.json"
    assert run_mine(suite, SETUP, telling=Telling(report=report)) == 1
    told = json.loads(report.read_text())["left_out"]
    assert [one["reason"] for one in told] == [ALIASED, "needs an npm package"]
    assert "cannot find 'vscode'" in told[0]["detail"]
    assert "`paths` of a tsconfig.json" in told[0]["remedy"]


SET_UP = {
    "vitest.config.ts": "export default { test: { setupFiles: ['./setup.ts'] } }\n",
    "src/half.test.ts": 'import { half } from "./half"\nit("runs", () => { try { half(1) } catch {} expect(1).toBe(1) })\n'
    'it("halves", () => expect(half((4 as any).plain())).toBe(2))\n',
}


def test_a_function_that_no_test_notices_is_told_with_the_tests_that_fail_here(made, tmp_path):
    suite = made(SET_UP)
    report = tmp_path / "report.json"
    assert run_mine(suite, SETUP, telling=Telling(report=report)) == 1
    (told,) = json.loads(report.read_text())["left_out"]
    assert (told["symbol"], told["reason"]) == ("half", "no test fails")
    assert told["detail"] == (
        "with a throw in it, src/half.test.ts passes; 1 of 2 tests of src/half.test.ts fail here; "
        "vitest.config.ts sets setupFiles: not read here"
    )


def test_a_report_that_cannot_be_written_is_told_before_anything_runs(made, tmp_path, capsys):
    suite = made(WAYS["globals"])
    (tmp_path / "file").write_text("")
    with pytest.raises(
        CaseError, match=r"report\.json: the report cannot be written: File exists \("
    ):
        run_mine(suite, SETUP, telling=Telling(report=tmp_path / "file" / "report.json"))
    assert capsys.readouterr().out == ""


EXPLAINED = {
    "src/half.test.ts": [
        "src/half.test.ts: a test file that may judge cases",
        "  loads 1 file of the tree:",
        "    src/half.ts",
        "  tests: 1 pass, 1 fail, 0 pass at times",
        "    fails: fails: TypeError: half(...).no is not a function",
        "  calls:",
        "    src/half.ts#half",
    ],
    "src/zod.test.ts": [
        "src/zod.test.ts: needs an npm package: cannot find 'zod' imported from src/zod.test.ts: npm",
        "  to do: pin it in the lock file that the suite's `packages` names",
        "  imports that lead nowhere:",
        "    cannot find 'zod' imported from src/zod.test.ts: npm packages need real vitest",
    ],
    "src/half.ts": [
        "src/half.ts: loaded by 2 test files",
        "  src/half.test.ts: may judge cases",
        "  src/zod.test.ts: needs an npm package",
        "  half: a case, judged by 1 tests of src/half.test.ts",
    ],
    "src/more.ts": [
        "src/more.ts: loaded by 1 test file",
        "  more: a trivial body passes: empty",
        "  unused: no test calls it",
    ],
}


def test_a_file_is_explained_and_nothing_is_written(made, capsys, tmp_path):
    suite = made(LEFT_OUT)
    for name, lines in EXPLAINED.items():
        assert run_explain(suite, SETUP, name) == 0
        shown = capsys.readouterr().out
        for line in lines:
            assert line in shown, shown
    assert [path.name for path in tmp_path.iterdir()] == ["tree"]


def test_a_file_that_is_not_there_is_one_line(made):
    suite = made({})
    with pytest.raises(CaseError, match=r"src/no\.ts: no such file in .*; name it from the top"):
        run_explain(suite, SETUP, "src/no.ts")


def test_the_command_takes_both_options(made, tmp_path, capsys):
    made(LEFT_OUT)
    (tmp_path / "suites.toml").write_text('[other]\nfolder = "tree"\nmanifests = ["o.jsonl"]\n')
    command = ["mine", "functions", "--suite=other", "--sandbox=process"]
    command += ["--suites", str(tmp_path / "suites.toml")]
    assert main([*command, "--explain", "src/more.ts"]) == 0
    assert "  unused: no test calls it" in capsys.readouterr().out
    assert main([*command, "--report", str(tmp_path / "report.json")]) == 0
    assert (tmp_path / "report.json").is_file()
