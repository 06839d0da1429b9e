import { expect, it } from "vitest";
import { one } from "./src/one";
it("is one", () => expect(one()).toBe(1));
