"""Measurements that reach into the package run; what they measure is no matter here."""

import subprocess
import sys
from pathlib import Path

PERF = Path(__file__).parents[2] / "benchmarks" / "perf"


def test_grading_is_measured_beside_processes_that_judge_nothing():
    small = ("--cases", "2", "--rounds", "1", "--shares", "100")
    command = [sys.executable, str(PERF / "grading.py"), *small]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ways = [line.split()[0] for line in done.stdout.splitlines() if line.endswith("x")]
    assert ways == ["judged", "plain", "twice", "floor", "bare"]
