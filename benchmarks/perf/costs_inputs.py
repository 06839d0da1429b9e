"""What the steps of `costs.py` are given: answers, requests, records of real cases, and attacks."""

from pytest_llmops.completions import Completion, Request, Sampling, Timing, Usage
from pytest_llmops.grading.graded import Grade, Quality
from pytest_llmops.runs.machine import Machine
from pytest_llmops.runs.record import Identity, Record, Run
from pytest_llmops.tasks.materialize import Task
from pytest_llmops.tasks.prompts.prompt import build_messages

HOSTILE = {
    "fence marks": "`" * 1_000_000,
    "empty fences": "```\n" * 250_000,
    "fences with the name": "```ts\ncut add\n```\n" * 50_000,
    "tildes": "~" * 1_000_000,
    "thoughts": "<think>" * 150_000,
    "open braces": "```ts\nfunction cut(" + "{" * 1_000_000,
    "nested braces": "```ts\nfunction cut(text, limits) " + "{" * 500_000 + "}" * 500_000,
    "torn heads": "function add(" * 80_000,
    "calls": "cut(" * 250_000,
    "an open string": "```ts\nfunction cut() { return " + '"' * 1_000_001,
    "empty lines": "\n" * 1_000_000,
    "blanks": "  " * 500_000 + "function cut",
}
"""Answers of a megabyte, made to be slow to read."""


def answer(task: Task) -> Completion:
    """The reference solution, as a model would give it."""
    return Completion(
        text=f"Here it is:\n\n```typescript\n{task.reference}\n```\n",
        finish_reason="stop",
        usage=Usage(input=300, output=80),
        timing=Timing(started=1.0, queue=0.0, first_token=0.1, total=1.0),
    )


def request(task: Task) -> Request:
    """What the model would have been asked."""
    messages = build_messages(task, context_tokens=1000)
    return Request(case_id=task.case.id, sample=0, messages=messages, sampling=Sampling())


def run_of(tasks: list[Task]) -> Run:
    """The run of which the records are."""
    sampling = Sampling()
    return Run(
        id="costs",
        started=1.0,
        identity=Identity(
            model="base", served="base", prompt_version="1", context_tokens=1000, sampling=sampling
        ),
        suites=("starter",),
        split="eval",
        samples=1,
        suite_hash="0" * 16,
        cases=len(tasks),
        attempts=len(tasks),
        sandbox="bwrap",
        content=True,
        versions={},
        machine=Machine.here(),
    )


def record(task: Task) -> Record:
    """A graded answer as it is kept."""
    asked, completion = request(task), answer(task)
    return Record(
        case=task.case.id,
        sample=0,
        suite="starter",
        split=task.case.split,
        difficulty=task.case.difficulty,
        cluster=task.case.cluster,
        prompt_sha256=asked.prompt_sha256,
        prompt=asked.messages,
        text_sha256="0" * 64,
        text=completion.text,
        finish_reason=completion.finish_reason,
        usage=completion.usage,
        timing=completion.timing,
        grade=Grade(
            outcome="solved",
            tests_passed=5,
            tests_expected=5,
            detail="",
            seconds=0.05,
            quality=Quality(),
        ),
    )
