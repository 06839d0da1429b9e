"""The day of a case: since when its function is as it is."""

from pathlib import Path

import pytest
from commit_repo import git
from made_tasks import make_task

from pytest_llmops.cases import load_suites, suite_hash
from pytest_llmops.cli.main import main
from pytest_llmops.manifests import load_cases, write_manifest
from pytest_llmops.mining.dates import dated
from pytest_llmops.tasks.trees.history import open_tree

SUITES = Path(__file__).parents[2] / "cases" / "suites.toml"
TABLE = """\
[words]
repository = "{repository}"
commit = "{commit}"
sparse = ["lib"]
manifests = ["words.jsonl"]
"""
OLD = "export function old(a: string) {\n  return a.trim();\n}\n"
NEW = "export function fresh(a: string) {\n  return a.length;\n}\n"
LATE = NEW.replace("a.length", "a.length + 1")
HISTORY = (
    ("2025-01-10", {"lib/words.ts": OLD}, ""),
    ("2025-02-01", {"lib/words.ts": OLD + NEW}, ""),
    ("2025-03-01", {"lib/words.ts": OLD.replace("  return", "    return") + LATE}, ""),
    ("2025-04-01", {"lib/text/words.ts": "// Words.\n" + OLD + LATE}, "lib/words.ts"),
    ("2025-05-01", {"README.md": "# Words\n"}, ""),
)


@pytest.fixture
def suites(tmp_path, monkeypatch):
    """A repository whose file is added to, indented, changed and moved; its two functions."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    origin = tmp_path / "origin"
    origin.mkdir()
    git(origin, "init", "--quiet", "--initial-branch=main")
    for day, files, gone in HISTORY:
        for path, text in files.items():
            (origin / path).parent.mkdir(parents=True, exist_ok=True)
            (origin / path).write_text(text)
        if gone:
            (origin / gone).unlink()
        git(origin, "add", "--all", ".")
        git(origin, "commit", "--quiet", "-m", day, day=day)
    source = (origin / "lib/text/words.ts").read_text()
    cases = [
        make_task(
            name, source, "lib/text/words.ts", id=f"words:lib/text/words#{name}", tests=()
        ).case
        for name in ("old", "fresh")
    ]
    folder = tmp_path / "cases"
    write_manifest(folder / "words.jsonl", cases)
    commit = git(origin, "rev-parse", "HEAD")
    table = TABLE.format(repository=origin.as_uri(), commit=commit)
    (folder / "suites.toml").write_text(table)
    return folder / "suites.toml"


def days(suite, cases, source=None):
    found = dated(cases, suite, open_tree(suite, source=source), source)
    return {case.symbol: case.date for case in found}


def test_a_function_is_as_old_as_its_body_though_its_file_was_changed_and_moved(suites):
    suite = load_suites(suites)["words"]
    assert days(suite, load_cases(suite)) == {"old": "2025-01-10", "fresh": "2025-03-01"}


def test_where_the_history_is_cut_off_it_is_no_younger_than_the_pinned_commit(suites, tmp_path):
    suite = load_suites(suites)["words"]
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth=1", suite.repository, str(shallow))
    assert set(days(suite, load_cases(suite), str(shallow)).values()) == {"2025-05-01"}


def test_days_are_written_into_manifests_that_have_none(suites, capsys):
    suite = load_suites(suites)["words"]
    before = load_cases(suite)
    assert main(["cases", "date", "--suite", "words", "--suites", str(suites)]) == 0
    assert "words: from 2025-01-10 to 2025-03-01" in capsys.readouterr().out
    after = load_cases(suite)
    assert [case.date for case in after] == ["2025-03-01", "2025-01-10"]
    assert suite_hash(after) == suite_hash(before)
    assert main(["cases", "date", "--suite", "words", "--suites", str(suites)]) == 0
    assert "2 cases, 0 with a new day" in capsys.readouterr().out


def test_a_suite_without_a_history_says_where_its_day_stands(capsys):
    assert main(["cases", "date", "--suite", "starter", "--suites", str(SUITES)]) == 2
    assert "has no history to look at; 'date' in its table is for all" in capsys.readouterr().err


def test_a_case_without_a_day_has_that_of_its_suite():
    suite = load_suites(SUITES)["starter"]
    assert {case.date for case in load_cases(suite)} == {suite.date} != {""}


def test_every_committed_case_has_a_day():
    for suite in load_suites(SUITES).values():
        assert all(case.date for case in load_cases(suite)), suite.name


def test_a_suite_whose_date_is_no_day_is_refused(suites, capsys):
    suites.write_text(suites.read_text() + 'date = "2025-13-01"\n')
    assert main(["cases", "date", "--suite", "words", "--suites", str(suites)]) == 2
    assert "'date' must be a day such as 2025-08-22, is '2025-13-01'" in capsys.readouterr().err
