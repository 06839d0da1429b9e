"""Where a test in TypeScript states what it expects, and that anything else there makes it fail."""

import pytest

from pytest_llmops.sandbox.vitest.stated import changed, named

FILE = """\
import {{ expect, it }} from "vitest"
it("one", async () => {{
  {}
}})
"""


def other(statement, seed=1):
    text = FILE.format(statement)
    assert named("a.test.ts", text) == {"one"}, statement
    found = changed("a.test.ts", text, {"one"}, seed)
    assert changed("a.test.ts", text, set(), seed) == text
    return found.splitlines()[2].strip()


@pytest.mark.parametrize(
    ("statement", "pattern"),
    [
        ("expect(f()).toBe(4)", {f"expect(f()).toBe({n})" for n in range(5, 14)}),
        ("expect(f()).toBe(-4)", {f"expect(f()).toBe(-{n})" for n in range(5, 14)}),
        ("expect(f()).toBe(true)", {"expect(f()).toBe(false)"}),
        ("expect(f()).toHaveLength(0);", {f"expect(f()).toHaveLength({n});" for n in range(1, 10)}),
        ("expect(f()).toBe(null)", {f"expect(f()).toBe({n})" for n in range(9)}),
        ("expect(f()).toBeTruthy()", {"expect(f()).not.toBeTruthy()"}),
        ("expect(f()).not.toBe(4)", {"expect(f()).toBe(4)"}),
        ("expect(f()).toEqual([])", {"expect(f()).not.toEqual([])"}),
        ("expect(f()).toBe(g())", {"expect(f()).not.toBe(g())"}),
        ("expect(f()).toEqual({ a: 1, ...b })", {"expect(f()).not.toEqual({ a: 1, ...b })"}),
        ("expect(f()).toContain(4)", {"expect(f()).not.toContain(4)"}),
        ("expect(f).toHaveBeenCalledWith(4)", {"expect(f).not.toHaveBeenCalledWith(4)"}),
        ('await expect(f()).rejects.toThrow("x")', {'await expect(f()).rejects.not.toThrow("x")'}),
        ("await expect(f()).resolves.not.toBe(4)", {"await expect(f()).resolves.toBe(4)"}),
    ],
)
def test_another_expectation_stands_in_its_place(statement, pattern):
    assert {other(statement, seed) for seed in range(40)} <= pattern


def test_texts_get_another_letter_and_stay_such_as_people_write():
    for seed in range(40):
        found = other('expect(f()).toEqual({ name: "añb", list: ["c"] })', seed)
        assert found != 'expect(f()).toEqual({ name: "añb", list: ["c"] })'
        assert len(found) == len('expect(f()).toEqual({ name: "añb", list: ["c"] })')
    assert other('expect(f()).toBe("")')[:17] == 'expect(f()).toBe("'[:17]


@pytest.mark.parametrize(
    "statement",
    [
        "if (f()) expect(f()).toBe(4)",
        "for (const one of f()) expect(one).toBe(4)",
        "f(() => { expect(f()).toBe(4) })",
        "return; expect(f()).toBe(4)",
        "if (f()) { return }\n  expect(f()).toBe(4)",
        "context.skip()\n  expect(f()).toBe(4)",
        "expect(f()).rejects.toThrow()",
        "expect.soft(f()).toBe(4)",
        "expect.assertions(4)",
        "expect(f()).toMatchSnapshot()",
        "assert.equal(f(), 4)",
    ],
)
def test_what_may_not_run_or_not_throw_is_left_alone(statement):
    assert named("a.test.ts", FILE.format(statement)) == frozenset()


def test_titles_are_those_that_vitest_reports_and_only_plain_ones():
    text = """\
describe("outer", () => {
  describe('inner', function () {
    test(`plain`, { retry: 1 }, () => { expect(1).toBe(1) }, 1000)
  })
  it(`made of ${name}`, () => { expect(1).toBe(1) })
  it("an \\n escape", () => { expect(1).toBe(1) })
  it.each([1])("each %s", (one) => { expect(one).toBe(1) })
  it("twice", () => { expect(1).toBe(1) })
  it("twice", () => { expect(1).toBe(1) })
})
for (const name of names) it("in a loop", () => { expect(1).toBe(1) })
it("an expression", () => expect(1).toBe(1))
it("waits", () => expect(f()).resolves.toBe(1))
it("looks at nothing", () => f())
it("cleans up", () => { try { expect(1).toBe(1) } finally { g() } })
it("catches", () => { try { expect(1).toBe(1) } catch {} })
"""
    told = {"outer > inner > plain", "an expression", "waits", "cleans up"}
    assert named("a.test.ts", text) == told
