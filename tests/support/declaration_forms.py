"""The forms a function may be declared in, and what may stand beside it: more of `answer_forms`.

Each is made of the body, like those. What is declared beside has to work for the answer to be
right: a helper gives the mark, the separator or the sum.
"""
# ruff: noqa: E501 - a table, one form a line

from answer_forms import Form, fenced, inside, stub, whole

PARAMETERS = "(text: string, options: Options): string"


def given(name, body):
    """The function `initials` under another name."""
    return f"function {name}{PARAMETERS} {{\n{inside(body)}\n}}"


def expression(body, head="function "):
    return f"{head}{PARAMETERS} {{\n{inside(body)}\n}}"


def arrow(body):
    return f"{PARAMETERS} => {{\n{inside(body)}\n}}"


def helped(body, mark="MARK_OF"):
    """The body with what a helper has to give in the place of the mark."""
    return body.replace('"."', mark)


def split(body, by="parts"):
    """The body of `depth` with a helper that splits."""
    return body.replace('path.split("/")', f"{by}(path)")


def by_name(body, name):
    """The body of `depth` with a name for what parts a path."""
    return body.replace('"/"', name)


def depth(body):
    return whole("depth", body)


def book(body):
    return whole("Ledger.book", body)


PARTS = 'const parts = (path: string): string[] => path.split("/");'
MEMO = """\
function memo<A extends unknown[], R>(call: (...args: A) => R): (...args: A) => R {
  const known = new Map<string, R>();
  return (...args) => {
    const key = JSON.stringify(args);
    if (!known.has(key)) known.set(key, call(...args));
    return known.get(key)!;
  };
}"""
BOOK_PARAMETERS = "(this: any, name: string, amount: number): number"


def form(name, symbol, make, outcome="solved", why=""):
    return Form(name, symbol, make, outcome, why)


DECLARATIONS = [
    form("a method with a comma behind it", "Ledger.book", lambda b: fenced(f"{book(b)},")),
    form("an arrow", "initials", lambda b: fenced(f"export const initials = {arrow(b)};")),
    form("a function expression", "initials", lambda b: fenced(
        f"export const initials = {expression(b)};")),
    form("a function without a name", "initials", lambda b: fenced(expression(b))),
    form("an export list", "initials", lambda b: fenced(
        f"{given('initials', b)}\nexport {{ initials }};")),
    form("an export under another name", "initials", lambda b: fenced(
        f"{given('make', b)}\nexport {{ make as initials }};")),
    form("an export of a constant under another name", "depth", lambda b: fenced(
        f"const count = (path: string) => {{\n{b}\n}};\nexport {{ count as depth }};")),
    form("a default export", "initials", lambda b: fenced(
        f"export default {given('initials', b)}")),
    form("an alias", "initials", lambda b: fenced(
        f"{given('make', b)}\nexport const initials = make;")),
    form("an alias above its function", "initials", lambda b: fenced(
        f"export const initials = make;\n{given('make', b)}")),
    form("an alias of an arrow", "depth", lambda b: fenced(
        f"const count = (path: string): number => {{\n{b}\n}};\nexport const depth = count;")),
    form("a memo", "initials", lambda b: fenced(
        f"{MEMO}\nexport const initials = memo({arrow(b)});")),
    form("a memo of a function", "initials", lambda b: fenced(
        f"{MEMO}\n{given('make', b)}\nexport const initials = memo(make);")),
    form("a memo of a constant", "depth", lambda b: fenced(
        f"{MEMO}\nexport const depth = memo((path: string): number => {{\n{b}\n}});")),
    form("bind", "depth", lambda b: fenced(
        "function count(this: { by: string }, path: string): number {\n"
        + b.replace('"/"', "this.by") + '\n}\nexport const depth = count.bind({ by: "/" });')),
    form("a function that is called at once", "depth", lambda b: fenced(
        f"export const depth = (() => {{\n  const by = \"/\";\n  return (path: string) => {{\n"
        f"{by_name(b, 'by')}\n  }};\n}})();")),
    form("a choice", "initials", lambda b: fenced(
        f"{given('make', b)}\nexport const initials = true ? make : null!;")),
    form("satisfies", "depth", lambda b: fenced(
        f"export const depth = ((path) => {{\n{b}\n}}) satisfies (path: string) => number;")),
    form("two in one const", "depth", lambda b: fenced(
        f"const BY = \"/\", depth = (path: string): number => {{\n{by_name(b, 'BY')}\n}};"
        "\nexport { depth };")),
    form("let, then a value", "initials", lambda b: fenced(
        f"let initials: (text: string, options: Options) => string;\ninitials = {arrow(b)};")),
    form("exports", "initials", lambda b: fenced(f"exports.initials = {arrow(b)};", "js")),
    form("exports of a name", "initials", lambda b: fenced(
        f"{given('make', b)}\nexports.initials = make;", "js")),
    form("module.exports", "initials", lambda b: fenced(
        f"module.exports.initials = {expression(b)};", "js")),
    form("module.exports as a whole", "initials", lambda b: fenced(
        f"module.exports = {expression(b, 'function initials')};", "js")),
    form("module.exports of a nameless function", "initials", lambda b: fenced(
        f"module.exports = {arrow(b)};", "js")),
    form("module.exports of an object", "initials", lambda b: fenced(
        f"{given('initials', b)}\nmodule.exports = {{ initials, other: 1 }};", "js")),
    form("module.exports of an object with another name", "initials", lambda b: fenced(
        f"{given('make', b)}\nmodule.exports = {{ initials: make }};", "js")),
    form("module.exports with the method", "initials", lambda b: fenced(
        f"module.exports = {{\n  {expression(b, 'initials')}\n}};", "js")),
    form("an object", "initials", lambda b: fenced(
        f"export const text = {{\n  mark() {{ return \".\"; }},\n"
        f"  {expression(helped(b, 'this.mark()'), 'initials')},\n}};")),
    form("a default object", "initials", lambda b: fenced(
        f"export default {{ {expression(b, 'initials')} }};")),
    form("a namespace around", "initials", lambda b: fenced(
        "export namespace Words {\n  const DOT = \".\";\n"
        f"  export {given('initials', helped(b, 'DOT'))}\n}}")),
    form("a class of its own", "initials", lambda b: fenced(
        f"class Solution {{\n  {expression(b, 'initials')}\n}}")),
    form("a class of its own with a helper", "initials", lambda b: fenced(
        "class Solution {\n  private mark(): string { return \".\"; }\n"
        f"  {expression(helped(b, 'this.mark()'), 'initials')}\n}}")),
    form("a class of its own with statics", "initials", lambda b: fenced(
        "class Text {\n  static mark = \".\";\n"
        f"  static {expression(helped(b, 'Text.mark'), 'initials')}\n}}")),
    form("a label before", "initials", lambda b: f"initials: {given('initials', b)}"),
    form("a decorator of no meaning", "initials", lambda b: fenced(
        f"// @ts-nocheck\n{given('initials', b)}")),
    form("inline code", "depth", lambda b: f"`export const depth = (path) => {{ {b} }};`"),
    form("inline code in prose", "depth", lambda b: f"Take `const depth = (path) => {{ {b} }}` here."),
    form("an expression in backticks", "depth", lambda b: fenced(
        b.removeprefix("return ").removesuffix(";"))),
    form("a function for a constant", "depth", lambda b: fenced(
        f"export function depth(path: string): number {{\n{b}\n}}")),
    form("overloads", "initials", lambda b: fenced(
        f"export function initials{PARAMETERS};\nexport {given('initials', b)}")),
    form("a property assigned to it", "initials", lambda b: fenced(
        f"{given('initials', helped(b, 'initials.dot'))}\ninitials.dot = \".\";")),
    form("a namespace of its name", "initials", lambda b: fenced(
        f"export {given('initials', helped(b, 'initials.DOT'))}\n"
        "export namespace initials {\n  export const DOT = \".\";\n}")),
    form("a method in its class", "Ledger.book", lambda b: fenced(
        f"export class Ledger {{\n{inside(book(b))}\n}}")),
    form("a method among stubs", "Ledger.book", lambda b: fenced(
        f"class Ledger {{\n  #sums = new Map();\n  {book(b)}\n  report(): string {{\n  // ...\n  }}\n}}")),
    form("a method as a function", "Ledger.book", lambda b: fenced(f"function {book(b)}")),
    form("a method as an arrow field", "Ledger.book", lambda b: fenced(
        f"book = (name: string, amount: number): number => {{\n{b}\n}};")),
    form("a method on the prototype", "Ledger.book", lambda b: fenced(
        f"Ledger.prototype.book = function {BOOK_PARAMETERS} {{\n{b}\n}};")),
    form("a method with an accessor", "Ledger.book", lambda b: fenced(
        f"class Ledger {{\n  get #known() {{ return this.#sums; }}\n"
        f"{inside(book(b.replace('#sums.get', '#known.get')))}\n}}")),
]  # fmt: skip

BESIDE = [
    form("a helper", "depth", lambda b: fenced(f"{PARTS}\n{depth(split(b))}")),
    form("a helper below", "depth", lambda b: fenced(
        f"{depth(split(b))}\nfunction parts(path: string) {{ return path.split(\"/\"); }}")),
    form("a helper in a fence before", "depth", lambda b: f"{fenced(PARTS)}\nand\n{fenced(depth(split(b)))}"),
    form("a helper in a fence after", "depth", lambda b: f"{fenced(depth(split(b)))}\nand\n{fenced(PARTS)}"),
    form("two helpers in two fences", "depth", lambda b: fenced('const BY = "/";') + "\n" + fenced(
        PARTS.replace('"/"', "BY")) + "\n" + fenced(depth(split(b)))),
    form("a helper in a fence that calls back", "depth", lambda b: fenced(
        'function parts(path: string): string[] {\n  if (path === "") depth("a");\n'
        '  return path.split("/");\n}') + "\n" + fenced(depth(split(b)))),
    form("a constant in its fence", "initials", lambda b: fenced('const DOT = ".";') + "\n" + fenced(
        whole("initials", helped(b, "DOT")))),
    form("an enum in its fence", "initials", lambda b: fenced('enum Mark { Dot = "." }') + "\n" + fenced(
        whole("initials", helped(b, "Mark.Dot")))),
    form("a type in its fence", "initials", lambda b: fenced("type Mark = string;") + "\n" + fenced(
        whole("initials", helped(b, '("." as Mark)')))),
    form("an import in its fence", "depth", lambda b: fenced('import { sep } from "node:path";') + "\n"
        + fenced(depth(b.replace('"/"', "sep")))),
    form("a namespace beside", "initials", lambda b: fenced(
        'namespace Marks {\n  export const dot = ".";\n}\n' + whole("initials", helped(b, "Marks.dot")))),
    form("a namespace in its fence", "initials", lambda b: fenced(
        'export namespace Marks { export const dot = "."; }') + "\n" + fenced(
        whole("initials", helped(b, "Marks.dot")))),
    form("an enum beside", "initials", lambda b: fenced(
        f'const enum Mark {{ Dot = "." }}\n{whole("initials", helped(b, "Mark.Dot"))}')),
    form("a class beside", "initials", lambda b: fenced(
        f'class Mark {{ static dot = "."; }}\n{whole("initials", helped(b, "Mark.dot"))}')),
    form("a table filled by a loop", "initials", lambda b: fenced(
        'const TABLE: string[] = [];\nfor (let at = 0; at < 2; at++) TABLE.push(".");\n'
        + whole("initials", helped(b, "TABLE[1]")))),
    form("a table filled by statements", "initials", lambda b: fenced(
        'const table: any = {};\ntable.dot = ".";\nObject.freeze(table);\n'
        + whole("initials", helped(b, "table.dot")))),
    form("destructured constants", "initials", lambda b: fenced(
        'const { dot: { sign } } = { dot: { sign: "." } };\n' + whole("initials", helped(b, "sign")))),
    form("require beside", "depth", lambda b: fenced(
        'const path_ = require("path");\n' + depth(b.replace('"/"', "path_.posix.sep")))),
    form("require inside", "depth", lambda b: fenced(
        depth('const { posix: { sep } } = require("node:path");\n' + b.replace('"/"', "sep")))),
    form("require in a bare body", "depth", lambda b: fenced(
        'const { sep } = require("path").posix;\n' + b.replace('"/"', "sep"))),
    form("import of require", "depth", lambda b: fenced(
        'import paths = require("path");\n' + depth(b.replace('"/"', "paths.posix.sep")))),
    form("an import that the file has", "depth", lambda b: fenced(
        'import { posix } from "path";\n' + depth(b.replace('"/"', "posix.sep")))),
    form("an import under the name of a parameter", "depth", lambda b: fenced(
        'import * as nodePath from "node:path";\n' + depth(b.replace('"/"', "nodePath.posix.sep")))),
    form("a constant whose name is taken", "initials", lambda b: fenced(
        'const isWord = ".";\n' + whole("initials", helped(b, "isWord")))),
    form("a function whose name is taken", "depth", lambda b: fenced(
        'function isWord(path: string) { return path.split("/"); }\n' + depth(split(b, "isWord")))),
    form("a taken name in a fence of its own", "depth", lambda b: fenced(
        'function isWord(path: string) { return path.split("/"); }') + "\n" + fenced(
        depth(split(b, "isWord")))),
    form("a taken name that is shadowed inside", "depth", lambda b: fenced(
        'const MARK = (path: string) => { const isWord = "/"; return path.split(isWord); };\n'
        "const isWord = MARK;\n" + depth(split(b, "isWord")))),
    form("a taken name in shorthand", "initials", lambda b: fenced(
        'const MARK = "."; const marks = { MARK };\n' + whole("initials", helped(b, "marks.MARK")))),
    form("a taken name as a property", "initials", lambda b: fenced(
        'const MARK = { MARK: "." };\n' + whole("initials", helped(b, "MARK.MARK")))),
    form("a taken name of an import", "initials", lambda b: fenced(
        'const posix = ".";\n' + whole("initials", helped(b, "posix")))),
    form("an import whose name is taken", "depth", lambda b: fenced(
        'import { sep as label } from "node:path";\n' + depth(b.replace('"/"', "label")))),
    form("a taken name of a class", "initials", lambda b: fenced(
        'class Ledger { sign() { return "."; } }\n' + whole("initials", helped(b, "new Ledger().sign()")))),
    form("a taken name of a global", "depth", lambda b: fenced(
        'function URL(path: string) { return path.split("/"); }\n' + depth(split(b, "URL")))),
    form("a taken name of the state", "initials", lambda b: fenced(
        'const seen = ["."];\n' + whole("initials", helped(b, "seen[0]")))),
    form("a taken name of a later function", "depth", lambda b: fenced(
        'function label(path: string) { return path.split("/"); }\n' + depth(split(b, "label")))),
    form("the file's helper said again", "initials", lambda b: fenced(
        "function isWord(text: string) {\n  // is a word\n  return /^[a-z]/i.test(text)\n}\n"
        + whole("initials", b.replace("/^[a-z]/i.test(one)", "isWord(one)")))),
    form("the file's helper as a stub", "initials", lambda b: fenced(
        "function isWord(text: string): boolean {\n  // ...\n}\n"
        + whole("initials", b.replace("/^[a-z]/i.test(one)", "isWord(one)")))),
    form("the file's type said otherwise", "initials", lambda b: fenced(
        "interface Options { size: number }\n" + whole("initials", b))),
    form("a private method", "Ledger.book", lambda b: fenced(
        "class Ledger {\n  #known(name: string) { return this.#sums.get(name); }\n"
        f"{inside(book(b.replace('this.#sums.get(name)', 'this.#known(name)')))}\n}}")),
    form("a private method in its fence", "Ledger.book", lambda b: fenced(
        "private known(name: string) {\n  return this.#sums.get(name);\n}") + "\n" + fenced(
        book(b.replace("this.#sums.get(name)", "this.known(name)")))),
    form("a private method whose name is taken", "Ledger.book", lambda b: fenced(
        "class Ledger {\n  private line(name: string) { return this.#sums.get(name); }\n"
        f"{inside(book(b.replace('this.#sums.get(name)', 'this.line(name)')))}\n}}")),
    form("a helper of a method whose name is taken", "Ledger.book", lambda b: fenced(
        "function label(sum?: number): number { return sum ?? 0; }\n"
        + "class Ledger {\n" + book(b.replace("(this.#sums.get(name) ?? 0)", "label(this.#sums.get(name))"))
        + "\n}")),
    form("a field", "Ledger.book", lambda b: fenced(
        "class Ledger {\n  private none = 0;\n"
        f"{inside(book(b.replace('?? 0', '?? this.none')))}\n}}")),
]  # fmt: skip

NOT_SOLVED = [
    form("the stub alone", "initials", lambda _: fenced(stub("initials")), "wrong", "no answer"),
    form("a declaration alone", "initials", lambda _: fenced(
        f"export declare function initials{PARAMETERS};"), "wrong", "no answer"),
    form("no code", "initials", lambda _: "I would split the text at its spaces.", "empty", "no answer"),
    form("another name", "initials", lambda b: fenced(f"export {given('firstLetters', b)}"), "wrong",
        "which function is meant is not guessed"),
    form("a worse alternative after", "initials", lambda b: fenced(whole("initials", b))
        + "\nShorter:\n" + fenced(whole("initials", "return text;")), "wrong", "the last complete one counts"),
    form("a module that is not there", "initials", lambda b: fenced(
        "import _ from 'lodash';\n" + whole("initials", helped(b, '_.identity(".")'))), "wrong",
        "only modules that can be resolved are imported"),
    form("typographic quotes", "initials", lambda b: fenced(whole("initials", b.replace('"."', "\u201c.\u201d"))),
        "syntax_error", "no TypeScript"),
    form("entities in a fence", "initials", lambda b: fenced(
        whole("initials", b.replace("=>", "=&gt;"))), "syntax_error", "a fence is no HTML"),
    form("a brace missing", "initials", lambda b: fenced(whole("initials", b)[:-1]), "syntax_error", "cut off"),
    form("a changed constant", "initials", lambda b: fenced(
        'const MARK = "!";\n' + whole("initials", helped(b, "MARK"))), "wrong", "the answer's meaning counts"),
]  # fmt: skip
