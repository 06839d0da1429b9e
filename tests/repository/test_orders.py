"""The order in which tests run is drawn from a seed, and tells which test depends on another."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEPENDENT = """
import pathlib
HERE = pathlib.Path(__file__).with_name("left")
def test_leaves_something():
    HERE.write_text("")
def test_needs_what_the_other_left():
    assert HERE.exists()
"""


ONE_PROCESS = ("--", "-p", "no:xdist")


def orders(folder, *arguments):
    command = [sys.executable, "tools/orders.py", "--kept", str(folder / "kept.jsonl")]
    return subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True, text=True)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_free.py").write_text("def test_one(): pass\ndef test_two(): pass\n")
    return tmp_path


def test_tests_that_need_no_other_pass_in_every_order_and_alone(folder):
    done = orders(folder, "--seeds", "0-1", str(folder), *ONE_PROCESS)
    assert done.stdout.splitlines()[-1] == "2 of 2 sessions passed"
    assert " passed seed 0 in " in done.stdout
    assert " passed seed 1 in " in done.stdout
    assert done.returncode == 0


def test_a_test_that_needs_another_fails_in_some_order_and_is_named(folder):
    seen = set()
    for seed in range(6):
        (folder / "left").unlink(missing_ok=True)
        (folder / "test_bound.py").write_text(DEPENDENT)
        done = orders(folder, "--seeds", str(seed), str(folder), *ONE_PROCESS)
        again = "test_needs_what_the_other_left" in done.stdout
        assert (done.returncode == 1) == again
        logs = [*folder.glob(f"orders/seed-{seed}-*.txt")]
        assert len(logs) == again
        assert all("assert HERE.exists()" in log.read_text() for log in logs)
        seen.add(again)
        if len(seen) == 2:
            break
    assert seen == {True, False}


@pytest.fixture
def tool(monkeypatch, folder):
    """The tool, in this process, and a list of the sessions that it starts."""
    monkeypatch.syspath_prepend(str(ROOT))
    module = importlib.import_module("tools.orders")
    started = []

    def session(name, arguments, at, log):
        started.append(name)
        passed = "bad" not in name
        return {"name": name, "commit": at, "arguments": arguments, "passed": passed,
                "seconds": 1, "said": []}  # fmt: skip

    monkeypatch.setattr(module, "session", session)
    monkeypatch.setattr(module, "commit", lambda: "abc1234")
    (folder / "test_bad.py").write_text("def test_bad(): assert False\n")
    run = lambda *given: module.main(["--kept", str(folder / "kept.jsonl"), *given, str(folder)])  # noqa: E731
    return module, started, run


def test_what_passed_at_this_commit_is_not_run_again_and_what_failed_is(tool):
    _, started, run = tool
    assert run() == 1
    names = [f"seed {seed}" for seed in range(10)]
    assert set(started) == {*names, "test_bad.py alone", "test_free.py alone"}
    started.clear()
    assert run() == 1
    assert run("--alone") == 1
    assert started == ["test_bad.py alone"] * 2
    started.clear()
    assert run("--seeds", "1,3-4") == 0
    assert started == []
    assert run("--seeds", "1,3-4", "--again") == 0
    assert started == ["seed 1", "seed 3", "seed 4"]


def test_at_another_commit_or_with_changed_files_all_is_run(tool, monkeypatch):
    module, started, run = tool
    for at, ran in (
        ("abc1234", 1),
        ("abc1234", 1),
        ("def5678", 2),
        ("def5678+", 3),
        ("def5678+", 4),
    ):
        monkeypatch.setattr(module, "commit", lambda at=at: at)
        assert run("--seeds", "0") == 0
        assert len(started) == ran


def test_the_table_tells_what_came_of_each_order_by_commit(tool, capsys):
    _, _, run = tool
    run()
    capsys.readouterr()
    assert run("--table") == 0
    assert capsys.readouterr().out.splitlines() == [
        *(f"abc1234   passed seed {seed} in 1 s" for seed in range(10)),
        "abc1234   FAILED test_bad.py alone in 1 s",
        "abc1234   passed 1 files alone",
    ]
