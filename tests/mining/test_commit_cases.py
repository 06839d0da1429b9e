"""Commits as cases: mined from a history, proved, asked, and graded, in one small repository."""

import shutil

import msgspec
import pytest
from commit_repo import (
    COUNT,
    FIXED,
    FIXED_TEST,
    HISTORY,
    LINES,
    TEST,
    WORDS,
    git,
    make_repository,
    write_suites,
)
from project import BENCHMARK, PYTEST_INI, write_answers
from records import record
from sessions import run_session

from pytest_llmops.agents.workspace import answer_in, changes, files_of, instruction, lay_out
from pytest_llmops.cases import id_of_test, load_suites
from pytest_llmops.cli.main import main
from pytest_llmops.completions import Completion, Loop, Timing, Usage
from pytest_llmops.errors import CaseError, SourceError
from pytest_llmops.flaky import FlakyTest
from pytest_llmops.grading.grade import grade
from pytest_llmops.manifests import load_cases, write_manifest
from pytest_llmops.mining.marking import without
from pytest_llmops.runs.reading import find_run, read_run
from pytest_llmops.sandbox import NodePool
from pytest_llmops.tasks.asked import question
from pytest_llmops.tasks.changes import materialize_change
from pytest_llmops.tasks.selection import Choice, select
from pytest_llmops.tasks.trees.history import open_tree
from pytest_llmops.viewer.references import References

MANIFEST = "words/commits-2025.jsonl"


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    """The repository, mined; a cache of its own holds the clone."""
    folder = tmp_path_factory.mktemp("commits")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        ids = make_repository(folder / "origin")
        suites = write_suites(folder / "cases" / "suites.toml", folder / "origin")
        status = main(["mine", "commits", "--suite", "words", "--suites", str(suites)])
        assert status == 0
        suite = load_suites(suites)["words"]
        shelf = open_tree(suite)
        with NodePool(shelf.root, size=2, many=True) as pool:
            yield folder, ids, suite, shelf, pool


@pytest.fixture
def cases(workshop):
    return {case.symbol: case for case in load_cases(workshop[2])}


@pytest.fixture
def fix(workshop, cases):
    """The case of the commit that mends counting, as a task."""
    _, ids, _, shelf, _ = workshop
    return materialize_change(cases[ids["fix"][:12]], shelf)


@pytest.fixture
def feature(workshop, cases):
    shelf = workshop[3]
    found = [case for case in cases.values() if case.source.path == LINES]
    return materialize_change(found[0], shelf)


def answered(text, **fields):
    fields = {"finish_reason": "stop"} | fields
    usage, timing = Usage(input=1, output=1), Timing(started=0.0, queue=0.0, total=0.0)
    return Completion(text=text, usage=usage, timing=timing, **fields)


def test_commits_that_change_source_with_tests_become_cases(workshop, cases, capsys):
    _, ids, _, _, _ = workshop
    assert {case.source.path for case in cases.values()} == {WORDS, LINES}
    case = cases[ids["fix"][:12]]
    assert case.id == f"words:packages/text/src/words#{ids['fix'][:12]}"
    assert case.date == "2025-02-03"
    assert case.body_lines == 2
    assert case.difficulty == "easy"
    assert case.fail_to_pass == (id_of_test(TEST, "counts words between tabs"),)
    assert case.pass_to_pass == (id_of_test(TEST, "counts words"),)
    assert case.falsifiable == 2
    assert case.change.given == (TEST,)


def test_each_commit_left_out_has_its_reason(workshop, capsys):
    folder, _, suite, _, _ = workshop
    arguments = ["--suites", str(suite.root / "suites.toml"), "--output", str(folder / "o.jsonl")]
    assert main(["mine", "commits", "--suite", "words", *arguments, "--verbose"]) == 0
    told = capsys.readouterr().out
    assert "7 commits looked at" in told
    assert "2 cases: 2 easy; 2 eval" in told
    assert "no test fails before it" in told
    assert "its message asks for nothing" in told
    assert "no test can be falsified: none of 1 tests" in told
    assert "its tests need npm packages: packages/text/src/settings.test.ts: load_error" in told
    assert "cannot find 'zod'" in told
    # Mined again, the cases are the same, byte for byte.
    assert (folder / "o.jsonl").read_bytes() == (suite.root / MANIFEST).read_bytes()


def test_a_manifest_holds_no_line_of_the_repository(workshop):
    text = (workshop[2].root / MANIFEST).read_text()
    for _, message, files in HISTORY:
        for line in "\n".join([message, *files.values()]).splitlines():
            assert len(line) < 8 or line.strip() not in text, line


def test_days_bound_the_walk(workshop, tmp_path, capsys):
    folder = workshop[0]
    suites = write_suites(tmp_path / "suites.toml", folder / "origin", until="2025-02-28")
    command = ["mine", "commits", "--suite", "words", "--suites", str(suites)]
    assert main([*command, "--limit", "1", "--output", str(tmp_path / "one.jsonl")]) == 0
    assert "3 commits looked at" in capsys.readouterr().out
    assert main([*command, "--limit", "1"]) != 0
    assert "--limit needs --output" in capsys.readouterr().err


@pytest.mark.parametrize("depth", [1, 7])
def test_an_origin_whose_history_is_cut_off_is_told_with_what_completes_it(
    workshop, tmp_path, capsys, monkeypatch, depth
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    origin = workshop[0] / "origin"
    git(tmp_path, "clone", "--quiet", f"--depth={depth}", origin.as_uri(), "shallow")
    suites = write_suites(tmp_path / "suites.toml", tmp_path / "shallow")
    assert main(["mine", "commits", "--suite", "words", "--suites", str(suites)]) != 0
    said = capsys.readouterr().err
    assert "it is a shallow clone: complete it with `git fetch --unshallow`" in said
    assert not (suites.parent / MANIFEST).exists()


def test_a_suite_of_functions_has_no_commits_to_mine(mined, capsys):
    suites = str(mined / "cases" / "suites.toml")
    assert main(["mine", "commits", "--suite", "mini", "--suites", suites]) != 0
    assert "does not say which commits are its cases" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("walk", "why"),
    [
        ('{since = "2025-2-1"}', "'since' must be a day such as 2025-08-22, is '2025-2-1'"),
        ('{since = "2025-02-30"}', "'since' must be a day"),
        ('{since = "2025-02-01", until = "soon"}', "'until' must be a day"),
        ('{from = "2025-02-01"}', "'walk.from' is no known key"),
    ],
)
def test_a_walk_that_is_none_is_refused(workshop, tmp_path, walk, why):
    text = (workshop[2].root / "suites.toml").read_text().partition("walk")[0]
    (tmp_path / "suites.toml").write_text(f"{text}walk = {walk}\n")
    with pytest.raises(CaseError, match=r"\[words\]") as caught:
        load_suites(tmp_path / "suites.toml")
    assert why in str(caught.value)


COUNTS = FlakyTest(path=TEST, id=id_of_test(TEST, "counts words"), failed=1, runs=9)
BETWEEN = FlakyTest(path=TEST, id=id_of_test(TEST, "counts words between tabs"))


@pytest.mark.parametrize("flaky", [COUNTS, BETWEEN], ids=lambda one: one.id)
def test_mined_again_a_commit_does_without_the_tests_that_its_line_marks(
    workshop, cases, tmp_path, capsys, flaky
):
    _, ids, suite, _, _ = workshop
    shutil.copytree(suite.root, tmp_path, dirs_exist_ok=True)
    case = without(cases.pop(ids["fix"][:12]), {(ids["fix"][:12], flaky.id): flaky})
    case = msgspec.structs.replace(case, falsifiable=0 if case.quarantine else 1)
    write_manifest(tmp_path / MANIFEST, [case, *cases.values()])
    before = (tmp_path / MANIFEST).read_bytes()
    suites = ["--suites", str(tmp_path / "suites.toml")]
    assert main(["mine", "commits", "--suite", "words", *suites, "--verbose"]) == 0
    assert (tmp_path / MANIFEST).read_bytes() == before
    left_out = f"left out: {ids['fix'][:12]}: in quarantine: only flaky tests judge it"
    assert (left_out in capsys.readouterr().out) == bool(case.quarantine) == (flaky is BETWEEN)
    assert main(["validate", "--suite", "words", *suites]) == 0


def validate(workshop, tmp_path, case=None):
    """Validate the cases, or one case in the place of all."""
    suites = tmp_path / "suites.toml"
    shutil.copytree(workshop[2].root, tmp_path, dirs_exist_ok=True)
    if case:
        write_manifest(tmp_path / MANIFEST, [case])
    return main(["validate", "--suite", "words", "--suites", str(suites)])


def test_mined_commits_are_valid(workshop, tmp_path, capsys):
    assert validate(workshop, tmp_path) == 0
    assert "2 cases, 2 valid, 0 not" in capsys.readouterr().out


FAULTS = {
    "passes before": {"fail_to_pass": (id_of_test(TEST, "counts words"),), "pass_to_pass": ()},
    "fails before": {
        "fail_to_pass": (id_of_test(TEST, "counts words between tabs"),),
        "pass_to_pass": (id_of_test(TEST, "counts words between tabs"),),
    },
    "reference fails": {"fail_to_pass": ("0" * 12,)},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_commit_whose_tests_say_otherwise_is_not(workshop, fix, tmp_path, capsys, fault):
    changed = msgspec.structs.replace(fix.case, **FAULTS[fault])
    assert validate(workshop, tmp_path, changed) == 1
    assert fault in capsys.readouterr().out


def test_a_commit_whose_files_are_others_is_not(workshop, fix, tmp_path, capsys):
    wrong = tuple(msgspec.structs.replace(one, sha256="0" * 64) for one in fix.change.solution)
    change = msgspec.structs.replace(fix.change, solution=wrong)
    assert validate(workshop, tmp_path, msgspec.structs.replace(fix.case, change=change)) == 1
    assert "changed" in capsys.readouterr().out


def test_the_tree_is_that_of_the_parent_with_the_tests_of_the_commit(fix):
    assert (fix.tree.root / WORDS).read_text() == COUNT
    assert (fix.tree.root / TEST).read_text() == FIXED_TEST
    assert not (fix.tree.root / "README.md").exists()  # no folder of the suite
    assert not [*fix.tree.root.rglob(".git")]


def test_a_tree_that_was_laid_out_needs_no_repository(workshop, fix):
    folder, _, suite, _, _ = workshop
    gone = msgspec.structs.replace(suite, repository=suite.repository)
    moved = (folder / "origin").rename(folder / "away")
    try:
        assert materialize_change(fix.case, open_tree(gone)).before == {WORDS: COUNT}
    finally:
        moved.rename(folder / "origin")


def test_a_commit_that_the_repository_has_not_got_is_named(workshop, fix, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    change = msgspec.structs.replace(fix.change, commit="0" * 39 + "1")
    case = msgspec.structs.replace(fix.case, change=change)
    with pytest.raises(SourceError, match="suite 'words'.* --source or LLMOPS_WORDS_REPO"):
        materialize_change(case, open_tree(workshop[2]))


def test_a_blobless_clone_gets_every_tree_at_once(workshop, cases, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    shelf = open_tree(workshop[2])
    shelf.fetch(case.change for case in cases.values())
    for case in cases.values():
        assert materialize_change(case, shelf).statement


def test_the_question_has_the_statement_the_files_and_the_forms(fix):
    (message,) = question(fix, context_tokens=1000)
    assert COUNT.strip() in message.content
    assert "count words between tabs and line ends" in message.content
    assert "Text with tabs is counted as one word." in message.content
    for telling in ("filter(Boolean)", "#12", "#11", "Fixes", "Some One", "example.org"):
        assert telling not in message.content
    assert "counts words between tabs" not in message.content  # the hidden test


def test_a_file_beyond_the_budget_is_named_alone(fix, feature):
    (message,) = question(fix, context_tokens=5)
    assert f"Not shown, but changed as well: {WORDS}" in message.content
    (message,) = question(feature, context_tokens=5)
    assert f"New, and to be written: {LINES}" in message.content


def test_the_reference_patch_solves_and_what_is_none_does_not(workshop, fix, feature):
    pool = workshop[4]
    for task in (fix, feature):
        found = grade(task, answered(f"```diff\n{task.reference}```"), pool)
        assert (found.outcome, found.detail) == ("solved", "")
        assert found.tests_passed == found.tests_expected == 2
        assert found.quality.length_ratio == pytest.approx(1)
        assert grade(task, answered(""), pool).outcome == "empty"


BLOCK = (
    f"{WORDS}\n<<<<<<< SEARCH\n  return text.split({{}}).length;\n=======\n{{}}\n>>>>>>> REPLACE"
)
RIGHT = FIXED.splitlines()[1]
OUTCOMES = {
    "solved": BLOCK.format('" "', RIGHT),
    "wrong": BLOCK.format('" "', '  return text.split("\\t").length;'),
    "patch_failed": BLOCK.format('"-"', RIGHT),
    "syntax_error": BLOCK.format('" "', "  return (;"),
    "forbidden_import": f'*** Update File: {WORDS}\n@@\n+import "./words.test";\n export function c'
    f"ount(text: string): number {{\n",
    "empty": "Split it at every space.",
}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_what_becomes_of_an_answer_is_told_apart(workshop, fix, outcome):
    assert grade(fix, answered(OUTCOMES[outcome]), workshop[4]).outcome == outcome


def test_an_answer_that_does_not_apply_says_where(workshop, fix):
    found = grade(fix, answered(OUTCOMES["patch_failed"]), workshop[4])
    assert (
        found.detail == f"{WORDS} has no place for a change of 'return text.split(\"-\").length;'"
    )
    assert (found.tests_passed, found.tests_expected) == (0, 2)


def test_an_answer_that_was_cut_off_is_truncated(workshop, fix):
    cut = answered(OUTCOMES["solved"].rpartition("\n")[0], finish_reason="length")
    assert grade(fix, cut, workshop[4]).outcome == "truncated"


def test_an_answer_may_import_what_the_tree_and_the_commit_have(workshop, feature):
    pool = workshop[4]
    source = feature.solution[LINES]
    file = f"{LINES}\n```ts\n{{}}```"
    assert grade(feature, answered(file.format(source)), pool).outcome == "solved"
    for module in ("fs", "child_process"):
        other = file.format(f'import "node:{module}";\n{source}')
        assert grade(feature, answered(other), pool).outcome == "forbidden_import"


def test_a_test_that_an_answer_writes_is_put_back(workshop, fix):
    answer = f"{OUTCOMES['wrong']}\n\n{TEST}\n```ts\nimport 'vitest';\n```\n"
    assert grade(fix, answered(answer), workshop[4]).outcome == "wrong"


def test_a_new_file_is_found_by_imports_that_were_resolved_without_it(workshop, feature):
    pool = workshop[4]
    reference = answered(f"```diff\n{feature.reference}```")
    wrong = answered(f"{WORDS}\n```ts\n{FIXED}\nexport const other = 1;\n```")
    assert grade(feature, reference, pool).outcome == "solved"
    assert grade(feature, wrong, pool).outcome == "load_error"  # its tests find no file to load
    assert grade(feature, reference, pool).outcome == "solved"


def test_an_agent_works_in_the_whole_tree_without_the_tests(workshop, fix, tmp_path):
    before = files_of(fix, tests=False)
    assert before[WORDS].decode() == COUNT
    assert TEST not in before
    assert files_of(fix, tests=True)[TEST].decode() == FIXED_TEST
    asked = instruction(fix, tests=False)
    assert "Text with tabs is counted as one word." in asked
    assert WORDS not in asked  # an agent finds the place by itself
    assert "by tests that are not in this folder" in asked
    lay_out(before, tmp_path)
    (tmp_path / WORDS).write_text(FIXED)
    found = changes(fix, tmp_path, before)
    assert answer_in(fix, found.files) == fix.reference
    loop = Loop(ending="done", turns=(), seconds=0.0, files=found.files)
    assert grade(fix, answered("", loop=loop), workshop[4]).outcome == "solved"


def test_an_answer_is_shown_beside_the_reference_patch(workshop, fix):
    references = References(workshop[2].root / "suites.toml")
    shown = references.beside(record(fix.case.id, text=OUTCOMES["solved"]))
    assert shown.solution == shown.answer == fix.reference
    assert references.beside(record(fix.case.id, text="No.")).answer == ""


def test_programs_of_functions_alone_refuse_commits(workshop, fix):
    choice = Choice(suites_file=workshop[2].root / "suites.toml", suites=("words",))
    with pytest.raises(CaseError, match="asks for a change; this works with functions alone"):
        select(choice).task(fix.case.id)


@pytest.fixture
def project(workshop, cases, pytester):
    """A project that benchmarks the suite with recorded answers."""
    shutil.copytree(workshop[2].root, pytester.path / "cases")
    (pytester.path / "pytest.ini").write_text(PYTEST_INI)
    (pytester.path / "models.toml").write_text('[recorded]\nreplay = "recorded/records.jsonl"\n')
    (pytester.path / "benchmarks").mkdir()
    (pytester.path / "benchmarks" / "test_functions.py").write_text(BENCHMARK)
    return pytester


def attempt(project, answers, *arguments):
    shutil.rmtree(project.path / "recorded", ignore_errors=True)
    write_answers(project.path, answers)
    found = run_session(project, "benchmarks", "--model=recorded", "--suite=words", *arguments)
    return found, read_run(find_run("latest", project.path / "runs"))


def test_a_session_attempts_commits_like_functions(project, workshop, cases, monkeypatch):
    ids = workshop[1]
    shelf = workshop[3]
    tasks = {case.id: materialize_change(case, shelf) for case in cases.values()}
    found, run = attempt(project, {name: task.reference for name, task in tasks.items()})
    assert {record.outcome for record in run.records} == {"solved"}
    assert {record.cluster for record in run.records} == {WORDS, LINES}
    assert found.ret == 0
    baseline = run.run.id
    found, run = attempt(project, dict.fromkeys(tasks, ""))
    assert {record.outcome for record in run.records} == {"empty"}
    found, _ = attempt(project, dict.fromkeys(tasks, ""), f"--gate={baseline}")
    assert "2 cases are too few for a verdict" in found.stderr.str()
    monkeypatch.chdir(project.path)
    assert main(["report", run.run.id, "--output", "report.html"]) == 0
    assert ids["fix"][:12] in (project.path / "report.html").read_text()


def test_commits_are_attempted_where_their_suite_is_named(project):
    found = run_session(project, "benchmarks", "--model=recorded", "--collect-only")
    assert "no cases to attempt" in found.stdout.str() + found.stderr.str()
