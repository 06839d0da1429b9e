import { expect, it, vi } from "vitest";
import fs, { existsSync } from "node:fs";
import { readFile, writeFile } from "fs/promises";
import * as path from "path";
import os from "node:os";
import { EventEmitter } from "node:events";
import { spawn } from "node:child_process";
import { AsyncLocalStorage } from "node:async_hooks";
class Bus extends EventEmitter {}
it("work", async () => {
  const file = path.join(os.tmpdir(), "a.txt");
  await writeFile(file, "text");
  expect([fs.readFileSync(file, "utf8"), existsSync("/nowhere")]).toEqual(["text", false]);
  expect(await readFile(file, "utf8")).toBe("text");
  const seen = vi.fn();
  new Bus().on("x", seen).emit("x", 1);
  expect(seen).toHaveBeenCalledWith(1);
  expect(new AsyncLocalStorage().run(5, () => 6)).toBe(6);
});
it("can be spied on", () => {
  const home = vi.spyOn(os, "homedir").mockReturnValue("/me");
  expect(os.homedir()).toBe("/me");
  home.mockRestore();
  expect(os.homedir()).not.toBe("/me");
});
it("are there even where they refuse", () => expect(() => spawn("ls")).toThrow("sandbox"));
