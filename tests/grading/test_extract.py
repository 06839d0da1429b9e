import time
from pathlib import Path

import pytest
from hostile_texts import HOSTILE
from made_tasks import MODULE, fenced, make_task

from pytest_llmops.grading.extract import extract
from pytest_llmops.grading.fences import blocks
from pytest_llmops.grading.thinking import without_thinking
from pytest_llmops.tasks.code.languages import parse_module, syntax_errors

STARTER = sorted(
    path
    for path in (Path(__file__).parents[2] / "cases" / "starter").rglob("*.ts")
    if ".test." not in path.name
)
CUT = """\
export function cut(text: string, limits: Limits): string {
  return text.slice(0, limits.size);
}"""
CUT_BODY = "return text.slice(0, limits.size);"
ADD = "add(step: number): number {\n    return step;\n  }"


def flat(text):
    return "".join(text.split())


def answered(text, symbol="cut", **fields):
    """The file with the answer in place; it must still parse."""
    candidate = extract(text, make_task(symbol, **fields))
    assert candidate is not None
    assert candidate.syntax_errors == 0
    return candidate.file_text


def with_body(symbol, body):
    """The file that is expected: another body, all else as it was."""
    task = make_task(symbol)
    head, tail = task.declaration.body_start, task.declaration.body_end
    return (task.module.source[:head] + body.encode() + task.module.source[tail:]).decode()


@pytest.mark.parametrize(
    "answer",
    [
        fenced(CUT),
        fenced(CUT, ""),
        fenced(CUT, "python"),
        fenced(CUT).replace("```", "~~~"),
        fenced(CUT).replace("```", "`````"),
        fenced(CUT, "ts title=text.ts"),
        "  " + fenced(CUT).replace("\n", "\n  "),
        f"```ts\n{CUT}```",
        f"```ts\n{CUT}",
        f"```ts\r\n{CUT}\r\n```".replace("\n", "\r\n").replace("\r\r", "\r"),
        CUT,
        f"Sure!\n\n{fenced(CUT)}\n\nIt calls `slice(0, size)`.",
        f"Here is the function:\n\n{CUT}\n\nIt cuts the text (see cut(a, b)).",
        f"Here it is: ```typescript\n{CUT}\n```",
        fenced(CUT.removeprefix("export ")),
        fenced(CUT.replace("export", "export default")),
        fenced("/** Cuts. */\n" + CUT),
        fenced(MODULE.replace(make_task("cut").reference, "{ " + CUT_BODY + " }")),
        fenced(CUT.replace(": string", "").replace(": Limits", "")),
        fenced(f"const cut = (text, limits) => {{\n  {CUT_BODY}\n}};"),
        fenced(f"let cut: Cut = function (text, limits) {{ {CUT_BODY} }};"),
        fenced("const cut = (text: string, limits: Limits) => text.slice(0, limits.size);"),
        fenced(f"class Texts {{\n  cut(text, limits) {{ {CUT_BODY} }}\n}}"),
        fenced("(text, limits) => text.slice(0, limits.size)"),
        fenced(f"function (text, limits) {{ {CUT_BODY} }}"),
        fenced(CUT_BODY),
        fenced("  " + CUT_BODY, ""),
        fenced(f"{{\n  {CUT_BODY}\n}}"),
        CUT_BODY,
        f"{{ {CUT_BODY} }}",
        f"<think>First: {fenced('function cut() { return 1 }')}</think>{fenced(CUT)}",
        f"I should cut it.\n</think>\n{CUT}",
        fenced("function cut(text, limits) { return 1 }") + "\nBetter:\n" + fenced(CUT),
        fenced(CUT) + "\nUse it so:\n" + fenced('console.log(cut("a", { size: 1 }));'),
        fenced(CUT) + "\nOutput:\n" + fenced("a\nb c d", "text"),
        fenced("npm install it", "bash") + "\n" + fenced(CUT),
        fenced(CUT) + "\nCut off again:\n```ts\nexport function cut(text: string",
        fenced("function cut(text, limits) { return 1 }\n" + CUT),
        fenced(f"{CUT}\n\nconst result = cut('a', {{ size: 1, tail: 'none' }});\nlog(result);"),
        fenced(f'import {{ cut }} from "./cut.ts";\nit("cuts", () => {{}});\n{CUT}'),
    ],
)
def test_the_function_is_found_in_every_form(answer):
    expected = with_body("cut", f"{{ {CUT_BODY} }}")
    assert flat(answered(answer)) == flat(expected)


@pytest.mark.parametrize(
    "answer",
    [
        fenced(ADD),
        fenced("public " + ADD),
        ADD,
        f"Here is the method:\n\n  {ADD}\n\nIt adds (see add(1)).",
        fenced(f"export class Counter {{\n  private count = 0;\n\n  {ADD}\n}}"),
        fenced(f"class Other {{ {ADD} }}"),
        fenced(f"function {ADD}"),
        fenced("const add = (step) => step;"),
        fenced("add = (step: number) => step;"),
        fenced("return step;"),
        fenced(MODULE.replace(make_task("Counter.add").reference, "{ return step; }")),
    ],
)
def test_a_method_is_found_in_every_form(answer):
    expected = with_body("Counter.add", "{ return step; }")
    assert flat(answered(answer, "Counter.add")) == flat(expected)


@pytest.mark.parametrize(
    ("symbol", "answer", "expected"),
    [
        ("cut", "function cut(a, b) { return a }", "export function cut(a, b) { return a }"),
        ("cut", "const cut = async <T,>(a: T) => a;",
         "export async function cut<T,>(a: T) {\n  return a;\n}"),
        ("cut", "function* cut(text, limits) { yield text }",
         "export function* cut(text, limits) { yield text }"),
        ("cut", "function cut(text, limits = {}) { return text }",
         "export function cut(text, limits = {}) { return text }"),
        ("countWords", "function countWords(text) { return 1 }",
         "export function countWords(text) { return 1 }"),
        ("shout", "const shout = (words) => words;", "export const shout = (words) => words;"),
        ("shout", "function shout(words: string): string { return words }",
         "export const shout = function (words: string): string { return words };"),
        ("wait", "const wait = (time) => sleep(time);",
         "const wait: (ms: number) => Promise<void> = (time) => sleep(time);"),
        ("wait", "async function wait(ms) { await sleep(ms) }",
         "const wait: (ms: number) => Promise<void> = async (ms) => { await sleep(ms) };"),
        ("Counter.add", "add = async (by) => by;", "async add(by) {\n  return by;\n}"),
        ("Counter.load", "async function load(text) { return text }",
         "protected static async load(text) { return text }"),
    ],
)  # fmt: skip
def test_another_head_is_used_in_the_form_of_the_file(symbol, answer, expected):
    task = make_task(symbol)
    candidate = extract(fenced(answer), task)
    before = MODULE[: task.declaration.start]
    after = MODULE[task.declaration.end :]
    assert flat(candidate.file_text) == flat(before + expected + after)
    assert candidate.syntax_errors == 0


def test_a_field_stays_an_arrow_for_its_this_unless_it_uses_arguments():
    source = "class A { private k = (a) => this.b; }"
    kept = answered("function k(c) { return this.c }", "A.k", source=source)
    assert kept == "class A { private k = (c) => { return this.c }; }"
    changed = answered("function k(c) { return arguments }", "A.k", source=source)
    assert changed == "class A { private k = function (c) { return arguments }; }"


def test_an_anonymous_default_export_is_found():
    source = "export default function (a) { return 0 }\n"
    for answer in (
        "export default function (a) { return a }",
        "export default function named(a) { return a }",
        "function anything(a) { return a }",
        "return a",
    ):
        text = answered(fenced(answer), "default", source=source)
        assert flat(text) == flat("export default function (a) { return a }")


def test_overloads_of_the_file_stay():
    overloads = "function f(a: string): string;\nfunction f(a: number): number;\n"
    source = overloads + "function f(a: any): any { return 0 }\n"
    answer = overloads + "function f(a: any): any { return a }"
    assert answered(fenced(answer), "f", source=source) == answer + "\n"


def test_an_expression_may_answer_an_arrow_that_is_one():
    assert "=> (text.trim());" in answered(fenced("text.trim()"), "shout")
    assert "=> (text.trim());" in answered("text.trim();", "shout")


def test_helpers_that_are_used_and_new_are_kept_before_the_function():
    answer = fenced(
        'export interface Part { a: string }\nconst MARK = "!";\nconst UNUSED = run();\n'
        'const DOTS = "mine";\n'
        "/** Ends. */\nexport default function end(a: Part) { return inner(a) }\n"
        f"function inner(a) {{ return MARK }}\n{CUT.replace('text.slice', 'end(text).slice')}"
    )
    text = answered(answer)
    before = text[: text.index("/**\n * Cuts a text.")]
    for kept in (
        "interface Part",
        'const MARK = "!";',
        "/** Ends. */\nfunction end(a",
        "inner(a) {",
    ):
        assert kept in before
    assert "export interface Part" not in text
    assert "UNUSED" not in text
    assert text.count("DOTS =") == 1


def test_the_inside_of_a_torn_function_is_no_helper():
    torn = "export function other(a: string {\n  const size = 1;\n  const end = 2;\n  if (a) {"
    good = "function end(a) {\n  return a;\n}\n"
    code = CUT.replace("text.", "end(text).").replace("limits.size", "size")
    text = extract(f"```ts\n{good}{code}\n{torn}", make_task("cut")).file_text
    assert "function end(a)" in text
    assert "const size" not in text
    assert "const end" not in text


def test_new_members_that_a_method_uses_are_kept_before_it():
    answer = fenced(
        "class Counter {\n  private count = 5;\n  private by = 2;\n  #unused() {}\n"
        "  constructor() { run() }\n  #twice(a) { return a * this.by }\n"
        "  add(step: number): number { return this.#twice(step) }\n}\n"
        "function outside() { return this.#twice }"
    )
    text = answered(answer, "Counter.add")
    assert "#twice(a) { return a * this.by }\n\n" in text
    assert "private by = 2" in text
    assert "count = 5" not in text
    assert "unused" not in text
    assert text.index("#twice(a)") < text.index("/** Adds to the count. */")


@pytest.mark.parametrize(
    ("statement", "kept"),
    [
        ('import { sep } from "node:path";', 'import { sep } from "node:path";'),
        ('import { sep, join } from "node:path";', 'import { sep } from "node:path";'),
        ('import { sep } from "path"', 'import { sep } from "path"'),
        ('import * as sep from "node:os";', 'import * as sep from "node:os";'),
        ('import sep, { a as other } from "./log.ts";', 'import sep from "./log.ts";'),
        ('import { a as sep } from "./log.ts";', 'import { a as sep } from "./log.ts";'),
        ('import { sep } from "lodash";', ""),
        ('import { sep } from "./gone.ts";', ""),
        ('import { other } from "node:path";', ""),
        ('import type { Sep } from "node:path";', ""),
        ('import "node:path";', ""),
    ],
)
def test_imports_are_kept_where_they_are_needed_and_resolve(statement, kept):
    code = CUT.replace("text.slice", "sep.slice").replace("Limits", "Sep")
    added = flat(answered(fenced(f"{statement}\n{code}"))).replace(flat(MODULE), "")
    assert added.count("import") == MODULE.count("import ") + bool(kept)
    assert flat(kept) in added


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n",
        "I cannot do that.",
        "Sorry",
        "Sure! Hello, world.",
        "cut(text, limits) cuts the text.",
        "To cut a text, call cut with the text: cut(text, limits); then look.",
        "<think>function cut(text, limits) { return text }",
        "```\n```",
        "```ts\n\n```",
        fenced("def cut(text, limits):\n    return text[:limits.size]", "python"),
        fenced("def cut(text, limits):\n    return text[:limits.size]", ""),
        "def cut(text, limits):\n    return text[:limits.size]",
        fenced("npm install cut", "bash"),
        fenced("abc", ""),
        fenced('{"a": 1}', "json"),
        fenced("abc...", "text"),
    ],
)
def test_where_there_is_no_code_there_is_no_candidate(text):
    assert extract(text, make_task("cut")) is None
    assert extract(text, make_task("Counter.add")) is None


@pytest.mark.parametrize(
    ("symbol", "code"),
    [
        ("cut", CUT[:-30]),
        ("cut", CUT[:70]),
        ("cut", CUT.replace("slice(", "slice((")),
        ("shout", "export const shout = (text: string): string => {\n  return text.to"),
        ("Counter.add", ADD[:-8]),
        ("Counter.add", f"export class Counter {{\n  {ADD[:-10]}"),
        ("cut", "this is no code at all {"),
    ],
)
def test_broken_code_is_a_candidate_with_syntax_errors(symbol, code):
    for text in (fenced(code), f"```ts\n{code}", f"Look:\n```ts\n{code}"):
        candidate = extract(text, make_task(symbol))
        assert candidate.syntax_errors > 0
        assert syntax_errors(candidate.file_text.encode(), "text.ts") > 0


def test_errors_that_the_file_has_already_are_not_counted():
    source = MODULE + "\nconst broken = ;\n"
    assert parse_module(source.encode(), "text.ts").errors > 0
    assert extract(fenced(CUT), make_task("cut", source=source)).syntax_errors == 0


def test_another_function_than_the_asked_one_is_a_body_that_does_nothing():
    text = answered(fenced("export function crop(text) { return text }"))
    assert "function crop(text)" in text
    assert "export function crop" not in text


def test_the_rest_of_the_file_is_never_changed_by_an_answer():
    answer = fenced(MODULE.replace("return", "return 1 +").replace('"..."', '"!"'))
    for symbol in ("cut", "countWords", "Counter.add", "Counter.load"):
        task = make_task(symbol)
        text = answered(answer, symbol)
        own = text.replace('const DOTS_2 = "!";\n\n', "")
        assert own.startswith(MODULE[: task.declaration.start])
        assert own.endswith(MODULE[task.declaration.end :])
        assert ("DOTS_2" in text) == (symbol == "cut")


def test_a_candidate_tells_the_code_that_was_used():
    helper = "function end(a) { return a }"
    candidate = extract(fenced(f"{helper}\n{CUT.replace('text.', 'end(text).')}"), make_task("cut"))
    assert candidate.code.startswith(helper + "\n\nexport function cut(")
    assert candidate.body.startswith(helper + "\n\n{\n  return end(text)")
    assert extract(fenced(CUT_BODY), make_task("cut")).code == CUT_BODY


def test_text_outside_of_ascii_keeps_its_place():
    source = 'const a = "äöü😀";\n' + MODULE
    text = answered(fenced(CUT.replace("text.", '"é".')), source=source)
    assert text.startswith('const a = "äöü😀";\n')
    assert 'return "é".slice' in text
    assert extract("\ud800 lone", make_task("cut")) is None


def test_tsx_is_read_with_its_grammar():
    source = "export function View(a: string) { return null }\n"
    text = answered(
        fenced("function View(a: string) { return <b>{a}</b> }", "tsx"),
        "View", source=source, path="view.tsx",
    )  # fmt: skip
    assert text == "export function View(a: string) { return <b>{a}</b> }\n"


@pytest.mark.parametrize("symbol", ["cut", "Counter.add"])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_takes_bounded_time(symbol, text):
    task = make_task(symbol)
    started = time.process_time()
    extract(text, task)
    assert time.process_time() - started < 30  # no timing: a guard against quadratic growth


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("```ts\na\n```", [("ts", "a\n", True)]),
        ("```TypeScript\na\n", [("typescript", "a\n", False)]),
        ("~~~\na\n```\n~~~", [("", "a\n```\n", True)]),
        ("````\n```\na\n```\n````", [("", "```\na\n```\n", True)]),
        ("x\n```a``` b\n", []),
        ("```\na\n```\nb\n```\nc\n```", [("", "a\n", True), ("", "c\n", True)]),
        ("```ts\na```\nb", [("ts", "a", True)]),
        ("```", [("", "", False)]),
    ],
)
def test_fences_are_read_as_markdown_does(text, found):
    got = [(one.language, text[one.start : one.end], one.closed) for one in blocks(text)]
    assert got == found


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("<think>a</think>b", "b"),
        ("<thought>\na\n</thought>\nb", "\nb"),
        ("[THINK]a[/THINK]b", "b"),
        ("a\n[/THINK]b", "b"),
        ("<seed:think>a</seed:think>b", "b"),
        ("◁think▷a◁/think▷b", "b"),
        ("<|begin_of_thought|>\na\n<|end_of_thought|>\nb", "\nb"),
        (
            "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b",
            "b",
        ),
        ("<|start|>assistant<|channel|>analysis<|message|>a<|channel|>final<|message|>b", "b"),
        ("<|channel|>analysis<|message|>a<|end|>b", "b"),
        ("<|channel|>analysis<|message|>a", ""),
        ("<thought>a</think>b", ""),
        (" \n<thinking>a</thinking>b", "b"),
        ("a\n<think>\nb\n</think>\nc", "a\n\nc"),
        ("<think>a</think>b\n<reasoning>\nc</reasoning>d", "b\nd"),
        ("<think>a", ""),
        ("a\n<think>\nb", "a\n"),
        ("a\n</think>\nb", "\nb"),
        ("<think><think>a</think>b", "b"),
        ('a = "<think>b</think>"', 'a = "<think>b</think>"'),
        ("/<thinking>.*<\\/thinking>/", "/<thinking>.*<\\/thinking>/"),
    ],
)
def test_thinking_is_left_out(text, seen):
    assert without_thinking(text) == seen


@pytest.mark.parametrize("path", STARTER, ids=lambda path: path.stem)
def test_every_starter_reference_is_extracted_as_it_stands(path):
    source = path.read_text()
    for declaration in parse_module(source.encode(), path.name).declarations:
        task = make_task(declaration.symbol, source, path.name)
        code = task.module.text(declaration.start, declaration.end)
        for answer in (fenced(code), f"Here it is:\n\n{code}", f"A file:\n{fenced(source)}"):
            candidate = extract(answer, task)
            assert (candidate.file_text, candidate.syntax_errors) == (source, 0)
