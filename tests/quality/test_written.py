"""How well written an answer is: each figure on code so small that it can be counted by hand."""

import pytest
from made_tasks import make_task

from pytest_llmops.errors import QualityError
from pytest_llmops.quality.checker import Fault, Findings, Remark
from pytest_llmops.quality.consistency import consistency, layout, naming, quotes
from pytest_llmops.quality.pieces import Name, declared, pieces, strings
from pytest_llmops.quality.practices import best_practices, error_rate, new_faults, new_remarks
from pytest_llmops.quality.rewritten import duplication
from pytest_llmops.quality.style import RULES, style_of
from pytest_llmops.tasks.sources import SourceTree


def found(*, lint=(), syntax=(), types=()):
    return Findings("", tuple(lint), tuple(syntax), tuple(types))


def remark(severity, rule="lint/a/b", message="m"):
    return Remark(rule, severity, 0, 1, message)


def test_layout_is_twice_the_common_lines_over_all_lines():
    assert layout(["a;", "b;", "c;"], ["a;", "b;", "c;"]) == 1
    assert layout(["a", "b;", "c;"], ["a;", "b;", "c;"]) == 2 * 2 / 6
    assert layout(["a b;"], ["a", "b;"]) == 0
    assert layout(["x", "y"], ["y", "x"]) == 2 * 1 / 4  # order counts


def test_layout_leaves_quotes_to_their_own_figure():
    assert layout(["f('a');"], ['f("a");']) == 1


def test_layout_says_nothing_of_what_the_formatter_cannot_read():
    assert layout(["a"], []) is None
    assert layout([], ["a"]) is None


def names(*texts, kind="value"):
    return [Name(text, kind) for text in texts]


def test_names_follow_the_case_that_most_of_the_file_has():
    around = names("first_line", "last_line", "onlyOne")
    assert naming(names("some_thing", "someThing", "plain"), around) == 2 / 3
    assert naming(names("some_thing", "someThing", "plain"), names("onlyOne")) == 2 / 3
    assert naming(names("some_thing"), names("onlyOne")) == 0
    assert naming(names("some_thing"), around) == 1


def test_types_are_pascal_case_and_only_a_const_may_shout():
    assert naming(names("Limits", "limits", kind="type"), []) == 1 / 2
    assert naming([Name("MAX_SIZE", "const"), Name("MAX_SIZE", "value")], []) == 1 / 2
    assert naming([Name("_unused", "value"), Name("_", "value"), Name("$at", "value")], []) == 1
    assert naming([], names("a")) is None


def test_quotes_are_the_share_that_has_the_files_own():
    assert quotes(['"', "'", '"', '"'], '"') == 3 / 4
    assert quotes([], '"') is None


def test_consistency_weighs_layout_twice_and_leaves_out_what_there_is_no_occasion_for():
    assert consistency(0.5, 1.0, 0.0) == (2 * 0.5 + 1 + 0) / 4
    assert consistency(0.5, None, 1.0) == pytest.approx((2 * 0.5 + 1) / 3)
    assert consistency(None, 0.25, None) == 0.25
    assert consistency(None, None, None) is None


def test_best_practices_lose_by_severity_and_by_the_size_of_the_answer():
    assert best_practices([], 10) == 1
    assert best_practices([remark("error")], 10) == 10 / 13
    assert best_practices([remark("warning")], 10) == 10 / 11.5
    assert best_practices([remark("information")], 10) == 10 / 10.6
    assert best_practices([remark("error"), remark("warning")], 4) == 4 / (4 + 3 * 1.5)
    assert best_practices([remark("error")], 100) > best_practices([remark("error")], 10)


def test_only_what_the_file_did_not_have_before_counts():
    old = remark("error", message="old")
    before = found(lint=[old])
    new = remark("error", message="new")
    assert new_remarks(found(lint=[old, new]), before) == [new]
    assert new_remarks(found(lint=[old, old]), before) == [old]
    fault = Fault(2322, 3, "wrong")
    assert new_faults(found(types=[fault]), found(types=[fault])) == []
    assert new_faults(found(types=[fault]), found()) == [fault]


def test_an_answer_is_not_to_blame_for_types_that_are_not_installed():
    missing = Fault(2307, 0, "Cannot find module 'zod'")
    implicit = Fault(7006, 5, "implicitly has an 'any' type")
    wrong = Fault(2322, 6, "wrong")
    before = found(types=[missing])
    assert new_faults(found(types=[missing, implicit, wrong]), before) == [wrong]
    assert new_faults(found(types=[implicit, wrong]), found()) == [implicit, wrong]


def test_the_error_rate_counts_lines_and_not_messages():
    faults = [Fault(1, 3, "a"), Fault(2, 3, "b"), Fault(3, 5, "c")]
    assert error_rate(faults, 8) == 2 / 8
    assert error_rate([], 8) == 0
    assert error_rate(faults, 1) == 1


def spans_of(task, text):
    return pieces(text, task.module, task.case.symbol)


def test_the_answer_is_the_body_and_what_was_declared_beside_it():
    task = make_task("shout")
    whole = task.module.source.decode()
    answer = whole.replace("text.toUpperCase()", "loud(text)").replace(
        "const wait", "function loud(text: string) {\n  return text;\n}\n\nconst wait"
    )
    assert spans_of(task, answer).code == (
        "loud(text)",
        "function loud(text: string) {\n  return text;\n}",
    )
    assert spans_of(task, answer).lines == (
        "loud(text)",
        "function loud(text: string) {",
        "  return text;",
        "}",
    )


def test_lines_stand_at_the_margin_however_deep_the_function_does():
    task = make_task("Counter.add")
    assert spans_of(task, task.module.source.decode()).lines == (
        "{",
        "  this.count += step;",
        "  return this.count;",
        "}",
    )


def test_a_function_that_is_gone_leaves_no_answer():
    task = make_task("shout")
    gone = task.module.source.decode().replace("shout", "whisper")
    assert spans_of(task, gone).spans == ()


CODE = """
const LIMIT = 3;
let [first, { second: third, ...rest }] = pair;
function outer(one, two = 2, ...more) { return one; }
for (const item of items) { try { f('a', "b", 'it"s'); } catch (problem) {} }
const go = (x) => x;
interface Shape { side: number }
"""


def all_of(text):
    return ((0, len(text.encode())),)


def test_every_name_that_somebody_chose_is_found_and_no_other():
    found_names = [(one.text, one.kind) for one in declared(CODE, "a.js.ts", all_of(CODE))]
    assert sorted(found_names) == [
        ("LIMIT", "const"),
        ("Shape", "type"),
        ("first", "value"),
        ("go", "const"),
        ("item", "value"),
        ("more", "value"),
        ("one", "value"),
        ("outer", "value"),
        ("problem", "value"),
        ("rest", "value"),
        ("third", "value"),
        ("two", "value"),
        ("x", "value"),
    ]


def test_a_string_with_a_quote_in_it_had_no_choice():
    assert list(strings(CODE, "a.ts", all_of(CODE))) == ["'", '"']


WORDS = """\
import { lines } from "./lines.js";

/** Splits. */
export function splitWords(text: string): string[] {
  const spaced = text.replace(/([a-z])([A-Z])/g, "$1 $2");
  return spaced.split(/[ _]+/).filter((part) => part !== "").map((part) => part.toLowerCase());
}

export function snake(text: string): string {
  return splitWords(text).join("_");
}
"""


def test_a_helper_that_exists_counts_however_it_is_named():
    task = make_task("snake", source=WORDS)
    again = WORDS.split("string[] ")[1].split("\n\nexport", maxsplit=1)[0]
    renamed = again.replace("spaced", "opened").replace("part", "piece").replace("text", "label")
    share, functions = duplication([f"function mine(label: string) {renamed}", "{ a(b); }"], task)
    assert functions == ("splitWords",)
    assert share > 0.5
    assert duplication(["{ return splitWords(text).join('_'); }"], task) == (0.0, ())


def test_a_helper_of_an_imported_file_counts_and_is_named_with_it(tmp_path):
    (tmp_path / "lines.ts").write_text(
        "export function lines(text: string): string[] {\n"
        '  return text.split("\\n").map((one) => one.trim()).filter((one) => one !== "");\n}\n'
    )
    task = make_task("snake", source=WORDS, root=tmp_path)
    code = '{ return text.split("\\n").map((a) => a.trim()).filter((a) => a !== ""); }'
    share, functions = duplication([code], task)
    assert functions == ("lines of lines.ts",)
    assert share == 1


def test_what_the_reference_repeats_as_well_is_not_held_against_an_answer():
    twin = "{\n  return text.trim().split(' ').map((one) => one.length).join(',');\n}"
    source = f"function a(text: string) {twin}\nfunction b(text: string) {twin}\n"
    task = make_task("a", source=source)
    assert duplication([twin], task) == (0.0, ())


def test_the_projects_own_configuration_decides(tmp_path):
    (tmp_path / "sdk" / "src").mkdir(parents=True)
    (tmp_path / "sdk" / "src" / "a.ts").write_text("export const a = 1;\n")
    (tmp_path / "sdk" / "biome.jsonc").write_text(
        '{ // how we write\n "formatter": {"indentStyle": "tab"},\n "files": {"x": 1},\n'
        ' "javascript": {"formatter": {"quoteStyle": "single"}}, /* rules */ }'
    )
    style = style_of(SourceTree(tmp_path, ""), "sdk/src/a.ts")
    assert style.biome == {
        "formatter": {"indentStyle": "tab"},
        "javascript": {"formatter": {"quoteStyle": "single"}},
    }
    assert (style.folder, style.quote) == ("sdk", "'")


def test_a_broken_configuration_is_named(tmp_path):
    (tmp_path / "biome.json").write_text("{")
    with pytest.raises(QualityError, match=r"biome\.json: not JSON"):
        style_of(SourceTree(tmp_path, ""), "a.ts")


SEMICOLONS = "export const a = (x) => {\n\tconst b = 'x';\n\treturn [\n\t\tb,\n\t\tx,\n\t];\n};\n"
BARE = 'export const a = x => {\n    const b = "x"\n    return [\n        b,\n        x\n    ]\n}\n'


@pytest.mark.parametrize(
    ("text", "layout", "script"),
    [
        (SEMICOLONS, ("tab", "single"), ("always", "all", "always")),
        (BARE, ("space", "double"), ("asNeeded", "none", "asNeeded")),
    ],
)
def test_where_a_project_says_nothing_its_files_do(tmp_path, text, layout, script):
    (tmp_path / "a.ts").write_text(text)
    style = style_of(SourceTree(tmp_path, ""), "a.ts")
    seen = style.biome["javascript"]["formatter"]
    assert (style.biome["formatter"]["indentStyle"], seen["quoteStyle"]) == layout
    assert (seen["semicolons"], seen["trailingCommas"], seen["arrowParentheses"]) == script
    assert style.biome["linter"]["rules"] == RULES
    if layout[0] == "space":
        assert style.biome["formatter"]["indentWidth"] == 4
