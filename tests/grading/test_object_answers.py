"""Answers to a function that is a member of an object: every form, right and wrong, graded."""

# ruff: noqa: E501 - lines of TypeScript are kept whole

import hashlib

import pytest
from judging import Remembering
from made_tasks import fenced, make_task
from object_module import SOURCE, TESTS

from pytest_llmops.cases import FileHash, id_of_test
from pytest_llmops.completions import Completion, Timing, Usage
from pytest_llmops.grading.extract import extract
from pytest_llmops.grading.grade import grade
from pytest_llmops.sandbox import NodePool, TestJob

TEST_FILE = "trials.test.ts"
GET, LIST, SAY = "trials.get", "trials.list", "trials.words.say"
BODIES = {
    GET: ("id: string, flags: Flags = {}", "if (id in flags) return flags[id];\n  return known(id) && table[id].on;", "known(id)", "!known(id)"),
    LIST: ("flags: Flags = {}", "const ids = Object.keys(table);\n  return ids.filter((id) => this.get(id, flags)).slice(0, this.limit);", "this.limit", "1"),
    SAY: ("id: string", 'const on = trials.get(id);\n  return id + ": " + (on ? "on" : "off");', '": "', '":"'),
}  # fmt: skip


OWNERS = {"get": "trials", "list": "trials", "say": "trials.words"}


def parts(symbol, *, wrong):
    parameters, body, old, new = BODIES[symbol]
    assert old in body
    return symbol.rpartition(".")[2], parameters, body.replace(old, new) if wrong else body


FORMS = {
    "a method": lambda n, p, b: f"{n}({p}) {{\n  {b}\n}}",
    "a method with a comma": lambda n, p, b: f"{n}({p}) {{\n  {b}\n}},",
    "a property": lambda n, p, b: f"{n}: function ({p}) {{\n  {b}\n}}",
    "a property with a comma and a comment": lambda n, p, b: f"/** Does it. */\n{n}: function ({p}) {{\n  {b}\n}},",
    "a function": lambda n, p, b: f"export function {n}({p}) {{\n  {b}\n}}",
    "a constant": lambda n, p, b: f"const {n} = function ({p}) {{\n  {b}\n}};",
    "the object": lambda n, p, b: f"export const trials = {{\n  {n}({p}) {{\n  {b}\n}},\n}};",
    "an object of another name": lambda n, p, b: f"const made = {{\n  {n}({p}) {{\n  {b}\n}},\n}};",
    "an assignment": lambda n, p, b: f"{OWNERS[n]}.{n} = function ({p}) {{\n  {b}\n}};",
    "a class": lambda n, p, b: f"class Trials {{\n  {n}({p}) {{\n  {b}\n}}\n}}",
    "a class's member alone": lambda n, p, b: f"public {n}({p}) {{\n  {b}\n}}",
    "an anonymous function": lambda _, p, b: f"function ({p}) {{\n  {b}\n}}",
    "its body": lambda _n, _p, b: f"{{\n  {b}\n}}",
    "other names of parameters": lambda n, p, b: f"{n}(first{p[p.index(':') :]}) {{\n  const {p.partition(':')[0]} = first;\n  {b}\n}}",
    "a helper beside it": lambda n, p, b: f"function go(one: any, {p}) {{\n  {b.replace('this', 'one')}\n}}\nexport const trials = {{ {n}({p}) {{ return go(this, {', '.join(x.split(':')[0].strip() for x in p.split(','))}) }} }}",
    "a member beside it": lambda n, p, b: f"const trials = {{\n  {n}({p}) {{ return this.go({', '.join(x.split(':')[0].strip() for x in p.split(','))}); }},\n  unused() {{ return gone; }},\n  go({p}) {{\n  {b}\n}},\n}}",
}  # fmt: skip
NO_OWN = {
    "an arrow": lambda n, p, b: f"{n}: ({p}) => {{\n  {b}\n}},",
    "an arrow of its own": lambda n, p, b: f"export const {n} = ({p}) => {{\n  {b}\n}};",
}
"""Forms that have no `this` of their own; the file's own form has."""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("members")
    (folder / "trials.ts").write_text(SOURCE)
    (folder / TEST_FILE).write_text(TESTS)
    return folder


@pytest.fixture(scope="module")
def pool(root):
    with NodePool(root) as pool:
        yield Remembering(pool)


@pytest.fixture(scope="module")
def expected(pool, root):
    report = pool.run(TestJob(root=root, tests=(TEST_FILE,), overlay={}))
    assert [one.passed for one in report.results] == [True] * 5
    return tuple(id_of_test(one.file, one.title) for one in report.results)


def task_of(symbol, root, expected=("a" * 12,)):
    digest = hashlib.sha256(TESTS.encode()).hexdigest()
    tests = (FileHash(path=TEST_FILE, sha256=digest),)
    return make_task(symbol, SOURCE, "trials.ts", root, tests=tests, fail_to_pass=expected)


def graded(text, symbol, pool, root, expected):
    timing = Timing(started=0, queue=0, first_token=0, total=0)
    usage = Usage(input=1, output=1)
    answer = Completion(text=text, finish_reason="stop", usage=usage, timing=timing)
    return grade(task_of(symbol, root, expected), answer, pool)


@pytest.mark.parametrize("form", [*FORMS, *NO_OWN])
@pytest.mark.parametrize("symbol", BODIES)
def test_a_right_body_is_solved_in_every_form_and_a_wrong_one_in_none(form, symbol, pool, root, expected):  # fmt: skip
    make = {**FORMS, **NO_OWN}[form]
    right, wrong = (make(*parts(symbol, wrong=one)) for one in (False, True))
    for text in (fenced(right), right):
        found = graded(text, symbol, pool, root, expected)
        assert (found.outcome, found.detail) == ("solved", "")
    assert graded(fenced(wrong), symbol, pool, root, expected).outcome == "wrong"


def test_the_file_decides_whether_it_is_a_method_or_a_property(root):
    texts = [
        extract(fenced(f"export function {name}(one) {{ return [one] }}"), task_of(symbol, root))
        for symbol in BODIES
        if (name := symbol.rpartition(".")[2])
    ]
    assert "  get: (one) => { return [one] },\n  limit: 2," in texts[0].file_text
    assert "  list(one) { return [one] },\n  words: {" in texts[1].file_text
    assert "    say: function (one) { return [one] },\n  },\n}" in texts[2].file_text
    assert [one.syntax_errors for one in texts] == [0, 0, 0]


def test_what_relies_on_this_is_no_arrow(root):
    answer = "get(id: string, flags: Flags = {}) { return this.limit > 1 }"
    text = extract(fenced(answer), task_of(GET, root)).file_text
    assert "get: function (id: string, flags: Flags = {}) { return this.limit > 1 },\n" in text


def test_a_function_cut_off_is_a_syntax_error(pool, root, expected):
    for head in ("get: (id: string) => {\n  return known(", "async get(id) {\n  if ("):
        assert graded(f"```ts\n{head}", GET, pool, root, expected).outcome == "syntax_error"


def test_a_function_of_the_top_level_is_not_taken_out_of_an_object_that_calls_it(root):
    task = make_task("count", SOURCE, "trials.ts", root)
    answer = "function count(flags) { return -1 }\nconst api = { count: (flags) => count(flags) }"
    text = extract(fenced(answer), task).file_text
    assert "export function count(flags: Flags): number { return -1 }" in text
