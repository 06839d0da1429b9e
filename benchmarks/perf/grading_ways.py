"""Ways of judging the same answers, and of starting processes that judge nothing (`grading.py`)."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from pytest_llmops.cases import Case
from pytest_llmops.grading.confirm import doubtful, forgery, is_unsure, wary
from pytest_llmops.mining.mutants import Subject, mutants, passed_ids
from pytest_llmops.sandbox import NodePool, Pool, TestJob, TestReport
from pytest_llmops.sandbox.binaries import find_node
from pytest_llmops.sandbox.judge import judge_folder
from pytest_llmops.sandbox.judge.program import CODE, FLAGS, SCRIPT, START, join
from pytest_llmops.sandbox.node.pool import NodePreparer
from pytest_llmops.sandbox.node.program import NodeProgram
from pytest_llmops.sandbox.pool import Runtime
from pytest_llmops.tasks.materialize import materialize
from pytest_llmops.tasks.sources import SourceTree

HERE = Path(__file__).parent
RUNTIME = HERE.parents[1] / "pytest_llmops" / "sandbox" / "node" / "runtime"
BARE = """(function (require) {
  const fs = require("node:fs");
  fs.writeSync(Number(process.argv[2]), "R");
  fs.readSync(0, Buffer.alloc(1));
})"""
"""Says that it is ready and waits, as a process of the judge does."""
Round = Callable[[], list[float]]
"""Judges all answers once: cases a second, then the milliseconds of each."""


class Answer(NamedTuple):
    """A case's reference, or a body that throws, as a job."""

    case: Case
    job: TestJob
    is_right: bool


def answers_of(cases: list[Case], tree: SourceTree, share: int) -> list[Answer]:
    """One answer to each case, of which `share` in a hundred are right, spread evenly."""
    answers = []
    for number, case in enumerate(cases):
        task = materialize(case, tree)
        tests = tuple(file.path for file in case.tests)
        is_right = (number + 1) * share // 100 > number * share // 100
        body = task.reference if is_right else mutants(task.module, task.declaration)[0].body
        job = Subject(tree, task.module, task.declaration, tests).job(body)
        answers.append(Answer(case, job, is_right))
    return answers


class Ways:
    """Judges answers in one pool, and notes which took a second process."""

    def __init__(self, pool: NodePool) -> None:
        self._pool = pool
        self.again: set[str] = set()

    def judged(self, answer: Answer) -> None:
        """As the plugin does: falsified while judged, and once more where that leaves a doubt."""
        if is_unsure(self._run(answer, wary(answer.job)), answer.case.expected):
            self.again.add(answer.case.id)
            self._run(answer, doubtful(answer.job))

    def plain(self, answer: Answer) -> None:
        """Without falsification."""
        self._run(answer, answer.job)

    def twice(self, answer: Answer) -> None:
        """Each solved answer in a second process too, with everything changed."""
        self._run(answer, answer.job)
        if answer.is_right:
            self._run(answer, doubtful(answer.job))

    def _run(self, answer: Answer, job: TestJob) -> TestReport:
        report = self._pool.run(job)
        expected = answer.case.expected
        falsifiable = answer.case.falsifiable if job.falsify is not None else 0
        if (expected <= passed_ids(report)) != answer.is_right:
            sys.exit(f"{answer.case.id}: {report.status} {report.detail}")
        if answer.is_right and (lie := forgery(report, expected, falsifiable)):
            sys.exit(f"{answer.case.id}: the reference is called forged: {lie}")
        return report


class Starts(Pool):
    """Starts processes of a program as the pool does, and ends them when they are ready."""

    def __init__(self, folder: Path, root: Path, threads: int) -> None:
        node = find_node()
        runtime = Runtime(NodeProgram(node, judge=folder), NodePreparer(node, root, None))
        super().__init__(root, runtime, size=threads)

    def turn(self, _: object) -> None:
        """One of them."""
        cell = self._take(self._limits)
        cell.wait_ready()
        cell.end()


def make_bare(folder: Path) -> Path:
    """A program that does nothing: what is left is the start of Node in its cage."""
    script = folder / "bare" / SCRIPT
    script.parent.mkdir(parents=True)
    script.write_text(BARE, "utf-8")
    return folder / "bare"


def make_floor(folder: Path) -> Path:
    """A program that loads vitest's runtime and freezes the language, compiled ahead as ours is."""
    made = folder / "floor"
    script, code = made / SCRIPT, made / CODE
    script.parent.mkdir(parents=True)
    join(judge_folder(), HERE / "grading_floor.mjs", script)
    run: list[str | Path] = [
        find_node(),
        *FLAGS,
        RUNTIME / START,
        "2",
        "bwrap",
        script,
        code,
        "make",
    ]
    subprocess.run(run, stdin=subprocess.DEVNULL, capture_output=True, env={}, check=True)
    return made


OTHER = """
import json, sys, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from pytest_llmops.sandbox import NodePool, TestJob

root, threads, jobs = json.loads(sys.stdin.readline())
root = Path(root)

def judge(job):
    tests, overlay = job
    started = time.perf_counter()
    pool.run(TestJob(root=root, tests=tuple(tests), overlay=overlay))
    return (time.perf_counter() - started) * 1000

with NodePool(root, size=threads) as pool, ThreadPoolExecutor(threads) as workers:
    judge(jobs[0])
    for _ in sys.stdin:
        started = time.perf_counter()
        times = list(workers.map(judge, jobs))
        print(json.dumps([len(jobs) / (time.perf_counter() - started), *times]), flush=True)
"""
"""What judges in the checkout of another commit, once for each line that it is sent."""


@contextmanager
def checkout(revision: str) -> Iterator[Path]:
    """Another commit of this repository, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "-q", HERE.parents[1], clone], check=True)
        subprocess.run(["git", "-C", clone, "checkout", "-q", revision], check=True)
        yield clone


@contextmanager
def judging(clone: Path, root: Path, answers: list[Answer], threads: int) -> Iterator[Round]:
    """The pool of another commit: one call is one round."""
    argv, env = [sys.executable, "-c", OTHER], {**os.environ, "PYTHONPATH": str(clone)}
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, text=True, cwd=clone, env=env, stdin=pipe, stdout=pipe) as process:
        asked, told = process.stdin, process.stdout
        assert asked
        assert told
        jobs = [(answer.job.tests, dict(answer.job.overlay)) for answer in answers]
        print(json.dumps((str(root), threads, jobs)), file=asked, flush=True)

        def measured() -> list[float]:
            print("go", file=asked, flush=True)
            figures: list[float] = json.loads(told.readline())
            return figures

        yield measured
