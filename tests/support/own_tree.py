"""A small repository with a lock file of its own, whose tests mock modules."""

import hashlib
import shutil
from pathlib import Path

from pytest_llmops.cases import Case, FileHash, Suite, id_of_test, load_suites
from pytest_llmops.completions import Completion, Timing, Usage
from pytest_llmops.tasks.code.languages import parse_module
from pytest_llmops.tasks.code.modules import find
from pytest_llmops.tasks.materialize import Task, body_sha256, materialize
from pytest_llmops.tasks.sources import SourceTree, open_source

LOCKS = Path(__file__).parent / "own"
SOURCE = """\
import ms from "ms"
import { rate } from "@/rates"

/** The price in another currency. */
export async function price(amount: number, code: string): Promise<number> {
  return amount * (await rate(code))
}

/** Seconds that a text as "2m" stands for. */
export function seconds(text: string): number {
  return ms(text) / 1000
}

/** Says that it was asked, and nothing else. */
export function unchecked(text: string): string {
  return text
}
"""
RATES = """\
export async function rate(code: string): Promise<number> {
  throw new Error(`no network for ${code}`)
}
"""
TESTS = """\
import { readFileSync } from "node:fs"
import { describe, expect, it, vi } from "vitest"
import { price, seconds, unchecked } from "./price"

vi.mock("@/rates", () => ({ rate: vi.fn(async (code: string) => (code === "EUR" ? 2 : 3)) }))

describe("price", () => {
  it("asks for the rate", async () => {
    expect(await price(7, "EUR")).toBe(14)
    expect(await price(7, "USD")).toBe(21)
  })
  it("passes on what cannot be told", async () => {
    const { rate } = await import("@/rates")
    vi.mocked(rate).mockRejectedValueOnce(new Error("gone"))
    await expect(price(1, "EUR")).rejects.toThrow("gone")
  })
})
it("reads a duration", () => {
  expect(seconds("2m")).toBe(120)
  expect([seconds("1s"), seconds("3s")]).toEqual([1, 3])
})
it("has the files of its tree beside it", () => {
  expect(readFileSync(new URL("rates.txt", import.meta.url), "utf-8")).toBe("EUR\\n")
  unchecked("x")
})
it("fails with any body", () => expect(1).toBe(2))
"""
CONFIG = """\
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

export default defineConfig({
  resolve: { alias: { "@": fileURLToPath(new URL("src", import.meta.url)) } },
  test: { include: ["src/**/*.test.ts"] },
})
"""
FILES = {
    "src/price.ts": SOURCE,
    "src/rates.ts": RATES,
    "src/rates.txt": "EUR\n",
    "src/price.test.ts": TESTS,
    "vitest.config.ts": CONFIG,
}
TEST = "src/price.test.ts"
SUITES = """\
[own]
folder = "own"
manifests = ["own.jsonl"]
vitest = "{lock}"
"""


def write_own(folder: Path, lock: str = "package-lock.json") -> Path:
    """Lay out `suites.toml` and the repository; returns the former."""
    tree = folder / "own"
    for name, text in FILES.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    for name in ("package.json", lock):
        shutil.copyfile(LOCKS / name, tree / name)
    suites = folder / "suites.toml"
    suites.write_text(SUITES.format(lock=lock))
    return suites


def own_suite(suites: Path) -> Suite:
    """The suite of what was laid out."""
    return load_suites(suites)["own"]


def own_tree(folder: Path, lock: str = "package-lock.json") -> SourceTree:
    """Lay out the repository, and give its tree."""
    return open_source(own_suite(write_own(folder, lock)))


def with_body(name: str, body: str, above: str = "") -> str:
    """The source with another body of a function, and code above it."""
    head, found, rest = SOURCE.partition(f"function {name}(")
    assert found
    signature, _, behind = rest.partition(" {\n")
    return f"{above}\n{head}{found}{signature} {{\n{body}\n}}{behind.partition(chr(10) + '}')[2]}"


def answered(text: str) -> Completion:
    """An answer that ended by itself."""
    return Completion(
        text=f"```typescript\n{text}\n```",
        finish_reason="stop",
        usage=Usage(input=1, output=1),
        timing=Timing(started=0.0, queue=0.0, total=0.0),
    )


def own_task(tree: SourceTree, symbol: str, *, judged_by: str, beside: tuple[str, ...]) -> Task:
    """A case of a function, made by hand.

    Args:
        tree: What `own_tree` gives.
        symbol: The function.
        judged_by: Title of the test that fails without it.
        beside: Titles of others that have to pass.
    """
    module = parse_module(tree.read("src/price.ts"), "src/price.ts")
    case = Case(
        id=f"own:src/price#{symbol}",
        split="eval",
        difficulty="easy",
        source=_hash(tree, "src/price.ts"),
        symbol=symbol,
        body_sha256=body_sha256(module, find(module, symbol)),
        body_lines=1,
        complexity=1,
        packages=tree.lock.digest if tree.lock else "",
        tests=(_hash(tree, TEST),),
        fail_to_pass=(id_of_test(TEST, judged_by),),
        pass_to_pass=tuple(id_of_test(TEST, one) for one in beside),
        falsifiable=1 + len(beside),
    )
    return materialize(case, tree)


def _hash(tree: SourceTree, path: str) -> FileHash:
    return FileHash(path=path, sha256=hashlib.sha256(tree.read(path)).hexdigest())
