"""An import leads where the repository says: its packages, its tsconfig.json, its own `#names`."""

# ruff: noqa: E501 - lines of TypeScript are kept whole

import json
import re
from pathlib import Path

import pytest

from pytest_llmops.sandbox import NodePool, TestJob, TestReport
from pytest_llmops.sandbox.node.transformer import PURE

PACKAGE = {
    "name": "mine",
    "type": "module",
    "main": "./dist/index.cjs",
    "exports": {
        ".": {"types": "./dist/index.d.ts", "import": "./dist/index.mjs"},
        "./*": [{"import": {"types": "./dist/*.d.ts", "default": "./dist/esm/*.mjs"}}],
        "./deep/*.js": "./lib/deep/*.js",
    },
    "imports": {"#half": "./src/half.ts", "#lib/*": "./dist/*.js", "#other": "other", "#gone": "./no.ts"},
}  # fmt: skip
FILES = {
    "package.json": json.dumps(PACKAGE),
    "tsconfig.json": '{ "files": [], "references": [{ "path": "./tsconfig.app.json" }] }',
    "tsconfig.app.json": '{ "extends": "./config/base", "compilerOptions": { "target": "es2022" } }',
    "config/base.json": '{ "compilerOptions": { "paths": { "~/*": ["${configDir}/src/*"], "~/special/*": ["../special/*"], "~exact": ["../src/half"] } } }',
    "src/index.ts": 'export { half } from "./half.js";\n',
    "src/half.ts": "export const half = (n: number) => n / 2;\n",
    "special/half.ts": "export const half = (n: number) => -n / 2;\n",
    "src/deep/half.ts": "export const half = (n: number) => n / 2;\n",
    "packages/other/package.json": '{ "name": "other", "exports": "./build/index.js" }',
    "packages/other/src/index.ts": 'export * from "mine/half";\n',
    "packages/set/package.json": '{ "name": "@mine/set" }',
    "packages/set/tsconfig.base.json": '{ "compilerOptions": { "paths": { "set/*": ["../../src/*"] } } }',
    "packages/user/tsconfig.json": '{ "extends": "@mine/set/tsconfig.base.json" }',
    "packages/broken/package.json": "{ a fixture, broken on purpose",
    "packages/globals/vitest.config.ts": "export default { test: { globals: true } };\n",
    "packages/globals/helper.ts": "export const check = (n: number) => expect(n).toBe(2);\n",
    "packages/globals/code.ts": "export const half = (n: number) => n / 2;\nexport const seen = () => typeof (globalThis as any).expect + typeof expect;\n",
    "packages/globals/code.test.ts": 'import { check } from "./helper";\nimport { half, seen } from "./code";\nit("halves", () => check(half(4)));\nit("sees nothing", () => expect(seen()).toBe("undefinedundefined"));\n',
    "packages/plain/vitest.config.ts": "export default { test: { // globals: true\n } };\n",
    "packages/plain/helper.ts": "export const check = (n: number) => expect(n).toBe(2);\n",
    "packages/plain/code.test.ts": 'import { check } from "./helper";\nit("checks", () => check(2));\n',
    "helper.ts": 'import { expect } from "vitest";\nexport const check = (n: number) => expect(n).toBe(2);\n',
    "helped.test.ts": 'import { it } from "vitest";\nimport { check } from "./helper";\nimport { half } from "mine";\nimport "nowhere";\nit("checks", () => check(half(4)));\n',
}  # fmt: skip
LEADS = {
    "mine": 2, "mine/half": 2, "mine/deep/half.js": 2, "#half": 2, "#lib/half": 2, "#other": 2,
    "~/half": 2, "~/special/half": -2, "~exact": 2, "other": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root: Path = tmp_path_factory.mktemp("tree")
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture(scope="module")
def pool(root):
    with NodePool(root) as pool:
        yield pool


def run(pool: NodePool, root: Path, test: str, **rest: object) -> TestReport:
    return pool.run(TestJob(root=root, tests=(test,), **{"overlay": {}, **rest}))


def half_of(pool: NodePool, root: Path, specifier: str, folder: str = "") -> TestReport:
    (root / folder / "lead.test.ts").write_text(
        "import { expect, it } from 'vitest';"
        f" import {{ half }} from '{specifier}'; it('is', () => expect(half(4)).toBe(2));"
    )
    return run(pool, root, f"{folder}/lead.test.ts".lstrip("/"))


@pytest.mark.parametrize("specifier", LEADS)
def test_an_import_leads_to_the_source_that_the_repository_means(pool, root, specifier):
    report = half_of(pool, root, specifier)
    assert report.status == "finished", report.detail
    (one,) = report.results
    assert one.passed == (LEADS[specifier] == 2), one.message


def test_a_configuration_is_found_in_a_package_of_the_tree(pool, root):
    assert [one.passed for one in half_of(pool, root, "set/half", "packages/user").results] == [
        True
    ]


@pytest.mark.parametrize(
    ("specifier", "why"),
    [
        ("#none", "no file of the tree has it in the `imports` of a package.json"),
        ("#gone", "no file of the tree has it in the `imports` of a package.json"),
        ("@/none", "no `paths` of a tsconfig.json lead to a file of the tree"),
        ("mine-too", "npm packages need real vitest"),
    ],
)
def test_an_import_that_leads_nowhere_is_told_with_its_kind(pool, root, specifier, why):
    report = half_of(pool, root, specifier)
    assert report.status == "load_error"
    assert f"cannot find '{specifier}' imported from lead.test.ts: {why}" in report.detail


def test_helpers_have_the_globals_that_the_configuration_gives_and_answers_never(pool, root):
    overlay = {"packages/globals/code.ts": FILES["packages/globals/code.ts"]}
    report = run(pool, root, "packages/globals/code.test.ts", overlay=overlay)
    assert [(one.title, one.message) for one in report.results] == [("halves", ""), ("sees nothing", "")]  # fmt: skip


def test_without_that_setting_a_helper_has_no_globals(pool, root):
    (one,) = run(pool, root, "packages/plain/code.test.ts").results
    assert "expect is not defined" in one.message


def test_a_survey_names_what_a_test_loads_and_what_leads_nowhere_and_runs_nothing(pool, root):
    report = run(pool, root, "helped.test.ts", survey=True)
    assert report.files == ("helped.test.ts", "helper.ts", "src/half.ts", "src/index.ts")
    assert report.missing == (
        "cannot find 'nowhere' imported from helped.test.ts: npm packages need real vitest",
    )
    assert (report.status, report.results) == ("finished", ())


def test_a_trusted_overlay_may_import_what_a_file_of_the_tree_may(pool, root):
    (root / "whole.test.ts").write_text(FILES["helped.test.ts"].replace('import "nowhere";\n', ""))
    overlay = {"helper.ts": FILES["helper.ts"] + "// marked\n"}
    assert run(pool, root, "whole.test.ts", overlay=overlay).status == "forbidden_import"
    report = run(pool, root, "whole.test.ts", overlay=overlay, trusted=True)
    assert [one.passed for one in report.results] == [True]


def test_the_documented_builtin_modules_are_those_that_any_answer_may_import(pool, root):
    page = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text("utf-8")
    told = page.partition("which have no effect on anything outside:")[2].partition(".\n")[0]
    listed = re.findall(r"`([^`]+)`", told)
    assert sorted(listed) == sorted(re.findall(r'"([a-z0-9/_]+)"', PURE.read_text("utf-8")))
    (root / "any.ts").write_text("export const value = 1;")
    (root / "any.test.ts").write_text(
        "import { expect, it } from 'vitest'; import { value } from './any'; it('is', () => expect(value).toBe(2));"
    )
    code = "".join(f"import 'node:{name}'; process.getBuiltinModule('{name}');" for name in listed)
    overlay = {"any.ts": f"{code} export const value = 2;"}
    assert [one.message for one in run(pool, root, "any.test.ts", overlay=overlay).results] == [""]
    for other in ("fs", "os", "process", "stream"):
        overlay = {"any.ts": f"import 'node:{other}'; export const value = 2;"}
        assert run(pool, root, "any.test.ts", overlay=overlay).status == "forbidden_import"
