import hashlib
import json
import re

import datasets
import msgspec
import pytest
from finetuning import CLAMP, EVAL, LETTERS, MARKED, PICK, SHOUT, fenced, make_project, write_run
from made_tasks import make_task

from finetune.dataset import held_out, make_dataset
from finetune.errors import FinetuneError, LeakError
from finetune.examples import Answer, Question, choose
from finetune.pairs import pair
from finetune.references import hidden_names, reference_completion, without_comments
from finetune.settings import Collect, Data, Settings, Train
from finetune.stored import NOTES, read_notes
from finetune.suite import complete_run
from pytest_llmops.completions import Message
from pytest_llmops.errors import CaseError
from pytest_llmops.grading.extract import extract
from pytest_llmops.tasks.code.languages import parse_module
from pytest_llmops.tasks.prompts.prompt import build_messages
from pytest_llmops.tasks.selection import Choice, select

SETTINGS = Settings(
    collect=Collect(suites=("mini",)),
    data=Data(reference_suites=("mini",)),
    train=Train(validation_share=0.0, method="sft-shortest"),
)
SHORT = fenced("function clamp(a, b, c) { return Math.min(Math.max(a, b), c); }")
LONG = fenced(
    "// keeps a value between bounds\nfunction clamp(a, b, c) {\n"
    "  const low = Math.max(a, b);\n  return Math.min(low, c);\n}"
)
SAMPLES = [
    (CLAMP, LONG, "solved", "stop"),
    (CLAMP, SHORT, "solved", "stop"),
    (CLAMP, "no idea", "wrong", "stop"),
    (CLAMP, fenced("let x"), "solved", "length"),
    (SHOUT, "half an ans", "truncated", "length"),
]


@pytest.fixture
def project(tmp_path):
    return make_project(tmp_path)


def settings(**fields):
    parts = {
        name: msgspec.structs.replace(getattr(SETTINGS, name), **fields.pop(name, {}))
        for name in ("collect", "data", "train")
    }
    return msgspec.structs.replace(SETTINGS, **parts, **fields)


def make(project, chosen=SETTINGS, samples=SAMPLES):
    path = project.runs / "sampled" / "records.jsonl"
    if samples and not path.exists():
        write_run(project, samples)
    runs = [complete_run(path)] if samples else []
    return make_dataset(project, chosen, runs, output=project.root / "data")


def rows(project, split="train"):
    return list(datasets.load_from_disk(str(project.root / "data"))[split])


def task_of(project, name):
    choice = Choice(suites_file=project.suites_file, split="all")
    return select(choice).task(name)


class TestADataset:
    def test_holds_the_passing_samples_and_the_references(self, project):
        notes, made = make(project)
        assert made
        found = rows(project)
        assert [(row["case"], row["source"]) for row in found] == [
            (CLAMP, "record"),
            (CLAMP, "record"),
            (CLAMP, "reference"),
            (PICK, "reference"),
            (MARKED, "reference"),
            (SHOUT, "reference"),
        ]
        assert found[0]["completion"] == SHORT
        assert notes.rows == {"train": 6, "validation": 0}
        assert notes.used == {"reference, short": 4, "sample, passed": 2}
        assert notes.considered == {
            "reference, long": 4,
            "reference, short": 4,
            "sample, passed": 2,
            "sample, passed but truncated": 1,
            "sample, wrong": 2,
        }

    def test_asks_exactly_as_the_evaluation_does(self, project):
        make(project)
        for row in rows(project):
            task = task_of(project, row["case"])
            asked = build_messages(task, context_tokens=150)
            assert tuple(Message(**message) for message in row["messages"]) == asked

    def test_says_of_every_row_where_it_is_from(self, project):
        make(project)
        path = project.runs / "sampled" / "records.jsonl"
        lines = path.read_bytes().splitlines()
        first = rows(project)[0]
        assert (first["run"], first["sample"]) == ("sampled", 1)
        assert first["record_sha256"] == hashlib.sha256(lines[2]).hexdigest()
        reference = rows(project)[-1]
        assert (reference["run"], reference["sample"]) == ("", -1)
        assert reference["record_sha256"] == task_of(project, SHOUT).case.body_sha256

    def test_counts_tokens_by_the_base_with_the_one_that_ends_the_answer(self, project):
        make(project)
        assert rows(project)[0]["output_tokens"] == len(SHORT.split()) + 1

    def test_explains_itself(self, project):
        notes, _ = make(project)
        stored = json.loads((project.root / "data" / NOTES).read_text())
        assert stored["sha256"] == notes.sha256
        assert stored["guarded"]["cases"] == "1"
        assert [run["id"] for run in stored["runs"]] == ["sampled"]
        assert read_notes(project.root / "data") == notes

    def test_of_references_alone_needs_no_run(self, project):
        notes, _ = make(project, samples=[])
        assert notes.used == {"reference, short": 4}

    def test_of_samples_alone_needs_no_reference(self, project):
        notes, _ = make(project, settings(data={"references": False}))
        assert notes.used == {"sample, passed": 2}

    def test_without_anything_correct_is_an_error(self, project):
        with pytest.raises(FinetuneError, match="nothing to train on: 1 answers, 0 of them"):
            make(project, settings(data={"references": False}), [SAMPLES[2]])

    def test_does_not_depend_on_the_order_of_the_records(self, project, tmp_path_factory):
        other = make_project(tmp_path_factory.mktemp("other"))
        # Two samples of one case keep their numbers; other cases come before and after.
        notes, _ = make(project, samples=SAMPLES)
        again, _ = make(other, samples=[SAMPLES[4], *SAMPLES[:4]])
        assert notes.sha256 == again.sha256


class TestTheStage:
    def test_is_skipped_while_nothing_changed(self, project):
        first, _ = make(project)
        assert make(project) == (first, False)

    @pytest.mark.parametrize(
        "changed",
        [
            {"data": {"select": "longest"}},
            {"data": {"per_case": 1}},
            {"seed": 1},
            {"train": {"validation_share": 0.3}},
            {"train": {"method": "preference"}},
        ],
    )
    def test_is_done_again_for_other_settings(self, project, changed):
        make(project)
        assert make(project, settings(**changed))[1]

    def test_is_not_done_again_for_settings_that_do_not_touch_rows(self, project):
        make(project)
        assert not make(project, settings(train={"epochs": 9.0, "rank": 4}))[1]

    def test_is_done_again_for_other_records_cases_or_tokens(self, project):
        make(project)
        write_run(project, SAMPLES[:2], run="other")
        run = complete_run(project.runs / "other" / "records.jsonl")
        output = project.root / "data"
        assert make_dataset(project, SETTINGS, [run], output=output)[1]
        models = project.models_file.read_text()
        project.models_file.write_text(models.replace("150", "151"))
        assert make_dataset(project, SETTINGS, [], output=output)[1]

    @pytest.mark.parametrize("left", ["", "{", "[]", '{"version": 1}'])
    def test_what_a_broken_write_left_is_made_again(self, project, left):
        make(project)
        (project.root / "data" / NOTES).write_text(left)
        assert make(project)[1]
        assert len(rows(project)) == 6

    def test_nothing_is_left_beside_the_folder(self, project):
        make(project)
        make(project, settings(seed=3))
        assert not list(project.root.glob(".making-*"))


class TestLeaksAreRefused:
    def test_a_copy_of_an_evaluation_case(self, tmp_path):
        copy = EVAL["eval/fold.ts"].replace("letters", "tally").replace("word", "text")
        project = make_project(tmp_path, {"train/tally.ts": copy})
        with pytest.raises(LeakError, match="train/tally#tally ~ mini:eval/fold#letters"):
            make(project, samples=[])
        assert not (project.root / "data").exists()

    def test_an_evaluation_solution_as_a_sample(self, project):
        solution = task_of(project, LETTERS).reference
        planted = (CLAMP, fenced(f"function clamp(word) {solution}"), "solved", "stop")
        with pytest.raises(LeakError, match=f"{CLAMP} ~ {LETTERS}: solution"):
            make(project, samples=[planted])

    def test_an_evaluation_solution_as_a_rejected_answer(self, project):
        solution = task_of(project, LETTERS).reference
        planted = (CLAMP, fenced(f"function clamp(word) {solution}"), "wrong", "stop")
        make(project, samples=[planted])  # a wrong answer is not in the rows
        with pytest.raises(LeakError, match=f"{CLAMP} ~ {LETTERS}: solution"):
            make(project, settings(train={"method": "preference"}))

    def test_a_run_over_the_evaluation_split(self, project):
        with pytest.raises(LeakError, match=f"records of 1 evaluation cases, among them {LETTERS}"):
            make(project, samples=[(LETTERS, "x", "solved", "stop")])

    def test_a_corrupt_evaluation_case_is_not_passed_over(self, project):
        (project.root / "cases" / "mini" / "eval" / "fold.ts").write_text("// gone")
        with pytest.raises(CaseError):
            make(project)

    def test_suites_that_could_not_be_read_are_named(self, project):
        text = project.suites_file.read_text()
        gone = '\n[gone]\nrepository = "/nowhere/at/all"\ncommit = "{}"\nmanifests = []\n'
        project.suites_file.write_text(text + gone.format("a" * 40))
        notes, _ = make(project, samples=[])
        assert set(notes.unguarded) == {"gone"}


class TestRunsThatDoNotFitAreRefused:
    def test_a_prompt_that_has_changed(self, project):
        write_run(project, SAMPLES)
        models = project.models_file.read_text()
        project.models_file.write_text(models.replace("150", "0"))
        with pytest.raises(FinetuneError, match="asked otherwise now"):
            make(project)

    def test_a_run_without_texts(self, project):
        write_run(project, SAMPLES, content=False)
        with pytest.raises(FinetuneError, match="--no-content"):
            make(project)

    def test_references_of_a_repository(self, project):
        text = project.suites_file.read_text()
        more = '\n[theirs]\nrepository = "https://example.com"\ncommit = "{}"\nmanifests = []\n'
        project.suites_file.write_text(text + more.format("b" * 40))
        with pytest.raises(FinetuneError, match="'theirs' is cloned from https://example.com"):
            make(project, settings(data={"reference_suites": ("mini", "theirs")}))


QUESTION = Question(case="s:a#f", suite="s", cluster="a.ts", messages=(Message("user", "write f"),))


def sample(code, tokens, number=0, **fields):
    values = {"source": "record", "run": "r", "record_sha256": "0" * 64}
    return Answer(
        question=QUESTION,
        completion=fenced(code),
        output_tokens=tokens,
        sample=number,
        **{**values, **fields},
    )


A, B, C, D = (sample(f"f({at})", 10 * at, at) for at in (1, 2, 3, 4))
WRONG = sample("nothing", 5, 5, solved=False)
CUT = sample("cut", 50, 6, stopped=False)
SHORT_FORM = sample("f(9)", 9, -1, source="reference", form="short")
LONG_FORM = sample("/* f */ export f(9)", 90, -1, source="reference", form="long")
ALL = [D, WRONG, B, LONG_FORM, CUT, A, SHORT_FORM, C]


class TestChoosing:
    def test_the_shortest_that_passed(self):
        assert choose(ALL, Data(references=False), 0) == [A, B]

    def test_the_longest_that_passed(self):
        assert choose(ALL, Data(references=False, select="longest"), 0) == [D, C]

    def test_at_random_by_the_seed(self):
        drawn = {
            seed: choose(ALL, Data(references=False, select="random"), seed) for seed in range(20)
        }
        assert drawn[3] == choose(ALL[::-1], Data(references=False, select="random"), 3)
        assert {one.sample for found in drawn.values() for one in found} == {1, 2, 3, 4}
        assert all(len(set(map(id, found))) == 2 for found in drawn.values())

    @pytest.mark.parametrize(("per_case", "expected"), [(0, []), (1, [A]), (9, [A, B, C, D])])
    def test_as_many_as_are_wanted_and_there_are(self, per_case, expected):
        assert choose(ALL, Data(references=False, per_case=per_case), 0) == expected

    def test_a_reference_comes_in_the_form_of_the_selection(self):
        assert choose(ALL, Data(), 0) == [A, B, SHORT_FORM]
        assert choose(ALL, Data(select="longest"), 0) == [D, C, LONG_FORM]
        forms = {choose(ALL, Data(select="random"), seed)[-1].form for seed in range(20)}
        assert forms == {"short", "long"}

    def test_wrong_and_cut_answers_never(self):
        assert choose([WRONG, CUT], Data(), 0) == []

    def test_the_same_code_once_in_the_form_of_the_selection(self):
        plain = sample("f(1, 2);", 8)
        spaced = sample("// why\nexport   f(1,\n2)", 20, 1)
        assert choose([spaced, plain], Data(), 0) == [plain]
        assert choose([spaced, plain], Data(select="longest"), 0) == [spaced]

    def test_a_sample_that_is_the_reference_is_one_row(self):
        same = sample("f(9)", 9, 2)
        assert len(choose([same, SHORT_FORM, LONG_FORM], Data(), 0)) == 1

    def test_a_reference_that_is_not_wanted_hides_no_sample(self):
        longer = sample("// same as the reference\nf(9)", 30, 2)
        assert choose([longer, SHORT_FORM], Data(references=False), 0) == [longer]


class TestPairing:
    def kinds(self, answers, **fields):
        found = pair(answers, Data(**fields), 0)
        return [(one.chosen, one.rejected, one.kind) for one in found]

    def test_shorter_over_longer_then_over_cut_off_then_over_wrong(self):
        other = sample("wrong too", 6, 7, solved=False)
        endless = sample("wrong and endless", 6, 8, solved=False, stopped=False)
        found = self.kinds([A, D, WRONG, other, endless, CUT], references=False, pairs_per_case=9)
        assert found[0] == (A, D, "longer")
        assert {one[0].completion for one in found} == {A.completion}
        assert {(one[1].sample, one[2]) for one in found[1:3]} == {(8, "wrong"), (6, "longer")}
        assert {(one[1].sample, one[2]) for one in found[3:]} == {(5, "wrong"), (7, "wrong")}

    def test_of_those_that_were_cut_off_the_most_repetitive_comes_first(self):
        texts = {
            3: "let a = 1; const b = f(x) ** 2; return [a, b];",
            4: "f(0); " * 50,
            5: "no, " * 9,
        }
        cut = [sample(text, 6, at, solved=False, stopped=False) for at, text in texts.items()]
        found = self.kinds([A, *cut], references=False, pairs_per_case=9)
        assert [one[1].sample for one in found] == [4, 5, 3]

    def test_what_was_cut_off_and_what_does_not_parse_take_turns(self):
        cut = [sample(f"f({at}); " * at, 6, at, solved=False, stopped=False) for at in (40, 20)]
        broken = [sample(f"f({at}", 6, at, solved=False, parses=False) for at in (60, 61, 62)]
        found = self.kinds([A, WRONG, *broken, *cut], references=False, pairs_per_case=9)
        kinds = ["wrong", "unparsed", "wrong", "unparsed", "unparsed", "wrong"]
        assert [one[2] for one in found] == kinds
        assert [one[1].sample for one in found][::2] == [40, 20, found[4][1].sample]
        assert found[-1][1] == WRONG

    def test_a_shorter_answer_that_was_cut_off_is_no_longer_one(self):
        cut = sample("f(0)", 8, 9, stopped=False)
        assert A.output_tokens > 8
        assert self.kinds([A, cut], references=False) == []

    def test_no_pair_of_two_of_about_the_same_length(self):
        near = sample("f(0)", 10, 8)
        assert self.kinds([A, near], references=False) == []

    def test_the_two_forms_of_a_reference_make_a_pair(self):
        assert self.kinds([SHORT_FORM, LONG_FORM]) == [(SHORT_FORM, LONG_FORM, "longer")]

    def test_no_more_than_are_wanted(self):
        wrong = [sample(f"no {at}", 5, at, solved=False) for at in range(9)]
        assert len(self.kinds([A, *wrong], pairs_per_case=3)) == 3

    def test_the_same_wrong_answer_once(self):
        wrong = [sample("no", 5, at, solved=False) for at in range(9)]
        assert len(self.kinds([A, *wrong], pairs_per_case=4)) == 1

    def test_nothing_is_chosen_over_anything_without_a_correct_answer(self):
        assert self.kinds([WRONG, CUT]) == []

    def test_which_wrong_answers_is_drawn_by_the_seed(self):
        wrong = [sample(f"no {at}", 5, at, solved=False) for at in range(9)]
        drawn = {tuple(one.rejected.sample for one in pair([A, *wrong], Data(), s)) for s in "ab"}
        assert len(drawn) == 2

    def test_rows_hold_both_answers(self, project):
        notes, _ = make(project, settings(train={"method": "preference"}))
        assert notes.kind == "preference"
        assert notes.used == {
            "reference, long": 4,
            "reference, short": 3,
            "sample, passed": 1,
            "sample, wrong": 2,
        }
        row = rows(project)[0]
        assert (row["chosen"], row["rejected_kind"]) == (SHORT, "longer")
        assert row["rejected_stopped"] is True
        assert row["output_tokens"] < row["rejected_tokens"]
        assert "completion" not in row

    def test_an_answer_that_does_not_parse_is_rejected_before_a_wrong_one(self, project):
        broken = (CLAMP, fenced("function clamp(a"), "syntax_error", "stop")
        wanted = settings(
            data={"references": False, "pairs_per_case": 2}, train={"method": "preference"}
        )
        make(project, wanted, [SAMPLES[1], SAMPLES[2], broken])
        kinds = [(row["rejected"], row["rejected_kind"]) for row in rows(project)]
        assert kinds == [(broken[1], "unparsed"), ("no idea", "wrong")]


CLUSTERS = {f"s:{name}": size for name, size in zip("abcdefghij", range(1, 11), strict=True)}


class TestHoldingOut:
    def test_whole_clusters_up_to_the_share(self):
        held = held_out(CLUSTERS, 0.2, 0)
        assert 11 <= sum(CLUSTERS[name] for name in held) <= 11 + 9

    def test_by_the_seed_and_not_by_the_order(self):
        turned = dict(reversed(CLUSTERS.items()))
        assert held_out(turned, 0.2, 1) == held_out(CLUSTERS, 0.2, 1)
        assert len({held_out(CLUSTERS, 0.2, seed) for seed in range(9)}) > 1

    @pytest.mark.parametrize("clusters", [{}, {"a": 5}])
    def test_never_all_of_them(self, clusters):
        assert held_out(clusters, 0.5, 0) == frozenset()

    def test_none_for_no_share(self):
        assert held_out(CLUSTERS, 0.0, 0) == frozenset()

    def test_at_least_one_for_any_share(self):
        assert len(held_out(CLUSTERS, 0.001, 0)) == 1

    def test_no_cluster_is_on_both_sides(self, project):
        notes, _ = make(project, settings(train={"validation_share": 0.3}))
        sides = [{row["cluster"] for row in rows(project, s)} for s in ("train", "validation")]
        assert sides[1]
        assert not sides[0] & sides[1]
        assert sum(notes.rows.values()) == 6


class TestReferences:
    @pytest.mark.parametrize(
        "symbol", ["countWords", "cut", "shout", "wait", "Counter.add", "Counter.load"]
    )
    @pytest.mark.parametrize("form", ["short", "long"])
    def test_are_read_back_as_the_body_they_are(self, symbol, form):
        task = make_task(symbol)
        found = extract(reference_completion(task, form), task)
        body = parse_module(found.file_text.encode(), "text.ts")
        (one,) = [given for given in body.declarations if given.symbol == symbol]
        strip = re.compile(r"\s+")
        assert strip.sub("", body.body(one)).strip("{}").removeprefix("return") in strip.sub(
            "", "{" + task.reference + ";}"
        )

    def test_the_short_form_has_no_comment_and_no_export(self):
        text = "/** Doc. */\nexport function f(a: string): string {\n  // why\n  return a; // b\n}"
        task = make_task("f", text)
        expected = fenced("function f(a: string): string {\n  return a;\n}")
        assert reference_completion(task) == expected

    def test_the_long_form_has_both(self):
        text = "/** Doc. */\nexport function f(a: string): string {\n  return a;\n}\n"
        assert reference_completion(make_task("f", text), "long") == fenced(text.strip())

    def test_an_arrow_stays_one(self):
        expected = "const shout = (text: string): string => text.toUpperCase();"
        assert reference_completion(make_task("shout")) == fenced(expected)

    def test_a_method_is_moved_to_the_margin(self):
        expected = "add(step: number): number {\n  this.count += step;\n  return this.count;\n}"
        assert reference_completion(make_task("Counter.add")) == fenced(expected)

    def test_a_fence_in_the_code_makes_a_longer_one(self):
        text = "export function f(): string {\n  return `\n```\n`;\n}\n"
        completion = reference_completion(make_task("f", text))
        assert completion.startswith("````typescript\n")

    def test_marks_of_comments_in_strings_are_code(self):
        code = 'const a = "// no"; // yes\n/* gone */\nconst b = `/* no */`;\n'
        assert without_comments(code, "a.ts") == 'const a = "// no";\nconst b = `/* no */`;'

    def test_what_the_prompt_hides_is_found(self):
        task = make_task("cut")
        assert hidden_names(task, "nothing is shown") == {"DOTS"}
        assert hidden_names(task, 'const DOTS = "...";') == frozenset()

    def test_a_reference_that_needs_what_is_hidden_is_left_out(self, project):
        models = project.models_file.read_text()
        project.models_file.write_text(models.replace("150", "0"))
        make(project, samples=[])
        assert MARKED not in {row["case"] for row in rows(project)}
