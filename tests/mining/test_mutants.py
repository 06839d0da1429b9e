import pytest

from pytest_llmops.cases import id_of_test
from pytest_llmops.mining.mutants import mutants, passed_ids
from pytest_llmops.sandbox import TestReport, TestResult
from pytest_llmops.tasks.code.languages import TYPESCRIPT, parse_module, syntax_errors
from pytest_llmops.tasks.code.modules import replace_body


def bodies(text):
    module = parse_module(text.encode(), "a.ts")
    return mutants(module, module.declarations[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("function f() { return 1 }", ""),
        ("function f(a: number, b: string) { return 1 }", "a"),
        ("function f(a = 1) { return 1 }", "a"),
        ("function f(...rest: string[]) { return 1 }", "rest"),
        ("function f({ a, b }: Both) { return 1 }", "arguments[0]"),
        ("function f([a]: string[]) { return 1 }", "arguments[0]"),
        ("const f = (a: string) => a.length", "a"),
        ("const f = a => a.length", "a"),
        ("const f = ({ a }: One) => a.length", ""),
        ("class C { m({ a }: One) { return 1 } }", "arguments[0]"),
        ("class C { m = (a?: One) => 1 }", "a"),
    ],
)
def test_the_first_argument_is_named_as_the_declaration_names_it(text, expected):
    last = bodies(text)[-1]
    assert last.body == (f"{{ return {expected} }}" if expected else "{ return true }")


def test_the_bodies_are_a_throw_an_empty_one_the_values_and_the_first_argument():
    names = [one.name for one in bodies("function f(a: number) { return 1 }")]
    values = [f"return {value}" for value in ("null", '""', "[]", "{}", "0", "false", "true")]
    assert names == ["throw", "empty", *values, "first argument"]


def test_without_parameters_there_is_no_first_argument_to_give_back():
    found = bodies("function f() { return 1 }")
    assert [one.name for one in found[:2]] == ["throw", "empty"]
    assert len(found) == 2 + len(TYPESCRIPT.values)


@pytest.mark.parametrize(
    "text",
    [
        "export function f(a: number) { return 1 }",
        "export const f = async (a: number) => a + 1;",
        "const f = (a: number) => ({ a })\nconst g = 1",
        "class C { async m(a: number) { return 1 } }",
        "function* f(a: number) { yield 1 }",
        "export default function (a: number) { return 1 }",
    ],
)
def test_every_body_is_valid_in_every_kind_of_function(text):
    module = parse_module(text.encode(), "a.ts")
    for mutant in mutants(module, module.declarations[0]):
        changed = replace_body(module, module.declarations[0], mutant.body)
        assert syntax_errors(changed.encode(), "a.ts") == 0, changed


def test_the_ids_of_passed_tests_are_read_from_a_finished_report():
    results = (
        TestResult(file="a.test.ts", title="x", passed=True),
        TestResult(file="a.test.ts", title="y", passed=False),
    )
    report = TestReport(status="finished", results=results)
    assert passed_ids(report) == {id_of_test("a.test.ts", "x")}


@pytest.mark.parametrize("status", ["timeout", "crashed", "load_error", "out_of_memory"])
def test_nothing_passed_in_a_run_that_did_not_finish(status):
    results = (TestResult(file="a.test.ts", title="x", passed=True),)
    assert passed_ids(TestReport(status=status, results=results)) == frozenset()
