"""Whose the answers of a run are, and who counted them."""

from collections.abc import Iterable

from pytest_llmops.errors import CompareError
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import Record, Run


def refuse_cached(found: RecordedRun, role: str) -> None:
    """Refuse answers of an endpoint that an earlier session got.

    What is behind an address changes; a local model is known by the digest of its weights.

    Args:
        found: The run.
        role: What the message calls it: `baseline`, `candidate`.

    Raises:
        CompareError: Some answers are from the completion cache; says how many, and what to do.
    """
    cached = sum(record.from_cache for record in found.records)
    if cached and not found.run.identity.weights_sha256:
        raise CompareError(
            f"{role} {found.run.id}: {cached} of {len(found.records)} answers are from the "
            "completion cache, of an earlier session, and the endpoint may serve another model by "
            "now; run it again with --no-cache, or accept them with --trust-cache"
        )


def counted_otherwise(baseline: RecordedRun, candidate: RecordedRun) -> str:
    """Why tokens of two whole runs are not the same; see `mixed_counts`."""
    runs = baseline.run, candidate.run
    return mixed_counts(baseline.records, candidate.records, runs)


def mixed_counts(
    baseline: Iterable[Record],
    candidate: Iterable[Record],
    runs: tuple[Run, Run] | None = None,
) -> str:
    """Why tokens of two runs are not the same: one is counted here, the other by its server.

    What is counted here lacks hidden reasoning, so a model that thinks would look short. Two runs
    that are both counted here must be so with one tokenizer.

    Args:
        baseline: Its records.
        candidate: Its records.
        runs: Both, where they are known.
    """
    told = []
    for role, records in (("baseline", baseline), ("candidate", candidate)):
        by = [record.counted_by == "local" for record in records if record.usage]
        told.append((sum(by), len(by), role))
    if all(local == 0 for local, *_ in told):
        return ""
    if all(local == count for local, count, _ in told):
        return other_counters(*runs) if runs else ""
    sides = " and ".join(f"{local} of {count} answers of the {role}" for local, count, role in told)
    return (
        f"{sides} are counted with the model's tokenizer, which knows nothing of hidden reasoning, "
        "the others by the server"
    )


def other_counters(baseline: Run, candidate: Run) -> str:
    """That answers of two runs are counted here with two tokenizers; "" where that is not known."""
    one, other = baseline.identity.counter_sha256, candidate.identity.counter_sha256
    if not (one and other) or one == other:
        return ""
    return f"they are counted here with two tokenizers ({one[:12]} and {other[:12]})"


def served_notes(baseline: RecordedRun, candidate: RecordedRun) -> list[str]:
    """Tell that the answers of two runs name other models; for people."""
    mine, theirs = served_models(baseline), served_models(candidate)
    if not (mine and theirs) or mine == theirs:
        return []
    return [f"served_model differs: {', '.join(mine)} -> {', '.join(theirs)}"]


def served_models(found: RecordedRun) -> tuple[str, ...]:
    """The models that the answers of a run name; a baseline keeps them in its last line."""
    named = {record.served_model for record in found.records if record.served_model}
    return tuple(sorted(named)) or (found.end.served if found.end else ())
