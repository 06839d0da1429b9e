from functools import partial

import pytest

from finetune.errors import LeakError
from finetune.leaks import Item, check_leaks, find_leaks, same_question
from pytest_llmops.completions import Message
from pytest_llmops.likeness.fingerprints import bodies, question_of, spelled
from pytest_llmops.tasks.code.leaves import code_of, same_code
from pytest_llmops.tasks.prompts.prompt import build_messages
from pytest_llmops.tasks.selection import Choice, select

BODY = """{
  const parts: string[] = [];
  let rest = line;
  while (rest.length > limit) {
    const cut = rest.lastIndexOf(" ", limit);
    const end = cut > 0 ? cut : limit;
    parts.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return rest ? [...parts, rest] : parts;
}"""
RENAMED = """{
  const rows: string[] = [];
  let left = text;
  while (left.length > most) {
    const space = left.lastIndexOf(" ", most);
    const stop = space > 0 ? space : most;
    rows.push(left.slice(0, stop).trimEnd());
    left = left.slice(stop).trimStart();
  }
  return left ? [...rows, left] : rows;
}"""
OTHER = """{
  const seen = new Set<string>();
  return items.filter((item) => {
    const key = item.name.toLowerCase();
    if (seen.has(key)) {
      return false;
    }
    seen.add(key);
    return true;
  });
}"""
DOC = """/**
 * Breaks a line at its spaces into pieces of at most `limit` characters. A word that is longer is
 * cut. No piece begins or ends with a space, and an empty line gives no pieces.
 */"""

HELPER = """function before(text: string) {
  return text.trim();
}"""
BESIDE = {
    "a method of an object": "export const all = {{ rows(it: string): string[] {body} }};",
    "a property of an object": "export const all = {{ rows: (it: string) => {body} }};",
    "an arrow that is passed on": "export const rows = memo((it: string) => {body});",
    "a function in a namespace": "namespace All {{ export function rows(it: string) {body} }}",
    "a constructor": "class Rows {{ constructor(it: string) {body} }}",
    "statements": "{statements}",
}


def beside(form, body):
    """A fenced function, and below it a body in another form."""
    code = BESIDE[form].format(body=body, statements=body[1:-1])
    return f"```typescript\n\n{HELPER}\n\n{code}\n```"


def ask(doc=DOC, name="breakLine", context=""):
    head = f"export function {name}(line: string, limit: number): string[] {{\n  // ...\n}}"
    question = f"Write the TypeScript function `{name}`.\n\n```typescript\n{doc}\n{head}\n```"
    shown = f"Part of x.ts:\n\n```typescript\n{context}\n```\n\n" if context else ""
    return (Message("user", shown + question),)


def answer(body, name="breakLine", doc=""):
    signature = f"function {name}(line: string, limit: number): string[] "
    return f"```typescript\n{doc}\n{signature}{body}\n```"


def item(case="s:eval/lines#breakLine", body=BODY, **fields):
    values = {
        "suite": "s",
        "cluster": case.partition(":")[2].partition("#")[0] + ".ts",
        "messages": ask(),
        "answer": body,
    }
    return Item(case=case, **{**values, **fields})


EVALUATED = [item(), item("s:eval/unique#uniqueBy", OTHER, messages=ask("/** Drops repeats. */"))]


def train(body=OTHER, case="s:train/rows#rows", **fields):
    fields.setdefault("messages", ask("/** Something else that is asked here. */", "rows"))
    fields.setdefault("answer", answer(body, "rows"))
    return item(case, **fields)


def kinds(*items):
    return [leak.kind for leak in find_leaks(items, EVALUATED[:1])]


def test_another_case_is_no_leak():
    assert kinds(train()) == []
    check_leaks([train()], EVALUATED[:1])


def test_nothing_leaks_into_nothing():
    assert find_leaks([], EVALUATED) == []
    assert find_leaks([train()], []) == []


class TestPlanted:
    def test_the_same_case(self):
        assert kinds(train(case="s:eval/lines#breakLine", cluster="elsewhere.ts")) == ["same case"]

    def test_another_case_of_the_same_file(self):
        assert kinds(train(case="s:eval/lines#other")) == ["same file"]

    def test_a_file_of_that_name_in_another_suite_is_another_file(self):
        assert kinds(train(case="t:eval/lines#other", suite="t")) == []

    def test_the_solution_itself(self):
        assert kinds(train(BODY)) == ["solution"]

    def test_the_solution_under_other_names(self):
        (leak,) = find_leaks([train(RENAMED)], EVALUATED[:1])
        assert (leak.kind, leak.likeness) == ("solution", 1.0)

    def test_the_solution_in_another_layout(self):
        assert kinds(train(" ".join(BODY.split()))) == ["solution"]
        assert kinds(train(BODY.replace(";", ""))) == ["solution"]
        assert kinds(train(BODY.replace("  ", "\t"))) == ["solution"]

    def test_the_solution_with_other_quotes(self):
        assert kinds(train(BODY.replace('" "', "' '"))) == ["solution"]

    def test_the_solution_with_other_comments(self):
        commented = BODY.replace("let rest", "// what is left\n  /* a\n b */ let rest")
        assert kinds(train(commented)) == ["solution"]

    def test_the_solution_with_a_line_changed(self):
        assert kinds(train(RENAMED.replace("space > 0 ?", "space >= 1 ?"))) == ["solution"]
        assert kinds(train(RENAMED.replace(".trimEnd()", ""))) == ["solution"]

    def test_the_solution_among_other_code(self):
        beside = answer(OTHER, "before") + "\n\nThen:\n\n" + answer(RENAMED, "rows")
        assert kinds(item("s:train/a#b", answer=beside, messages=ask("/** No. */"))) == ["solution"]

    def test_the_solution_inside_a_longer_function(self):
        longer = OTHER.replace("return items", f"const f = () => {RENAMED};\n  return items")
        assert kinds(train(longer)) == ["solution"]

    def test_the_solution_without_a_fence(self):
        bare = f"Sure, here it is, don't worry:\nfunction rows(a: string) {RENAMED}"
        assert kinds(item("s:train/a#b", answer=bare, messages=ask("/** No. */"))) == ["solution"]

    @pytest.mark.parametrize("form", BESIDE)
    def test_the_solution_beside_a_function(self, form):
        assert kinds(train(answer=beside(form, RENAMED))) == ["solution"]
        shown = (Message("user", beside(form, RENAMED) + "\n\nAnd then?"), *ask("/** No. */"))
        assert kinds(train(messages=shown)) == ["solution"]

    def test_the_solution_without_braces_beside_a_function(self):
        planted = beside(
            "an arrow that is passed on", "it.filter((row) => row.size > 3).map(nameOf)"
        )
        known = [item(body="rows.filter((one) => one.size > 3).map(nameOf)")]
        (leak,) = find_leaks([train(answer=planted)], known)
        assert (leak.kind, leak.likeness) == ("solution", 1.0)

    def test_the_solution_in_pieces_around_a_function(self):
        first, second = RENAMED[1:-1].split("  while", 1)
        pieces = f"```ts\n{first}\n{HELPER}\n  while{second}\n```"
        assert kinds(train(answer=pieces)) == ["solution"]

    def test_the_solution_as_statements_with_a_function_of_their_own(self):
        body = """{
  const count = (kind: string) => rows.filter((row) => row.kind === kind && row.size > 3).length;
  return { added: count("added"), removed: count("removed") };
}"""
        planted = train(answer=beside("statements", body))
        assert [leak.kind for leak in find_leaks([planted], [item(body=body)])] == ["solution"]

    @pytest.mark.parametrize("fence", ["```", "~~~~"])
    def test_the_solution_outside_of_the_fences(self, fence):
        fenced = f"{fence}typescript\n{HELPER}\n{fence}"
        bare = f"function rows(it: string) {RENAMED}"
        for text in (
            f"{fenced}\nAnd here's the rest:\n{bare}",
            f"First:\n{bare}\n{fenced}\nSo it is.",
            f"{fenced}\n{bare}\n{fenced}",
            f"{fenced}\n{RENAMED[1:-1]}",
        ):
            assert kinds(train(answer=text)) == ["solution"]

    def test_the_solution_outside_of_the_fences_with_a_fence_in_a_string(self):
        body = BODY.replace('" "', '"```"').replace("return", "if (/^```[^`]*$/.test(rest)) return")
        text = f"```ts\n{HELPER}\n```\nfunction breakLine(line: string) {body}"
        known = [item(body=body)]
        (leak,) = find_leaks([train(answer=text)], known)
        assert (leak.kind, leak.likeness) == ("solution", 1.0)

    def test_the_solution_as_context_of_a_prompt(self):
        shown = ask("/** No. */", context=f"export function other(text: string) {RENAMED}")
        assert kinds(train(messages=shown)) == ["solution"]

    def test_a_copy_of_the_prompt(self):
        assert kinds(train(messages=ask(name="rows"))) == ["question"]

    def test_a_copy_of_the_prompt_in_another_layout_and_with_other_names(self):
        doc = (
            DOC.replace("`limit`", "`width`")
            .replace("\n * ", "\n *   ")
            .replace("Breaks", "breaks")
        )
        assert kinds(train(messages=ask(doc, "rows"))) == ["question"]

    def test_a_prompt_that_was_reworded_a_little(self):
        doc = DOC.replace("Breaks a line", "Splits a line").replace("a space", "white space")
        assert kinds(train(messages=ask(doc, "rows"))) == ["question"]

    def test_short_code_to_the_same_short_question(self):
        asked = ask("/** Returns the number of elements in `items`. */")
        known = [item("s:eval/list#count", "{ return items.length; }", messages=asked)]
        same = ask("/** Returns the number of elements in `values`. */")
        planted = train("{ return values.length; }", messages=same)
        assert [leak.kind for leak in find_leaks([planted], known)] == ["question"]


class TestInnocent:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("{ return items.length; }", "{ return labels.length; }"),
            ("{ return a.map((b) => b.length); }", "{ return c.map((d) => d.length); }"),
            ('{ return text.split("\\n"); }', '{ return line.split("\\n"); }'),
            ("{ }", "{ }"),
            ("{ // ...\n}", "{ // ...\n}"),
        ],
    )
    def test_short_code_is_no_evidence(self, one, other):
        assert same_code(code_of(one), code_of(other)) == 0

    def test_what_stands_around_functions_is_no_evidence(self):
        lines = "".join(f'import {{ a{at} }} from "node:{at}";\n' for at in range(10))
        lines += "export interface Line {\n  text: string;\n  limit: number;\n}\n"
        shown = ask("/** No. */", context=f"{lines}{HELPER}")
        assert find_leaks([train(messages=shown, answer=f"{lines}{HELPER}")], EVALUATED) == []

    def test_the_frame_that_all_prompts_share_is_no_evidence(self):
        one, other = (question_of(ask(f"/** {text} */")) for text in ("Adds.", "Subtracts."))
        assert same_question(one, other) == 0

    def test_docs_of_one_pattern_are_no_evidence(self):
        ones = ["the sum of `a` and `b`.", "the larger of `a` and `b`.", "`a` minus `b`."]
        docs = [question_of(ask(f"/** Returns {text} */")) for text in ones]
        assert [same_question(docs[0], other) for other in docs[1:]] == [0, 0]

    def test_functions_without_comments_are_not_taken_for_one_question(self):
        asked = question_of(ask(""))
        assert same_question(asked, asked) == 0


def starter(request, split):
    """The cases of a split, each with its reference as the answer."""
    suites = request.config.rootpath / "cases/suites.toml"
    selection = select(Choice(suites_file=suites, suites=("starter",), split=split))
    return [
        Item(
            case=name,
            suite="starter",
            cluster=case.cluster,
            messages=build_messages(selection.task(name), context_tokens=150),
            answer=selection.task(name).reference,
        )
        for name, case in selection.cases.items()
    ]


class TestStarter:
    def test_the_two_splits_are_apart(self, request):
        training, evaluation = starter(request, "train"), starter(request, "eval")
        assert len(training) >= 240
        assert len(evaluation) >= 120
        assert find_leaks(training, evaluation) == []

    @pytest.mark.parametrize("form", ["a function", "a method of an object", "statements"])
    def test_every_solution_that_is_long_enough_is_caught_when_planted(self, request, form):
        evaluation = starter(request, "eval")
        plant = answer if form == "a function" else partial(beside, form)
        asked = ask("/** Something else that is asked here. */", "rows")
        planted = [
            Item(
                case=f"p:{one.case}",
                suite="p",
                cluster="p.ts",
                messages=asked,
                answer=plant(one.answer.replace(";\n", " /* so */ ;\n")),
            )
            for one in evaluation
        ]
        caught = {leak.case for leak in find_leaks(planted, evaluation)}
        long = [at for at, one in enumerate(evaluation) if len(code_of(one.answer).leaves) >= 16]
        assert len(long) > 150
        assert {planted[at].case for at in long} <= caught

    def test_every_question_is_caught_when_planted(self, request):
        evaluation = starter(request, "eval")
        planted = [
            Item(case=f"p:{at}", suite="p", cluster="p.ts", messages=one.messages, answer="")
            for at, one in enumerate(evaluation)
        ]
        assert len({leak.case for leak in find_leaks(planted, evaluation)}) == len(evaluation)


class TestHostileText:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "```",
            "`" * 5000,
            "{" * 5000,
            "(" * 3000 + "a",
            "\0\ud800",
            "/*" * 4000,
            "//\n" * 4000,
        ],
    )
    def test_any_text_is_read_without_an_error(self, text):
        assert find_leaks([train(case="s:a#b", answer=text)], EVALUATED) == []
        assert isinstance(spelled(text), tuple)

    def test_a_long_answer_is_read_up_to_a_limit(self):
        assert len(bodies("a.b();\n" * 100_000)[0].leaves) < 40_000


class TestTheError:
    def test_it_names_every_offender(self):
        planted = [train(RENAMED), train(case="s:eval/unique#first")]
        with pytest.raises(LeakError) as caught:
            check_leaks(planted, EVALUATED)
        said = str(caught.value)
        assert "hold 2 evaluation cases" in said
        assert "s:train/rows#rows ~ s:eval/lines#breakLine: solution (100% alike)" in said
        assert "s:eval/unique#first ~ s:eval/unique#uniqueBy: same file" in said

    def test_it_is_bounded(self):
        planted = [train(RENAMED, case=f"s:train/a#{at}", cluster=f"{at}") for at in range(50)]
        with pytest.raises(LeakError, match="and 30 more"):
            check_leaks(planted, EVALUATED)

    def test_a_pair_is_told_once_by_its_plainest_reason(self):
        assert kinds(item(answer=answer(BODY))) == ["same case"]

    def test_the_order_of_the_input_does_not_matter(self):
        planted = [train(RENAMED), train(case="s:eval/unique#first")]
        assert find_leaks(planted, EVALUATED) == find_leaks(planted[::-1], EVALUATED[::-1])
