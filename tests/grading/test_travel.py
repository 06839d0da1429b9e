"""How source trees come to the nodes of a cluster, and that a node judges them."""

import hashlib
import os
import stat
import threading

import pytest
from python_tree import python_tree

from pytest_llmops.places import remote, travel
from pytest_llmops.sandbox import TestJob


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "tree"
    (root / "src").mkdir(parents=True)
    (root / "src" / "a.ts").write_text("export const a = 1;\n")
    (root / "src" / "b.ts").symlink_to("a.ts")
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o700)
    return root


def test_an_archive_is_the_same_for_the_same_files(tree):
    first = travel.packed(tree)
    os.utime(tree / "src" / "a.ts", (0, 0))
    (tree / "run.sh").chmod(0o755)
    assert travel.packed(tree) == first
    (tree / "src" / "a.ts").write_text("export const a = 2;\n")
    assert travel.packed(tree) != first


def test_a_tree_is_unpacked_once_on_a_node_and_any_user_can_read_it(tree, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    archive = travel.packed(tree)
    digest = hashlib.sha256(archive).hexdigest()[:32]
    fetched, all_came = [], threading.Event()

    def fetch():
        fetched.append(1)
        assert all_came.wait(20)
        return archive

    threads = [threading.Thread(target=travel.unpacked, args=(digest, fetch)) for _ in range(4)]
    for thread in threads:
        thread.start()
    all_came.set()
    for thread in threads:
        thread.join()
    assert len(fetched) == 1
    root = travel.unpacked(digest, fetch)
    assert (root / "src" / "b.ts").read_text() == "export const a = 1;\n"
    assert travel.packed(root) == archive
    assert stat.S_IMODE(root.stat().st_mode) == 0o755


def test_what_a_killed_process_left_of_a_tree_goes_with_the_next(tree, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    trees = tmp_path / "cache" / "pytest-llmops" / "trees"
    (trees / ".0f.abc.part" / "src").mkdir(parents=True)
    travel.unpacked("0f", lambda: travel.packed(tree))
    assert sorted(path.name for path in trees.iterdir()) == [".0f.lock", "0f"]


@pytest.fixture
def trees(tmp_path, monkeypatch):
    """Two trees that have one of their files in common."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name, value in {"one": 1, "two": 2}.items():
        (tmp_path / name / "src").mkdir(parents=True)
        (tmp_path / name / "src" / "a.test.ts").write_text(
            f'import {{ expect, it }} from "vitest";\nit("is", () => expect({value}).toBe(1));\n'
        )
        (tmp_path / name / "package.json").write_text("{}\n")
    return tmp_path / "one", tmp_path / "two"


def brought(root):
    """Bring a tree to this node as a driver does; gives its digest, and how many files came."""
    listing = travel.listed(root)
    lacking = travel.laid_out(listing, {})
    assert lacking
    assert travel.laid_out(listing, travel.texts_of(root, listing, lacking)) == []
    return travel.digest_of(listing), len(lacking)


def test_of_trees_of_one_history_a_node_gets_what_it_has_not_had(trees):
    first, second = map(brought, trees)
    assert (first[1], second[1]) == (2, 1)
    for root, (digest, _) in zip(trees, (first, second), strict=True):
        here = travel.trees() / digest
        assert travel.listed(here) == travel.listed(root)
        assert stat.S_IMODE(here.stat().st_mode) == 0o755
        assert stat.S_IMODE((here / "package.json").stat().st_mode) == 0o644
        assert (here / "package.json").stat().st_nlink == 3  # the store's, and one in each tree
        assert travel.laid_out(travel.listed(root), {}) == []


def test_a_node_judges_trees_of_one_history_each_by_itself_in_one_pool(trees):
    node, passed = remote.Remote("process"), []
    for root in trees:
        needs = remote.Needs(language="typescript", tree=brought(root)[0], is_listed=True)
        job = TestJob(root=root, tests=("src/a.test.ts",), overlay={})
        report = remote.reports.decode(node.run(remote.Work(job, needs).encoded(), {}))
        passed.append([one.passed for one in report.results])
    assert passed == [[True], [False]]
    (pool,) = node._pools.values()
    pool.close()


def test_a_node_judges_what_its_tree_is_written_in(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "tree").mkdir()
    tree = python_tree(tmp_path / "tree")
    monkeypatch.setattr(remote, "_fetched", lambda archive: archive[0])
    archive = travel.packed(tree.root)
    digest = hashlib.sha256(archive).hexdigest()[:32]
    job = TestJob(root=tree.root, tests=("test_numbers_lib.py",), overlay={}, allows=("math",))
    work = remote.Work(job, remote.Needs(language=tree.language, tree=digest))
    node = remote.Remote("bwrap")
    first = node.run(work.encoded(), {digest: [archive]})
    again = node.run(work.encoded(), {})  # it has the tree
    (pool,) = node._pools.values()
    pool.close()  # else it ends with the worker
    for encoded in (first, again):
        report = remote.reports.decode(encoded)
        assert report.status == "finished"
        assert [one.passed for one in report.results] == [True] * 6
    assert "pytest" in remote.verdict_versions()
