"""A small benchmark project in a temporary folder: one module, three cases, answers by script."""

import msgspec
from records import IDENTITY, RUN, record

from pytest_llmops.runs.record import RecordFile
from pytest_llmops.tasks.prompts import PROMPT_VERSION

SOURCE = """// Small arithmetic.

/** Returns the sum of two numbers. */
export function add(left: number, right: number): number {
  return left + right;
}

/** Returns twice the number. */
export function double(value: number): number {
  return value * 2;
}

/** Returns true when the number is even. */
export function isEven(value: number): boolean {
  return value % 2 === 0;
}
"""
TESTS = """import { describe, expect, it } from "vitest";
import { add, double, isEven } from "./small.ts";

describe("add", () => {
  it("adds", () => expect(add(2, 3)).toBe(5));
  it("adds negatives", () => expect(add(-2, -3)).toBe(-5));
});
describe("double", () => {
  it("doubles", () => expect(double(4)).toBe(8));
});
describe("isEven", () => {
  it("knows even numbers", () => expect(isEven(4)).toBe(true));
  it("knows odd numbers", () => expect(isEven(3)).toBe(false));
});
"""
SUITES = '[mini]\nfolder = "mini"\nmanifests = ["mini.jsonl"]\n'
PYTEST_INI = """[pytest]
addopts = -p no:cacheprovider -p no:anyio -p no:benchmark
llmops_suites = cases/suites.toml
"""
"""No plugin that only costs the start of each process; `test_end_to_end` has them all."""
BENCHMARK = "def test_function(attempt):\n    attempt.complete()\n    attempt.grade()\n"
ADD, DOUBLE, EVEN = (f"mini:small#{name}" for name in ("add", "double", "isEven"))
ANSWERS = {
    ADD: "```typescript\nexport function add(left: number, right: number): number {\n"
    "  return left + right;\n}\n```",
    DOUBLE: "function double(value: number): number {\n  return value + 2;\n}",
    EVEN: "I do not know.",
}
"""One right answer, one wrong one, and one without code."""
WRONG = (
    "```typescript\nexport function double(value: number): number {\n  return value + 2;\n}\n```"
)
OTHER_WRONG = WRONG.replace("value + 2", "value + 3")
RIGHT = WRONG.replace("value + 2", "value * 2")
"""Answers to the case `double`."""


def write_suite(folder):
    """Lay out `cases/`; the manifest is still to be mined."""
    (folder / "cases" / "mini").mkdir(parents=True)
    (folder / "cases" / "suites.toml").write_text(SUITES)
    (folder / "cases" / "mini" / "small.ts").write_text(SOURCE)
    (folder / "cases" / "mini" / "small.test.ts").write_text(TESTS)


def write_benchmark(folder):
    (folder / "pytest.ini").write_text(PYTEST_INI)
    (folder / "models.toml").write_text('[recorded]\nreplay = "recorded/records.jsonl"\n')
    (folder / "benchmarks").mkdir()
    (folder / "benchmarks" / "test_functions.py").write_text(BENCHMARK)


def write_answers(folder, answers=ANSWERS, samples=1):
    """Record a run whose answers a session can replay."""
    identity = msgspec.structs.replace(IDENTITY, prompt_version=PROMPT_VERSION)
    file = RecordFile(folder, msgspec.structs.replace(RUN, id="recorded", identity=identity))
    for case, text in answers.items():
        for sample in range(samples):
            file.write(record(case, sample, text=text))
    file.close()
