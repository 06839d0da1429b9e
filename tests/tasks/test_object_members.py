"""Functions that are members of an object are asked for as methods of a class are."""

# ruff: noqa: E501 - lines of TypeScript are kept whole

import re

import pytest
from made_tasks import make_task
from object_module import SOURCE, SYMBOLS

from pytest_llmops.errors import CaseError
from pytest_llmops.tasks.code.languages import parse_module
from pytest_llmops.tasks.code.modules import find, replace_body
from pytest_llmops.tasks.code.typescript import marked
from pytest_llmops.tasks.code.uses import uses_of
from pytest_llmops.tasks.prompts.posed import posed
from pytest_llmops.tasks.prompts.prompt import build_messages
from pytest_llmops.tasks.prompts.reaching import reach

BUDGETS = [0, 1, 30, 100, 200, 1000]


def task_of(symbol, source=SOURCE):
    return make_task(symbol, source, "trials.ts")


def question(task, context_tokens=1000):
    (message,) = build_messages(task, context_tokens=context_tokens)
    return message.content


def test_members_of_an_object_and_of_objects_in_it_are_found_in_order():
    module = parse_module(SOURCE.encode(), "trials.ts")
    assert [one.symbol for one in module.declarations] == ["known", *SYMBOLS, "count"]
    assert [one.of_object for one in module.declarations] == [False, True, True, True, False]
    assert [find(module, one).exported for one in SYMBOLS] == [True, True, True]
    assert [find(module, one).kind for one in SYMBOLS] == ["arrow", "method", "arrow"]
    assert [find(module, one).class_name for one in SYMBOLS] == ["trials", "trials", "trials.words"]
    assert find(module, "trials.get").doc == "/** Whether a trial is on. */"


def test_a_member_that_is_there_twice_is_none_to_ask_for():
    module = parse_module(b"const o = { f() {}, f: () => 1 }", "a.ts")
    with pytest.raises(CaseError, match=r"'o\.f' is declared 2 times"):
        find(module, "o.f")


def test_markers_of_reach_stand_in_the_bodies_of_members():
    module = parse_module(b"const o = { a: (b) => b + 1, m() { return 2 } }", "a.ts")
    a, m = module.declarations
    assert marked(a, "x()") == [(22, b"(x(), "), (27, b")")]
    assert marked(m, "x()") == [(34, b"x();")]


def test_a_question_shows_the_object_around_what_is_asked_for():
    text = question(task_of("trials.list"))
    assert "Write the TypeScript method `trials.list`." in text
    assert text.endswith(
        "```typescript\n/** Ids of those that are on. */\nlist(flags: Flags = {}) {\n  // ...\n}\n```"
    )
    assert "export const trials = {\n" in text
    assert "  // trials.list goes here\n" in text
    assert "\n} as const satisfies Trials & Record<string, unknown>;\n" in text
    assert "  limit: 2,\n" in text
    assert "found.slice" not in text


def test_an_arrow_in_an_object_is_asked_for_with_its_key():
    task = task_of("trials.get")
    assert question(task).endswith(
        "\n/** Whether a trial is on. */\n"
        "get: (id: string, flags: Flags = {}): boolean => {\n  // ...\n}\n```"
    )
    assert task.reference == "flags[id] ?? (known(id) && table[id].on)"


def test_an_object_in_an_object_is_shown_as_the_frame_of_its_members():
    text = question(task_of("trials.words.say"))
    frame = "  words: {\n    // trials.words.say goes here\n  },\n} as const"
    assert frame in text
    assert "flags[id] ?? (known(id)" in text
    small = question(task_of("trials.words.say"), 1)
    assert frame in small
    assert "known(id)" not in small


def test_what_a_member_uses_is_told_apart_from_what_it_is():
    get, listed, say = (uses_of(task_of(one).module, task_of(one).declaration) for one in SYMBOLS)
    assert (get.names, get.members, get.properties) == ({"known", "table"}, set(), {"on"})
    assert (listed.names, listed.members) == ({"table"}, {"get", "limit"})
    assert (say.names, say.members, say.properties) == (set(), set(), {"get"})
    same = task_of("o.run", "function run() { return 1 }\nconst o = { run: () => run() }\n")
    assert uses_of(same.module, same.declaration).names == {"run"}


KNOWN = {
    "trials.get": {"known", "table", "on"},
    "trials.list": {"table", "get", "limit"},
    "trials.words.say": {"get"},
}


@pytest.mark.parametrize("symbol", KNOWN)
def test_nothing_that_a_member_uses_is_hidden_where_there_is_room_for_it(symbol):
    task = task_of(symbol)
    assert reach(task).known == KNOWN[symbol]
    assert posed(task, build_messages(task, context_tokens=300)).names == ()
    assert posed(task, build_messages(task, context_tokens=0)).names


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("budget", BUDGETS)
def test_of_the_body_the_question_depends_on_the_names_that_it_uses_alone(symbol, budget):
    task = task_of(symbol)
    uses = uses_of(task.module, task.declaration)
    parts = [*sorted(uses.names), *(f"this.{one}" for one in sorted(uses.members))]
    parts += [f"_.{one}" for one in sorted(uses.properties)]
    body = "{ " + "; ".join([*parts, "throw new Error()"]) + "; }"
    other = task_of(symbol, replace_body(task.module, task.declaration, body))
    assert question(task, budget) == question(other, budget)


BODY = "{\n    const words = text.split(' ').filter(Boolean);\n    return words.map((one) => one.length);\n  }"
TWINS = {
    "beside it": f"const o = {{\n  f(text: string) {BODY},\n  g: (text: string) => {BODY},\n}};\n",
    "in another object": f"const o = {{ f(text: string) {BODY} }};\nconst p = {{ g(text: string) {BODY} }};\n",
    "deeper": f"const o = {{\n  f(text: string) {BODY},\n  p: {{ q: {{ g(text: string) {BODY} }} }},\n}};\n",
    "at the top": f"const o = {{ f(text: string) {BODY} }};\nfunction g(text: string) {BODY}\n",
    "in a class": f"const o = {{ f(text: string) {BODY} }};\nclass A {{ g(text: string) {BODY} }}\n",
}


@pytest.mark.parametrize("where", TWINS)
def test_a_twin_is_shown_without_its_body(where):
    text = question(task_of("o.f", TWINS[where]))
    assert "one.length" not in text
    assert re.search(r"\bg\W", text)


def test_an_object_with_a_twin_of_a_function_is_shown_without_its_body():
    source = f"function f(text: string) {BODY}\nconst o = {{ g(text: string) {BODY} }};\n"
    text = question(task_of("f", source))
    assert "one.length" not in text
    assert "g(text: string) { /* ... */ }" in text
