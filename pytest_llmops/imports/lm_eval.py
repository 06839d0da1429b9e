"""Outputs of lm-eval: the folder of a model, or one `results_<time>.json` in it.

Its `samples_<task>_<time>.jsonl` (`--log_samples`) have one line for each document and filter, with
the score of the document; repeats are not scored one by one, so a document is one attempt. There
are no tokens, no costs, no reasons why an answer ended: solve rate alone can be judged. An error
ends a run of lm-eval before it writes anything.
"""

from collections.abc import Iterator
from pathlib import Path

from pytest_llmops.completions import Sampling
from pytest_llmops.errors import RecordError
from pytest_llmops.imports.assembly import (
    NO_LIMIT,
    Asked,
    Attempt,
    Log,
    chosen,
    cluster,
    digest,
)
from pytest_llmops.imports.documents import Document, content_of, decoded, lines

RESULTS = "results_*.json"


def read_lm_eval(path: Path, asked: Asked) -> Log:
    """Read one run of lm-eval.

    Args:
        path: The folder of a model, or the results in it where there are several.
        asked: The metric that judges where there are several, as `exact_match,filter`.

    Raises:
        RecordError: It is broken, has no samples, or several runs or metrics.
    """
    file = _results(path)
    content = content_of(file)
    whole = decoded(content, file)
    try:
        time = file.stem.removeprefix("results_")
        tasks = sorted(whole["n-samples"])
        samples = {task: _samples(file, task, time) for task in tasks}
        names = (f"{one},{line['filter']}" for line in _every(samples) for one in line["metrics"])
        metric, kept = chosen(path, names, asked.scorer, "metric").rsplit(",", 1)
        expected = {task: int(whole["n-samples"][task]["effective"]) for task in tasks}
        attempts = tuple(
            _attempt(path, task, line, metric, asked)
            for task in tasks
            for line in sorted(samples[task], key=lambda one: int(one["doc_id"]))
            if line["filter"] == kept
        )
        version = str(whole["lm_eval_version"])
        started = float(whole["date"])
        return Log(
            path=path,
            harness=f"lm-eval {version}",
            key=digest(content.decode(), *(one.prompt_sha256 + one.text for one in attempts))[:16],
            suite=tasks[0] if len(tasks) == 1 else "lm-eval",
            model=str(whole["model_name"] or whole["config"]["model"]),
            where=_where(whole),
            grader=f"lm-eval {metric} {kept}",
            sampling=_sampling(whole, tasks),
            expected=sum(expected.values()),
            started=started,
            finished=started + float(whole.get("total_evaluation_time_seconds") or 0),
            versions={"lm_eval": version},
            attempts=attempts,
            notes=tuple(_notes(whole, tasks)),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise RecordError(f"{path}: not an output as lm-eval writes it: {error!r}") from None


def _results(path: Path) -> Path:
    if path.is_file():
        return path
    found = sorted(path.glob(RESULTS))
    if len(found) != 1:
        told = ", ".join(file.name for file in found) or "none"
        raise RecordError(f"{path}: one {RESULTS} is needed, so name it (there: {told})")
    return found[0]


def _samples(file: Path, task: str, time: str) -> list[Document]:
    path = file.with_name(f"samples_{task}_{time}.jsonl")
    if not path.is_file():
        raise RecordError(f"{path}: missing; run lm-eval with --log_samples")
    return list(lines(path))


def _every(samples: dict[str, list[Document]]) -> Iterator[Document]:
    for found in samples.values():
        yield from found


def _attempt(path: Path, task: str, line: Document, metric: str, asked: Asked) -> Attempt:
    case = f"{task}/{line['doc_id']}"
    score = line.get(metric)
    if score is not None and not isinstance(score, bool | int | float):
        told = f"{metric} of {score!r}"
        raise RecordError(f"{path}: {case}: {told} does not say whether it is solved")
    answers = line.get("filtered_resps") or [""]
    return Attempt(
        case=case,
        content_sha256=digest(line["doc_hash"], line["target_hash"]),
        cluster=cluster(path, case, line["doc"], asked),
        sample=0,
        solved=None if score is None else score >= 1.0,
        prompt_sha256=line["prompt_hash"],
        text=str(answers[0]),
        error="" if score is not None else f"the document has no {metric}",
    )


def _where(whole: Document) -> str:
    given = whole["config"].get("model_args")
    return str(given.get("base_url") or "") if isinstance(given, dict) else ""


def _sampling(whole: Document, tasks: list[str]) -> Sampling:
    """Of the first task; the command line overrides it."""
    given = (whole["configs"].get(tasks[0]) or {}).get("generation_kwargs") or {}
    given = {**given, **(whole["config"].get("gen_kwargs") or {})}
    return Sampling(
        max_tokens=int(given.get("max_gen_toks") or NO_LIMIT),
        temperature=float(given.get("temperature") or 0.0),
    )


def _notes(whole: Document, tasks: list[str]) -> Iterator[str]:
    for task in tasks:
        repeats = int((whole["configs"].get(task) or {}).get("repeats") or 1)
        if repeats > 1:
            yield f"{task}: {repeats} answers a document, of which a filter made one score"
        counts = whole["n-samples"][task]
        if counts["effective"] < counts["original"]:
            yield f"{task}: {counts['effective']} of {counts['original']} documents (--limit)"
