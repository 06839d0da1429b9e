"""Test runs of DeepEval: `test_run_<time>.json`, or `.deepeval/.latest_test_run.json`.

A case's `success` is also set where a metric raised, so metrics are read one by one: one without a
score makes the attempt an error. `tokenCost` is what the author gave for the answer,
`evaluationCost` and the token counts of metrics are the judges'. A test that raised before it
asserted is absent, and nothing tells so: a gate finds it where the other run has it.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from pytest_llmops.errors import RecordError
from pytest_llmops.imports.assembly import Asked, Attempt, Log, cluster, digest
from pytest_llmops.imports.documents import Document, content_of, decoded

WRITTEN = re.compile(r"test_run_(\d{8}_\d{6})")
"""The local time in the name of a file."""


def read_deepeval(path: Path, asked: Asked) -> Log:
    """Read a test run.

    Args:
        path: The file.
        asked: The metric that judges; by default a case is solved when all of its metrics are.

    Raises:
        RecordError: It is broken, or of conversations.
    """
    content = content_of(path)
    whole = decoded(content, path)
    run = whole.get("testRunData") or whole
    try:
        if run.get("conversationalTestCases"):
            raise RecordError(f"{path}: conversations cannot be imported, only single answers")
        cases: list[Document] = run["testCases"]
        _refuse_unknown(path, cases, asked.scorer)
        names = sorted({m["name"] for case in cases for m in case.get("metricsData") or ()})
        given = {str(k).lower(): v for k, v in (run.get("hyperparameters") or {}).items()}
        duration = float(run.get("runDuration") or 0.0)
        finished = _written(path)
        return Log(
            path=path,
            harness="deepeval",
            key=digest(content.decode())[:16],
            suite=_suite(run),
            model=str(given.get("model") or "unknown"),
            grader=" ".join(["deepeval", *([asked.scorer] if asked.scorer else names)]),
            expected=len(cases),
            started=finished - duration,
            finished=finished,
            attempts=tuple(_attempts(path, cases, asked)),
            notes=("tests that raised before they asserted are not in the file",),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise RecordError(f"{path}: not a test run as DeepEval writes it: {error!r}") from None


def _refuse_unknown(path: Path, cases: list[Document], scorer: str) -> None:
    known = sorted({m["name"] for case in cases for m in case.get("metricsData") or ()})
    if scorer and scorer not in known:
        raise RecordError(f"{path}: no metric {scorer!r} (there: {', '.join(known) or 'none'})")


def _suite(run: Document) -> str:
    named = run.get("datasetAlias") or run.get("testFile") or "deepeval"
    return str(named).replace(":", "-")


def _written(path: Path) -> float:
    """When the file was written, by its name, else by its date."""
    if found := WRITTEN.search(path.name):
        return datetime.strptime(found[1], "%Y%m%d_%H%M%S").astimezone().timestamp()
    return path.stat().st_mtime


def _attempts(path: Path, cases: list[Document], asked: Asked) -> Iterator[Attempt]:
    """Cases of one name and one question are samples, in the order of the file."""
    made: Counter[tuple[str, str]] = Counter()
    names = Counter(case["name"] for case in cases)
    for case in cases:
        name = str(case["name"]).replace(":", "-")
        content = digest(
            case["input"], *(_json(case.get(key)) for key in ("expectedOutput", "context"))
        )
        named = name if names[case["name"]] == 1 else f"{name} {content[:8]}"
        yield _attempt(path, case, asked, (named, content, made[named, content]))
        made[named, content] += 1


def _attempt(path: Path, case: Document, asked: Asked, key: tuple[str, str, int]) -> Attempt:
    name, content, sample = key
    metrics = [
        one
        for one in case.get("metricsData") or ()
        if asked.scorer in {"", one["name"]} and not one.get("flaky")
    ]
    raised = [str(one.get("error") or "no score") for one in metrics if one.get("score") is None]
    failed = [one["name"] for one in metrics if not one["success"]]
    return Attempt(
        case=name,
        content_sha256=content,
        cluster=cluster(path, name, case.get("metadata") or {}, asked),
        sample=sample,
        solved=None if raised or not metrics else not failed,
        detail=", ".join(failed),
        cost=case.get("tokenCost"),
        prompt_sha256=digest(case["input"]),
        text=case.get("actualOutput") or "",
        error=raised[0] if raised else "" if metrics else "no metric judged it",
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value, order="deterministic").decode()
