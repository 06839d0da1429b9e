"""Renaming a name of the top level: everywhere it is meant, and nowhere else."""

from pathlib import Path

import pytest

from pytest_llmops.tasks.code.bindings import changed_names, outer_names, renamed
from pytest_llmops.tasks.code.languages import parse_module
from pytest_llmops.tasks.code.parsing import parse

STARTER = sorted((Path(__file__).parents[2] / "cases" / "starter").rglob("*.ts"))
SHADOWED = [
    # (code, the same with `f` renamed to `G`)
    ("const f = 1; use(f)", "const G = 1; use(G)"),
    ("function f() { return f() }", "function G() { return G() }"),
    ("class f { f = f; m() { return this.f } }", "class G { f = G; m() { return this.f } }"),
    ("enum f { a } let b: f = f.a", "enum G { a } let b: G = G.a"),
    ("namespace f { export const a = 1 } f.a", "namespace G { export const a = 1 } G.a"),
    ('import { f } from "m"; f', 'import { f as G } from "m"; G'),
    ('import { a as f } from "m"; f', 'import { a as G } from "m"; G'),
    ('import f, * as b from "m"; f', 'import G, * as b from "m"; G'),
    ("export { f as a }", "export { G as a }"),
    ('export { f } from "m"', 'export { f } from "m"'),
    # Properties
    ("const o = { f, f: f, f() { return f } }", "const o = { f: G, f: G, f() { return G } }"),
    ("o.f(f).f[f]?.f", "o.f(G).f[G]?.f"),
    ("({ f } = o); ({ a: f, f: b } = o)", "({ f: G } = o); ({ a: G, f: b } = o)"),
    ("const { f, a: { b = f } } = o", "const { f: G, a: { b = G } } = o"),
    ("const { f: a = f } = o", "const { f: a = G } = o"),
    # Shadowed by parameters
    ("(f) => f; f", "(f) => f; G"),
    ("f => f + a(f)", "f => f + a(f)"),
    ("function a({ f }, [b = f]) { return f }", "function a({ f }, [b = f]) { return f }"),
    ("function a({ f: b = f }) { return f }", "function a({ f: b = G }) { return G }"),
    ("function a(...f) { return () => f }", "function a(...f) { return () => f }"),
    (
        "const a = { m(f) { return f }, set n(f) { f } }",
        "const a = { m(f) { return f }, set n(f) { f } }",
    ),
    # By variables, hoisted or not
    (
        "function a() { { const f = 1; f } return f }",
        "function a() { { const f = 1; f } return G }",
    ),
    (
        "function a() { if (b) { var f = 1 } return f }",
        "function a() { if (b) { var f = 1 } return f }",
    ),
    ("function a() { f(); function f() {} }", "function a() { f(); function f() {} }"),
    ("{ let f = 1; { f } } f", "{ let f = 1; { f } } G"),
    ("for (const f of f) f; f", "for (const f of f) f; G"),
    ("for (f of a) f", "for (G of a) G"),
    ("for (let f = 0; f < 1; f++) f; f", "for (let f = 0; f < 1; f++) f; G"),
    ("try {} catch (f) { f } f", "try {} catch (f) { f } G"),
    ("try {} catch { f }", "try {} catch { G }"),
    ("switch (f) { case f: let f; f }", "switch (G) { case f: let f; f }"),
    # By functions' and classes' own names, types, labels
    ("const a = function f() { return f }; f", "const a = function f() { return f }; G"),
    ("const a = class f { m() { return f } }; f", "const a = class f { m() { return f } }; G"),
    (
        "class A { static { let f; f } m() { return f } }",
        "class A { static { let f; f } m() { return G } }",
    ),
    ("function a<f>(b: f): f { return b }", "function a<f>(b: f): f { return b }"),
    ("type A = (f: string) => [f: string]; f", "type A = (f: string) => [f: string]; G"),
    ("enum E { f = 1, b = f } f", "enum E { f = 1, b = f } G"),
    ("namespace N { const f = 1; f } f", "namespace N { const f = 1; f } G"),
    ("f: for (;;) { f; break f }", "f: for (;;) { G; break f }"),
    # In texts
    ("'f'; `f ${f}`; /f/; // f", "'f'; `f ${G}`; /f/; // f"),
    ("let é = 'äö😀'; f", "let é = 'äö😀'; G"),
]


@pytest.mark.parametrize(("code", "expected"), SHADOWED, ids=range(len(SHADOWED)))
def test_a_name_is_renamed_where_it_means_the_top_level(code, expected):
    assert renamed(code.encode(), "a.ts", {"f": "G"}).decode() == expected


def test_elements_are_variables_where_they_begin_with_a_capital():
    code = b"const f = <f>{<F f={F} />}{f}</f>"
    assert renamed(code, "a.tsx", {"f": "g", "F": "H"}) == b"const g = <f>{<H f={H} />}{g}</f>"


@pytest.mark.parametrize("path", STARTER, ids=lambda path: path.stem)
def test_a_file_renamed_has_every_name_once_more_and_no_error(path):
    source = path.read_bytes()
    module = parse_module(source, path.name)
    names = {name for item in module.items for name in item.names}
    changed = renamed(source, path.name, {name: f"{name}_2" for name in names})
    after = parse_module(changed, path.name)
    assert after.errors == module.errors
    assert {name for item in after.items for name in item.names} == {f"{one}_2" for one in names}
    left = {one.text for one in outer_names(changed, path.name)}
    assert left.isdisjoint(names)


def test_what_a_statement_changes_is_told():
    code = b"a[0] = 1; b.c++; d.add(e); f += g; h(i); (j.k).l ||= m; n = o.p"
    assert changed_names(code, "a.ts") == {"a", "b", "d", "f", "(j.k)", "n"}


def test_the_parser_gives_up_by_the_text_and_not_by_the_clock():
    hostile = ("*** Begin\n" + "@@\n-}\n+cut add }\n" * 1000).encode()
    roots = [parse(hostile, "a.ts") for _ in range(2)]
    assert [(root.end_byte, root.has_error) for root in roots] == [(1, True)] * 2
    assert parse_module(hostile, "a.ts").given_up
    assert not parse_module(b"const a = 1;\n\n", "a.ts").given_up


@pytest.mark.parametrize("path", STARTER[::8], ids=lambda path: path.stem)
def test_no_real_file_comes_near_the_bound(path):
    source = b"/* " + "é😀".encode() * 3000 + b" */\n" + path.read_bytes() * 8
    assert parse(source, path.name).end_byte == len(source)
