"""A lock file is installed once, whole or not at all, and what is there is what it pins."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from pytest_llmops.cases import Suite
from pytest_llmops.errors import CaseError, PackagesError
from pytest_llmops.sandbox import NodePool, TestJob
from pytest_llmops.sandbox.node.installation import HELD, installed
from pytest_llmops.tasks.trees.locks import PackageLock, lock_of

FIXTURE = Path(__file__).parent / "packages"
TEST = """\
import { expect, it } from "vitest";
import { clsx } from "clsx";
import lite from "clsx/lite";
import ms from "ms";
const required = require("ms");
it("loads both", () => expect([clsx("a", { b: true }), lite("c"), ms("2s"), required("1s")]).toEqual(["a b", "c", 2000, 1000]));
it("keeps to the exports", async () => expect(import("clsx/dist/clsx.js")).rejects.toThrow());
"""  # noqa: E501


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "pytest-llmops" / "packages"


@pytest.fixture
def lock(tmp_path) -> PackageLock:
    folder = tmp_path / "locked"
    shutil.copytree(FIXTURE, folder)
    return PackageLock(folder / "package-lock.json", "LLMOPS_TOY_PACKAGES")


def changed(lock: PackageLock, place: str, **values: object) -> None:
    content = json.loads(lock.path.read_text())
    content["packages"].setdefault(place, {}).update(values)
    lock.path.write_text(json.dumps(content))


def left(cache: Path) -> list[str]:
    return sorted(one.name for one in cache.iterdir() if not one.name.endswith(".lock"))


def test_real_packages_are_installed_once_and_judged_with_from_then_on(
    cache, lock, tmp_path, capsys, monkeypatch
):
    found = installed(lock)
    assert found.folder == cache / lock.digest
    assert "installing 2 npm packages" in capsys.readouterr().err
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("PATH", "/nonexistent")
    assert installed(lock) == found
    assert capsys.readouterr().err == ""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/loads.test.ts").write_text(TEST)
    with NodePool(tmp_path / "tree", packages=found) as pool:
        report = pool.run(TestJob(root=tmp_path / "tree", tests=("loads.test.ts",), overlay={}))
    assert [one.message for one in report.results] == ["", ""], report.detail


def test_packages_that_cannot_be_fetched_are_one_line_and_leave_nothing(cache, lock, monkeypatch):
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_cache", str(cache.parent / "npm"))
    with pytest.raises(PackagesError) as caught:
        installed(lock)
    said = str(caught.value)
    assert said.startswith(f"the npm packages of {lock.path} cannot be installed: ")
    assert "ECONNREFUSED" in said
    assert said.endswith("name a folder where they are installed by LLMOPS_TOY_PACKAGES")
    assert "\n" not in said
    assert left(cache) == []


def test_a_tarball_with_another_hash_is_refused(cache, lock, monkeypatch):
    changed(lock, "node_modules/ms", integrity="sha512-" + "A" * 86 + "==")
    monkeypatch.setenv("npm_config_cache", str(cache.parent / "npm"))
    with pytest.raises(PackagesError, match="cannot be installed: Integrity checksum failed"):
        installed(lock)
    assert left(cache) == []


def test_a_package_that_the_registry_has_not_got_is_told_by_name(cache, lock):
    changed(lock, "node_modules/ms", version="99.0.0")
    with pytest.raises(PackagesError, match="cannot be installed: .*ms"):
        installed(lock)
    assert left(cache) == []


def test_a_lock_file_without_its_package_json_is_told(cache, lock):
    lock.path.with_name("package.json").unlink()
    with pytest.raises(PackagesError, match=r"there is no .*package\.json, which npm needs"):
        installed(lock)


@pytest.mark.parametrize(
    ("place", "values", "said"),
    [
        ("node_modules/ms", {"integrity": ""}, "'node_modules/ms' has no 'integrity'"),
        ("node_modules/own", {"link": True, "resolved": "../x"}, "is no package of a registry"),
        ("../escape", {"version": "1.0.0", "integrity": "sha512-x"}, "is no package of a registry"),
        ("node_modules/../../x", {"integrity": "sha512-x"}, "is no package of a registry"),
    ],
)
def test_a_lock_file_that_pins_too_little_is_refused_before_npm_runs(
    cache, lock, place, values, said
):
    changed(lock, place, **values)
    with pytest.raises(CaseError, match=f"package-lock.json: .*{said}"):
        installed(lock)
    assert not cache.exists()


@pytest.mark.parametrize("text", ["", "{}", '{"packages": {"": {}}}', "lockfileVersion 1"])
def test_what_is_no_lock_file_is_told_with_what_to_do(lock, text):
    lock.path.write_text(text)
    with pytest.raises(CaseError, match=r"make it anew with `npm install --package-lock-only`"):
        lock.digest  # noqa: B018
    lock.path.unlink()
    with pytest.raises(CaseError, match="cannot be read: No such file"):
        lock.digest  # noqa: B018


def test_the_digest_changes_with_packages_and_with_nothing_else(lock):
    before = lock.digest
    content = json.loads(lock.path.read_text())
    lock.path.write_text(json.dumps(content, indent=7))
    changed(lock, "node_modules/ms", license="another", resolved="https://example.org/ms.tgz")
    assert lock.digest == before
    changed(lock, "node_modules/ms", version="2.1.2")
    assert lock.digest != before


KILLED = """\
import sys, time
from pathlib import Path
from pytest_llmops.sandbox.node import installation
from pytest_llmops.tasks.trees.locks import PackageLock
def hang(folder, lock):
    (folder / "node_modules/ms").mkdir(parents=True)
    print("half", flush=True)
    time.sleep(60)
installation._run_npm = hang
installation.installed(PackageLock(Path(sys.argv[1]), "LLMOPS_TOY_PACKAGES"))
"""


def test_an_installation_that_is_killed_leaves_nothing_that_looks_whole(cache, lock):
    command = [sys.executable, "-c", KILLED, str(lock.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"half\n"
        process.send_signal(signal.SIGKILL)
    assert [name[:1] for name in left(cache)] == ["."]
    assert installed(lock).folder.name == lock.digest
    assert left(cache) == [lock.digest]


def test_two_at_once_install_once(cache, lock):
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from pytest_llmops.tasks.trees.locks import PackageLock\n"
        "from pytest_llmops.sandbox.node.installation import installed\n"
        "print(installed(PackageLock(Path(sys.argv[1]), 'LLMOPS_TOY_PACKAGES')).folder)"
    )
    command = [sys.executable, "-c", code, str(lock.path)]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [process.communicate(timeout=300) for process in both]
    assert [out.strip() for out, _ in told] == [str(cache / lock.digest)] * 2
    assert sum("installing" in err for _, err in told) == 1


def test_a_ready_installation_is_used_where_it_is_and_checked(cache, lock, tmp_path, monkeypatch):
    ready = tmp_path / "ready"
    shutil.copytree(installed(lock).folder, ready)
    monkeypatch.setenv("LLMOPS_TOY_PACKAGES", str(ready))
    assert installed(lock).folder == ready
    shutil.rmtree(ready / "node_modules/ms")
    with pytest.raises(PackagesError, match="LLMOPS_TOY_PACKAGES=.*: node_modules/ms is missing"):
        installed(lock)
    (ready / "node_modules/ms").mkdir()
    held = json.loads((ready / HELD).read_text())
    held["packages"]["node_modules/ms"]["version"] = "2.0.0"
    (ready / HELD).write_text(json.dumps(held))
    with pytest.raises(PackagesError, match=r"node_modules/ms is 2\.0\.0, not the 2\.1\.3 of"):
        installed(lock)
    monkeypatch.setenv("LLMOPS_TOY_PACKAGES", str(tmp_path))
    with pytest.raises(PackagesError, match="there is no node_modules"):
        installed(lock)


def test_a_suite_names_its_lock_file_from_its_own_folder(tmp_path):
    suite = Suite(name="my-own", manifests=(), folder="x", root=tmp_path, packages="own/lock.json")
    assert lock_of(suite) == PackageLock(tmp_path / "own/lock.json", "LLMOPS_MY_OWN_PACKAGES")
    assert lock_of(msgspec.structs.replace(suite, packages="")) is None
