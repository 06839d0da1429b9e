import re
from pathlib import Path

import pytest
from made_tasks import MODULE, make_task

from pytest_llmops.tasks.code.languages import parse_module
from pytest_llmops.tasks.code.modules import replace_body
from pytest_llmops.tasks.code.uses import uses_of
from pytest_llmops.tasks.prompts import PROMPT_VERSION
from pytest_llmops.tasks.prompts.parts import is_twin
from pytest_llmops.tasks.prompts.prompt import CHARACTERS_PER_TOKEN, build_messages

STARTER = Path(__file__).parents[2] / "cases" / "starter"
MODULES = sorted(path for path in STARTER.rglob("*.ts") if ".test." not in path.name)
SYMBOLS = ["countWords", "cut", "shout", "wait", "Counter.add", "Counter.load"]
BUDGETS = [0, 1, 30, 100, 200, 1000]


def question(task, context_tokens=1000):
    (message,) = build_messages(task, context_tokens=context_tokens)
    assert message.role == "user"
    return message.content


def blocks(text):
    """The fenced parts: the rest of the file where it is shown, and last what to write."""
    return re.findall(r"^(```+)\w+\n(.*?)\n\1$", text, re.DOTALL | re.MULTILINE)


def context(text):
    shown, _ = blocks(text)
    return shown[1]


def asked(text):
    return blocks(text)[-1][1]


def far_away(count=40):
    """A module with one function amid many, types and values used by it or not."""
    fillers = [
        f"/** Number {n}. */\nexport function f{n}(a: number): number {{\n"
        f"  const b = a + {n};\n  return b * {n};\n}}\n\nexport type T{n} = {{ a: {n} }};\n"
        for n in range(count)
    ]
    asked = (
        "/** Uses {@link LIMIT}. */\nexport function asked(a: T3): Used {\n  return secret(a);\n}\n"
    )
    values = "const LIMIT = 1;\nconst OTHER = 2;\ninterface Used { b: T30 }\n\n"
    imports = 'import { secret } from "./secret.ts";\nimport type { T99 } from "./t.ts";\n\n'
    half = count // 2
    return imports + values + "\n".join([*fillers[:half], asked, *fillers[half:]])


def test_a_small_file_is_shown_whole_but_for_the_asked_function():
    task = make_task("cut")
    shown = context(question(task))
    for declaration in task.module.declarations:
        body = task.module.body(declaration)
        assert (body in shown) == (declaration.symbol != "cut")
    assert "// cut goes here" in shown
    assert "limits: Limits): string" not in shown


def test_the_message_is_short_and_names_file_symbol_and_form():
    text = question(make_task("Counter.add"))
    assert text.startswith("Part of text.ts:\n\n```typescript\n")
    assert "Write the TypeScript method `Counter.add`." in text
    assert "in one code block; add no imports." in text
    assert len(text) - len(context(text)) - len(asked(text)) < 200


def test_without_a_budget_only_the_function_is_shown():
    text = question(make_task("cut"), 0)
    assert text.startswith("Write the TypeScript function `cut`.")
    assert len(blocks(text)) == 1


@pytest.mark.parametrize(
    ("symbol", "last"),
    [
        ("cut", "export function cut(text: string, limits: Limits): string {"),
        ("shout", "export const shout = (text: string): string => {"),
        ("wait", "const wait: (ms: number) => Promise<void> = async (ms) => {"),
        ("Counter.load", "protected static async load(name: string): Promise<Counter> {"),
    ],
)
def test_the_question_ends_with_comment_and_signature(symbol, last):
    task = make_task(symbol)
    text = question(task)
    assert text.endswith(f"{last}\n  // ...\n}}\n```")
    assert asked(text).startswith(task.declaration.doc.split("\n")[0])


def using_the_same(task):
    """A body of another program, in which the same names of the project occur."""
    uses = uses_of(task.module, task.declaration)
    parts = [*sorted(uses.names), *(f"this.{name}" for name in sorted(uses.members))]
    parts += [f"_.{name}" for name in sorted(uses.properties)]
    return "{ " + "; ".join([*parts, "throw new Error()"]) + "; }"


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("budget", BUDGETS)
def test_of_the_body_the_prompt_depends_on_the_names_that_it_uses_alone(symbol, budget):
    task = make_task(symbol)
    other = make_task(symbol, replace_body(task.module, task.declaration, using_the_same(task)))
    assert question(task, budget) == question(other, budget)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_starter_prompt_holds_its_body_or_depends_on_more_than_its_names(path):
    source = path.read_text()
    module = parse_module(source.encode(), path.name)
    for declaration in module.declarations:
        task = make_task(declaration.symbol, source, path.name)
        changed = replace_body(module, declaration, using_the_same(task))
        other = make_task(declaration.symbol, changed, path.name)
        for budget in (0, 200, 1000):
            text = question(task, budget)
            assert text == question(other, budget) or has_twin(task)
            assert len(task.reference) < 40 or task.reference not in text


def has_twin(task):
    return any(is_twin(task.module, one, task.declaration) for one in task.module.items)


def test_a_large_file_is_cut_to_the_budget():
    task = make_task("asked", far_away())
    for budget in (200, 400, 1000):
        shown = context(question(task, context_tokens=budget))
        assert len(shown) <= budget * CHARACTERS_PER_TOKEN + 100
        assert len(shown) >= budget * CHARACTERS_PER_TOKEN * 0.8
        assert "\n// ...\n" in shown


def test_what_the_signature_and_comment_name_is_shown_however_far_away():
    shown = context(question(make_task("asked", far_away()), context_tokens=150))
    assert "interface Used { b: T30 }" in shown
    assert "export type T3 = { a: 3 };" in shown
    assert "export type T30 = { a: 30 };" in shown
    assert "const LIMIT = 1;" in shown
    assert 'from "./secret.ts"' in shown
    assert "T31" not in shown


def test_nearer_neighbours_are_shown_first_and_shorter_when_room_runs_out():
    shown = context(question(make_task("asked", far_away()), context_tokens=400))
    assert "return b * 19;" in shown
    assert "return b * 20;" in shown
    assert "f0(" not in shown
    assert "f39(" not in shown
    assert "export function f" in shown
    assert "{ /* ... */ }" in shown


def test_the_comment_and_signature_are_shown_whatever_the_budget():
    for budget in BUDGETS:
        assert asked(question(make_task("asked", far_away()), budget)) == (
            "/** Uses {@link LIMIT}. */\nexport function asked(a: T3): Used {\n  // ...\n}"
        )


def test_a_method_is_shown_with_its_class_fields_and_constructor():
    filler = "\n".join(f"function f{n}() {{\n  return {n} * {n};\n}}\n" for n in range(100))
    text = question(make_task("Counter.add", filler + MODULE + filler), context_tokens=150)
    shown = context(text)
    assert "export class Counter {\n  private count = 0;\n  static made = 0;\n" in shown
    assert "constructor(private readonly log: Log)" in shown
    assert "  // Counter.add goes here" in shown
    assert shown.index("constructor") < shown.index("Counter.add")
    assert "f99" not in shown


def test_overloads_are_shown():
    source = "function f(a: string): string;\nfunction f(a: any): any { return a }\n"
    assert asked(question(make_task("f", source))) == (
        "function f(a: string): string;\nfunction f(a: any): any {\n  // ...\n}"
    )


def test_tabs_are_kept_and_a_method_stands_at_the_margin():
    source = "class A {\n\t/**\n\t * One.\n\t */\n\tf() {\n\t\treturn 2;\n\t}\n}\n"
    assert asked(question(make_task("A.f", source))) == "/**\n * One.\n */\nf() {\n\t// ...\n}"


def test_a_fence_in_the_file_does_not_end_the_fence_of_the_prompt():
    source = "/** Like\n * ```ts\n * f()\n * ```\n */\nfunction f() { return 1 }\n"
    assert question(make_task("f", source)).count("````") == 2


def test_tsx_is_labelled():
    assert "```tsx\n" in question(make_task("F", "const F = () => <b/>;\n", "f.tsx"))


def test_the_version_is_raised_with_the_text():
    # When this fails the prompt has changed: raise PROMPT_VERSION, then the text here.
    assert PROMPT_VERSION == "2"
    source = "type T = 1;\nfunction f(a: number) { return a }\n"
    assert question(make_task("f", source, "m.ts")) == (
        "Part of m.ts:\n\n```typescript\ntype T = 1;\n// f goes here\n```\n\n"
        "Write the TypeScript function `f`. Answer with the whole function in one code block; "
        "add no imports.\n\n```typescript\nfunction f(a: number) {\n  // ...\n}\n```"
    )


def test_a_question_shows_overloads_that_empty_lines_part():
    source = (
        "/** Adds one. */\nexport function add(a: number): number;\n\n"
        "export function add(a: string): string;\n\n"
        "export function add(a: any): any {\n  return a + 1;\n}\n"
    )
    asked = build_messages(make_task("add", source), context_tokens=0)[0].content
    for shown in ("/** Adds one. */", "add(a: number): number;", "add(a: string): string;"):
        assert shown in asked


@pytest.mark.parametrize("above", ['import { a } from "./a";\n\n', "const A = 1;\n"])
def test_a_question_shows_a_comment_that_an_empty_line_parts_from_its_function(above):
    source = above + "/** Adds one. */\n\nexport function add(a: number) {\n  return a + 1;\n}\n"
    assert asked(question(make_task("add", source), 0)).startswith("/** Adds one. */\nexport")


@pytest.mark.parametrize("above", ["", "const A = 1;\n", "const A = 1;\n\n"])
def test_a_comment_of_the_file_or_of_what_stands_before_is_none_of_a_function(above):
    comment = "/** @file Sums. */" if above else "/** Sums. */"
    source = above + comment + "\n\nexport function add(a: number) {\n  return a + 1;\n}\n"
    assert asked(question(make_task("add", source), 0)).startswith("export function add")


def test_a_method_has_the_comment_that_an_empty_line_parts_from_it():
    source = "class A {\n  /** Adds. */\n\n  add(a: number) {\n    return a;\n  }\n}\n"
    assert asked(question(make_task("A.add", source), 0)).startswith("/** Adds. */\nadd")
