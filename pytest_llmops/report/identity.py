"""What the runs of a report are, side by side: what differs between them is marked."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from pytest_llmops.compare.comparable import agent_of
from pytest_llmops.report.figures import NONE, duration
from pytest_llmops.report.texts import visible
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import Run


class Fact(msgspec.Struct, frozen=True):
    """One line of the table."""

    name: str
    values: tuple[str, ...]
    """One a run."""
    differs: bool
    """Whether it is worth a mark: the runs ought to be equal in it and are not."""


def facts(runs: Sequence[RecordedRun]) -> list[Fact]:
    """The identity of each run, its versions and its machine."""
    columns = [_own(run) | _shared(run.run) | _versions(run.run) for run in runs]
    names = list(dict.fromkeys(name for column in columns for name in column))
    own = set(_own(runs[0]))
    found = []
    for name in names:
        values = tuple(visible(column.get(name) or NONE) for column in columns)
        if set(values) != {NONE}:
            found.append(Fact(name, values, name not in own and len(set(values)) > 1))
    return found


def started(run: Run) -> str:
    """When a run began: `2026-11-24 03:03 UTC`."""
    return datetime.fromtimestamp(run.started, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _own(recorded: RecordedRun) -> dict[str, str]:
    """What is never equal."""
    run, end = recorded.run, recorded.end
    attempts = f"{len(recorded.records):,} of {run.attempts:,}"
    if len(recorded.records) < run.attempts:
        attempts += " (incomplete)"
    return {
        "run": run.id,
        "label": run.label,
        "started": started(run),
        "took": duration(end.finished - run.started) if end else "did not end",
        "attempts": attempts,
        "commit": str(run.checkout or ""),
    }


def _shared(run: Run) -> dict[str, str]:
    identity, sampling = run.identity, run.identity.sampling
    drawn = msgspec.structs.asdict(sampling)
    shown = [f"{name} {value}" for name, value in drawn.items() if value != ()]
    return {
        "model": identity.model,
        "served": identity.served,
        "agent": agent_of(run),
        "weights": identity.weights_sha256[:12],
        "adapter": identity.adapter_sha256[:12],
        "tokenizer": identity.tokenizer_sha256[:12],
        "body changes": identity.body_changes,
        "precision": identity.dtype,
        "device": identity.device,
        "prompt version": identity.prompt_version,
        "instruction": identity.instruction,
        "context budget": f"{identity.context_tokens} tokens",
        "sampling": ", ".join(shown).replace("_", " "),
        "seeds": identity.seed_scheme or "seed + sample",
        "suites": ", ".join(run.suites),
        "split": run.split,
        "suite hash": run.suite_hash,
        "cases": f"{run.cases:,}",
        "samples per case": str(run.samples),
        "sandbox": run.sandbox,
        "texts": "recorded" if run.content else "withheld",
    }


def _versions(run: Run) -> dict[str, str]:
    machine = run.machine
    return dict(run.versions) | {
        "system": machine.system,
        "processor": f"{machine.processor}, {machine.cores} cores",
        "memory": f"{machine.memory / 2**30:.1f} GiB",
    }
