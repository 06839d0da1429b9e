"""Time in which a process waits for a processor that others use is none that it takes."""

import os
import subprocess
import time

import pytest

from pytest_llmops.sandbox import TestJob, cell
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
