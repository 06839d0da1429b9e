"""Results of promptfoo: the file of `promptfoo eval --no-cache -o results.json`.

A row has the tokens of its answer, cached input inside input, and beside them those of graders,
which are left out. Its `error` is also filled where an answer is merely wrong; `failureReason`
tells them apart. A cost of 0 stands for a model without prices. Rows that the disk cache answered
have zeros for tokens and are copies of another answer, so they are refused.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from pytest_llmops.completions import FinishReason, Usage
from pytest_llmops.errors import RecordError
from pytest_llmops.imports.assembly import Asked, Attempt, Log, chosen, cluster, digest, moment
from pytest_llmops.imports.documents import Document, document

REASONS: Mapping[str, FinishReason] = {
    "stop": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_calls": "stop",
    "tool_use": "stop",
    "length": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
}
VERSION = 3
"""Of the file, `results.version`."""
ERROR = 2
"""`failureReason` of a row without an answer that could be judged."""
NAMED = 48
"""Characters of a test's description in the name of its case."""


def read_promptfoo(path: Path, asked: Asked) -> Log:
    """Read the results of an evaluation.

    Args:
        path: The file.
        asked: A model, where several were asked.

    Raises:
        RecordError: It is broken, of another version, of several models or prompts, or holds what
            cannot be counted.
    """
    whole = document(path)
    try:
        results = _results(path, whole)
        every = results["results"]
        model = chosen(path, map(_model, every), asked.model, "model", "name one with --model")
        rows = [row for row in every if _model(row) == model]
        _refuse_mixed(path, rows)
        started = moment(results["timestamp"])
        several = len(rows) < len(every)
        version = str((whole.get("metadata") or {}).get("promptfooVersion") or "?")
        return Log(
            path=path,
            harness=f"promptfoo {version}",
            key=f"{whole['evalId']}-{model}" if several else str(whole["evalId"]),
            suite=str((whole.get("config") or {}).get("description") or "promptfoo"),
            model=model,
            grader=_grader(rows),
            expected=len(rows),
            started=started,
            finished=started + (results["stats"].get("durationMs") or 0) / 1000,
            versions={"promptfoo": version},
            attempts=tuple(_attempts(path, rows, asked)),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise RecordError(f"{path}: not results as promptfoo writes them: {error!r}") from None


def _results(path: Path, whole: Document) -> Document:
    results: Document = whole["results"]
    if results.get("version") != VERSION:
        raise RecordError(
            f"{path}: results of version {results.get('version')!r}; this version reads {VERSION} "
            "only"
        )
    told = sum(results["stats"][kind] for kind in ("successes", "failures", "errors"))
    if told != len(results["results"]):
        raise RecordError(f"{path}: {len(results['results'])} rows for {told} tests: rows are gone")
    return results


def _refuse_mixed(path: Path, rows: list[Document]) -> None:
    if len(prompts := {row["promptIdx"] for row in rows}) > 1:
        labels = sorted({str(row["prompt"].get("label") or row["promptIdx"]) for row in rows})
        raise RecordError(
            f"{path}: a run has one prompt; this has {len(prompts)} ({'; '.join(labels)}); run "
            "promptfoo with --filter-prompts for each"
        )
    if cached := sum(bool((row.get("response") or {}).get("cached")) for row in rows):
        raise RecordError(
            f"{path}: {cached} of {len(rows)} answers are copies from promptfoo's disk cache, "
            "without tokens of their own; run it with --no-cache"
        )


def _model(row: Document) -> str:
    provider = row["provider"]
    return str(provider.get("label") or provider["id"])


def _grader(rows: list[Document]) -> str:
    """The kinds of assertions, and the model that grades where one is set."""
    kinds, models = set(), set()
    for row in rows:
        test = row.get("testCase") or {}
        kinds |= {str(one.get("type")) for one in _leaves(test.get("assert"))}
        grader = (test.get("options") or {}).get("provider") or ()
        models.add(str(grader.get("id")) if isinstance(grader, dict) else str(grader or ""))
    return " ".join(["promptfoo", *sorted(kinds), *sorted(filter(None, models))])


def _leaves(checks: object) -> Iterator[Document]:
    """Assertions, those inside sets too."""
    for one in checks if isinstance(checks, list) else ():
        yield one
        yield from _leaves(one.get("assert"))


def _attempts(path: Path, rows: list[Document], asked: Asked) -> Iterator[Attempt]:
    """Rows of equal variables and assertions are samples of one case, in the order of the file."""
    made: Counter[str] = Counter()
    for row in rows:
        test = row.get("testCase") or {}
        judged = [_without_address(one) for one in test.get("assert") or ()]
        content = digest(_json(row["vars"]), _json(judged))
        name = f"{_named(test, row)} {content[:8]}"
        yield _attempt(path, row, asked, (name, content, made[content]))
        made[content] += 1


def _attempt(path: Path, row: Document, asked: Asked, key: tuple[str, str, int]) -> Attempt:
    response = row.get("response") or {}
    name, content, sample = key
    text = response.get("output")
    usage = _usage(response.get("tokenUsage") or {})
    failed = row["failureReason"] == ERROR
    known = {**row["vars"], **((row.get("testCase") or {}).get("metadata") or {})}
    reason = response.get("finishReason")
    return Attempt(
        case=name,
        content_sha256=content,
        cluster=cluster(path, name, known, asked),
        sample=sample,
        solved=None if failed else bool(row["success"]),
        detail="" if row["success"] else str(row.get("error") or "")[:300],
        usage=None if failed else usage,
        finish_reason=REASONS.get(reason, "other") if reason else None,
        cost=(row.get("cost") or None) if usage and not failed else None,
        prompt_sha256=digest(str(row["prompt"]["raw"])),
        text=text if isinstance(text, str) else _json(text),
        error=str(row.get("error") or "no reason given") if failed else "",
    )


def _usage(told: Document) -> Usage | None:
    """None where a server counts nothing: promptfoo then leaves the fields out, or writes 0."""
    if not told.get("completion"):
        return None
    details = told.get("completionDetails") or {}
    return Usage(
        input=told.get("prompt") or 0,
        output=told["completion"],
        cached=details.get("cacheReadInputTokens") or 0,
        cache_write=details.get("cacheCreationInputTokens") or 0,
        reasoning=details.get("reasoning") or 0,
    )


def _named(test: Document, row: Document) -> str:
    told = test.get("description") or ", ".join(f"{k}={v}" for k, v in row["vars"].items())
    return " ".join(str(told).replace(":", "-").split())[:NAMED] or "test"


def _without_address(check: Document) -> Document:
    """An assertion without the model that judges it, which is the grader's."""
    return {name: value for name, value in check.items() if name != "provider"}


def _json(value: object) -> str:
    return msgspec.json.encode(value, order="deterministic").decode()
