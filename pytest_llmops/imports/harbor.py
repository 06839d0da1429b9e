"""Jobs of Harbor: the folder with `result.json` of the job, and one folder for each trial.

Rewards are numbers: solved is an attempt whose reward is 1. A trial that timed out may have one all
the same, and counts by it, as a truncated answer; one that ended with any other exception is an
error, whatever its reward. Harbor gives attempts no number, so they are numbered as they started.
"""

import math
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from pytest_llmops.completions import FinishReason, Usage
from pytest_llmops.errors import RecordError
from pytest_llmops.imports.assembly import Asked, Attempt, Log, chosen, cluster, moment
from pytest_llmops.imports.documents import Document, content_of, document

TIMEOUT = "AgentTimeoutError"
"""The exception of an agent that was not done in time, which is no fault of Harbor's."""
VERSION = 1
"""Of `result.json`, `schema_version`."""
RESULT = "result.json"


def read_harbor(path: Path, asked: Asked) -> Log:
    """Read a job of Harbor.

    Args:
        path: Folder of the job.
        asked: Which reward judges, where there are several; 1 is solved.

    Raises:
        RecordError: It is broken, of another version, not ended, or of several models or agents.
    """
    job = document(path / RESULT)
    _refuse_unended(path, job)
    trials = [document(file) for file in sorted(path.glob(f"*/{RESULT}"))]
    try:
        names = (key for trial in trials for key in _rewards(trial))
        reward = chosen(path, names, asked.scorer, "reward")
        model, agent = _one(path, trials)
        return Log(
            path=path,
            harness="harbor",
            key=str(job["id"]),
            suite=str(trials[0].get("source") or "harbor").replace(":", "-"),
            model=model,
            agent=agent,
            grader=f"harbor {reward}",
            expected=int(job["n_total_trials"]),
            started=moment(job["started_at"]),
            finished=moment(job["finished_at"]),
            attempts=tuple(_attempts(trials, reward, asked)),
            notes=tuple(_notes(job)),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise RecordError(f"{path}: not a job as Harbor writes it: {error!r}") from None


def _refuse_unended(path: Path, job: Document) -> None:
    if job.get("schema_version") != VERSION or "n_total_trials" not in job:
        raise RecordError(
            f"{path}: job of version {job.get('schema_version')!r}; this version reads {VERSION} "
            "only"
        )
    stats = job.get("stats") or {}
    states = ("pending", "running", "cancelled")
    open_trials = {state: stats.get(f"n_{state}_trials") or 0 for state in states}
    if not job.get("finished_at") or any(open_trials.values()):
        told = ", ".join(f"{count} {state}" for state, count in open_trials.items() if count)
        raise RecordError(f"{path}: the job has not ended ({told or 'no time of its end'})")


def _one(path: Path, trials: list[Document]) -> tuple[str, str]:
    """The model and the agent of all trials."""
    found = set()
    for trial in trials:
        info = trial["agent_info"]
        model = info.get("model_info") or {}
        named = "/".join(filter(None, (model.get("provider"), model.get("name"))))
        found.add((named or "unknown", f"{info['name']} {info['version']}"))
    if len(found) != 1:
        told = "; ".join(f"{agent} with {model}" for model, agent in sorted(found)) or "none"
        raise RecordError(f"{path}: a run has one agent and one model; this job has {told}")
    return found.pop()


def _attempts(trials: list[Document], reward: str, asked: Asked) -> Iterator[Attempt]:
    by_task: defaultdict[str, list[Document]] = defaultdict(list)
    for trial in sorted(trials, key=lambda one: (one["started_at"], one["trial_name"])):
        by_task[trial["task_name"]].append(trial)
    for task, made in by_task.items():
        alike = _cluster(task, made[0], asked)
        for number, trial in enumerate(made):
            yield _attempt((task, alike, number), trial, reward)


def _cluster(task: str, trial: Document, asked: Asked) -> str:
    """By the metadata of `task.toml`, which only the folder of the task has."""
    if not asked.cluster_by:
        return ""
    file = Path(trial["config"]["task"]["path"]) / "task.toml"
    try:
        described = tomllib.loads(content_of(file).decode())
    except ValueError as error:
        raise RecordError(f"{file}: not TOML: {error}") from None
    return cluster(file, task, described.get("metadata", {}), asked)


def _attempt(key: tuple[str, str, int], trial: Document, reward: str) -> Attempt:
    task, alike, number = key
    result, rewards = trial.get("agent_result") or {}, _rewards(trial)
    fault = (trial.get("exception_info") or {}).get("exception_type", "")
    late = fault == TIMEOUT and reward in rewards
    error = "" if late else fault
    reason: FinishReason | None = "length" if late else None if error else "stop"
    return Attempt(
        case=task,
        content_sha256=trial["task_checksum"],
        cluster=alike,
        sample=number,
        solved=rewards[reward] >= 1.0 if reward in rewards else None,
        detail=fault,
        usage=_usage(result),
        finish_reason=reason,
        cost=result.get("cost_usd"),
        error=error or ("" if reward in rewards else "the trial has no reward"),
    )


def _rewards(trial: Document) -> dict[str, float]:
    rewards = (trial.get("verifier_result") or {}).get("rewards") or {}
    return {name: float(value) for name, value in rewards.items() if math.isfinite(value)}


def _usage(result: Document) -> Usage | None:
    """Input with what was cached, as Harbor counts it; None where the agent tells no counts."""
    read, written = result.get("n_input_tokens"), result.get("n_output_tokens")
    if read is None or written is None:
        return None
    return Usage(input=read, output=written, cached=min(read, result.get("n_cache_tokens") or 0))


def _notes(job: Document) -> Iterator[str]:
    if retried := (job.get("stats") or {}).get("n_retries"):
        yield f"{retried} trials were made again, and the tokens of the failed tries are nowhere"
