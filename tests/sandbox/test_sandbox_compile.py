"""TypeScript means here what it means to vitest: compiled in full, at its own lines."""

# ruff: noqa: E501 - lines of TypeScript are kept whole

from pathlib import Path

import pytest

from pytest_llmops.sandbox import NodePool, TestJob, TestReport

SYNTAX = {
    "a line that begins with a semicolon after a type": "const seen: number[] = []\ntype Pair = [number, number]\n;[1, 2].forEach((n) => { seen.push(n) })\nexport const value = () => seen.length === 2",
    "enums": "export enum Kind { A = 'a' } export const enum Flag { On = 1 } export const value = () => Kind.A === 'a' && Flag.On === 1",
    "a namespace": "namespace Space { export const x = 1 } export const value = () => Space.x === 1",
    "parameter properties": "class P { constructor(private x: number, readonly y = 2) {} sum() { return this.x + this.y } } export const value = () => new P(1).sum() === 3",
    "standard decorators": "const twice = (f: any, _c: any) => function (this: any) { return 2 * f.call(this) }; class A { @twice m() { return 1 } accessor x = 2 } export const value = () => new A().m() === 2 && new A().x === 2",
    "using": "let gone = false; const held = () => { using h = { [Symbol.dispose]() { gone = true } }; return h }; export const value = () => { held(); return gone }",
    "types imported without the word": "import { Shape, Unit } from './types'; const s: Shape = { w: 1 }; const u: Unit = 'px'; export const value = () => s.w === 1 && u === 'px'",
    "types exported without the word": "import { Shape, half } from './types'; export { Shape }; export const value = () => half(4) === 2",
    "import = require": "import dep = require('./script'); export const value = () => dep.f(2) === 4",
    "export =": "const value = () => true; export = { value }",
    "a script": "exports.value = () => require('./script').f(2) === 4;",
    "module.exports": "const { f } = require('./script'); module.exports = { value: () => f(1) === 2 };",
    "a path alias": "import { half } from '@lib/types'; export const value = () => half(4) === 2",
    "the package by its own name": "import { half } from 'mine/types'; export const value = () => half(4) === 2",
    "a generic arrow": "const keep = <T,>(x: T) => x; export const value = () => keep<boolean>(true)",
    "a default beside a namespace": "import main, * as all from './types'; export const value = () => main() === 'main' && all.half(2) === 1",
    "satisfies, as and !": "const o = { a: 1 } satisfies Record<string, number>; export const value = () => (o as any).a! === 1",
    "abstract and override": "abstract class B { abstract f(): number; g() { return this.f() } } class C extends B { override f() { return 1 } } export const value = () => new C().g() === 1",
    "legacy decorators": "const twice = (_t: any, _k: string, d: PropertyDescriptor) => ({ ...d, value() { return 2 * d.value.call(this) } }); const sealed = (c: any) => { c.sealed = true }; @sealed class A { static sealed = false; @twice m() { return 2 } } export const value = () => new A().m() === 4 && A.sealed",
    "legacy decorators of parameters": "const seen: any[] = []; const note = (_t: any, key: any, at?: any) => { seen.push(key, typeof at) }; class A { @note a = 1; constructor(@note private x: number, readonly y = 2) {} m(@note z: number) { return this.x + this.y + this.a + z } } export const value = () => new A(1).m(3) === 7 && seen.join() === 'a,undefined,m,number,,number'",
    "metadata asked for where nothing has any": "const sealed = (c: any) => { c.sealed = true }; @sealed class A { static sealed = false } export const value = () => A.sealed",
    "JSX by React.createElement": "const React = { createElement: (tag: string, own: any, ...inner: any[]) => [tag, own?.id, ...inner].join() }; export const value = () => <b id='i'>x{1 + 1}</b> as any === 'b,i,x,2'",
    "JSX by a factory of another name": "const All = 'all'; const h = (tag: string, _own: any, ...inner: any[]) => [tag, ...inner].join(); export const value = () => <><i>x</i></> as any === 'all,i,x'",
    "JSX beside a legacy decorator": "const h = (tag: string) => tag; const sealed = (c: any) => { c.sealed = <b /> }; @sealed class A { static sealed = '' } export const value = () => A.sealed === 'b'",
    "a type of a package that is not installed": "import { Config } from 'not-installed'; const c: Config = { a: 1 }; export const value = (given: Config = c) => given.a === 1",
    "declared fields": "class D { declare ghost: string; there?: number } export const value = () => !('ghost' in new D()) && 'there' in new D()",
}
UNDER = {
    "legacy decorators": '{ "experimentalDecorators": true }',
    "legacy decorators of parameters": '{ "experimentalDecorators": true }',
    "metadata asked for where nothing has any": '{ "experimentalDecorators": true, "emitDecoratorMetadata": true }',
    "JSX by React.createElement": '{ "jsx": "react" }',
    "JSX by a factory of another name": '{ "jsx": "react", "jsxFactory": "h", "jsxFragmentFactory": "All" }',
    "JSX beside a legacy decorator": '{ "jsx": "react", "jsxFactory": "h", "experimentalDecorators": true }',
}
"""Compiler options of those that have a tsconfig.json of their own."""
FILES = {
    "package.json": '{ "name": "mine", "type": "module", "exports": { ".": "./src/index.ts", "./*": "./src/*.ts" } }',
    "tsconfig.json": '{\n  // comments and a trailing comma\n  "extends": "./base.json",\n  "compilerOptions": { "strict": true, },\n}\n',
    "base.json": '{ "compilerOptions": { "paths": { "@lib/*": ["./src/*"] } } }',
    "src/types.ts": "export interface Shape { w: number }\nexport type Unit = 'px';\nexport const half = (n: number) => n / 2;\nexport default () => 'main';\n",
    "src/script.ts": "exports.f = (x: number) => x * 2;\n",
    "src/index.ts": "export {};\n",
    "__mocks__/os.ts": "export default {};\n",
    "src/__mocks__/types.ts": "export const half = () => 'a stand-in';\n",
    "src/target.test.ts": 'import { expect, it } from "vitest";\nimport * as target from "./target";\nit("holds", () => { expect((target as any).value()).toBe(true); });\n',
}
REFUSED = {
    "import { it } from '@jest/globals'; it('x', () => {});": "'@jest/globals' imported from refused.test.ts is not supported: tests written for jest need jest",
    "import { test } from 'node:test'; test('x', () => {});": "tests written for node:test need Node's own runner",
    "import { test } from 'bun:test'; test('x', () => {});": "tests written for Bun need Bun",
    "import { z } from 'zod'; z;": "npm packages need real vitest",
    "import { vi } from 'vitest'; import os from 'node:os'; vi.mock('node:os'); os;": 'vi.mock("os") in refused.test.ts: __mocks__/os.ts is not supported',
}


REFUSED_UNDER = {
    "react/jsx-runtime": ("tsx", '{ "jsx": "react-jsx" }', "export const value = () => <b>x</b>;"),
    "preact/jsx-runtime": (
        "tsx",
        '{ "jsx": "react-jsx", "jsxImportSource": "preact" }',
        "export const value = () => <b>x</b>;",
    ),
    "emitDecoratorMetadata is not supported": (
        "ts",
        '{ "experimentalDecorators": true, "emitDecoratorMetadata": true }',
        "const note = (_t: any, _k: any) => {}; class A { @note x: number = 1 } export const value = () => new A().x;",
    ),
    "'not-installed' imported from": (
        "ts",
        '{ "verbatimModuleSyntax": true }',
        "import { Config } from 'not-installed'; const c: Config = true; export const value = () => c;",
    ),
}


def stem(name: str) -> str:
    """Where a file of SYNTAX is, with no ending."""
    number = [*SYNTAX].index(name)
    return f"own{number}/target" if name in UNDER else f"src/target{number}"


def target(name: str) -> str:
    return f"{stem(name)}.{'tsx' if name.startswith('JSX') else 'ts'}"


def put(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text(text)


def put_test(root: Path, stem: str) -> None:
    put(
        root,
        f"{stem}.test.ts",
        FILES["src/target.test.ts"].replace("./target", f"./{Path(stem).name}"),
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root: Path = tmp_path_factory.mktemp("tree")
    for name, text in FILES.items():
        put(root, name, text)
    for name, code in SYNTAX.items():
        put(root, target(name), code)
        put_test(root, stem(name))
    for name, options in UNDER.items():
        put(root, f"{Path(stem(name)).parent}/tsconfig.json", f'{{ "compilerOptions": {options} }}')
    return root


@pytest.fixture(scope="module")
def pool(root):
    with NodePool(root) as pool:
        yield pool


def run(pool: NodePool, root: Path, test: str, overlay: dict[str, str] | None = None) -> TestReport:
    return pool.run(TestJob(root=root, tests=(test,), overlay=overlay or {}))


@pytest.mark.parametrize("name", SYNTAX)
def test_it_means_what_typescript_says(pool, root, name):
    report = run(pool, root, f"{stem(name)}.test.ts")
    assert report.status == "finished", report.detail
    assert [(result.passed, result.message) for result in report.results] == [(True, "")]


@pytest.mark.parametrize("name", SYNTAX)
def test_an_answer_may_be_written_so_too(pool, root, name):
    report = run(pool, root, f"{stem(name)}.test.ts", {target(name): SYNTAX[name]})
    assert report.status == "finished", report.detail
    assert [result.passed for result in report.results] == [True]


@pytest.mark.parametrize("decorated", ["", "@keep class D {} "], ids=["by oxc", "by esbuild"])
def test_a_stack_tells_lines_and_columns_of_the_source(pool, root, decorated):
    keep = "const keep = (_c: any, _x: any) => {}; " if decorated else ""
    code = f"interface A {{\n  a: number;\n}}\nenum E {{ X = 1 }} {keep}{decorated}\n\nexport const value = (): any => {{\n  throw new Error(new Error('here').stack);\n}};\nvoid E;\n"
    report = run(pool, root, "src/target0.test.ts", {"src/target0.ts": code})
    assert "src/target0.ts:7:19)" in report.results[0].message
    assert "src/target0.test.ts:3:44" in report.results[0].message


def test_a_syntax_error_tells_where_it_is(pool, root):
    report = run(
        pool,
        root,
        "src/target0.test.ts",
        {"src/target0.ts": "export const a = 1;\nexport const b = (: 2;\n"},
    )
    assert report.status == "syntax_error"
    assert "src/target0.ts:2:19: " in report.detail


@pytest.mark.parametrize("code", REFUSED)
def test_what_is_not_supported_is_refused_by_name(pool, root, code):
    (root / "refused.test.ts").write_text(code)
    report = run(pool, root, "refused.test.ts")
    assert report.status == "load_error"
    assert REFUSED[code] in report.detail


def test_a_file_of_jest_beside_one_with_the_globals_of_vitest_is_refused_and_told(pool, root):
    put(
        root,
        "both/jest.test.ts",
        "import { expect, it } from '@jest/globals'; it('one', () => expect(1).toBe(1));",
    )
    put(root, "both/globals.test.ts", "it('two', () => expect(1).toBe(1));")
    names = ("both/jest.test.ts", "both/globals.test.ts")
    for tests in (names, names[::-1]):
        report = pool.run(TestJob(root=root, tests=tests, overlay={}))
        assert report.status == "load_error"
        assert "'@jest/globals' imported from both/jest.test.ts is not supported" in report.detail
    (root / "both/jest.test.ts").write_text(
        "import { expect, it } from 'vitest'; it('one', () => expect(typeof globalThis.it + typeof it).toBe('undefinedfunction'));"
    )
    report = pool.run(TestJob(root=root, tests=names, overlay={}))
    assert {(one.title, one.message) for one in report.results} == {("one", ""), ("two", "")}


@pytest.mark.parametrize("said", REFUSED_UNDER)
def test_what_options_of_typescript_rule_out_is_refused_by_name(pool, root, said):
    ending, options, code = REFUSED_UNDER[said]
    folder = f"ruled{[*REFUSED_UNDER].index(said)}"
    put(root, f"{folder}/tsconfig.json", f'{{ "compilerOptions": {options} }}')
    put(root, f"{folder}/target.{ending}", code)
    put_test(root, f"{folder}/target")
    report = run(pool, root, f"{folder}/target.test.ts")
    assert report.status == "load_error"
    assert said in report.detail
    assert "@oxc-project" not in report.detail


@pytest.mark.parametrize(
    ("mocked", "given"),
    [("", "2"), ("vi.mock('./types');", "a stand-in"), ("vi.mock('./types', () => ({ half: () => 7 }));", "7")],
)  # fmt: skip
def test_a_file_in_a_folder_of_mocks_stands_for_the_module_beside_it(pool, root, mocked, given):
    (root / "src/folder.test.ts").write_text(
        f"import {{ expect, it, vi }} from 'vitest'; import {{ half }} from './types'; {mocked}"
        f" it('is', () => expect(String(half(4))).toBe('{given}'));"
    )
    assert [one.message for one in run(pool, root, "src/folder.test.ts").results] == [""]


def test_expect_type_is_there(pool, root):
    (root / "types.test.ts").write_text(
        "import { expectTypeOf } from 'expect-type'; import { it } from 'vitest'; it('x', () => { expectTypeOf(1).toBeNumber(); });"
    )
    assert [result.passed for result in run(pool, root, "types.test.ts").results] == [True]
