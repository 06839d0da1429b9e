"""Wrong answers that pass where a judge is more lenient than vitest: none is solved."""

# ruff: noqa: E501 - lines of TypeScript are kept whole

import hashlib

import pytest
from made_tasks import fenced, make_task

from pytest_llmops.cases import FileHash, id_of_test
from pytest_llmops.completions import Completion, Timing, Usage
from pytest_llmops.grading.grade import grade
from pytest_llmops.sandbox import NodePool
from pytest_llmops.tasks.materialize import materialize
from pytest_llmops.tasks.sources import SourceTree

MODULE = """\
export interface Door {
  unlock(): void;
  enter(): void;
}

export async function sizeOf(name: string): Promise<number> {
  if (!name) throw new RangeError("no name");
  return name.length;
}

export function lengths(words: string[]): Record<string, number> {
  return Object.fromEntries(words.map((word) => [word, word.length]));
}

export function octets(numbers: number[]): Uint8Array {
  return new Uint8Array(numbers);
}

export function visit(door: Door): boolean {
  door.unlock();
  door.enter();
  return true;
}
"""
TEST = """\
import { expect, it, vi } from "vitest";
import { lengths, octets, sizeOf, visit } from "./rooms.ts";

it("sizeOf refuses", () => { expect(sizeOf("")).rejects.toThrow("no name"); });
it("lengths tells", () => { expect(lengths(["hall"])).toStrictEqual({ hall: 4 }); });
it("octets holds", () => { expect(octets([7, 9])).toEqual(new Uint8Array([7, 9])); });
it("visit unlocks first", () => {
  const door = { unlock: vi.fn(), enter: vi.fn() };
  expect(visit(door)).toBe(true);
  expect(door.unlock).toHaveBeenCalledBefore(door.enter);
});
"""
TITLES = {
    "sizeOf": "sizeOf refuses",
    "lengths": "lengths tells",
    "octets": "octets holds",
    "visit": "visit unlocks first",
}
WRONG = {
    "sizeOf": "export async function sizeOf(name: string): Promise<number> { return name.length; }",
    "lengths": "export function lengths(words: string[]): Record<string, number> { const all = Object.create(null); for (const word of words) all[word] = word.length; return all; }",
    "octets": "export function octets(numbers: number[]): Uint8Array { return Buffer.from(numbers); }",
    "visit": "export function visit(door: Door): boolean { door.unlock(); return true; }",
}
"""By the function: a rejection that nobody awaits, no prototype, a Buffer, a mock that is never called."""
FILE = "rooms.test.ts"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("tree")
    (root / "rooms.ts").write_text(MODULE)
    (root / FILE).write_text(TEST)
    return root


@pytest.fixture(scope="module")
def pool(root):
    with NodePool(root) as pool:
        yield pool


def outcome(root, pool, symbol, code):
    tests = (FileHash(path=FILE, sha256=hashlib.sha256(TEST.encode()).hexdigest()),)
    expected = (id_of_test(FILE, TITLES[symbol]),)
    case = make_task(symbol, MODULE, "rooms.ts", tests=tests, fail_to_pass=expected).case
    answer = Completion(
        text=fenced(code),
        finish_reason="stop",
        usage=Usage(input=1, output=1),
        timing=Timing(started=0, queue=0, first_token=0, total=0),
    )
    return grade(materialize(case, SourceTree(root, "")), answer, pool).outcome


@pytest.mark.parametrize("symbol", WRONG)
def test_what_vitest_fails_is_not_solved(root, pool, symbol):
    assert outcome(root, pool, symbol, WRONG[symbol]) == "wrong"
    right = MODULE[MODULE.index(f"function {symbol}(") :].partition("\n}\n")[0] + "\n}"
    right = f"async {right}" if symbol == "sizeOf" else right
    assert outcome(root, pool, symbol, f"export {right}") == "solved"
