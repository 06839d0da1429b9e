import { expect, it, vi } from "vitest";
import { Color, P } from "./src/enum";
import data from "./src/data.json";
import { answer } from "./src/data.json";
import { name } from "./src/folder";
import { shared } from "@scope/shared";
import { deep } from "@scope/shared/deep";
import { plain } from "plain";
import type { Nothing } from "not-installed";
it("finds all", () => expect([Color.Red, new P(3).x, data.answer, answer, name, shared, deep, plain])
  .toEqual(["red", 3, 42, 42, "folder", "shared", "deep", "plain"]));
it("imports later, and anew", async () => {
  const first = await import("./src/later");
  expect([first.next(), first.next()]).toEqual([1, 2]);
  expect((await import("./src/later")).next()).toBe(3);
  vi.resetModules();
  expect((await import("./src/later")).next()).toBe(1);
});
it("does not find what is not there", async () => {
  await expect(import("./src/nothing")).rejects.toThrow("cannot find './src/nothing'");
});
it("knows where it is", () => expect(import.meta.url).toMatch(/^file:.*resolve.test.ts$/));
