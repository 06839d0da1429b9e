import hashlib

import msgspec
import pytest

from pytest_llmops.cases import (
    Case,
    FileHash,
    Suite,
    case_id,
    id_of_test,
    load_suites,
    read_manifest,
    suite_hash,
)
from pytest_llmops.errors import CaseError
from pytest_llmops.flaky import FlakyTest
from pytest_llmops.manifests import load_all, load_cases, rewrite, write_manifest
from pytest_llmops.mining.strata import difficulty_of, split_of
from pytest_llmops.tasks.code.languages import test_globs as globs_of_tests
from pytest_llmops.tasks.suites import find_suites


def case(name="a", **fields):
    values = {
        "id": f"own:lib/{name}#f",
        "split": "eval",
        "difficulty": "easy",
        "source": FileHash(path=f"lib/{name}.ts", sha256="1" * 64),
        "symbol": "f",
        "body_sha256": "2" * 64,
        "body_lines": 3,
        "complexity": 1,
        "tests": (FileHash(path=f"lib/{name}.test.ts", sha256="3" * 64),),
        "fail_to_pass": ("aaaaaaaaaaaa",),
        "pass_to_pass": ("bbbbbbbbbbbb",),
    }
    return Case(**{**values, **fields})


@pytest.fixture
def suites_toml(tmp_path):
    def write(text):
        path = tmp_path / "suites.toml"
        path.write_text(text)
        return path

    return write


def test_a_suite_is_a_table_of_the_file(suites_toml, tmp_path):
    path = suites_toml('[own]\nfolder = "tree"\nmanifests = ["own.jsonl"]\ntrain = ["train/*"]\n')
    suite = load_suites(path)["own"]
    assert (suite.name, suite.root, suite.folder) == ("own", tmp_path, "tree")
    assert suite.manifests == ("own.jsonl",)
    assert globs_of_tests(suite) == ("**/*.test.ts",)


def test_a_missing_file_names_the_page_that_explains_it(tmp_path):
    with pytest.raises(CaseError, match=r"no such file; `llmops init` makes one"):
        load_suites(tmp_path / "suites.toml")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[own", "not TOML"),
        ('[own]\nfolder = "a"\n', r"\[own\].*manifests"),
        ('[own]\nmanifests = []\nfolder = "a"\ntypo = 1\n', r"\[own\].*typo"),
        ("[own]\nmanifests = []\n", "needs one of 'folder', 'repository' and 'sdist'"),
        ('[own]\nmanifests = []\nfolder = "a"\nrepository = "b"\n', "needs one of 'folder'"),
        ('[own]\nmanifests = []\nrepository = "b"\ncommit = "main"\n', "40 hex digits, is 'main'"),
    ],
)
def test_a_broken_suite_is_an_error_naming_file_and_table(suites_toml, text, complaint):
    path = suites_toml(text)
    with pytest.raises(CaseError, match=complaint) as caught:
        load_suites(path)
    assert str(path) in str(caught.value)


def test_cases_written_are_the_cases_read_in_the_order_of_their_ids(tmp_path):
    path = tmp_path / "new" / "own.jsonl"
    write_manifest(path, [case("b"), case("a")])
    assert read_manifest(path) == [case("a"), case("b")]
    assert path.read_bytes().count(b"\n") == 2


def test_all_manifests_of_a_suite_are_read(tmp_path):
    write_manifest(tmp_path / "own" / "x.jsonl", [case("b")])
    write_manifest(tmp_path / "own" / "y.jsonl", [case("a")])
    suite = Suite(manifests=("own/*.jsonl",), folder="tree", name="own", root=tmp_path)
    assert load_cases(suite) == [case("a"), case("b")]


def test_a_manifest_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(CaseError, match=f"{tmp_path}: cannot be written: Is a directory"):
        write_manifest(tmp_path, [case()])


def test_a_suite_without_manifests_has_no_cases(tmp_path):
    assert load_cases(Suite(manifests=("none.jsonl",), root=tmp_path)) == []


def test_an_id_that_occurs_twice_is_an_error(tmp_path):
    write_manifest(tmp_path / "x.jsonl", [case("a")])
    write_manifest(tmp_path / "y.jsonl", [case("a")])
    with pytest.raises(CaseError, match=r"y\.jsonl: case 'own:lib/a#f' occurs twice"):
        load_cases(Suite(name="own", manifests=("*.jsonl",), root=tmp_path))


def test_a_case_of_another_suite_is_an_error(tmp_path):
    write_manifest(tmp_path / "x.jsonl", [case("a")])
    with pytest.raises(CaseError, match=r"x\.jsonl: case 'own:lib/a#f' is not of suite 'other'"):
        load_cases(Suite(name="other", manifests=("*.jsonl",), root=tmp_path))


def test_a_suite_that_is_no_table_is_an_error(tmp_path):
    path = tmp_path / "suites.toml"
    path.write_text("x = 1\n")
    with pytest.raises(CaseError, match="'x' is not a table"):
        load_suites(path)


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (lambda line: line[:-1], "not a case"),
        (lambda _: b"", "not a case"),
        (lambda line: line.replace(b'"symbol"', b'"symbols"'), "not a case"),
        (lambda line: line.replace(b'"easy"', b'"simple"'), "not a case.*simple"),
        (lambda line: line.replace(b'"aaaaaaaaaaaa"', b""), "'fail_to_pass' is empty"),
        (
            lambda line: line[:-1] + b',"flaky":[{"path":"lib/b.test.ts","id":"bbbbbbbbbbbb"}]}',
            "test bbbbbbbbbbbb is among 'flaky' and judges all the same",
        ),
    ],
)
def test_a_broken_line_is_an_error_naming_file_and_line(tmp_path, edit, complaint):
    path = tmp_path / "own.jsonl"
    first, second = (msgspec.json.encode(case(name)) for name in "ab")
    path.write_bytes(b"\n".join([first, edit(second), b""]))
    with pytest.raises(CaseError, match=rf"own\.jsonl:2: {complaint}"):
        read_manifest(path)


MARK = FlakyTest(path="lib/a.test.ts", id="cccccccccccc", failed=3, runs=20)


def test_what_a_manifest_marks_as_flaky_is_read_and_a_line_without_marks_is_as_before(tmp_path):
    plain, marked = case("a"), case("b", flaky=(MARK,))
    write_manifest(tmp_path / "own.jsonl", [plain, marked])
    first, second = (tmp_path / "own.jsonl").read_bytes().splitlines()
    assert first.endswith(b'"pass_to_pass":["bbbbbbbbbbbb"]}')
    told = b'"flaky":[{"path":"lib/a.test.ts","id":"cccccccccccc","failed":3,"runs":20}]}'
    assert second.endswith(told)
    assert read_manifest(tmp_path / "own.jsonl") == [plain, marked]


def test_a_line_in_quarantine_is_no_case_and_keeps_its_id(tmp_path):
    away = case("b", fail_to_pass=(), pass_to_pass=(), quarantine="only flaky tests", flaky=(MARK,))
    write_manifest(tmp_path / "own.jsonl", [case("a"), away])
    suite = Suite(name="own", manifests=("own.jsonl",), root=tmp_path, date="2026-11-30")
    assert load_cases(suite) == [case("a", date="2026-11-30")]
    assert load_all(suite) == [case("a"), away]
    write_manifest(tmp_path / "own-2.jsonl", [case("b")])
    both = Suite(name="own", manifests=("own*.jsonl",), root=tmp_path)
    with pytest.raises(CaseError, match="case 'own:lib/b#f' occurs twice"):
        load_cases(both)


def test_lines_are_written_anew_alone_and_without_the_day_of_the_suite(tmp_path):
    write_manifest(tmp_path / "x.jsonl", [case("a"), case("b")])
    write_manifest(tmp_path / "y.jsonl", [case("c")])
    suite = Suite(name="own", manifests=("*.jsonl",), root=tmp_path, date="2026-11-30")
    (changed,) = (one for one in load_cases(suite) if one.source.path == "lib/b.ts")
    new = msgspec.structs.replace(changed, flaky=(MARK,))
    assert rewrite(suite, {new.id: new}) == [tmp_path / "x.jsonl"]
    assert load_all(suite) == [case("a"), case("b", flaky=(MARK,)), case("c")]
    assert rewrite(suite, {new.id: new}) == []


def test_the_identity_of_cases_is_what_judges_them_and_no_mark_beside_it():
    before = suite_hash([case()])
    assert suite_hash([case(flaky=(MARK,))]) == before
    assert suite_hash([case(pass_to_pass=())]) != before


def test_the_id_of_a_case_names_suite_path_and_symbol():
    assert case_id("own", "lib/a.b.ts", "C.m") == "own:lib/a.b#C.m"


def test_files_that_differ_in_their_ending_alone_have_cases_of_their_own():
    paths = ("lib/a.ts", "lib/a.mts", "lib/a.cts", "lib/a.tsx", "lib/a.js")
    assert len({case_id("own", path, "f") for path in paths}) == len(paths)
    assert case_id("own", "lib/a.mts", "f") == "own:lib/a.mts#f"


def test_the_id_of_a_test_is_that_of_its_file_and_title_and_quotes_neither():
    expected = hashlib.sha256(b"a.test.ts\0outer > inner").hexdigest()[:12]
    assert id_of_test("a.test.ts", "outer > inner") == expected
    assert id_of_test("b.test.ts", "outer > inner") != expected


def test_file_and_title_cannot_be_shifted_into_each_other():
    assert id_of_test("a", "bc") != id_of_test("ab", "c")


def test_expected_tests_are_those_that_judge_and_those_that_must_not_break():
    assert case().expected == {"aaaaaaaaaaaa", "bbbbbbbbbbbb"}


def test_cases_of_one_file_are_one_cluster():
    assert case("a").cluster == case("a", symbol="g", id="own:lib/a#g").cluster
    assert case("a").cluster != case("b").cluster


def test_globs_decide_the_split_where_there_are_any():
    suite = Suite(manifests=(), train=("train/*",), train_share=1.0)
    assert split_of(suite, "train/deep/a.ts") == "train"
    assert split_of(suite, "eval/a.ts") == "eval"


def test_a_share_of_files_is_drawn_by_the_hash_of_the_path():
    suite = Suite(manifests=(), train_share=0.25)
    drawn = [split_of(suite, f"lib/{number}.ts") for number in range(2000)]
    assert 430 < drawn.count("train") < 570
    assert drawn == [split_of(suite, f"lib/{number}.ts") for number in range(2000)]


def test_no_share_means_no_training_cases():
    suite = Suite(manifests=())
    assert {split_of(suite, f"lib/{number}.ts") for number in range(200)} == {"eval"}


@pytest.mark.parametrize(
    ("lines", "complexity", "difficulty"),
    [
        (1, 1, "easy"),
        (4, 2, "easy"),
        (5, 2, "medium"),
        (4, 3, "medium"),
        (16, 7, "medium"),
        (17, 1, "hard"),
        (2, 8, "hard"),
    ],
)
def test_the_difficulty_follows_from_size_and_branches(lines, complexity, difficulty):
    assert difficulty_of(lines, complexity) == difficulty


def test_the_hash_of_a_selection_depends_on_its_cases_and_not_on_their_order():
    a, b = case("a"), case("b")
    assert suite_hash([a, b]) == suite_hash([b, a])
    assert suite_hash([a]) != suite_hash([a, b])
    assert suite_hash([a]) != suite_hash([msgspec.structs.replace(a, body_sha256="9" * 64)])


def test_suites_are_found_by_name_in_the_order_of_the_names(suites_toml):
    path = suites_toml("\n".join(f'[{name}]\nfolder = "x"\nmanifests = []' for name in "abc"))
    assert [suite.name for suite in find_suites(path, ["c", "a"])] == ["c", "a"]
    assert [suite.name for suite in find_suites(path, [])] == ["a", "b", "c"]


def test_an_unknown_suite_is_an_error_naming_the_known(suites_toml):
    path = suites_toml('[own]\nfolder = "x"\nmanifests = []\n')
    with pytest.raises(CaseError, match=r"'other' is not in .* \(known: own\)"):
        find_suites(path, ["other"])
