"""The first and the last line of a records file: what a run is, and how its session ended."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from pytest_llmops.models import Prices
from pytest_llmops.runs.checkout import Checkout
from pytest_llmops.runs.identity import Identity
from pytest_llmops.runs.machine import Machine
from pytest_llmops.tasks.shards import Shard

FORMAT = 1
"""Version of the lines; a reader refuses others."""

Verdict = Literal["held", "regressed", "undecided"]
"""What a gate says of a run against its baseline."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a selection a run attempted, and what the whole of it is."""

    shard: Shard
    suite_hash: str
    """Of all cases that were selected, in whatever shard."""
    cases: int
    """How many these are."""


class Run(msgspec.Struct, frozen=True, kw_only=True, tag="run"):
    """The first line: what all records of the file have in common."""

    format: int = FORMAT
    id: str
    started: float
    """Unix time, seconds."""
    identity: Identity
    suites: tuple[str, ...]
    split: str
    samples: int
    suite_hash: str
    """Of the cases that were selected; see `cases.suite_hash`."""
    cases: int
    attempts: int
    """How many were selected; with fewer records the run is incomplete."""
    sandbox: str
    """`bwrap`, `process`, or `off` where nothing was graded."""
    content: bool
    """Whether prompts and completions are in the records, or their hashes alone."""
    versions: dict[str, str]
    machine: Machine
    prices: Prices | None = None
    """Of the model's kinds of tokens when it was asked; None where none are known."""
    grader: str = ""
    """What judged the answers, with its version; "" where nothing was graded, and in older runs."""
    harness: str = ""
    """What ran it and wrote the log that this was imported from; "" for a session of ours."""
    agent: str = ""
    """What attempted the cases, with its version; "" for one direct answer."""
    replays: str = ""
    """Id of the run whose answers were graded again; "" where the model was asked."""
    label: str = ""
    """What the user calls it."""
    cutoff: str = ""
    """Up to when the model was trained, as models.toml says it; "" where it does not."""
    part: Part | None = None
    """None where all that was selected was attempted here."""
    merged: tuple[str, ...] = ()
    """Ids of the runs, each a part, that this one was put together from."""
    checkout: Checkout | None = None
    """Of the project it ran in; None where that is in no git repository, and in older runs."""


class Gated(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate of a session said of its run."""

    baseline: str
    """Id of the run that this one was held against."""
    verdict: Verdict | None
    """None: there was none, and the session failed."""
    reason: str
    """What decided, or why there is no verdict; for a person."""
    sequential: bool
    """It asked only while it was undecided, and so judged by stricter bounds."""
    margins: dict[str, int | float | str]
    """What it accepted, by the names of `compare.margins.Margins`."""
    metrics: tuple[str, ...] = ()
    """What the user let it judge; empty: all that can be compared."""


class End(msgspec.Struct, frozen=True, kw_only=True, tag="end"):
    """The last line: the session ended by itself."""

    finished: float
    """Unix time, seconds."""
    exit_status: int
    """As pytest returns it."""
    decided_after: int | None = None
    """Attempts after which a sequential gate had its verdict, so that the rest was not made."""
    gate: Gated | None = None
    """None where the session had no gate, or is older than this field."""
    served: tuple[str, ...] = ()
    """The models that the answers name, sorted."""


def short_names(runs: Sequence[Run]) -> tuple[str, ...]:
    """A short name for each run, unique: the model's, with the end of the id where needed."""
    models = [run.identity.model for run in runs]
    names = [
        model if models.count(model) == 1 else f"{model} · {run.id[-4:]}"
        for model, run in zip(models, runs, strict=True)
    ]
    return tuple(
        name if names.count(name) == 1 else f"{name} ({number})"
        for number, name in enumerate(names, start=1)
    )
