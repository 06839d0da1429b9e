"""Time in which a process waits for a processor that others use is none that it takes."""

import os
import subprocess
import time

import pytest

from pytest_llmops.sandbox import NodePool, TestJob, cell
from pytest_llmops.sandbox.waiting import waited

HONEST = "export const one = (): number => 1;\n"
TESTS = """import { expect, it } from "vitest";
import { one } from "../src/target";
it("is one", () => expect(one()).toBe(1));
"""
HANGS = "export const one = () => { for (;;); };"


@pytest.fixture
def judged(caged, root):
    """Judges a text in the place of the honest one."""

    def judged(code, timeout):
        overlay = {"src/target.ts": code}
        job = TestJob(root=root, tests=("tests/target.test.ts",), overlay=overlay, timeout=timeout)
        return caged.run(job)

    return judged


def test_a_job_that_only_waits_is_not_late_and_takes_no_time(judged, monkeypatch):
    before = iter([0.0])
    monkeypatch.setattr(cell, "waited", lambda _: next(before, 1000.0))
    monkeypatch.setattr(cell, "LONGEST", 60_000)
    report = judged(HONEST, timeout=0.001)
    assert (report.status, report.seconds) == ("finished", 0.0)


def test_a_job_that_waits_for_ever_is_late_after_some_times_its_limit(judged, monkeypatch):
    monkeypatch.setattr(cell, "waited", lambda _: time.monotonic())
    report = judged(HANGS, timeout=0.1)
    assert (report.status, report.detail) == ("timeout", "no report within 0.1 s")


def test_what_a_process_waited_before_its_job_gives_the_job_no_time(judged, monkeypatch):
    monkeypatch.setattr(cell, "waited", lambda _: 1000.0)
    monkeypatch.setattr(cell, "LONGEST", 1_000_000)
    assert judged(HANGS, timeout=0.25).status == "timeout"


def test_the_system_tells_how_long_a_process_waited():
    assert waited(os.getpid()) > 0


def test_a_process_that_has_ended_waits_for_nothing():
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert waited(ended.pid) == 0


LATE = """import { it } from "vitest";
it("computes", async () => {
  let sum = 0;
  for (let i = 0; i < 20; i += 1) {
    for (let j = 0; j < %d; j += 1) sum = (sum * 31 + j) | 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (sum === 0.5) throw new Error("never");
}, 1000);
"""


def computed(root, rounds):
    """Report of a test with a limit of one second that computes so many rounds."""
    overlay = {"tests/late.test.ts": LATE % (rounds // 20)}
    job = TestJob(root=root, tests=("tests/late.test.ts",), overlay=overlay, timeout=30)
    with NodePool(root) as pool:
        return pool.run(job)


def test_a_limit_of_a_test_is_what_it_takes_itself(starved, root):
    begun = time.monotonic()
    report = computed(root, 50_000_000)
    assert time.monotonic() - begun > 1
    assert [result.passed for result in report.results] == [True]


def test_a_test_that_computes_for_longer_than_its_limit_fails(root):
    report = computed(root, 2_000_000_000)
    assert [result.passed for result in report.results] == [False]
