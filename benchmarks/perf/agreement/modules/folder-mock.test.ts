// A file of the same name in `__mocks__` stands for a module that is mocked without a factory.
import { expect, it, vi } from "vitest";
import { bill } from "./billing";
import { price, unit } from "./priced";

vi.mock("./priced");

it("is there for the test", () => expect(unit).toBe("stand-in"));
it("is a function of it", () => expect(price()).toBe(7));
it("is there for others", () => expect(bill(2)).toBe(14));
it("records calls", () => {
  vi.mocked(price).mockClear();
  bill(1);
  expect(price).toHaveBeenCalledTimes(1);
});
it("leaves the module itself", async () => {
  const actual = await vi.importActual<typeof import("./priced")>("./priced");
  expect([actual.price(), actual.unit]).toEqual([5, "real"]);
});
it("is what importMock gives", async () => {
  const mocked = await vi.importMock<typeof import("./priced")>("./priced");
  expect(mocked.unit).toBe("stand-in");
});
it("is not automocked", () => expect(price()).not.toBeUndefined());
it("fails where it must", () => expect(unit).toBe("real"));
