"""Logs of Inspect AI: `*.eval`, or the same as `*.json`.

Tokens come from the model events of a sample, but for those inside a scorer: `model_usage` and the
header's sums mix graders' calls in, and leave out what a failed try took. Inspect counts cached
input beside input, so the two are added. An answer from Inspect's own cache has its length and no
cost. Errored samples stay in the denominator, which Inspect's `accuracy` leaves out.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from pytest_llmops.completions import FinishReason, Sampling, Usage
from pytest_llmops.errors import RecordError
from pytest_llmops.imports.archive import members
from pytest_llmops.imports.assembly import (
    NO_LIMIT,
    Asked,
    Attempt,
    Log,
    chosen,
    cluster,
    digest,
    moment,
)
from pytest_llmops.imports.documents import Document, content_of, decoded

REASONS: Mapping[str, FinishReason] = {
    "stop": "stop",
    "tool_calls": "stop",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "content_filter",
}
GRADES = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}
"""Inspect's letters: correct, incorrect, partial, no answer."""
READ_OF_EVENTS = frozenset(
    {"event", "id", "parent_id", "span_id", "type", "output", "cache", "retries"}
)
VERSION = 2
"""Of the log, `version`."""
SAID = 200  # characters quoted of why Inspect gave up


def read_inspect(path: Path, asked: Asked) -> Log:
    """Read a log of Inspect.

    Args:
        path: The file.
        asked: Which score judges, where there are several; a value of 1 or `C` is solved.

    Raises:
        RecordError: It is broken, of another version, not ended, or holds what cannot be counted.
    """
    try:
        header, samples = _documents(path)
        _refuse_unended(path, header)
        described = header["eval"]
        name = chosen(path, _scorers(samples), asked.scorer, "scorer")
        attempts = tuple(_attempt(path, sample, name, asked) for sample in samples)
        return Log(
            path=path,
            harness=f"inspect {described['packages'].get('inspect_ai', '?')}",
            key=described["eval_id"],
            suite=described["task"].replace(":", "-"),
            model=described["model"],
            where=described.get("model_base_url") or "",
            grader=_grader(described, name),
            sampling=_sampling(described),
            expected=len(described["dataset"]["sample_ids"]) * (described["config"]["epochs"] or 1),
            started=moment(header["stats"]["started_at"]),
            finished=moment(header["stats"]["completed_at"]),
            versions=described["packages"],
            attempts=attempts,
            notes=tuple(_notes(samples)),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise RecordError(f"{path}: not a log as Inspect writes it: {error!r}") from None


def _documents(path: Path) -> tuple[Document, list[Document]]:
    """The header and the samples, by epoch and id."""
    if path.suffix == ".json":
        whole = decoded(content_of(path), path)
        header, samples = whole, list(whole.get("samples") or ())
    else:
        header, samples = {}, []
        for name, content in members(path):
            if name == "header.json":
                header = decoded(content, f"{path}: {name}")
            elif name.startswith("samples/"):
                samples.append(_slim(decoded(content, f"{path}: {name}")))
    samples.sort(key=lambda one: (one.get("epoch", 0), str(one.get("id"))))
    return header, samples


def _slim(sample: Document) -> Document:
    """A sample without what counts for nothing: most events hold long conversations."""
    for holder in (sample, *(sample.get("error_retries") or ())):
        holder["events"] = [
            {key: value for key, value in event.items() if key in READ_OF_EVENTS}
            for event in holder.get("events") or ()
            if event["event"] in {"span_begin", "model"}
        ]
    return sample


def _refuse_unended(path: Path, header: Document) -> None:
    if not header:
        raise RecordError(f"{path}: it has no header: Inspect was killed; finish it first")
    if header.get("version") != VERSION or "eval" not in header:
        raise RecordError(
            f"{path}: log version {header.get('version')!r}; this version reads {VERSION} only"
        )
    if (status := header.get("status")) != "success":
        said = (header.get("error") or {}).get("message", "")
        why = f" ({said[:SAID]})" if said else ""
        raise RecordError(
            f"{path}: its status is {status!r}{why}, so attempts are missing; "
            "`inspect eval-retry` makes them"
        )


def _scorers(samples: list[Document]) -> Iterator[str]:
    for sample in samples:
        yield from sample.get("scores") or ()


def _grader(described: Document, name: str) -> str:
    options = [one.get("options") for one in described.get("scorers") or () if one["name"] == name]
    kept = msgspec.json.encode(options[0], order="deterministic").decode() if any(options) else ""
    return f"inspect {name} {kept}".strip()


def _sampling(described: Document) -> Sampling:
    config = described.get("model_generate_config") or {}
    return Sampling(
        max_tokens=config.get("max_tokens") or NO_LIMIT,
        temperature=config.get("temperature") or 0.0,
        top_p=config.get("top_p") or 1.0,
        seed=config.get("seed") or 0,
    )


def _attempt(path: Path, sample: Document, scorer: str, asked: Asked) -> Attempt:
    calls = list(_answers(sample.get("events") or ()))
    if any(len(call["output"].get("choices") or ()) > 1 for call in calls):
        raise RecordError(
            f"{path}: {sample['id']}: several choices in one answer, whose tokens cannot be told "
            "apart; run it with epochs in place of num_choices"
        )
    output = sample.get("output") or {}
    choices = output.get("choices") or ()
    error = (sample.get("error") or {}).get("message", "")
    lost = sample.get("error_retries") or ()
    reason = REASONS.get(choices[0]["stop_reason"], "other") if choices else None
    score = (sample.get("scores") or {}).get(scorer)
    if score and repr(score["value"]) == "nan":  # Inspect's mark of a sample that is not scored
        score = None
    return Attempt(
        case=str(sample["id"]),
        content_sha256=digest(_asked(sample["input"]), _text(sample["target"])),
        cluster=cluster(path, str(sample["id"]), sample.get("metadata") or {}, asked),
        sample=int(sample["epoch"]) - 1,
        solved=None if score is None else _value(path, sample, score["value"]) >= 1.0,
        detail=str(score.get("answer") or "") if score else "",
        usage=_usage(calls),
        finish_reason="length" if sample.get("limit") else reason,
        cost=_cost([*calls, *(call for one in lost for call in _answers(one.get("events") or ()))]),
        prompt_sha256=digest(*_prompt(sample)),
        text=output.get("completion") or "",
        served_model=output.get("model") or "",
        retries=sum(int(call.get("retries") or 0) for call in calls) + len(lost),
        from_cache=bool(calls) and all(call.get("cache") == "read" for call in calls),
        error=error or ("" if score else "the sample has no score"),
    )


def _answers(events: Any) -> Iterator[Document]:
    """The model events that are not a scorer's, and that ended with an answer."""
    inside: dict[str, bool] = {}
    for event in events:
        if event["event"] == "span_begin":
            parent = inside.get(event.get("parent_id") or "", False)
            inside[event["id"]] = parent or event.get("type") in {"scorer", "scorers"}
        elif event["event"] == "model" and not inside.get(event.get("span_id") or "", False):
            yield from (event,) if event.get("output", {}).get("usage") else ()


def _usage(calls: list[Document]) -> Usage | None:
    if not calls:
        return None
    found = [call["output"]["usage"] for call in calls]
    read, written = (_sum(found, f"input_tokens_cache_{kind}") for kind in ("read", "write"))
    return Usage(
        input=_sum(found, "input_tokens") + read + written,
        output=_sum(found, "output_tokens"),
        cached=read,
        cache_write=written,
        reasoning=_sum(found, "reasoning_tokens"),
    )


def _sum(usages: list[Document], name: str) -> int:
    return sum(int(usage.get(name) or 0) for usage in usages)


def _cost(calls: list[Document]) -> float | None:
    """Of all calls, lost tries too; None unless each that was made has one."""
    made = [call["output"]["usage"] for call in calls if call.get("cache") != "read"]
    costs = [usage.get("total_cost") for usage in made]
    return sum(costs) if all(cost is not None for cost in costs) and calls else None


def _value(path: Path, sample: Document, value: Any) -> float:
    if isinstance(value, str) and value in GRADES:
        return GRADES[value]
    if isinstance(value, bool | int | float):
        return float(value)
    raise RecordError(
        f"{path}: {sample['id']}: a score of {value!r} does not say whether it is solved"
    )


def _prompt(sample: Document) -> Iterator[str]:
    """What stood before the first answer."""
    for message in sample.get("messages") or ():
        if message["role"] == "assistant":
            return
        yield f"{message['role']}: {_text(message['content'])}"


def _asked(given: Any) -> str:
    """What a sample asks; Inspect gives its messages another id in every run."""
    if isinstance(given, str):
        return given
    return _text([[one["role"], one["content"]] for one in given])


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _notes(samples: list[Document]) -> Iterator[str]:
    if lost := sum(len(sample.get("error_retries") or ()) for sample in samples):
        yield f"{lost} failed tries were made again: their tokens count for cost, not for length"
    if truncated := sum(bool(sample.get("limit")) for sample in samples):
        yield f"{truncated} samples hit a limit of Inspect and count as truncated"
