import { afterAll, it } from "vitest";
it("passes", () => {});
afterAll(() => { throw new Error("at the end"); });
