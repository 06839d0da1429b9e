"""Values that several tests build on: a run, and records of it."""

from pytest_llmops.completions import Message, Sampling, Timing, Usage
from pytest_llmops.grading.graded import Grade, Quality
from pytest_llmops.grading.grader import GRADER
from pytest_llmops.runs.record import Identity, Machine, Record, Run

IDENTITY = Identity(
    model="base",
    served="embedded:tiny",
    prompt_version="1",
    context_tokens=150,
    sampling=Sampling(max_tokens=64),
)
RUN = Run(
    id="20260101-120000-base-abcd",
    started=1_767_268_800.0,
    identity=IDENTITY,
    suites=("starter",),
    split="eval",
    samples=1,
    suite_hash="0123456789abcdef",
    cases=3,
    attempts=3,
    sandbox="bwrap",
    content=True,
    versions={"pytest-llmops": "0.1.0"},
    machine=Machine(system="Linux", processor="cpu", cores=2, memory=2**34),
    grader=GRADER,
)


def grade(outcome="solved", passed=5, expected=5, detail=""):
    return Grade(
        outcome=outcome,
        tests_passed=passed,
        tests_expected=expected,
        detail=detail,
        seconds=0.1,
        memory=61 * 2**20,
        quality=Quality(),
    )


def record(case="starter:eval/text#trim", sample=0, *, output=40, outcome="solved", **fields):
    values = {
        "suite": "starter",
        "split": "eval",
        "difficulty": "easy",
        "cluster": "eval/text.ts",
        "prompt_sha256": "",
        "prompt": (Message("user", "write it"),),
        "text_sha256": "t",
        "text": "return 1",
        "finish_reason": "stop",
        "usage": Usage(input=100, output=output, cached=10),
        "timing": Timing(started=1.0, queue=0.1, first_token=0.2, total=0.5),
        "grade": grade(outcome),
    }
    return Record(case=case, sample=sample, **{**values, **fields})


def unanswered(case="starter:eval/text#trim", error="EndpointError: gone"):
    nothing = {"prompt": (), "text": "", "finish_reason": None, "usage": None, "timing": None}
    return record(case, **nothing, grade=None, error=error)
