"""A test file that calls a function while it loads cannot judge it; another one can."""

from pytest_llmops.cases import Suite
from pytest_llmops.mining.mine import Miner
from pytest_llmops.mining.parallel import Crew
from pytest_llmops.mining.refused import Rejection
from pytest_llmops.sandbox import NodePool
from pytest_llmops.tasks.sources import open_source

HALF = "export function half(n: number): number {\n  return n / 2\n}\n"
OWN = """import { expect, it } from "vitest"
import { half } from "./half"
it("halves", () => expect(half(4)).toBe(2))
"""
TABLE = """import { half } from "./half"
export const table = [2, 4].map((n) => half(n).toFixed())
"""
FAR = """import { expect, it } from "vitest"
import { table } from "./table"
import { half } from "./half"
it("has a table", () => expect(table).toEqual(["1", "2"]))
it("halves as well", () => expect(half(6)).toBe(3))
"""


def mined(folder, files):
    for name, text in {"half.ts": HALF, "table.ts": TABLE, **files}.items():
        (folder / name).write_text(text)
    suite = Suite(name="own", manifests=("own.jsonl",), folder=".", root=folder)
    tree = open_source(suite)
    with NodePool(tree.root, size=1, isolation="process") as pool, Crew(1) as crew:
        return Miner(suite, tree, pool, crew).mine()


def test_where_one_of_two_files_does_not_load_the_other_judges_alone(tmp_path):
    (case,) = mined(tmp_path, {"half.test.ts": OWN, "a.test.ts": FAR}).cases
    assert [one.path for one in case.tests] == ["half.test.ts"]
    assert (len(case.fail_to_pass), case.pass_to_pass) == (1, ())


def test_where_no_file_loads_the_function_is_no_case(tmp_path):
    found = mined(tmp_path, {"a.test.ts": FAR, "b.test.ts": FAR})
    assert found.cases == []
    (one,) = (each for each in found.rejections if each.symbol)
    assert isinstance(one, Rejection)
    assert one.reason == "throw: load_error"
