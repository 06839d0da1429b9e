"""Tests judged in the cage by the vitest that their repository pins.

vitest runs a test file in a process that it forks, together with the answer. Nothing is frozen
there: an answer can reach vitest's own state, and with it the word that this process sends of a
test. It can reach neither the process that reports, which is another, nor the tree. So a test's
word is doubted by halves (`halves`), and all else about a report holds as for our own judge.

Rounds and sections (`job`) are judged by one vitest, each whole and in a process of its own:
nothing that one leaves is there in the next.
"""

import re
from pathlib import Path

import msgspec

from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox.binaries import find_node
from pytest_llmops.sandbox.cage import Isolation
from pytest_llmops.sandbox.halves import Stated, doubted
from pytest_llmops.sandbox.job import TestJob, TestReport
from pytest_llmops.sandbox.pool import Pool, Runtime
from pytest_llmops.sandbox.texts import texts
from pytest_llmops.sandbox.vitest.given import TAKEN, Given
from pytest_llmops.sandbox.vitest.installation import OwnPackages
from pytest_llmops.sandbox.vitest.program import NOT_BARE, VitestProgram
from pytest_llmops.sandbox.vitest.stated import changed, named
from pytest_llmops.tasks.code.languages import TYPESCRIPT

START = 30.0
"""Wall seconds beside those of a job: vitest starts, and compiles what the tests load."""
FURTHER = 90.0
"""Wall seconds that rounds and sections may take; `runner.mjs` begins none after 60."""
VITEST = "vitest"
REACHED = re.compile(r"from \d+")


class _Told(msgspec.Struct, frozen=True):
    """What `runner.mjs` tells beside results."""

    said: str
    seconds: float
    """Of the tests alone."""
    files: tuple[str, ...]
    """Of the tree, that were loaded."""


class VitestPool(Pool):
    """Judges TypeScript with a repository's own vitest; see `Pool`.

    `TestReport.seconds` are those of the tests alone, and `peak_memory` is None: the process that
    is watched is not the one that runs them.
    """

    def __init__(
        self,
        root: Path,
        packages: OwnPackages,
        *,
        size: int = 1,
        isolation: Isolation = "bwrap",
    ) -> None:
        if isolation == "process":
            raise SandboxError(NOT_BARE)
        runtime = Runtime(VitestProgram(find_node(), packages), Given())
        super().__init__(root, runtime, size=size, isolation=isolation)

    def run(self, job: TestJob) -> TestReport:
        """Judge one job, see `Pool.run`; one that is to be falsified in two processes."""
        if job.falsify is None:
            return self._once(job)
        return doubted(job, self._once, STATED)

    def _once(self, job: TestJob) -> TestReport:
        further = FURTHER if job.rounds else 0.0
        probe = next((one for one in job.tests if one == TYPESCRIPT.probe[0]), "")
        asked = msgspec.structs.replace(
            _with_probe(job, probe) if probe else job,
            survey=False,
            timeout=job.timeout + START + further,
        )
        report = _read(super().run(asked))
        if job.survey:
            return msgspec.structs.replace(report, packages=(VITEST,), results=())
        return _by_probe(report, probe) if probe else report


def _read(report: TestReport) -> TestReport:
    """A report with what the runner tells in its detail."""
    report = msgspec.structs.replace(report, peak_memory=None)
    if not report.detail.startswith("{"):
        return report  # it comes from the parent, and says why there is none of the runner's
    told = msgspec.json.decode(report.detail, type=_Told)
    return msgspec.structs.replace(report, detail=told.said, seconds=told.seconds, files=told.files)


def _with_probe(job: TestJob, probe: str) -> TestJob:
    """The job with the probe's text behind that of its last test file, to share its process."""
    *tests, last = (one for one in job.tests if one != probe)
    overlay = dict(job.overlay)
    behind = overlay.pop(probe)
    overlay[last] = f"{_text(job, last)}\n{behind}"
    return msgspec.structs.replace(job, tests=(*tests, last), overlay=overlay)


def _by_probe(report: TestReport, probe: str) -> TestReport:
    results = [
        msgspec.structs.replace(one, file=probe) if REACHED.fullmatch(one.title) else one
        for one in report.results
    ]
    return msgspec.structs.replace(report, results=tuple(results))


def _text(job: TestJob, test: str) -> str:
    return job.overlay.get(test) or texts(job.root.resolve(), TAKEN).get(test, "")


STATED = Stated(text=_text, named=named, changed=changed, name=lambda result: result.title)
