"""The judge is built from packages that are what they were, or not at all; one line says why."""

import base64
import hashlib
import io
import re
import subprocess
import sys
import tarfile

import msgspec
import pytest

from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox.binaries import find_node
from pytest_llmops.sandbox.cage import SCRATCH
from pytest_llmops.sandbox.judge import fetch as fetching
from pytest_llmops.sandbox.judge import judge_folder, program
from pytest_llmops.sandbox.judge.bundle import (
    COMPILER,
    FALLBACK,
    JUDGE,
    LICENSES,
    Replacement,
    replace,
)
from pytest_llmops.sandbox.judge.lock import HERE, Package, machine, read_lock
from pytest_llmops.sandbox.judge.program import CODE, SCRIPT, program_folder
from pytest_llmops.sandbox.node.program import node_flags

LISTED = msgspec.json.decode(
    (HERE / "replacements.json").read_bytes(), type=tuple[Replacement, ...]
)


def test_a_built_judge_has_its_files_and_every_notice():
    folder = judge_folder()
    for name in (JUDGE, COMPILER, FALLBACK):
        assert (folder / name).is_file()
    notices = (folder / LICENSES).read_text("utf-8")
    for package in (*read_lock().packages, *read_lock().platforms[machine()]):
        assert f"{package.name} {package.version}\n{package.license}" in notices
    assert "Permission is hereby granted" in notices


def test_the_engine_takes_what_it_compiled_when_the_judge_was_built():
    node = find_node()
    folder = program_folder(node)
    taken = """
        const [, script, code] = process.argv;
        const { readFileSync: read } = require("node:fs");
        const { Script } = require("node:vm");
        const options = { filename: script, cachedData: read(code) };
        console.log(new Script(read(script, "utf8"), options).cachedDataRejected);
    """
    for memory in (64, 512, 4096):
        *flags, _ = node_flags(memory * 2**20, "", readable=("*",), folder=SCRATCH)
        files = [str(folder / SCRIPT), str(folder / CODE)]
        command = [str(node), *flags, "--eval", taken, *files]
        assert subprocess.run(command, capture_output=True, text=True).stdout == "false\n"


def test_a_judge_that_fails_its_first_job_is_not_built(tmp_path, monkeypatch):
    wrong = tmp_path / "warm-up.js"
    wrong.write_text('it("fails", () => expect(1).toBe(2));')
    monkeypatch.setattr(program, "_WARM_UP", wrong)
    with pytest.raises(SandboxError, match="its first job failed: .*expected 1 to be 2"):
        program.make(tmp_path / "made", find_node())
    assert [one.name for one in tmp_path.iterdir()] == ["warm-up.js"]


def test_nothing_of_the_runtime_looks_at_the_real_global_object():
    text = (judge_folder() / JUDGE).read_text("utf-8")
    assert "globalThis" not in re.sub(r'"[^"]*"|`[^`]*`', "", text)


def test_every_package_is_pinned_by_version_and_hash():
    lock = read_lock()
    for package in (*lock.packages, *(one for some in lock.platforms.values() for one in some)):
        assert re.fullmatch(r"\d+\.\d+\.\d+", package.version)
        assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", package.integrity)
        assert package.license in {"MIT", "Apache-2.0", "BSD-3-Clause"}


@pytest.mark.parametrize("listed", LISTED, ids=lambda listed: listed.name)
@pytest.mark.parametrize("times", [-1, 1])
def test_a_replacement_that_fits_otherwise_stops_the_build_by_its_name(tmp_path, listed, times):
    file = tmp_path / listed.path
    file.parent.mkdir(parents=True)
    file.write_text((listed.old + "\n") * (listed.times + times))
    with pytest.raises(SandboxError, match=re.escape(listed.name)):
        replace(tmp_path, listed)
    file.write_text((listed.old + "\n") * listed.times)
    replace(tmp_path, listed)
    assert file.read_text() == (listed.new + "\n") * listed.times


def test_a_file_that_is_not_there_stops_the_build(tmp_path):
    with pytest.raises(SandboxError, match="is there 0 times, not once"):
        replace(tmp_path, LISTED[0])


def tarball(text: bytes) -> bytes:
    """A package of one file, as npm packs it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo("package/index.js")
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    return packed.getvalue()


def test_a_tarball_counts_only_with_the_locked_hash(tmp_path, monkeypatch):
    packed = tarball(b"export {};")
    digest = base64.b64encode(hashlib.sha512(packed).digest()).decode()
    locked = Package(name="@a/b", version="1.2.3", license="MIT", integrity=f"sha512-{digest}")
    monkeypatch.setattr(
        fetching, "_pack", lambda some, folder: (folder / some[0].tarball).write_bytes(packed)
    )
    for name in ("right", "wrong"):
        (tmp_path / name).mkdir()
    modules = fetching.fetch((locked,), tmp_path / "right")
    assert (modules / "@a/b" / "index.js").read_bytes() == b"export {};"
    other = msgspec.structs.replace(locked, integrity="sha512-" + "A" * 86 + "==")
    with pytest.raises(SandboxError, match=r"@a/b@1\.2\.3 from npm is not the locked package"):
        fetching.fetch((other,), tmp_path / "wrong")


def test_without_npm_one_line_says_so_and_nothing_is_judged(tmp_path):
    script = """
import sys
from pathlib import Path
from pytest_llmops.sandbox.judge import build, fetch
build.cache_folder = lambda: Path(sys.argv[1]) / "judge"
build.carried_folder = lambda: Path(sys.argv[1]) / "carried"
from pytest_llmops.sandbox import NodePool
try:
    NodePool(Path(sys.argv[1]))
except Exception as error:
    print(type(error).__name__, error)
"""
    environment = {"npm_config_registry": "http://127.0.0.1:9/", "npm_config_fetch_retries": "0"}
    environment |= {"HOME": str(tmp_path), "npm_config_cache": str(tmp_path / "npm")}
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.stdout.startswith("SandboxError the judge cannot be built: "), done
    assert "make npm and its registry reachable" in done.stdout
    assert done.stdout.count("\n") == 1
    assert not list(tmp_path.glob("making-*"))
    assert not (tmp_path / "judge").exists()
