"""Edits as cases: found in a tree, proved, and kept, in one small repository."""

import json

import msgspec
import pytest
from edit_repo import HISTORY, TEST, TITLE, TITLE_TEXT, WORDS, WORDS_TEXT, mine_edits, opened
from once import made_once

from pytest_llmops.cases import id_of_test, load_suites
from pytest_llmops.cli.main import main
from pytest_llmops.errors import CaseError, SandboxError
from pytest_llmops.manifests import load_cases, write_manifest
from pytest_llmops.mining.changes import Bench
from pytest_llmops.mining.edits import EditMiner
from pytest_llmops.mining.found_edits import Finder
from pytest_llmops.mining.kept import Kept
from pytest_llmops.mining.parallel import Crew
from pytest_llmops.mining.proof import WeakError, judged
from pytest_llmops.tasks.changes import materialize_change
from pytest_llmops.tasks.trees.history import open_tree

KINDS = {"body", "insert", "literal", "condition", "default", "rename", "several"}


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    """The repository, mined, and a pool that judges its trees."""
    with opened(made_once(tmp_path_factory, "edit-repo", mine_edits)) as found:
        yield found


@pytest.fixture
def tasks(workshop):
    """The cases as tasks, by symbol."""
    cases = load_cases(workshop[1])
    return {case.symbol: materialize_change(case, workshop[2]) for case in cases}


def test_there_are_edits_of_every_kind_and_one_of_a_kind_in_a_file(tasks):
    kinds = [
        (symbol.partition("-")[0], task.change.edits[0].path) for symbol, task in tasks.items()
    ]
    assert {kind for kind, _ in kinds} == KINDS
    assert len(set(kinds)) == len(kinds)
    for task in tasks.values():
        assert task.case.date == "2025-03-01"
        assert len(task.sources) <= 3


def test_the_tree_lacks_the_edit_and_is_else_the_one_that_is_pinned(tasks):
    task = tasks["rename-count"]
    assert task.sources == (TITLE, WORDS)
    assert task.solution == {TITLE: TITLE_TEXT, WORDS: WORDS_TEXT}
    for path, text in task.before.items():
        assert (task.tree.root / path).read_text() == text
        assert "countV1(text" in text
    assert "see count in the manual" in task.before[WORDS]  # comments stay
    assert (task.tree.root / TEST).read_text() == HISTORY[0][2][TEST]


def test_what_is_undone_in_a_tree_is_not_undone_in_its_store(workshop, tasks):
    for task in tasks.values():
        assert task.solution.items() <= HISTORY[0][2].items()
    assert len({task.tree.root for task in tasks.values()}) == len(tasks)


def test_a_manifest_holds_no_line_of_the_repository(workshop):
    text = (workshop[1].root / "edits.jsonl").read_text()
    for line in "\n".join(HISTORY[0][2].values()).splitlines():
        assert len(line.strip()) < 8 or line.strip() not in text, line


def test_mined_again_the_cases_are_the_same_byte_for_byte(workshop, capsys):
    folder, suite, _, _ = workshop
    arguments = ["--suites", str(suite.root / "suites.toml"), "--output", str(folder / "o.jsonl")]
    arguments += ["--report", str(folder / "again.json")]
    assert main(["mine", "edits", "--suite", "edits", *arguments, "--verbose"]) == 0
    assert (folder / "o.jsonl").read_bytes() == (suite.root / "edits.jsonl").read_bytes()
    assert (folder / "again.json").read_bytes() == (folder / "report.json").read_bytes()
    assert "edits of 7 kinds looked at" in capsys.readouterr().out


def test_the_report_says_of_each_edit_left_out_why_and_what_to_do(workshop):
    report = json.loads((workshop[0] / "report.json").read_text())
    assert report["suite"] == "edits"
    assert len(report["cases"]) == len(load_cases(workshop[1]))
    assert report["left_out"]
    for one in report["left_out"]:
        assert one["name"]
        assert one["reason"]
        assert one["remedy"], one["reason"]


def validate(workshop, tmp_path, *cases):
    folder = tmp_path / "cases"
    folder.mkdir()
    for name in ("suites.toml", "functions.jsonl"):
        (folder / name).write_text((workshop[1].root / name).read_text())
    write_manifest(folder / "edits.jsonl", cases)
    return main(["validate", "--suite", "edits", "--suites", str(folder / "suites.toml")])


def test_every_case_is_valid(workshop, tasks, tmp_path, capsys):
    assert validate(workshop, tmp_path, *(task.case for task in tasks.values())) == 0
    assert f"{len(tasks)} cases, {len(tasks)} valid, 0 not" in capsys.readouterr().out


def test_an_edit_that_is_no_more_where_it_was_is_told(workshop, tasks, tmp_path, capsys):
    case = tasks["default-count"].case
    edit = msgspec.structs.replace(case.change.edits[0], at=0)
    moved = msgspec.structs.replace(case.change, edits=(edit,))
    assert validate(workshop, tmp_path, msgspec.structs.replace(case, change=moved)) == 1
    assert f"{WORDS}: no default at byte 0" in " ".join(capsys.readouterr().out.split())


def test_an_edit_whose_tests_see_a_part_of_it_is_no_case(workshop, tasks, tmp_path, capsys):
    case = tasks["rename-count"].case
    judges = tuple(test for test in case.tests if test.path == TEST)
    own = [one for one in case.expected if one in _ids_of(tasks["default-count"].case)]
    weaker = msgspec.structs.replace(
        case, tests=judges, fail_to_pass=tuple(sorted(own)), pass_to_pass=(), falsifiable=0
    )
    assert validate(workshop, tmp_path, weaker) == 1
    assert "a part of it passes" in capsys.readouterr().out


def _ids_of(case):
    return {*case.fail_to_pass, *case.pass_to_pass}


class Counting:
    """A judge that counts its jobs, and gives out after some."""

    def __init__(self, judge, last=10_000):
        self._judge, self._last, self.jobs = judge, last, 0

    def run(self, job):
        if self.jobs == self._last:
            raise SandboxError("out of paper")
        self.jobs += 1
        return self._judge.run(job)


def mine(workshop, judge, path):
    """Mine the edits of one file."""
    _, suite, shelf, _ = workshop
    functions = load_suites(suite.root / "suites.toml")["functions"]
    (title,) = [case for case in load_cases(functions) if case.source.path == TITLE]
    finder = Finder(open_tree(functions), [title])
    with Crew(2) as crew:
        return EditMiner(Bench(suite, shelf, judge, Kept(path)), crew, finder).mine()


def test_an_interrupted_mining_goes_on_from_there(workshop, tmp_path):
    pool, path = workshop[3], tmp_path / "kept.jsonl"
    with pytest.raises(SandboxError):
        mine(workshop, Counting(pool, last=20), path)
    assert Kept(path).count > 0
    resumed = Counting(pool)
    mined = mine(workshop, resumed, path)
    assert mined.cases
    fresh = Counting(pool)
    assert mine(workshop, fresh, tmp_path / "fresh.jsonl") == mined
    assert resumed.jobs < fresh.jobs


class Flickering:
    """A judge with whom one test fails in one of the runs that have it."""

    def __init__(self, judge, title, when):
        self._judge, self._title, self._when, self.runs = judge, title, when, 0

    def run(self, job):
        report = self._judge.run(job)
        ours = [one for one in report.results if one.title == self._title]
        self.runs += bool(ours)
        if not ours or self.runs != self._when:
            return report
        failed = msgspec.structs.replace(ours[0], passed=False, message="at times")
        results = [failed if one is ours[0] else one for one in report.results]
        return msgspec.structs.replace(report, results=type(report.results)(results))


IN_WHICH_RUN = {"alone": 2, "before": 4, "together": 6}
"""Of the runs that a proof does: three with the change, two before it, three of all files."""


@pytest.mark.parametrize("run", IN_WHICH_RUN)
def test_a_test_that_passes_at_times_goes_into_quarantine(workshop, tasks, run):
    task = tasks["default-count"]
    title = "counts long words"  # it passes before the edit as well
    found = judged(task, Flickering(workshop[3], title, IN_WHICH_RUN[run]))
    (flaky,) = found.flaky
    assert (flaky.path, flaky.title) == (TEST, title)
    assert flaky.detail
    assert found.case.expected == task.case.expected - {flaky.id}
    assert found.case.fail_to_pass == task.case.fail_to_pass


def test_an_edit_that_flaky_tests_alone_notice_is_no_case(workshop, tasks):
    task = tasks["insert-count"]
    title = "counts nothing"
    assert task.case.fail_to_pass == (id_of_test(TEST, title),)
    with pytest.raises(WeakError, match="only flaky tests fail before it"):
        judged(task, Flickering(workshop[3], title, 2))


FAULTS = {
    'functions = "none"': "edits: 'none' is no suite",
    'functions = "commits"': "suite 'commits' has no cases that say which tests run which",
}


@pytest.mark.parametrize("table", FAULTS)
def test_what_is_wrong_with_a_suite_is_said(workshop, tmp_path, table, capsys):
    text = (workshop[1].root / "suites.toml").read_text()
    (tmp_path / "suites.toml").write_text(text.replace('functions = "functions"', table))
    arguments = ["--suites", str(tmp_path / "suites.toml")]
    assert main(["mine", "edits", "--suite", "edits", *arguments]) == 2
    assert FAULTS[table] in capsys.readouterr().err


def test_a_suite_of_functions_has_no_edits_to_mine(workshop, capsys):
    arguments = ["--suites", str(workshop[1].root / "suites.toml")]
    assert main(["mine", "edits", "--suite", "functions", *arguments]) == 2
    assert "add to its table: edits = {functions" in capsys.readouterr().err


def test_a_suite_of_edits_needs_a_repository(workshop):
    suite = msgspec.structs.replace(workshop[1], repository="", folder="x")
    with pytest.raises(CaseError, match="'edits' needs a 'repository'"):
        open_tree(suite)
