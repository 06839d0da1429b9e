// With `spy` the module itself is kept and watched, whatever is in `__mocks__`.
import { expect, it, vi } from "vitest";
import { price, unit } from "./priced";

vi.mock("./priced", { spy: true });

it("keeps what functions do", () => expect(price()).toBe(5));
it("watches them", () => expect(vi.isMockFunction(price)).toBe(true));
it("keeps values", () => expect(unit).toBe("real"));
