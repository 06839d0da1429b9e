"""Benchmark sessions as fine-tuning needs them: the suite itself, in a process of its own.

A session that was finished with the same model, cases and sampling is not repeated: a note beside
the runs names it by the digest of all that decides its answers. One that was interrupted goes on
where it stopped, because its finished answers are in the completion cache.
"""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from pytest_llmops.cases import suite_hash
from pytest_llmops.errors import RecordError
from pytest_llmops.runs.reading import RecordedRun, read_run
from pytest_llmops.runs.stored import records_file, records_files
from pytest_llmops.tasks.prompts import PROMPT_VERSION
from pytest_llmops.tasks.selection import Choice, select

from .errors import FinetuneError

BENCHMARKS = "benchmarks"
"""The folder of tests that a session runs."""

_STATUS = {
    1: "attempts failed in the harness",
    2: "it was interrupted",
    3: "records could not be written",
    4: "it could not start",
    5: "it found no tests",
}


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """What decides the answers of a session, its cases aside."""

    model: str
    models_file: str
    """Absolute path."""
    identity: str
    """Digests of weights and adapter, and whatever else says which model the name stands for."""
    suites: tuple[str, ...]
    """Empty for all that can be reached."""
    split: Literal["train", "eval"]
    samples: int = 1
    temperature: float = 0.0
    max_tokens: int = 512
    arguments: tuple[str, ...] = ()
    """Further arguments of pytest."""

    def command(self, runs: Path) -> list[str]:
        """The command line for the folder of the project, which may have options of our names."""
        return [
            *(sys.executable, "-m", "pytest", BENCHMARKS),
            f"--llmops-model={self.model}",
            *(f"--override-ini=llmops_models={self.models_file}",),
            *(f"--llmops-suite={name}" for name in self.suites),
            f"--llmops-split={self.split}",
            f"--llmops-samples={self.samples}",
            f"--llmops-temperature={self.temperature}",
            f"--llmops-max-tokens={self.max_tokens}",
            f"--llmops-runs={runs}",
            *self.arguments,
        ]


class Runner(Protocol):
    """Runs sessions; `run_session` does."""

    def __call__(
        self, session: Session, *, root: Path, suites_file: Path, runs: Path
    ) -> tuple[RecordedRun, bool]:
        """See `run_session`."""


def run_session(
    session: Session, *, root: Path, suites_file: Path, runs: Path
) -> tuple[RecordedRun, bool]:
    """Run a session, or find the one that was finished before.

    Args:
        session: What to run.
        root: The folder of the project; pytest runs there and shows its progress.
        suites_file: Names the suites.
        runs: Where the session records; kept for later calls.

    Returns:
        The whole run, and whether it had to be made.

    Raises:
        FinetuneError: The session failed, or left no complete run.
    """
    note = runs / "sessions" / f"{_key(session, suites_file)}.json"
    if known := _known(note, runs):
        return known, False
    runs.mkdir(parents=True, exist_ok=True)
    before = {path.name for path in runs.iterdir()}
    command = session.command(runs)
    status = subprocess.run(command, cwd=root, check=False).returncode
    if status != 0:
        meaning = _STATUS.get(status, "it died")
        raise FinetuneError(
            f"`{' '.join(command[1:])}` ended with {status}: {meaning}. Mend it and run this "
            "again; answers that came are in the completion cache"
        )
    made = [path for path in records_files(runs) if path.parent.name not in before]
    if len(made) != 1:
        raise FinetuneError(f"{runs}: the session left {len(made)} runs there; it should be one")
    run = complete_run(made[0])
    note.parent.mkdir(exist_ok=True)
    note.write_text(msgspec.json.encode(run.run.id).decode())
    return run, True


def complete_run(path: Path) -> RecordedRun:
    """Read a run that can be relied on: ended by itself, every attempt on record, no faults.

    Raises:
        FinetuneError: It is not complete; says what is missing.
        RecordError: It cannot be read.
    """
    run = read_run(path)
    faults = sum(bool(one.error) for one in run.records)
    missing = run.run.attempts - len(run.records)
    if run.end is None or run.end.exit_status or missing or faults:
        ended = "interrupted" if run.end is None else f"exit status {run.end.exit_status}"
        raise FinetuneError(
            f"{path}: not a complete run ({ended}, {missing} attempts missing, {faults} with "
            "errors); run it again"
        )
    return run


def _key(session: Session, suites_file: Path) -> str:
    choice = Choice(suites_file=suites_file, suites=session.suites, split=session.split)
    cases = suite_hash(list(select(choice).cases.values()))
    parts = msgspec.json.encode((session, cases, PROMPT_VERSION))
    return hashlib.sha256(parts).hexdigest()[:24]


def _known(note: Path, runs: Path) -> RecordedRun | None:
    """The run a note names; None where there is none, or its run was deleted or is not whole."""
    try:
        name = msgspec.json.decode(note.read_bytes(), type=str)
        return complete_run(records_file(runs / name))
    except (FileNotFoundError, msgspec.DecodeError, RecordError, FinetuneError):
        return None
