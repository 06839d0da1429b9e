"""Python tests judged in the cage, and what their reports are worth.

An answer in Python runs in the process that reports on it, and can make that process say anything:
no language feature is out of its reach there. So a report is not believed because of where it comes
from; see `halves`. What can be changed in a test is what `sites` finds.
"""

from pathlib import Path

from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox.cage import Isolation
from pytest_llmops.sandbox.halves import Stated, doubted
from pytest_llmops.sandbox.job import TestJob, TestReport
from pytest_llmops.sandbox.pool import Pool, Runtime
from pytest_llmops.sandbox.python.changes import changed
from pytest_llmops.sandbox.python.given import TAKEN, Given
from pytest_llmops.sandbox.python.program import NOT_BARE, PythonProgram
from pytest_llmops.sandbox.python.sites import sites
from pytest_llmops.sandbox.texts import texts


class PythonPool(Pool):
    """Judges Python with pytest; see `Pool`."""

    def __init__(
        self, root: Path, *, size: int = 1, isolation: Isolation = "bwrap", many: bool = False
    ) -> None:
        if isolation == "process":
            raise SandboxError(NOT_BARE)
        runtime = Runtime(PythonProgram(), Given())
        super().__init__(root, runtime, size=size, isolation=isolation, many=many)

    def run(self, job: TestJob) -> TestReport:
        """Judge one job, see `Pool.run`; one that is to be falsified in two processes."""
        return super().run(job) if job.falsify is None else doubted(job, super().run, STATED)


def _text(job: TestJob, test: str) -> str:
    return job.overlay.get(test) or texts(job.root.resolve(), TAKEN).get(test, "")


STATED = Stated(
    text=_text,
    named=lambda _, text: sites(text),
    changed=lambda _, text, chosen, seed: changed(text, chosen, seed),
    name=lambda result: result.title.partition("[")[0],
)
"""pytest's names of the runs of one function differ in what is behind `[`."""
