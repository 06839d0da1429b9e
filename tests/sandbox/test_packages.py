"""npm packages in the sandbox: found as Node finds them, read only, and only those of the lock file."""

# ruff: noqa: E501 - lines of TypeScript are kept whole

import hashlib
import json
from pathlib import Path

import pytest

from pytest_llmops.sandbox import NodePool, TestJob, TestReport
from pytest_llmops.sandbox.node.installation import Installation

MODULES = {
    "esm/package.json": json.dumps({"name": "esm", "type": "module", "imports": {"#own": "./own.js"}, "exports": {
        ".": {"types": "./x.d.ts", "browser": "./browser.js", "node": {"import": "./index.js"}, "default": "./no.js"},
        "./deep/*": "./lib/*.js", "./deep/secret/*": None, "./data": "./data.json", "./up": "./../cjs/index.js",
    }}),
    "esm/index.js": "import script, { two } from 'cjs';\nimport * as all from 'old';\nimport { own } from '#own';\nexport * from './star.js';\nexport const sum = two + script.two + all.three + own;\nexport default class Named {}\n",
    "esm/star.js": "export const star = 'star';\n",
    "esm/own.js": "import data from './data.json' with { type: 'json' };\nimport { sum } from 'esm';\nexport const late = () => sum;\nexport const own = data.four;\n",
    "esm/data.json": '{ "four": 4 }',
    "esm/lib/half.js": "export const half = (n) => n / 2;\n",
    "esm/lib/secret/key.js": "export const half = (n) => 0;\n",
    "cjs/package.json": '{ "name": "cjs", "main": "main" }',
    "cjs/main.js": "'use strict'\nvar inner = require('./inner'), json = require('./package');\nexports.two = inner.two;\nexports.named = json.name;\nexports.has = typeof this === 'object' && this === exports;\nexports.later = () => import('esm').then((m) => m.star);\ntry { require('not-there') } catch (error) { exports.code = error.code }\n",
    "cjs/inner/index.js": "module.exports = { two: 2, from: __filename }\n",
    "old/package.json": '{ "name": "old", "version": "1.0.0" }',
    "old/index.js": "Object.defineProperty(exports, '__esModule', { value: true });\nexports.three = 3;\nexports.default = function old() { return 'default of old' };\n",
    "old/node_modules/cjs/package.json": '{ "name": "cjs" }',
    "old/node_modules/cjs/index.js": "module.exports = 'the nested one'\n",
    "old/nested.js": "module.exports = require('cjs')\n",
    "@scope/dual/package.json": '{ "name": "@scope/dual", "exports": { "import": "./a.mjs", "require": "./a.cjs" } }',
    "@scope/dual/a.mjs": "export const way = 'import';\n",
    "@scope/dual/a.cjs": "exports.way = 'require';\n",
    "untyped/package.json": '{ "name": "untyped", "main": "./m.js" }',
    "untyped/m.js": "export const kind = 'a module by its syntax';\n",
    "typed/package.json": '{ "name": "typed" }',
    "typed/index.js": "/** @type {import('./types.d.ts').default} */\nexports.one = 1;\nexports.typed = () => import('./real.ts');\n/** @typedef {import('./own')} Own */\nexports.own = require('./own').own;\n",
    "typed/own.js": "exports.own = 'its own';\n",
    "typed/types.d.ts": "export default One\ndeclare class One {}\nexport interface Two {}\n",
    "typed/real.ts": "export const two: number = 2;\n",
    "reads/package.json": '{ "name": "reads" }',
    "reads/index.js": "const { spawnSync } = require('child_process');\nconst fs = require('fs');\nexports.spawn = () => spawnSync('true');\nexports.listing = (path) => fs.readdirSync(path);\nexports.write = (path) => fs.writeFileSync(path, 'x');\nexports.patch = () => { Array.prototype.push = () => 7; JSON.parse = () => 7; };\n",
    "broken/package.json": '{ "name": "broken" }',
    "broken/index.js": "const = ;\n",
}  # fmt: skip
LEADS = {
    "import { sum as it } from 'esm'": 11,
    "import { star as it } from 'esm'": "star",
    "import Named from 'esm'; const it = Named.name": "Named",
    "import { half } from 'esm/deep/half'; const it = half(8)": 4,
    "import data from 'esm/data'; const it = data.four": 4,
    "import { two as it } from 'cjs'": 2,
    "import cjs from 'cjs'; const it = cjs.named": "cjs",
    "import { has as it } from 'cjs'": True,
    "import { code as it } from 'cjs'": "MODULE_NOT_FOUND",
    "import { later } from 'cjs'; const it = await later()": "star",
    "import old from 'old'; const it = old()": "default of old",
    "import * as old from 'old'; const it = old.three": 3,
    "import it from 'old/nested.js'": "the nested one",
    "import { way as it } from '@scope/dual'": "import",
    "const { way: it } = require('@scope/dual')": "require",
    "const { way: it } = await import('@scope/dual')": "import",
    "import { one as it } from 'typed'": 1,
    "import { own as it } from 'typed'": "its own",
    "import { typed } from 'typed'; const it = await typed().catch((error) => error.message)": (
        "node_modules/typed/real.ts: Node loads no TypeScript of a package"
    ),
    "import { kind as it } from 'untyped'": "a module by its syntax",
}
MISSING = {
    "esm/lib/half.js": "it is not among the npm packages of the suite's lock file",
    "esm/deep/secret/key": "it is not among the npm packages",
    "esm/up": "it is not among the npm packages",
    "left-pad": "it is not among the npm packages",
    "../node_modules/esm": "no such file in the tree",
}
SOURCE = "import { half } from 'esm/deep/half';\nexport function quarter(n: number) {\n  return half(half(n));\n}\n"
TESTS = "import { expect, it } from 'vitest';\nimport { quarter } from './quarter';\nit('is', () => expect(quarter(8)).toBe(2));\n"


@pytest.fixture(scope="module")
def modules(tmp_path_factory) -> Path:
    folder: Path = tmp_path_factory.mktemp("packages")
    for name, text in MODULES.items():
        path = folder / "node_modules" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root: Path = tmp_path_factory.mktemp("tree")
    (root / "quarter.ts").write_text(SOURCE)
    (root / "quarter.test.ts").write_text(TESTS)
    (root / "node_modules/esm").mkdir(parents=True)
    (root / "node_modules/esm/index.js").write_text("export const sum = 'of the tree itself';\n")
    return root


@pytest.fixture(scope="module")
def pool(root, modules):
    digest = hashlib.sha256(json.dumps(MODULES).encode()).hexdigest()[:16]
    with NodePool(root, packages=Installation(modules, digest)) as pool:
        yield pool


def run(
    pool: NodePool, root: Path, overlay: dict[str, str], test: str = "given.test.ts"
) -> TestReport:
    return pool.run(TestJob(root=root, tests=(test,), overlay=overlay, trusted=test in overlay))


def given(pool: NodePool, root: Path, code: str, expected: object = True) -> TestReport:
    body = f"import {{ expect, test, vi }} from 'vitest';\n{code};\ntest('is', () => expect(it).toEqual({json.dumps(expected)}));\n"
    return run(pool, root, {"given.test.ts": body})


def messages(report: TestReport) -> str:
    return " ".join([report.detail, *(one.message for one in report.results)])


@pytest.mark.parametrize(("code", "expected"), LEADS.items())
def test_an_import_finds_what_node_finds(pool, root, code, expected):
    report = given(pool, root, code, expected)
    assert report.status == "finished", report.detail
    assert [one.message for one in report.results if not one.passed] == []
    assert report.results


@pytest.mark.parametrize(("specifier", "said"), MISSING.items())
def test_what_no_package_exports_is_refused_by_name(pool, root, specifier, said):
    report = given(pool, root, f"import it from '{specifier}'")
    assert report.status == "load_error"
    assert f"cannot find '{specifier}'" in report.detail
    assert said in report.detail


def test_a_survey_names_the_packages_that_the_tree_asks_for(pool, root):
    report = pool.run(TestJob(root=root, tests=("quarter.test.ts",), overlay={}, survey=True))
    assert report.packages == ("esm",)
    assert report.files == ("quarter.test.ts", "quarter.ts")


def test_a_package_is_mocked_like_any_module(pool, root):
    mocked = "vi.mock('cjs', () => ({ two: 22 }));\nimport { two as it } from 'cjs'"
    assert [one.passed for one in given(pool, root, mocked, 22).results] == [True]
    inside = (
        "vi.mock('cjs', () => ({ two: 22 }));\nimport { two } from 'cjs';\n"
        "import { sum } from 'esm';\nconst it = [two, sum]"
    )
    assert [one.passed for one in given(pool, root, inside, [22, 11]).results] == [True]
    spied = "import * as cjs from 'cjs';\nvi.spyOn(cjs, 'later').mockReturnValue(5);\nconst it = cjs.later()"
    report = given(pool, root, spied, 5)
    assert [one.passed for one in report.results] == [True], messages(report)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (SOURCE, "finished"),
        (SOURCE.replace("return half(half(n))", "return n / 4"), "finished"),
        (SOURCE.replace("esm/deep/half", "cjs"), "forbidden_import"),
        (SOURCE.replace("esm/deep/half", "esm"), "forbidden_import"),
        (f"import 'cjs';\n{SOURCE}", "forbidden_import"),
        (SOURCE.replace("return", "require('cjs'); return"), "forbidden_import"),
        (SOURCE.replace("return", "void import('esm'); return"), "forbidden_import"),
        (
            SOURCE.replace("return", "try { require('c' + 'js') } catch {} return"),
            "forbidden_import",
        ),
        (SOURCE.replace("return", "require('./node_modules/cjs/main.js'); return"), "finished"),
    ],
)
def test_an_answer_imports_what_its_own_file_imports_and_no_other_package(
    pool, root, answer, status
):
    report = run(pool, root, {"quarter.ts": answer}, "quarter.test.ts")
    assert report.status == status, report.detail
    if "node_modules" in answer:  # a path is no package
        assert not report.results[0].passed


def test_an_answer_reaches_no_package_that_its_packages_load(pool, root):
    reach = "import * as esm from 'esm';\nexport const it = Object.keys(esm).sort().join();\n"
    report = given(pool, root, f"{reach}", "Named,default,star,sum")
    assert not report.results[0].passed  # what the package loads is in no namespace of its own
    assert "own" not in report.results[0].message.replace("Named", "")


def test_a_package_runs_with_the_rights_of_an_answer(pool, root):
    spawn = given(
        pool,
        root,
        "import { spawn } from 'reads';\nlet it = '';\ntry { spawn() } catch (error) { it = (error as Error).message }",
        "child_process.spawnSync is not available in the sandbox",
    )
    assert [one.passed for one in spawn.results] == [True], messages(spawn)
    patch = given(
        pool,
        root,
        "import { patch } from 'reads';\nlet it = '';\ntry { patch() } catch (error) { it = (error as Error).name }\nif ([].push(1 as never) !== 1) it = 'patched'",
        "TypeError",
    )
    assert [one.passed for one in patch.results] == [True], messages(patch)


def test_packages_cannot_be_written_from_the_inside(pool, root):
    code = "import { write } from 'reads';\nlet it = '';\nfor (const name of ['/sandbox/packages/x', '/sandbox/packages/node_modules/cjs/main.js'])\n  try { write(name); it += 'written' } catch (error) { it += (error as { code: string }).code + ' ' }"
    report = given(pool, root, code, "ERR_ACCESS_DENIED ERR_ACCESS_DENIED ")
    assert [one.passed for one in report.results] == [True], messages(report)


def test_a_file_of_a_package_that_does_not_parse_is_told_where_it_is_loaded(pool, root):
    report = given(pool, root, "import it from 'broken'")
    assert report.status == "load_error"
    assert "node_modules/broken/index.js" in report.detail


def test_packages_work_without_namespaces_too(root, modules):
    with NodePool(root, packages=Installation(modules, modules.name), isolation="process") as pool:
        report = run(pool, root, {}, "quarter.test.ts")
    assert [one.passed for one in report.results] == [True], messages(report)


def test_without_a_lock_file_no_package_is_there(root):
    with NodePool(root) as pool:
        report = given(pool, root, "import it from 'left-pad'")
    assert "npm packages need real vitest" in report.detail
