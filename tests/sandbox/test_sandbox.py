"""The pool: overlay, resolution, statuses, limits and order."""

import os
import resource
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox import NodePool, TestJob, TestReport, limits
from pytest_llmops.sandbox.binaries import find_node
from pytest_llmops.sandbox.cage import BwrapCage
from pytest_llmops.sandbox.cell import Cell
from pytest_llmops.sandbox.limits import Limits, under_limits
from pytest_llmops.sandbox.node.program import NodeProgram

TREE = Path(__file__).with_name("tree")


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    return Path(shutil.copytree(TREE, tmp_path_factory.mktemp("tree") / "tree"))


@pytest.fixture(scope="module", params=["bwrap", "process"])
def pool(root, request):
    with NodePool(root, size=2, isolation=request.param) as pool:
        yield pool


def run(pool: NodePool, root: Path, test: str, overlay: dict[str, str] | None = None) -> TestReport:
    return pool.run(TestJob(root=root, tests=(test,), overlay=overlay or {}))


def verdicts(report: TestReport) -> dict[str, bool]:
    return {result.title: result.passed for result in report.results}


def test_the_tree_as_it_is_passes(pool, root):
    report = run(pool, root, "one.test.ts")
    assert report.status == "finished"
    assert verdicts(report) == {"is one": True}
    assert 0 < report.seconds < 10
    assert 10 * 2**20 < report.peak_memory < 2**30


def test_the_overlay_is_seen_instead_of_the_file(pool, root):
    overlay = {"src/one.ts": "export const one = (): number => 2;"}
    report = run(pool, root, "one.test.ts", overlay)
    assert verdicts(report) == {"is one": False}
    assert "expected 2 to be 1" in report.results[0].message
    assert (root / "src/one.ts").read_text() == (TREE / "src/one.ts").read_text()


def test_the_overlay_is_seen_through_other_modules_and_forgotten_after(pool, root):
    overlay = {"src/one.ts": "export const one = (): number => 5;"}
    assert verdicts(run(pool, root, "two.test.ts", overlay)) == {"is two": False}
    assert verdicts(run(pool, root, "two.test.ts")) == {"is two": True}


def test_an_overlay_can_bring_files_and_change_imports(pool, root):
    overlay = {
        "src/one.ts": "export { one } from './brand-new';",
        "src/brand-new.ts": "export const one = () => 1;",
    }
    assert verdicts(run(pool, root, "one.test.ts", overlay)) == {"is one": True}
    assert verdicts(run(pool, root, "one.test.ts")) == {"is one": True}
    gone = run(pool, root, "one.test.ts", {"src/one.ts": "export { one } from './brand-new';"})
    assert gone.status == "load_error"
    assert "cannot find './brand-new'" in gone.detail


def test_a_changed_file_is_read_again(pool, root):
    test = (root / "one.test.ts").read_text().replace("src/one", "src/changing")
    (root / "changing.test.ts").write_text(test)
    (root / "src/changing.ts").write_text("export const one = () => 1;")
    assert verdicts(run(pool, root, "changing.test.ts")) == {"is one": True}
    (root / "src/changing.ts").write_text("export const one = () => 22;")
    assert verdicts(run(pool, root, "changing.test.ts")) == {"is one": False}


def test_imports_are_resolved_as_vitest_does(pool, root):
    report = run(pool, root, "resolve.test.ts")
    assert {result.title: result.message for result in report.results if not result.passed} == {}
    assert len(report.results) == 4


def test_builtin_modules_are_there(pool, root):
    report = run(pool, root, "builtins.test.ts")
    failed = {result.title: result.message for result in report.results if not result.passed}
    # Without a file system of its own, even to ask for a file outside is refused.
    if failed:
        assert "restricted" in failed.pop("work")
    assert (report.status, failed) == ("finished", {})


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("export const one = (: number => 1;", "syntax_error"),
        ("export const one = () => 1; }", "syntax_error"),
        ("Here is the function: `one`.", "syntax_error"),
        ("const one = 1; const one = 2;", "syntax_error"),
        ("export const one = () => " + "(" * 100_000, "syntax_error"),
        ("export const one = " + "[" * 50_000 + "]" * 50_000, "syntax_error"),
        ("import { later } from './later'; export const one = () => later;", "forbidden_import"),
        ("throw new Error('at load'); export const one = () => 1;", "load_error"),
        ("import { x } from './nowhere'; export const one = () => x;", "load_error"),
        ("import fs from '/etc/passwd'; export const one = () => fs;", "load_error"),
        ("await new Promise(() => {}); export const one = () => 1;", "load_error"),
        ("export const one: number = () => 'types are not checked';", "finished"),
    ],
)
def test_what_does_not_load_says_why(pool, root, text, status):
    report = run(pool, root, "one.test.ts", {"src/one.ts": text})
    assert report.status == status
    assert bool(report.detail) == (status != "finished")
    assert verdicts(run(pool, root, "one.test.ts")) == {"is one": True}


def test_a_missing_export_fails_the_tests_that_use_it(pool, root):
    report = run(pool, root, "one.test.ts", {"src/one.ts": "export const two = () => 1;"})
    assert (report.status, verdicts(report)) == ("finished", {"is one": False})


def test_a_package_that_is_not_in_the_tree_needs_real_vitest(pool, root):
    report = run(pool, root, "npm.test.ts")
    assert report.status == "load_error"
    assert "cannot find 'zod'" in report.detail
    assert "real vitest" in report.detail


def test_a_broken_test_file_is_a_load_error(pool, root):
    report = run(pool, root, "broken.test.ts")
    assert report.status == "load_error"
    assert "broken.test.ts" in report.detail


def test_several_files_are_judged_apart(pool, root):
    job = TestJob(root=root, tests=("one.test.ts", "npm.test.ts", "two.test.ts"), overlay={})
    report = pool.run(job)
    assert report.status == "load_error"
    assert [(result.file, result.passed) for result in report.results] == [
        ("one.test.ts", True),
        ("two.test.ts", True),
    ]


@pytest.mark.parametrize(
    ("test", "detail"), [("unhandled.test.ts", "nobody cares"), ("after.test.ts", "at the end")]
)
def test_errors_outside_of_tests_are_told_as_detail(pool, root, test, detail):
    report = run(pool, root, test)
    assert (report.status, verdicts(report)) == ("finished", {"passes": True})
    assert detail in report.detail


def test_jobs_of_several_threads_do_not_mix(pool, root):
    def judge(number: int) -> bool:
        text = f"export const one = (): number => {1 if number % 2 else number};"
        return verdicts(run(pool, root, "one.test.ts", {"src/one.ts": text}))["is one"]

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(judge, range(2, 14))) == [bool(n % 2) for n in range(2, 14)]


def test_limits_of_a_job_are_its_own(pool, root):
    hungry = "const held = Buffer.alloc(2 ** 30, 1); export const one = () => held[0];"
    for memory, status in ((64 * 2**20, "out_of_memory"), (2**30, "finished")):
        job = TestJob(
            root=root, tests=("one.test.ts",), overlay={"src/one.ts": hungry}, memory=memory
        )
        assert pool.run(job).status == status


def test_a_missing_test_file_is_an_error_of_the_harness(pool, root):
    with pytest.raises(SandboxError, match=r"no test file 'nope\.test\.ts'"):
        run(pool, root, "nope.test.ts")
    with pytest.raises(SandboxError, match="no test file"):
        run(pool, root, "../nope.test.ts")


def test_a_pool_judges_its_own_tree_only(pool, root):
    with pytest.raises(SandboxError, match="this pool judges"):
        pool.run(TestJob(root=root / "src", tests=("one.test.ts",), overlay={}))


def test_a_closed_pool_says_so(root):
    pool = NodePool(root)
    pool.close()
    pool.close()
    with pytest.raises(SandboxError, match="closed"):
        run(pool, root, "one.test.ts")


def test_without_namespaces_the_pool_refuses_and_says_how_to_opt_in():
    # A bubblewrap that cannot make namespaces ends before anything is judged.
    cell = Cell(BwrapCage(NodeProgram(find_node()), Path("/bin/false")), Limits(2**29, 10))
    with pytest.raises(SandboxError, match="or choose --sandbox=process"):
        cell.wait_ready()


def test_sandboxes_may_start_beside_all_that_their_user_runs(monkeypatch):
    monkeypatch.setattr(limits, "_running", lambda user, _: {65534: 3000, os.getuid(): 7}[user])
    for user, running in ((65534, 3000), (os.getuid(), 7)):
        command = [
            *under_limits(Limits(2**28, 1.5), user),
            "sh",
            "-c",
            "ulimit -u 2>/dev/null || ulimit -p",
        ]
        out = subprocess.run(command, capture_output=True, text=True, check=True)
        allowed = resource.getrlimit(resource.RLIMIT_NPROC)[1]
        wanted = limits.PROCESSES + limits.ROOM + running
        assert int(out.stdout) == (wanted if allowed < 0 else min(wanted, allowed))


def test_no_sandbox_asks_for_more_processes_than_its_user_may_have(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (100, 200))
    assert "ulimit -u 200 " in " ".join(under_limits(Limits(2**28, 1.5), 65534))


def test_the_shell_in_front_sets_hard_limits():
    command = under_limits(Limits(2**28, 1.5), 65534)
    script = "ulimit -Hc; ulimit -Ht; ulimit -Hd; ulimit -Hn"
    out = subprocess.run([*command, "sh", "-c", script], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["0", "4", str(2**20 + 2**16), "256"]
