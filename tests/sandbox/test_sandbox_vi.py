"""vi, hooks, titles and modes. `test_sandbox_vi.ts` passes as a whole, here as with vitest 4.1."""

# ruff: noqa: E501 - lines of TypeScript are kept whole

from pathlib import Path

import pytest

from pytest_llmops.sandbox import NodePool, TestJob

SUITE = Path(__file__).with_name("test_sandbox_vi.ts").read_text("utf-8")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    root: Path = tmp_path_factory.mktemp("tree")
    (root / "vi.test.ts").write_text(SUITE)
    with NodePool(root) as pool:
        return pool.run(TestJob(root=root, tests=("vi.test.ts",), overlay={}))


def test_the_whole_file_passes(report):
    assert report.status == "finished"
    assert report.detail == ""
    assert {result.title: result.message for result in report.results if not result.passed} == {}
    assert len(report.results) == 30


TITLES = {
    'it.each([[1, 2, 3]])("%i + %d = %s", () => {});': ["1 + 2 = 3"],
    'it.each([1, 2])("case %# is %s, number %$", () => {});': [
        "case 0 is 1, number 1",
        "case 1 is 2, number 2",
    ],
    """it.each([{ a: "x", b: { c: 1 } }])("$a and $b.c of $b", () => {});""": [
        "'x' and 1 of { c: 1 }"
    ],
    'it.each([["a$0", "b"]])("%s $1", () => {});': ["a$0 'b'"],
    'it.each([[{ a: 1 }, null]])("%j %o", () => {});': ['{"a":1} null'],
    'it.each([["x"]])("%s is 100%%", () => {});': ["x is 100% undefined"],  # vitest's own
    'it.each([[1]])("no place", () => {});': ["no place"],
    'it("same", () => {}); it("same", () => {}); it("same", () => {});': [
        "same",
        "same (2)",
        "same (3)",
    ],
    'it("same", () => {}); it.skip("same", () => {}); it("same", () => {});': ["same", "same (3)"],
    'describe("a", () => { describe("b", () => { it("c", () => {}); }); });': ["a > b > c"],
    'describe.each([1, 2])("suite %i", (n) => { it(`t${n}`, () => {}); });': [
        "suite 1 > t1",
        "suite 2 > t2",
    ],
    "it.each`\\n a | b\\n ${1} | ${2}\\n ${3} | ${4}\\n`('$a-$b', ({ a, b }) => { expect(b - a).toBe(1); });": [
        "1-2",
        "3-4",
    ],
    'it.for([[1, 2]])("for %i", ([a, b]) => { expect(a + b).toBe(3); });': ["for 1"],
    'it.only("one", () => {}); it("two", () => {});': ["one"],
    'describe.only("s", () => { it("one", () => {}); }); it("two", () => {});': ["s > one"],
    'it.skip("one", () => {}); it.todo("two"); it("three", () => {});': ["three"],
    'it.skipIf(true)("one", () => {}); it.runIf(true)("two", () => {});': ["two"],
    'it.fails("one", () => { throw new Error("x"); }); it.fails("two", () => {});': ["one", "!two"],
    'it("late", async () => { await new Promise(() => {}); }, 20); it("next", () => {});': [
        "!late",
        "next",
    ],
    'it("late", { timeout: 20 }, () => new Promise(() => {}));': ["!late"],
    'let n = 0; it("flaky", { retry: 2 }, () => { if (n++ < 2) throw new Error("x"); });': [
        "flaky"
    ],
    'let n = 0; it("again", { repeats: 2 }, () => { expect(n++).toBeLessThan(2); });': ["!again"],
    'let n = 0; it("again", { repeats: 2 }, () => { n++; }); it("3", () => { expect(n).toBe(3); });': [
        "again",
        "3",
    ],
    'it("skips itself", ({ skip }) => { skip(); }); it("next", () => {});': ["next"],
    'describe("s", () => { beforeAll(() => { throw null; }); it("one", () => {}); }); it("two", () => {});': [
        "!s > one",
        "two",
    ],
    'describe("s", () => { afterEach(() => { throw null; }); it("one", () => {}); });': [
        "!s > one"
    ],
    'describe("s", async () => { await null; it("one", () => {}); });': ["s > one"],
    'describe.skip("s", () => { it("one", () => {}); }); it("two", () => {});': ["two"],
    'it("b", () => {}); describe("a", () => { it("x", () => {}); }); it("c", () => {});': [
        "b",
        "a > x",
        "c",
    ],
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    root: Path = tmp_path_factory.mktemp("tree")
    names = [f"t{number}.test.ts" for number in range(len(TITLES))]
    for name, code in zip(names, TITLES, strict=True):
        (root / name).write_text(code.replace("\\n", "\n"))  # no import: the globals are there
    with NodePool(root) as pool:
        report = pool.run(TestJob(root=root, tests=tuple(names), overlay={}))
    assert report.status == "finished", report.detail
    return {
        code: [
            ("" if result.passed else "!") + result.title
            for result in report.results
            if result.file == name
        ]
        for name, code in zip(names, TITLES, strict=True)
    }


@pytest.mark.parametrize("code", TITLES)
def test_titles_order_and_modes(results, code):
    assert results[code] == TITLES[code]
