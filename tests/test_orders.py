"""The order in which tests run is drawn from a seed, and tells which test depends on another."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DEPENDENT = """
import pathlib
HERE = pathlib.Path(__file__).with_name("left")
def test_leaves_something():
    HERE.write_text("")
def test_needs_what_the_other_left():
    assert HERE.exists()
"""


def orders(*arguments):
    return subprocess.run(
        [sys.executable, "tools/orders.py", *arguments], cwd=ROOT, capture_output=True, text=True
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_free.py").write_text("def test_one(): pass\ndef test_two(): pass\n")
    return tmp_path


def test_tests_that_need_no_other_pass_in_every_order_and_alone(folder):
    done = orders("--seeds", "2", str(folder / "test_free.py"))
    lines = [line.partition(" in ")[0] for line in done.stdout.splitlines()]
    assert [lines[0], lines[2]] == ["passed seed 0", "passed seed 1"]
    assert lines[-1] == "3 of 3 sessions passed"
    assert done.returncode == 0


def test_a_test_that_needs_another_fails_in_some_order_and_is_named(folder):
    seen = set()
    for seed in range(6):
        (folder / "left").unlink(missing_ok=True)
        (folder / "test_bound.py").write_text(DEPENDENT)
        done = orders("--seed", str(seed), str(folder), "--", "-p", "no:xdist")
        again = "test_needs_what_the_other_left" in done.stdout
        assert (done.returncode == 1) == again
        seen.add(again)
    assert seen == {True, False}
