"""Trajectories of mini-swe-agent: the folder of `mini-extra swebench -o`, or one `*.traj.json`.

An answer in a wrong format stands in a message of role `user`, and was paid all the same: every
message with `extra.response` counts, and nothing else. Cached input is inside input. A cost of 0 is
that of a model without prices. Nothing says whether a patch is right, so without the report of
SWE-bench (`--scores`) tokens, cost and cut attempts are judged alone. An instance in `preds.json`
without a trajectory never began: an error.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pytest_llmops.completions import FinishReason, Usage
from pytest_llmops.errors import RecordError
from pytest_llmops.imports.assembly import Asked, Attempt, Log, chosen, cluster, digest
from pytest_llmops.imports.documents import Document, content_of, decoded, document

TRAJECTORY = ".traj.json"
PREDICTIONS = "preds.json"
ENDS: Mapping[str, FinishReason] = {
    "Submitted": "stop",
    "RepeatedFormatError": "stop",
    "LimitsExceeded": "length",
    "TimeExceeded": "length",
}
"""How an agent ends; any other status is an exception, and says nothing about the model."""


def read_mini_swe_agent(path: Path, asked: Asked) -> Log:
    """Read the trajectories of a run.

    Args:
        path: The folder, or one trajectory.
        asked: The report that says which patches are right.

    Raises:
        RecordError: It is broken, or of several models or versions.
    """
    files = [path] if path.is_file() else sorted(path.glob(f"*/*{TRAJECTORY}"))
    contents = [content_of(file) for file in files]
    found = [decoded(text, file) for file, text in zip(files, contents, strict=True)]
    names = [file.name.removesuffix(TRAJECTORY) for file in files]
    try:
        solved = _solved(asked)
        model = chosen(path, map(_model, found), "", "model", "import one folder for each")
        version = chosen(path, map(_version, found), "", "version", "import one folder for each")
        attempts = [
            _attempt(path, name, one, solved, asked) for name, one in zip(names, found, strict=True)
        ]
        attempts += _absent(path, set(names), asked)
        times = [*_times(found)] or [max(file.stat().st_mtime for file in files)]
        return Log(
            path=path,
            harness=f"mini-swe-agent {version}",
            key=digest(*(text.decode() for text in contents))[:16],
            suite="mini-swe-agent",
            model=model,
            agent=f"mini-swe-agent {version}",
            grader="SWE-bench" if solved is not None else "none",
            expected=len(attempts),
            started=min(times),
            finished=max(times),
            versions={"mini-swe-agent": version},
            attempts=tuple(attempts),
            notes=() if solved is not None else (UNJUDGED,),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise RecordError(f"{path}: not trajectories of mini-swe-agent: {error!r}") from None


UNJUDGED = "trajectories do not say which patches are right; --scores names SWE-bench's report"


def _solved(asked: Asked) -> dict[str, bool] | None:
    """Whether SWE-bench's report calls each instance that it judged resolved; None without one."""
    if asked.scores is None:
        return None
    report = document(asked.scores)
    lists = {
        kind: report.get(f"{kind}_ids", []) for kind in ("empty_patch", "unresolved", "resolved")
    }
    if "resolved_ids" not in report or not all(isinstance(ids, list) for ids in lists.values()):
        raise RecordError(f"{asked.scores}: not a report of SWE-bench: it has no 'resolved_ids'")
    return {name: kind == "resolved" for kind, ids in lists.items() for name in ids}


def _model(found: Document) -> str:
    return str(found["info"]["config"]["model"]["model_name"])


def _version(found: Document) -> str:
    return str(found["info"]["mini_version"])


def _attempt(
    path: Path, name: str, found: Document, solved: Mapping[str, bool] | None, asked: Asked
) -> Attempt:
    info, messages = found["info"], found["messages"]
    status = str(info["exit_status"] or "")
    usage = _usage(messages)
    error = "" if status in ENDS else status or "it has not ended"
    if solved is not None and name not in solved:
        error = error or "SWE-bench did not judge it"
    return Attempt(
        case=name,
        content_sha256=digest(name),
        cluster=_cluster(path, name, asked),
        sample=0,
        solved=None if solved is None else solved.get(name),
        detail="" if status == "Submitted" else status,
        usage=usage,
        finish_reason=ENDS.get(status),
        cost=info["model_stats"]["instance_cost"] or None,
        prompt_sha256=digest(*(str(one.get("content")) for one in messages[:2])),
        text=info.get("submission") or "",
        served_model=next((str(one["model"]) for one in _responses(messages)), ""),
        error=error,
    )


def _cluster(path: Path, name: str, asked: Asked) -> str:
    """Instances are named `owner__repository-number`."""
    return cluster(path, name, {"repository": name.rsplit("-", 1)[0]}, asked)


def _usage(messages: list[Document]) -> Usage | None:
    """Of all calls; None where one of them, or its server, tells none."""
    usages = [response.get("usage") for response in _responses(messages)]
    if not usages or not all(usages):
        return None
    found = [usage for usage in usages if usage]
    prompt = [usage.get("prompt_tokens_details") or {} for usage in found]
    output = [usage.get("completion_tokens_details") or {} for usage in found]
    return Usage(
        input=_sum(found, "prompt_tokens"),
        output=_sum(found, "completion_tokens"),
        cached=_sum(prompt, "cached_tokens"),
        cache_write=_sum(prompt, "cache_creation_tokens"),
        reasoning=_sum(output, "reasoning_tokens"),
    )


def _responses(messages: list[Document]) -> Iterator[Document]:
    """What the endpoint answered; a response that could not be written stands as a text."""
    for message in messages:
        response = (message.get("extra") or {}).get("response")
        if response is not None:
            yield response if isinstance(response, dict) else {"model": "", "usage": None}


def _sum(counts: list[Document], name: str) -> int:
    return sum(int(one.get(name) or 0) for one in counts)


def _absent(path: Path, known: set[str], asked: Asked) -> Iterator[Attempt]:
    if not path.is_dir() or not (path / PREDICTIONS).is_file():
        return
    for name in sorted(set(document(path / PREDICTIONS)) - known):
        yield Attempt(
            case=name,
            content_sha256=digest(name),
            cluster=_cluster(path, name, asked),
            sample=0,
            solved=None,
            error="no trajectory: its environment did not start",
        )


def _times(found: list[Document]) -> Iterator[float]:
    for one in found:
        for message in one["messages"]:
            if time := (message.get("extra") or {}).get("timestamp"):
                yield float(time)
