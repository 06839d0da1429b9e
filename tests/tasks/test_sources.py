import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import zlib
from pathlib import Path

import msgspec
import pytest
from commit_repo import git

from pytest_llmops.cases import FileHash, Suite
from pytest_llmops.errors import CaseError, SourceError
from pytest_llmops.tasks.sources import SourceTree, open_source, source_variable

OPEN = """
import sys, msgspec
from pytest_llmops.cases import Suite
from pytest_llmops.tasks.sources import open_source
suite = msgspec.json.decode(sys.argv[1], type=Suite, dec_hook=lambda kind, text: kind(text))
print(open_source(suite).root)
"""


@pytest.fixture
def origin(tmp_path):
    """A git repository of two commits; the suite pins the first."""
    folder = tmp_path / "origin"
    (folder / "lib").mkdir(parents=True)
    (folder / "other").mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "lib" / "a.ts").write_bytes(b"export const a = 1\n")
    (folder / "other" / "b.ts").write_bytes(b"export const b = 1\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "first")
    (folder / "lib" / "a.ts").write_bytes(b"export const a = 2\n")
    git(folder, "commit", "--quiet", "-a", "-m", "second")
    return folder


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "pytest-llmops" / "sources"


@pytest.fixture
def suite(origin, cache):
    return Suite(
        name="toy",
        manifests=(),
        repository=origin.as_uri(),
        commit=git(origin, "rev-parse", "HEAD~1"),
        sparse=("lib",),
    )


def with_fields(suite, **fields):
    return msgspec.structs.replace(suite, **fields)


def start_open(suite):
    fields = {"name": suite.name, "manifests": [], "repository": suite.repository}
    fields |= {"commit": suite.commit, "sparse": list(suite.sparse)}
    return subprocess.Popen(
        [sys.executable, "-c", OPEN, msgspec.json.encode(fields).decode()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_an_embedded_suite_is_its_folder(tmp_path):
    (tmp_path / "tree").mkdir()
    tree = open_source(Suite(name="own", manifests=(), folder="tree", root=tmp_path))
    assert (tree.root, tree.commit) == ((tmp_path / "tree").resolve(), "")


def test_an_embedded_suite_without_its_folder_is_an_error(tmp_path):
    with pytest.raises(SourceError, match="suite 'own': no folder"):
        open_source(Suite(name="own", manifests=(), folder="tree", root=tmp_path))


def test_a_git_suite_is_fetched_at_its_pinned_commit_not_the_newest(suite):
    tree = open_source(suite)
    assert tree.read("lib/a.ts") == b"export const a = 1\n"
    assert tree.commit == suite.commit


def test_only_the_sparse_folders_are_there_and_no_git_folder(suite):
    root = open_source(suite).root
    assert [path.name for path in root.iterdir()] == ["lib"]


def test_without_sparse_folders_the_whole_tree_is_there(suite):
    root = open_source(with_fields(suite, sparse=())).root
    assert {path.name for path in root.iterdir()} == {"lib", "other"}


@pytest.mark.parametrize("entry", ["lib", "lib/", "/lib", "/lib/", "lib/a.ts", "/lib/*.ts", "li*"])
def test_sparse_takes_folders_files_and_patterns_however_they_are_written(suite, entry):
    root = open_source(with_fields(suite, sparse=(entry,))).root
    found = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    assert found == ["lib/a.ts"]


@pytest.mark.parametrize("entry", ["gone", "lib/gone.ts", "gone/*.ts"])
def test_a_sparse_entry_that_is_nothing_is_named(suite, entry):
    with pytest.raises(SourceError, match=f"sparse: '{re.escape(entry)}' is nothing in commit"):
        open_source(with_fields(suite, sparse=("lib", entry)))


def test_another_choice_of_sparse_folders_is_another_tree(suite):
    other = open_source(with_fields(suite, sparse=("other",)))
    assert other.root != open_source(suite).root
    assert other.read("other/b.ts") == b"export const b = 1\n"


def test_the_tree_can_be_entered_by_the_user_of_the_sandbox(suite):
    assert open_source(suite).root.stat().st_mode & 0o555 == 0o555


def test_the_second_call_needs_no_origin(suite, origin):
    first = open_source(suite)
    origin.rename(origin.with_name("moved"))
    assert open_source(suite) == first


def test_a_path_given_as_source_wins_over_the_suite(suite, origin):
    suite = with_fields(suite, repository="https://localhost:1/nothing")
    assert open_source(suite, source=str(origin)).read("lib/a.ts") == b"export const a = 1\n"


def test_the_environment_names_a_source(suite, origin, monkeypatch):
    suite = with_fields(suite, repository="https://localhost:1/nothing")
    monkeypatch.setenv("LLMOPS_TOY_REPO", str(origin))
    assert open_source(suite).root.is_dir()


def test_the_variable_is_named_after_the_suite():
    assert source_variable(Suite(name="my-own.2", manifests=())) == "LLMOPS_MY_OWN_2_REPO"


def test_the_users_git_settings_change_no_byte(suite, tmp_path, monkeypatch):
    settings = tmp_path / "gitconfig"
    settings.write_text(f"[core]\n\tautocrlf = true\n\thooksPath = {tmp_path}\n")
    hook = tmp_path / "post-checkout"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    assert open_source(suite).read("lib/a.ts") == b"export const a = 1\n"


def test_a_hook_of_another_repository_does_not_redirect_the_fetch(suite, origin, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(origin / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(origin / ".git" / "index"))
    before = (origin / ".git" / "config").read_bytes()
    assert open_source(suite).read("lib/a.ts") == b"export const a = 1\n"
    assert (origin / ".git" / "config").read_bytes() == before


def test_a_commit_the_origin_lacks_is_an_error_that_says_so(suite):
    with pytest.raises(SourceError, match=f"it has no commit {'0' * 40}"):
        open_source(with_fields(suite, commit="0" * 40))


def shallow(origin, folder, commit):
    git(origin.parent, "clone", "--quiet", "--depth=1", origin.as_uri(), str(folder))
    return f"it has no commit {commit}; it is a shallow clone: complete it with `git fetch --unsh"


def force_pushed(origin, folder, commit):
    git(origin.parent, "clone", "--quiet", "--bare", origin.as_uri(), str(folder))
    orphan = git(folder, "commit-tree", "-m", "other", "HEAD^{tree}")
    git(folder, "update-ref", "refs/heads/main", orphan)
    git(folder, "gc", "--quiet", "--prune=now")
    return f"it has no commit {commit}; name a clone"


def partial(origin, folder, commit):
    git(origin, "config", "uploadpack.allowFilter", "true")
    options = ("--quiet", "--bare", "--filter=blob:none")
    git(origin.parent, "clone", *options, origin.as_uri(), str(folder))
    return f"it is a partial clone without the files of {commit} ("


def with_another_blob(origin, folder, commit, content=None):
    shutil.copytree(origin, folder)
    name = git(folder, "rev-parse", f"{commit}:lib/a.ts")
    path = folder / ".git" / "objects" / name[:2] / name[2:]
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    return f"object {name[:12]} of {commit} is missing or damaged; `git fsck` there tells more"


def with_rubbish(origin, folder, commit):
    return with_another_blob(origin, folder, commit, b"rubbish")


def with_other_bytes(origin, folder, commit):
    content = zlib.compress(b"blob 19\0export const a = 9\n")
    return with_another_blob(origin, folder, commit, content)


@pytest.mark.parametrize(
    "broken",
    [shallow, force_pushed, partial, with_another_blob, with_rubbish, with_other_bytes],
)
def test_a_clone_that_lacks_something_is_told_in_one_line_and_nothing_is_written(
    suite, origin, cache, tmp_path, broken
):
    expected = broken(origin, tmp_path / "broken", suite.commit)
    with pytest.raises(SourceError) as caught:
        open_source(suite, source=str(tmp_path / "broken"))
    message = str(caught.value)
    assert expected in message
    assert "\n" not in message
    assert not [path for path in cache.iterdir() if path.suffix != ".lock"]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("https://127.0.0.1:1/repo", "Failed to connect"),
        ("file:///nonexistent/repo", "does not appear to be a git repository"),
    ],
)
def test_an_unreachable_origin_is_one_line_with_reason_and_remedy(suite, cache, source, reason):
    with pytest.raises(SourceError, match=reason) as caught:
        open_source(suite, source=source)
    message = str(caught.value)
    assert "\n" not in message
    assert "LLMOPS_TOY_REPO" in message
    assert not [path for path in cache.iterdir() if path.suffix != ".lock"]


def test_a_password_in_the_origin_is_not_shown(suite):
    with pytest.raises(SourceError) as caught:
        open_source(suite, source="https://user:secret@127.0.0.1:1/repo")
    assert "secret" not in str(caught.value)


def test_a_cache_that_cannot_be_written_is_a_source_error(suite, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(SourceError, match="Not a directory"):
        open_source(suite)


def test_without_git_the_error_says_it_is_not_installed(suite, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    process = start_open(suite)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "git is not installed" in errors


def test_a_fetch_killed_in_the_middle_leaves_nothing_in_the_way(suite, cache):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/repo"
        process = start_open(with_fields(suite, repository=address))
        connection, _ = server.accept()  # git waits for an answer that never comes
        parts = [path for path in cache.iterdir() if path.suffix == ".part"]
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        connection.close()
    assert len(parts) == 1
    assert open_source(suite).read("lib/a.ts") == b"export const a = 1\n"
    assert not [path for path in cache.iterdir() if path.suffix == ".part"]


def test_processes_that_start_together_share_one_tree(suite, cache):
    processes = [start_open(suite) for _ in range(3)]
    outputs = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], outputs
    assert len({root for root, _ in outputs}) == 1
    assert len([path for path in cache.iterdir() if path.suffix != ".lock"]) == 1


@pytest.fixture
def tree(tmp_path):
    root = (tmp_path / "tree").resolve()
    (root / "lib").mkdir(parents=True)
    (root / "lib" / "a.ts").write_bytes(b"text")
    (tmp_path / "secret").write_bytes(b"secret")
    (root / "link.ts").symlink_to(tmp_path / "secret")
    return SourceTree(root, "1" * 40)


def test_a_file_of_the_expected_digest_is_given_back(tree):
    digest = hashlib.sha256(b"text").hexdigest()
    assert tree.verify(FileHash(path="lib/a.ts", sha256=digest)) == b"text"


def test_a_tampered_file_is_an_error_naming_both_digests_and_the_remedy(tree):
    expected = hashlib.sha256(b"text").hexdigest()
    found = hashlib.sha256(b"edited").hexdigest()
    (tree.root / "lib" / "a.ts").write_bytes(b"edited")
    with pytest.raises(CaseError) as caught:
        tree.verify(FileHash(path="lib/a.ts", sha256=expected))
    message = str(caught.value)
    assert found in message
    assert expected in message
    assert f"delete {tree.root}" in message


def test_a_changed_file_of_an_embedded_tree_is_to_be_mined_again(tree):
    with pytest.raises(CaseError, match="llmops mine functions"):
        SourceTree(tree.root, "").verify(FileHash(path="lib/a.ts", sha256="0" * 64))


def test_a_tree_may_be_named_by_a_link_or_from_where_one_stands(tree, tmp_path, monkeypatch):
    (tmp_path / "link").symlink_to(tree.root)
    assert SourceTree(tmp_path / "link", "").read("lib/a.ts") == tree.read("lib/a.ts")
    monkeypatch.chdir(tree.root.parent)
    assert SourceTree(Path(tree.root.name), "").read("lib/a.ts") == tree.read("lib/a.ts")


@pytest.mark.parametrize(
    "path", ["../secret", "lib/../../secret", "link.ts", "/etc/hostname", "lib/../lib/../../secret"]
)
def test_a_path_that_leaves_the_tree_is_refused(tree, path):
    with pytest.raises(CaseError, match="leaves the source tree"):
        tree.read(path)


@pytest.mark.parametrize("path", ["lib/none.ts", "lib", "lib/a.ts/b", "lib/a\0.ts"])
def test_what_is_no_file_is_an_error_naming_it(tree, path):
    with pytest.raises(CaseError, match="cannot be read from"):
        tree.read(path)


def test_a_path_cannot_reach_a_sibling_whose_name_only_starts_like_the_root(tree):
    sibling = Path(f"{tree.root}-evil")
    sibling.mkdir()
    (sibling / "a.ts").write_bytes(b"x")
    with pytest.raises(CaseError, match="leaves the source tree"):
        tree.read(f"../{sibling.name}/a.ts")
