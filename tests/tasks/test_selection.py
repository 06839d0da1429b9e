import hashlib

import msgspec
import pytest
from made_tasks import make_task
from project import ADD, DOUBLE, EVEN, SOURCE, TESTS, write_answers, write_suite
from records import IDENTITY

from pytest_llmops.cases import FileHash, read_manifest, suite_of
from pytest_llmops.completions import Sampling
from pytest_llmops.errors import CaseError, SourceError
from pytest_llmops.manifests import write_manifest
from pytest_llmops.session.configured import Configured
from pytest_llmops.session.declared import declare
from pytest_llmops.session.options import parse
from pytest_llmops.session.telling import head
from pytest_llmops.tasks.selection import Choice, select

FAR = f"""
[far]
repository = "file:///nowhere"
commit = "{"0" * 40}"
manifests = ["far.jsonl"]
"""
EMBEDDED = """
[{name}]
folder = "{name}"
manifests = ["{name}.jsonl"]
"""


def make_case(symbol, suite="mini", split="eval"):
    """A case of the small project, as mining would find it but for the tests that judge it."""
    tests = FileHash(path="small.test.ts", sha256=hashlib.sha256(TESTS.encode()).hexdigest())
    name = f"{suite}:small#{symbol}"
    return make_task(symbol, SOURCE, "small.ts", id=name, split=split, tests=(tests,)).case


@pytest.fixture
def cases(tmp_path, monkeypatch):
    """The folder of `suites.toml`: `add` and `double` are measured, `isEven` is for training."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_suite(tmp_path)
    made = [make_case("add"), make_case("double"), make_case("isEven", split="train")]
    write_manifest(tmp_path / "cases" / "mini.jsonl", made)
    return tmp_path / "cases"


def add_suite(cases, text):
    with (cases / "suites.toml").open("a") as file:
        file.write(text)


def chosen(cases, **fields):
    return select(Choice(suites_file=cases / "suites.toml", **fields))


@pytest.mark.parametrize(
    ("split", "names"),
    [("eval", [ADD, DOUBLE]), ("train", [EVEN]), ("all", [ADD, DOUBLE, EVEN])],
)
def test_a_split_chooses_its_cases(split, names, cases):
    assert list(chosen(cases, split=split).cases) == names


def test_every_attempt_has_an_id_of_case_and_sample(cases):
    assert chosen(cases, samples=2).attempts() == {
        f"{ADD}@0": (ADD, 0),
        f"{ADD}@1": (ADD, 1),
        f"{DOUBLE}@0": (DOUBLE, 0),
        f"{DOUBLE}@1": (DOUBLE, 1),
    }


def test_more_samples_change_no_id(cases):
    few, many = (chosen(cases, samples=count).attempts() for count in (1, 5))
    assert few.items() < many.items()
    assert len(many) == 5 * len(few)


def test_the_same_options_choose_the_same_in_every_process(cases):
    one, other = (chosen(cases, split="all", samples=3).attempts() for _ in range(2))
    assert list(one) == list(other) == sorted(one)


def test_all_suites_are_chosen_where_none_is_named(cases):
    (cases / "second").mkdir()
    add_suite(cases, EMBEDDED.format(name="second"))
    write_manifest(cases / "second.jsonl", [make_case("add", "second")])
    both = chosen(cases)
    assert list(both.trees) == ["mini", "second"]
    assert list(both.cases) == [ADD, DOUBLE, "second:small#add"]
    assert list(chosen(cases, suites=("second",)).cases) == ["second:small#add"]
    turned = chosen(cases, suites=("second", "mini"))
    assert list(turned.cases) == ["second:small#add", ADD, DOUBLE]
    assert turned.tree(turned.cases[ADD]).root == cases / "mini"


def test_a_suite_named_twice_is_attempted_once(cases):
    assert chosen(cases, suites=("mini", "mini")).attempts() == chosen(cases).attempts()


def test_an_unknown_suite_is_refused(cases):
    with pytest.raises(CaseError, match=r"'nope' is not in .*suites.toml \(known: mini\)"):
        chosen(cases, suites=("mini", "nope"))


@pytest.mark.parametrize(
    ("suite", "reason"),
    [(FAR, "'far': cannot fetch 000000000000"), (EMBEDDED.format(name="far"), "no folder")],
)
def test_a_suite_that_cannot_be_reached_is_left_out_with_the_reason(suite, reason, cases):
    add_suite(cases, suite)
    selection = chosen(cases)
    assert list(selection.cases) == [ADD, DOUBLE]
    assert list(selection.trees) == ["mini"]
    assert list(selection.unreachable) == ["far"]
    assert reason in selection.unreachable["far"]
    assert "\n" not in selection.unreachable["far"]


def test_a_suite_that_was_asked_for_must_be_reached(cases):
    add_suite(cases, FAR)
    with pytest.raises(SourceError, match="'far'"):
        chosen(cases, suites=("mini", "far"))


def test_the_one_suite_is_taken_from_where_the_user_says(cases, tmp_path):
    add_suite(cases, FAR)
    with pytest.raises(SourceError, match=f"from {tmp_path / 'clone'}: "):
        chosen(cases, suites=("far",), source=str(tmp_path / "clone"))


def test_a_manifest_of_a_suite_left_out_is_not_read(cases):
    add_suite(cases, FAR)
    (cases / "far.jsonl").write_text("nonsense\n")
    assert list(chosen(cases).cases) == [ADD, DOUBLE]


def test_a_broken_manifest_is_refused_by_line(cases):
    (cases / "mini.jsonl").write_text("nonsense\n")
    with pytest.raises(CaseError, match=r"mini.jsonl:1: not a case"):
        chosen(cases)


def test_a_task_is_made_when_asked_for_and_once(cases):
    (cases / "mini" / "small.ts").rename(cases / "aside.ts")
    selection = chosen(cases)
    with pytest.raises(CaseError, match="small.ts: cannot be read"):
        selection.task(ADD)
    (cases / "aside.ts").rename(cases / "mini" / "small.ts")
    assert selection.task(ADD) is selection.task(ADD)
    assert "left + right" in selection.task(ADD).reference


def test_a_request_asks_for_one_sample_of_a_case(cases):
    sampling = Sampling(max_tokens=7, temperature=0.5)
    request = chosen(cases, sampling=sampling).request(DOUBLE, 3, 1000)
    assert (request.key, request.sampling) == ((DOUBLE, 3), sampling)
    assert "double" in request.messages[-1].content
    assert "value * 2" not in str(request.messages)


def test_samples_of_a_case_have_the_same_prompt(cases):
    selection = chosen(cases, samples=3)
    keys = list(selection.askable(selection.attempts().values()))
    assert keys == list(selection.attempts().values())
    prompts = {name: set() for name, _ in keys}
    for name, sample in keys:
        prompts[name].add(selection.request(name, sample, 1000).prompt_sha256)
    assert [len(found) for found in prompts.values()] == [1, 1]
    assert prompts[ADD] != prompts[DOUBLE]


@pytest.mark.parametrize(
    "change",
    [
        {"body_sha256": "0" * 64},
        {"source": FileHash(path="small.ts", sha256="0" * 64)},
        {"source": FileHash(path="../suites.toml", sha256="0" * 64)},
        {"tests": (FileHash(path="gone.test.ts", sha256="0" * 64),)},
        {"symbol": "nobody"},
    ],
    ids="-".join,
)
def test_a_corrupt_case_is_not_asked_and_raised_as_a_task(change, cases):
    chosen(cases, context_tokens=1000)  # its questions are kept as they were when it was whole
    corrupt, *rest = read_manifest(cases / "mini.jsonl")
    write_manifest(cases / "mini.jsonl", [msgspec.structs.replace(corrupt, **change), *rest])
    for selection in (chosen(cases), chosen(cases, context_tokens=1000)):
        assert [*selection.askable([(ADD, 0), (DOUBLE, 0), (ADD, 1)])] == [(DOUBLE, 0)]
        with pytest.raises(CaseError):
            selection.request(ADD, 0, 1000)
        with pytest.raises(CaseError):
            selection.task(ADD)


def test_a_case_id_begins_with_its_suite():
    assert suite_of(make_case("add", "my-suite")) == "my-suite"


@pytest.mark.parametrize(
    ("split", "reason"),
    [("train", "mini has no cases in mini.jsonl; `llmops mine functions --suite mini` looks"),
     ("eval", "mini has no cases in mini.jsonl")],
)  # fmt: skip
def test_nothing_to_attempt_is_an_error_with_the_reason(split, reason, cases):
    (cases / "mini.jsonl").write_text("")
    add_suite(cases, FAR)
    with pytest.raises(CaseError, match=f"no cases to attempt: far cannot be .*; {reason}"):
        chosen(cases, split=split)


def test_difficulties_choose_among_the_cases_and_one_without_any_is_said(cases):
    manifest = cases / "mini.jsonl"
    made = [
        msgspec.structs.replace(case, difficulty=difficulty)
        for case, difficulty in zip(read_manifest(manifest), ("hard", "easy", "easy"), strict=True)
    ]
    write_manifest(manifest, made)
    assert list(chosen(cases, difficulties=("hard",)).cases) == [ADD]
    assert list(chosen(cases, difficulties=("hard", "easy")).cases) == [ADD, DOUBLE]
    with pytest.raises(
        CaseError,
        match=r"mini has no eval cases medium \(it has 1 eval easy, 1 eval hard, .*\); see --split",
    ):
        chosen(cases, difficulties=("medium",))


class TestUnderspecified:
    """Cases whose question hides a name of the project that the solution uses."""

    SOURCE = (
        "const FACTOR = 3;\n\n"
        "export function scaled(value: number): number {\n  return value * FACTOR;\n}\n\n"
        "export function half(value: number): number {\n  return value / 2;\n}\n"
    )

    @pytest.fixture
    def factors(self, cases):
        folder = cases / "factors"
        folder.mkdir()
        (folder / "factors.ts").write_text(self.SOURCE)
        (folder / "factors.test.ts").write_text(TESTS)
        add_suite(cases, EMBEDDED.format(name="factors"))
        digest = hashlib.sha256(TESTS.encode()).hexdigest()
        tests = (FileHash(path="factors.test.ts", sha256=digest),)
        made = [
            make_task(
                name, self.SOURCE, "factors.ts", id=f"factors:factors#{name}", tests=tests
            ).case
            for name in ("half", "scaled")
        ]
        write_manifest(cases / "factors.jsonl", made)
        return cases

    def test_they_are_left_out_and_named(self, factors):
        selection = chosen(factors, suites=("factors",), context_tokens=0)
        assert list(selection.cases) == ["factors:factors#half"]
        assert selection.underspecified == ("factors:factors#scaled",)

    def test_with_a_larger_budget_they_are_none(self, factors):
        selection = chosen(factors, suites=("factors",), context_tokens=40)
        assert len(selection.cases) == 2
        assert not selection.underspecified

    def test_without_a_budget_none_is_left_out(self, factors):
        assert len(chosen(factors, suites=("factors",)).cases) == 2

    def test_where_all_are_the_message_says_how_to_take_them(self, factors):
        write_manifest(
            factors / "factors.jsonl",
            [one for one in read_manifest(factors / "factors.jsonl") if one.symbol == "scaled"],
        )
        with pytest.raises(CaseError, match=r"1 are underspecified with 0 context tokens; --under"):
            chosen(factors, suites=("factors",), context_tokens=0)

    def test_a_case_that_is_corrupt_stays_for_its_own_test_to_say_so(self, factors):
        (factors / "factors" / "factors.ts").write_text("// gone\n")
        selection = chosen(factors, suites=("factors",), context_tokens=0)
        assert len(selection.cases) == 2

    @pytest.mark.usefixtures("factors")
    def test_the_head_of_a_session_counts_them(self, tmp_path):
        models = 'context_tokens = 0\nurl = "http://127.0.0.1:9/v1"\nmodel = "m"\n'
        (tmp_path / "models.toml").write_text(f"[small]\n{models}")
        values = {"suite": ["factors"], "model": "small"}
        options = parsed(tmp_path, **values)
        first, second = head(options, select(options.choice))
        assert first == "llmops: model small; factors: 1 eval cases"
        assert second == (
            "llmops: 1 cases left out as underspecified: 0 context tokens hide a name that the "
            "solution uses (--underspecified takes them)"
        )
        every = parsed(tmp_path, underspecified=True, **values)
        assert head(every, select(every.choice)) == ["llmops: model small; factors: 2 eval cases"]

    @pytest.mark.usefixtures("factors")
    def test_an_agent_that_reads_the_whole_tree_is_asked_about_all(self, tmp_path):
        (tmp_path / "models.toml").write_text(
            '[small]\ncontext_tokens = 0\nurl = "http://127.0.0.1:9/v1"\nmodel = "m"\n'
        )
        assert parsed(tmp_path, model="small", agent="mini").choice.context_tokens is None
        assert parsed(tmp_path, model="small", agent="repair").choice.context_tokens == 0
        assert parsed(tmp_path, model="unknown").choice.context_tokens is None

    @pytest.mark.usefixtures("factors")
    def test_answers_that_were_recorded_are_asked_for_as_they_were(self, tmp_path):
        write_answers(tmp_path, {})
        options = parsed(tmp_path, model="replay:recorded", runs=tmp_path)
        assert options.choice.context_tokens == IDENTITY.context_tokens


def parsed(root, **values):
    """The options of a session, as the command line has them."""
    given = {}
    declare(lambda name, **said: given.update({by_name(name): default_of(said)}))
    return parse({**given, **values}, root, Configured())


def by_name(option):
    return option.removeprefix("--").replace("-", "_")


def default_of(said):
    return said.get("default", False if said.get("action") == "store_true" else None)
