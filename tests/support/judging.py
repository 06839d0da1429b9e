"""Which judges a process has started, and when one is at work: no test waits for a fixed time.

And a judge that does no work twice: hundreds of forms of an answer are few programs.
"""

import time

import msgspec
import psutil


class Remembering:
    """A judge that runs each program once: answers that are the same program have one report."""

    def __init__(self, judge):
        self.judge = judge
        self.reports = {}

    def run(self, job):
        known = repr(msgspec.structs.replace(job, falsify=job.falsify and 0))
        if known not in self.reports:
            self.reports[known] = self.judge.run(job)
        return self.reports[known]


def judges_of(pid):
    """The processes that load answers and tests, below one."""
    found = []
    for child in psutil.Process(pid).children(recursive=True):
        try:
            if any(word.endswith("start.cjs") for word in child.cmdline()):
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


def wait_until_one_is_at_work(pid, seconds=60):
    """Return when a judge has used more processor than it takes to start (40 ms)."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for judge in judges_of(pid):
            try:
                if judge.cpu_times().user > 0.3:
                    return
            except psutil.NoSuchProcess:
                continue
        time.sleep(0.02)
    raise AssertionError(f"no judge below {pid} was at work within {seconds} s")
