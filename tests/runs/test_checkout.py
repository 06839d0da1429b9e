import subprocess

import pytest

from pytest_llmops.runs.checkout import Checkout, find_checkout


def git(folder, *arguments):
    who = ("-c", "user.name=someone", "-c", "user.email=someone@example.org")
    command = ("git", *who, *arguments)
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    (tmp_path / "a.txt").write_text("a")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "first")
    return tmp_path


def test_a_run_knows_commit_and_branch_from_any_folder_of_the_repository(repository):
    (repository / "deep").mkdir()
    commit = git(repository, "rev-parse", "HEAD")
    for folder in (repository, repository / "deep"):
        assert find_checkout(folder, {}) == Checkout(commit=commit, branch="main", dirty=False)
    assert str(find_checkout(repository, {})) == f"main@{commit[:7]}"


def test_a_changed_file_is_told_and_one_that_git_does_not_track_is_not(repository):
    (repository / "new.txt").write_text("new")
    assert not find_checkout(repository, {}).dirty
    (repository / "a.txt").write_text("other")
    found = find_checkout(repository, {})
    assert found.dirty
    assert str(found).endswith("+")
    git(repository, "add", "a.txt")
    assert find_checkout(repository, {}).dirty


@pytest.mark.parametrize(
    ("environment", "branch"),
    [
        ({}, ""),
        ({"GITHUB_HEAD_REF": "", "GITHUB_REF_NAME": "topic/one"}, "topic/one"),
        ({"GITHUB_HEAD_REF": "topic", "GITHUB_REF_NAME": "7/merge"}, "topic"),
        ({"CI_COMMIT_REF_NAME": "topic"}, "topic"),
    ],
)
def test_ci_names_the_branch_of_a_commit_that_is_checked_out_alone(repository, environment, branch):
    git(repository, "checkout", "--quiet", "--detach")
    assert find_checkout(repository, environment).branch == branch


def test_without_a_repository_or_a_commit_there_is_no_checkout(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert find_checkout(tmp_path, {}) is None
    git(tmp_path, "init", "--quiet")
    assert find_checkout(tmp_path, {}) is None
