import { expect, it } from "vitest";
class Named { a = 1; }
it("stored", () => { expect({ b: [1, "x"], a: new Named() }).toMatchSnapshot(); });
it("stored otherwise", () => { expect({ b: 2 }).toMatchSnapshot(); });
it("not stored", () => { expect({ c: 3 }).toMatchSnapshot(); });
it("hinted", () => { expect(1).toMatchSnapshot("one"); });
it("inline", () => { expect({ a: 1 }).toMatchInlineSnapshot(`
  {
    "a": 1,
  }
`); });
it("inline, other", () => { expect({ a: 2 }).toMatchInlineSnapshot(`{ "a": 1 }`); });
it("inline, one line", () => { expect("x").toMatchInlineSnapshot(`"x"`); });
it("inline, empty", () => { expect("x").toMatchInlineSnapshot(); });
it("inline, with properties", () => { expect({ at: new Date(), n: 1 }).toMatchInlineSnapshot({ at: expect.any(Date) }, `
  {
    "at": Any<Date>,
    "n": 1,
  }
`); });
it("thrown", () => { expect(() => { throw new Error("no"); }).toThrowErrorMatchingInlineSnapshot(`[Error: no]`); });
it("thrown otherwise", () => { expect(() => { throw new Error("yes"); }).toThrowErrorMatchingInlineSnapshot(`[Error: no]`); });
it("rejected", async () => { await expect(Promise.reject(new Error("no"))).rejects.toThrowErrorMatchingInlineSnapshot(`[Error: no]`); });
it("with not", () => { expect(1).not.toMatchInlineSnapshot(`2`); });
