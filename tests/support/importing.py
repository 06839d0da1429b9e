"""A small source tree whose files import one another in the ways that TypeScript has."""

from pytest_llmops.tasks.sources import SourceTree

FILES = {
    "lib/a.test.ts": """\
        import { it } from "vitest"
        import { called, quick } from "./a.js"
        import { C } from "./deep"
        it("runs", async () => { called(); quick(1); await new C().method() })
    """,
    "lib/a.ts": """\
        import type { T } from "../other/types.ts"
        export function called(): T { return inner() }
        function inner() { return 1 }
        export function never() { return 2 }
        export const quick = (value: number) => ({ value })
        export const unused = () => 3
    """,
    "lib/deep/index.ts": """\
        export * from "./c"
    """,
    "lib/deep/c.ts": """\
        export class C { async method() { return (await import("../late.js")).late() } }
    """,
    "lib/late.ts": "export function late() { return 4 }\n",
    "other/types.ts": "export type T = number\nexport function far() { return 5 }\n",
    "other/alone.ts": "export function alone() { return 6 }\n",
}


def importing_tree(folder):
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return SourceTree(folder.resolve(), "")
