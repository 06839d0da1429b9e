"""Memory on record is that of the process that ran the tests, however large this session is."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_llmops.memory import own_peak, peak_of

TREE = Path(__file__).with_name("tree")
FROM_A_LARGE_SESSION = """
import json, sys
from pathlib import Path
import numpy
held = numpy.ones(2**31, numpy.uint8)  # resident: every page is written
from pytest_llmops.memory import own_peak
from pytest_llmops.sandbox import NodePool, TestJob

ENDS = json.loads(sys.argv[3])
root = Path(sys.argv[1])
with NodePool(root, isolation=sys.argv[2]) as pool:
    held = None
    said = {"own": own_peak()}
    for name, code in ENDS.items():
        job = TestJob(root=root, tests=("one.test.ts",), overlay={"src/one.ts": code},
                      memory=128 * 2**20, timeout=1 if name == "timeout" else 60)
        report = pool.run(job)
        said[name] = [report.status, report.peak_memory]
print(json.dumps(said))
"""
ONE = "\nexport const one = (): number => 1;"
ENDS = {
    "finished": ONE,
    "larger": f"const held = Buffer.alloc(200 * 2 ** 20, 1); {ONE}",
    "timeout": f"for (;;); {ONE}",
    "out_of_memory": f"const held = []; for (;;) held.push(new Array(1e5).fill({{}})); {ONE}",
}


@pytest.fixture(scope="module", params=["bwrap", "process"])
def seen(request, tmp_path_factory):
    """What a session of 2 GiB has on record about processes that end in four ways."""
    root = shutil.copytree(TREE, tmp_path_factory.mktemp("tree") / "tree")
    command = [sys.executable, "-c", FROM_A_LARGE_SESSION, str(root), request.param]
    done = subprocess.run([*command, json.dumps(ENDS)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_session_was_larger_than_all_that_it_judged(seen):
    assert seen["own"] > 2 * 2**30


@pytest.mark.parametrize("end", ["finished", "timeout"])
def test_an_answer_that_takes_little_has_little_on_record(seen, end):
    status, peak = seen[end]
    assert status == end
    assert 30 * 2**20 < peak < 200 * 2**20


def test_what_an_answer_takes_is_on_record_after_it_has_reported(seen):
    more = seen["larger"][1] - seen["finished"][1]
    assert 180 * 2**20 < more < 230 * 2**20


def test_what_died_of_memory_has_what_it_was_seen_with(seen):
    status, peak = seen["out_of_memory"]
    assert status == "out_of_memory"
    assert 120 * 2**20 < peak < 700 * 2**20


def test_a_child_is_not_as_large_as_its_parent():
    held = bytearray(b"1") * (200 * 2**20)
    child = subprocess.Popen(["sleep", "60"])
    del held
    try:
        assert own_peak() > 200 * 2**20
        assert peak_of(child.pid) < 20 * 2**20
    finally:
        child.kill()
        child.wait()


def test_what_has_ended_has_no_peak():
    child = subprocess.Popen(["true"])
    child.wait()
    assert peak_of(child.pid) is None
