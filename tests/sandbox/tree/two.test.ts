import { expect, it } from "vitest";
import { two } from "./src/uses.ts";
it("is two", () => expect(two()).toBe(2));
