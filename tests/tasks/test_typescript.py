import time

import pytest
from made_tasks import MODULE

from pytest_llmops.errors import CaseError
from pytest_llmops.tasks.code.languages import parse_module, syntax_errors
from pytest_llmops.tasks.code.modules import find, replace_body
from pytest_llmops.tasks.code.parameters import parameter_patterns
from pytest_llmops.tasks.code.syntax import comments, shape, value_names


def parse(source, path="a.ts"):
    return parse_module(source.encode(), path)


def only(source, path="a.ts"):
    (declaration,) = parse(source, path).declarations
    return declaration


@pytest.mark.parametrize(
    ("source", "symbol", "kind", "signature", "body"),
    [
        ("function f() {}", "f", "function", "function f() ", "{}"),
        ("export function f<T>(a: T): T { return a }", "f", "function",
         "export function f<T>(a: T): T ", "{ return a }"),
        ("async function f() { await 1 }", "f", "function", "async function f() ", "{ await 1 }"),
        ("function* f() { yield 1 }", "f", "function", "function* f() ", "{ yield 1 }"),
        ("const f = (a: number) => a + 1;", "f", "arrow", "const f = (a: number) => ", "a + 1"),
        ("const f = (a) => ({ a });", "f", "arrow", "const f = (a) => ", "({ a })"),
        ("export const f = async <T,>(a: T) => { go(a) }", "f", "arrow",
         "export const f = async <T,>(a: T) => ", "{ go(a) }"),
        ("let f: Fn = function (a) { return a }", "f", "arrow", "let f: Fn = function (a) ",
         "{ return a }"),
        ("const f = ((a) => a) as Fn;", "f", "arrow", "const f = ((a) => ", "a"),
        ("const f = (a => a) satisfies Fn", "f", "arrow", "const f = (a => ", "a"),
        ("export default function () { return 1 }", "default", "function",
         "export default function () ", "{ return 1 }"),
        ("export default function f() {}", "f", "function", "export default function f() ", "{}"),
        ("export default async (a) => a", "default", "arrow", "export default async (a) => ", "a"),
        ("class A { m(a?: B) { return a } }", "A.m", "method", "m(a?: B) ", "{ return a }"),
        ("export abstract class A { private static async *#m() {} }", "A.#m", "method",
         "private static async *#m() ", "{}"),
        ("class A { readonly k = (a) => a; }", "A.k", "arrow", "readonly k = (a) => ", "a"),
        ("export default class { m() {} }", "default.m", "method", "m() ", "{}"),
        ("const o = { m() {} };", "o.m", "method", "m() ", "{}"),
        ("export const o: O = { async *m() {} }", "o.m", "method", "async *m() ", "{}"),
        ("const o = { k: (a) => a, n: 1 } as const", "o.k", "arrow", "k: (a) => ", "a"),
        ("const o = ({ k: function (a) { return a } }) satisfies O", "o.k", "arrow",
         "k: function (a) ", "{ return a }"),
        ("let o = { a: { b: { k: async (a) => ({ a }) } } }", "o.a.b.k", "arrow",
         "k: async (a) => ", "({ a })"),
        ("export default { m(a?: B) { return a } } satisfies O", "default.m", "method",
         "m(a?: B) ", "{ return a }"),
    ],
)  # fmt: skip
def test_every_form_of_function_is_found(source, symbol, kind, signature, body):
    module = parse(source)
    found = find(module, symbol)
    assert (found.kind, found.signature, module.body(found)) == (kind, signature, body)
    assert module.text(found.start, found.end).startswith(signature + body)


@pytest.mark.parametrize(
    "source",
    [
        "class A { constructor() {} }",
        "class A { get a() { return 1 } set a(b) {} }",
        "class A { ['a' + 1]() {} }",
        "abstract class A { abstract m(): void }",
        "declare function f(): void;",
        "namespace N { function f() {} }",
        "const a = () => 1, b = () => 2;",
        "const { f } = { f: () => 1 };",
        "const o = { get a() { return 1 }, set a(b) {} };",
        "const o = { ['a' + 1]: () => 1, 'b': () => 2, 3: () => 3 };",
        "const o = { a: { b: { c: { d() {} } } } };",
        "const o = { a: memo(() => 1), b };",
        "const { o } = { o: { f() {} } };",
        "const o = { f() {} }, p = { f() {} };",
        "const o = freeze({ f() {} });",
        "function f(): { m(): void } ;",
        "function f(): void;",
        "const f = memo(() => 1);",
        "",
    ],
)
def test_what_cannot_be_asked_for_is_not_found(source):
    assert parse(source).declarations == ()


def test_a_nested_function_is_not_found_but_its_host_is():
    assert only("function f() { function g() {} const h = () => 1 }").symbol == "f"


@pytest.mark.parametrize(
    ("source", "exported"),
    [
        ("export function f() {}", True),
        ("function f() {}", False),
        ("function f() {}\nexport { f };", True),
        ("function f() {}\nexport { f as g };", True),
        ("function f() {}\nexport default f;", True),
        ('function f() {}\nexport { f } from "./other";', False),
        ("export class A { f() {} }", True),
        ("class A { f() {} }\nexport { A };", True),
    ],
)
def test_a_function_is_exported_at_its_place_or_by_name(source, exported):
    assert only(source).exported is exported


@pytest.mark.parametrize(
    ("above", "doc"),
    [
        ("/** One. */\n", "/** One. */"),
        ("// One.\n// Two.\n", "// One.\n// Two."),
        ("/** One. */\n\n", ""),
        ("// One.\n\n// Two.\n", "// Two."),
        ("// One.\n/** Two. */\n", "/** Two. */"),
        ("/** One. */\n// Two.\n", "// Two."),
        ("const a = 1; // One.\n", ""),
        ("const a = 1; // One.\n// Two.\n", "// Two."),
    ],
)
def test_the_comment_directly_above_is_the_doc(above, doc):
    assert find(parse(above + "export function f() {}"), "f").doc == doc


def test_overloads_belong_to_their_implementation():
    head = "export function f(a: string): string;\nexport function f(a: number): number;\n"
    source = f"/** Doc. */\n{head}export function f(a: any): any {{ return a }}"
    module = parse(source)
    found = find(module, "f")
    assert found.overloads == tuple(head.splitlines())
    assert found.doc == "/** Doc. */"
    assert source[found.start :] == "export function f(a: any): any { return a }"
    assert module.items[0].start == 0


def test_the_parts_of_a_head_are_told():
    found = only("export const f = async <T,>(a: T, b = 1): Promise<T> => a;")
    parts = (found.generics, found.parameters, found.returns)
    assert parts == ("<T,>", "(a: T, b = 1)", ": Promise<T>")
    assert (found.is_async, found.is_generator, found.is_arrow, found.is_expression) == (
        True, False, True, True,
    )  # fmt: skip
    assert only("const f = a => a").parameters == "(a)"


def test_a_symbol_that_is_missing_or_doubled_is_an_error_that_names_what_there_is():
    with pytest.raises(CaseError, match=r"a\.ts: no function 'g'; the file declares: f, A\.m"):
        find(parse("function f() {} class A { m() {} }"), "g")
    with pytest.raises(CaseError, match="no function 'g'; the file declares: none"):
        find(parse(""), "g")
    with pytest.raises(CaseError, match=r"'A\.m' is declared 2 times"):
        find(parse("class A { m() {} static m() {} }"), "A.m")


def test_offsets_are_bytes():
    module = parse('const s = "äöü€😀";\nexport function f() { return "é" }\n')
    found = find(module, "f")
    assert module.body(found) == '{ return "é" }'
    assert replace_body(module, found, '{ return "ß" }').endswith('f() { return "ß" }\n')


@pytest.mark.parametrize("symbol", ["cut", "shout", "wait", "Counter.add", "Counter.load"])
def test_replacing_a_body_by_itself_changes_nothing(symbol):
    module = parse(MODULE)
    found = find(module, symbol)
    assert replace_body(module, found, module.body(found)) == MODULE
    thrown = replace_body(module, found, "{ throw new Error() }")
    assert syntax_errors(thrown.encode(), "a.ts") == 0
    assert module.body(found) not in thrown


def test_line_ends_of_another_system_are_kept():
    source = MODULE.replace("\n", "\r\n")
    module = parse(source)
    found = find(module, "cut")
    assert replace_body(module, found, module.body(found)) == source


def test_items_tell_what_stands_at_the_top_level():
    module = parse(MODULE)
    assert [(item.kind, item.names) for item in module.items] == [
        ("import", ("join",)),
        ("import", ("Log", "Drain")),
        ("type", ("Limits",)),
        ("type", ("Tail",)),
        ("value", ("DOTS",)),
        ("function", ("countWords",)),
        ("function", ("cut",)),
        ("function", ("shout",)),
        ("function", ("wait",)),
        ("class", ("Counter",)),
    ]
    assert [item.module for item in module.imports] == ["node:path", "./log.ts"]
    assert [item.names for item in module.types] == [("Limits",), ("Tail",)]
    members = module.items[-1].members
    assert [member.names[0] for member in members] == [
        "count", "made", "constructor", "add", "load", "total",
    ]  # fmt: skip
    assert module.text(members[3].start, members[3].end).startswith("/** Adds to the count. */")


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ('import a, { b, c as d } from "m"', ("a", "b", "d")),
        ('import * as a from "m"', ("a",)),
        ('import "m"', ()),
        ("const { a, b: [c, d = 1], ...e } = f", ("a", "c", "d", "e")),
        ("const a = 1, b = 2", ("a", "b")),
        ("declare const a: string", ("a",)),
        ("declare function a(): void", ("a",)),
        ("enum A { B }", ("A",)),
        ("a.b = 1", ()),
    ],
)
def test_items_tell_the_names_they_bind(source, names):
    (item,) = parse(source).items
    assert item.names == names


def test_the_extension_chooses_the_grammar():
    source = "export const F = (a: string) => <b>{a}</b>;"
    assert parse(source, "a.tsx").errors == 0
    assert only(source, "a.tsx").symbol == "F"
    assert parse(source, "a.ts").errors > 0
    assert syntax_errors(b"const a = <string>b;", "a.ts") == 0


@pytest.mark.parametrize(
    "source", ["function f( {", "function f() { if (a { } }", "const = 1", "}", "class A { m( }"]
)
def test_broken_code_has_errors_and_does_not_raise(source):
    assert parse(source).errors > 0


def test_a_broken_function_says_so():
    assert find(parse("function f() { return ( }\n"), "f").is_broken
    assert not find(parse("function f() { return 1 }\nfunction ( {"), "f").is_broken


def test_a_module_is_parsed_once():
    assert parse(MODULE) is parse(MODULE)


@pytest.mark.parametrize(
    ("parameters", "patterns"),
    [
        ("()", ()),
        ("(a: string, b?: Map<string, number>)", ("a", "b")),
        ("(a = 1, { b, c }: D, ...d: E[])", ("a=1", "{b,c}", "...d")),
        ("(this: A, a)", ("a",)),
    ],
)
def test_parameters_are_compared_without_their_types(parameters, patterns):
    assert parameter_patterns(parameters) == patterns


@pytest.mark.parametrize(
    ("code", "kinds"),
    [
        ("return 1; // a", ("return_statement",)),
        ("a(); yield 1", ("call_expression", "yield_expression")),
        ("hello", ("identifier",)),
        ("here is prose", ("ERROR",)),
        ("} function g() {", ("ERROR",)),
        ("", ()),
    ],
)
def test_the_shape_of_statements(code, kinds):
    assert shape(code, "a.ts") == kinds


def test_comments_are_found_outside_of_strings_only():
    source = b'const a = "// no"; // yes\n/* and */ const b = `/* no */`'
    assert [source[start:end] for start, end in comments(source, "a.ts")] == [
        b"// yes",
        b"/* and */",
    ]


def test_value_names_are_not_those_of_types():
    assert value_names(b"const a: T = f<U>({ b }).c", "a.ts") == {"a", "f", "b"}


@pytest.mark.parametrize("hostile", ["`", "{", "f(", "[1,", "if (x) {", "`${"])
def test_hostile_text_is_parsed_in_bounded_time(hostile):
    started = time.perf_counter()
    parse_module((hostile * 20_000)[:20_000].encode(), "a.ts")
    assert time.perf_counter() - started < 30  # no timing: a guard against quadratic growth


OVERLOADED = """\
/** @module texts */

/** Adds one. */

export function add(a: number): number;

/** Adds a text. */
export function add(a: string): string;

export function add(a: any): any {
  return a + 1;
}

function other(a: number): number;

export const last = (a: number[]): number => a.length;

class A {
  get(a: number): number;

  get(a: string): string;

  get(a: any): any {
    return a;
  }
}
"""


def test_overloads_and_their_comments_are_kept_over_empty_lines():
    module = parse_module(OVERLOADED.encode(), "a.ts")
    add, last, get = module.declarations
    assert add.overloads == (
        "export function add(a: number): number;",
        "export function add(a: string): string;",
    )
    assert add.doc == "/** Adds a text. */"
    assert get.overloads == ("get(a: number): number", "get(a: string): string")
    item = next(one for one in module.items if one.names == ("add",))
    assert module.text(item.start, item.end).startswith("/** Adds one. */")
    assert (last.overloads, last.doc) == ((), "")


def test_a_comment_of_the_file_documents_no_signature():
    for tag in ("@file texts", "@license MIT", "@packageDocumentation"):
        code = f"/** {tag} */\n\nfunction a(): void;\nfunction a() {{}}\n"
        module = parse_module(code.encode(), "a.ts")
        assert module.text(module.items[0].start, module.items[0].end).startswith("function a()")
