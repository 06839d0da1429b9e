"""A tree's own lock file is installed once, whole or not at all, by the manager that wrote it."""

import json
import shutil
from pathlib import Path

import pytest
from own_tree import own_tree, write_own

from pytest_llmops.caches import shared_cache
from pytest_llmops.cases import load_suites
from pytest_llmops.errors import CaseError, PackagesError
from pytest_llmops.sandbox.opening import bring_packages
from pytest_llmops.sandbox.vitest.installation import own_packages
from pytest_llmops.tasks.trees.own_lock import OwnLock

LOCKS = ("package-lock.json", "pnpm-lock.yaml", "bun.lock")


def lock_in(folder: Path, name: str = "package-lock.json") -> OwnLock:
    lock = own_tree(folder, name).lock
    assert isinstance(lock, OwnLock)
    return lock


def left_of(lock: OwnLock) -> list[Path]:
    """What there is of an installation, whole or in part."""
    found = (shared_cache() / "repositories").glob(f"*{lock.digest}*")
    return [one for one in found if one.suffix != ".lock"]


@pytest.mark.parametrize("name", LOCKS)
def test_each_manager_installs_its_lock_file_once_and_nothing_is_fetched_again(
    name, tmp_path, monkeypatch
):
    lock = lock_in(tmp_path, name)
    found = own_packages(lock)
    version = json.loads((found.folder / "node_modules/vitest/package.json").read_text())["version"]
    assert version == "4.1.12"
    assert found.modules == ("node_modules",)
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("PATH", "/nonexistent")
    assert own_packages(lock_in(tmp_path / "again", name)) == found


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_that_does_not_fit_is_one_line_and_leaves_nothing(name, tmp_path):
    lock = lock_in(tmp_path, name)
    manifest = lock.path.with_name("package.json")
    content = json.loads(manifest.read_text())
    content["dependencies"] = {"left-pad": "1.3.0"}
    manifest.write_text(json.dumps(content))
    with pytest.raises(PackagesError) as caught:
        bring_packages(lock)
    said = str(caught.value)
    assert said.startswith(f"the packages of {lock.path} cannot be installed: ")
    assert "lock" in said.partition("installed: ")[2].partition("; see that")[0].lower()
    assert "\n" not in said
    assert left_of(lock) == []


def test_a_tarball_with_another_hash_is_refused(tmp_path, monkeypatch):
    lock = lock_in(tmp_path)
    content = json.loads(lock.path.read_text())
    content["packages"]["node_modules/ms"]["integrity"] = "sha512-" + "A" * 86 + "=="
    lock.path.write_text(json.dumps(content))
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    with pytest.raises(PackagesError, match=r"cannot be installed: .*ntegrity checksum failed"):
        own_packages(lock)
    assert left_of(lock) == []


def test_a_lock_file_without_vitest_is_told(tmp_path):
    lock = lock_in(tmp_path)
    fixture = Path(__file__).parent / "packages"
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(fixture / name, lock.tree / name)
    with pytest.raises(PackagesError, match="cannot be installed: it brings no vitest"):
        own_packages(lock)
    assert left_of(lock) == []


def test_the_digest_changes_with_every_manifest_and_patch_and_with_nothing_else(tmp_path):
    def digest(folder, **more):
        lock = lock_in(tmp_path / folder)
        for name, text in more.items():
            path = lock.tree / name.replace("__", "/").replace("_json", ".json")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return lock.digest

    plain = digest("a")
    assert digest("b", src__other="x", node_modules__ms__package_json="{}") == plain
    several = {plain, digest("c", packages__one__package_json="{}"), digest("d", package_json="{}")}
    assert len({*several, digest("e", **{"patches__ms.patch": ""})}) == 4


def test_a_changed_lock_file_has_another_digest_in_the_same_process(tmp_path):
    lock = lock_in(tmp_path)
    before = lock.digest
    lock.path.write_text(lock.path.read_text() + "\n")
    assert lock.digest != before


def test_of_a_sparse_tree_the_packages_are_wanted_that_have_more_than_a_manifest(tmp_path):
    lock = lock_in(tmp_path)
    for name in ("apps/bare/package.json", "packages/one/package.json", "packages/one/src/a.ts"):
        (lock.tree / name).parent.mkdir(parents=True, exist_ok=True)
        (lock.tree / name).write_text("{}")
    assert lock.packages == (".", "packages/one")
    assert "apps/bare/package.json" in lock.files


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ('vitest = "yarn.lock"', r"'vitest' names one of package-lock\.json, pnpm-lock\.yaml"),
        ('vitest = "deep/bun.lock"', r"bun\.lock: cannot be read: No such file.*'sparse' has to"),
    ],
)
def test_a_lock_file_that_cannot_be_one_is_told(change, said, tmp_path):
    suites = write_own(tmp_path)
    suites.write_text(suites.read_text().replace('vitest = "package-lock.json"', change))
    suite = load_suites(suites)["own"]
    with pytest.raises(CaseError, match=said):
        OwnLock(tmp_path / "own", suite.vitest).digest  # noqa: B018


@pytest.mark.parametrize(
    "more",
    ['packages = "own/package-lock.json"', 'language = "python"', 'walk = {since = "2026-01-01"}'],
)
def test_what_does_not_go_with_the_setting_is_told(more, tmp_path):
    suites = write_own(tmp_path)
    suites.write_text(suites.read_text() + more)
    with pytest.raises(CaseError, match="'vitest' is for functions in TypeScript, without 'pack"):
        load_suites(suites)
