"""A source tree small enough to know every outcome of mining it."""

from pytest_llmops.cases import Suite

MODULE = """\
/** Twice the value. */
export function double(value: number): number {
  return value * 2
}

export const shout = (text: string) => text.toUpperCase() + "!"

export class Counter {
  private count = 0

  async next({ step }: { step: number }): Promise<number> {
    this.count += step
    return this.count
  }
}

export function nothing(): void {}

export function untested(value: number) {
  return value + 1
}

export function unchecked(value: number) {
  return value + 1
}

export function same<T>(value: T): T {
  return value
}

function first() {
  return 1
}
export const FIRST = first()

export function long(): number {
  let sum = 0
ADDITIONS
  return sum
}
""".replace("ADDITIONS", "\n".join(f"  sum += {number}" for number in range(60)))

TESTS = """\
import { describe, expect, it } from "vitest"
import { Counter, double, FIRST, long, nothing, same, shout, unchecked } from "./text.js"

describe("text", () => {
  it("doubles", () => {
    expect(double(2)).toBe(4)
    expect(double(0)).toBe(0)
  })
  it("shouts", () => expect(shout("a")).toBe("A!"))
  it("counts", async () => {
    const counter = new Counter()
    await counter.next({ step: 2 })
    expect(await counter.next({ step: 3 })).toBe(5)
  })
  it("returns what it got", () => expect(same(1)).toBe(1))
  it("calls and never looks", () => {
    unchecked(1)
    nothing()
  })
  it("sums", () => expect(long()).toBe(1770))
  it("has a first", () => expect(FIRST).toBe(1))
  it("fails with any body", () => expect(1).toBe(2))
  it("stands apart", () => expect(true).toBe(true))
})
"""

NEEDS_A_PACKAGE = """\
import pad from "some-package"
import { expect, it } from "vitest"
import { double } from "./text"

it("pads", () => expect(pad(double(1))).toBe("  2"))
"""


def make_suite(folder):
    """Write the tree below a folder and give its suite."""
    lib = folder / "tree" / "lib"
    lib.mkdir(parents=True)
    (lib / "text.ts").write_text(MODULE)
    (lib / "text.test.ts").write_text(TESTS)
    (lib / "package.test.ts").write_text(NEEDS_A_PACKAGE)
    return Suite(name="toy", manifests=("toy-*.jsonl",), folder="tree", root=folder)
