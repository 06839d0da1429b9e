import { describe, expect, it } from "vitest";
import {
  type Checkpoint,
  checkpointAt,
  checkpointId,
  checkpointsToPrune,
  newestFirst,
  nextNumber,
} from "./checkpoints.ts";

const at = (id: string, time: number, pinned = false): Checkpoint => ({ id, time, pinned });
const ids = (checkpoints: readonly Checkpoint[]) => checkpoints.map(({ id }) => id);

describe("checkpointId", () => {
  it("pads the number to four digits", () => {
    expect(checkpointId("task", 7)).toBe("task-0007");
  });
  it("pads a number of two digits", () => {
    expect(checkpointId("t", 42)).toBe("t-0042");
  });
  it("keeps a number of four digits", () => {
    expect(checkpointId("t", 1234)).toBe("t-1234");
  });
  it("keeps a longer number", () => {
    expect(checkpointId("t", 12345)).toBe("t-12345");
  });
  it("keeps dashes in the task id", () => {
    expect(checkpointId("fix-bug", 1)).toBe("fix-bug-0001");
  });
});

describe("nextNumber", () => {
  it("is one more than the highest number", () => {
    expect(nextNumber("a", ["a-0003", "a-0010", "a-0002"])).toBe(11);
  });
  it("is 1 without ids", () => {
    expect(nextNumber("a", [])).toBe(1);
  });
  it("ignores other tasks", () => {
    expect(nextNumber("a", ["a-0001", "b-0009", "aa-0007"])).toBe(2);
  });
  it("ignores tasks whose id starts the same", () => {
    expect(nextNumber("a", ["a-b-0005", "a-0002"])).toBe(3);
  });
  it("ignores ids without digits only", () => {
    expect(nextNumber("a", ["a-", "a-x1", "a-1x", "a"])).toBe(1);
  });
});

describe("newestFirst", () => {
  it("sorts by time", () => {
    expect(ids(newestFirst([at("a", 1), at("c", 3), at("b", 2)]))).toEqual(["c", "b", "a"]);
  });
  it("puts the later of equal times first", () => {
    expect(ids(newestFirst([at("a", 1), at("b", 1), at("c", 1)]))).toEqual(["c", "b", "a"]);
  });
  it("does not change the list", () => {
    const list = [at("a", 1), at("b", 2)];
    expect(ids(newestFirst(list))).toEqual(["b", "a"]);
    expect(ids(list)).toEqual(["a", "b"]);
  });
  it("keeps a list that is already sorted", () => {
    expect(ids(newestFirst([at("b", 9), at("a", 3)]))).toEqual(["b", "a"]);
  });
  it("is empty without checkpoints", () => {
    expect(newestFirst([])).toEqual([]);
  });
});

describe("checkpointAt", () => {
  const list = [at("b", 20), at("a", 10), at("c", 30)];
  it("finds the newest before a time", () => {
    expect(checkpointAt(list, 25)?.id).toBe("b");
  });
  it("includes the time itself", () => {
    expect(checkpointAt(list, 30)?.id).toBe("c");
  });
  it("finds the last for a late time", () => {
    expect(checkpointAt(list, 1000)?.id).toBe("c");
  });
  it("is undefined before the first", () => {
    expect(checkpointAt(list, 9)).toBe(undefined);
  });
  it("is undefined without checkpoints", () => {
    expect(checkpointAt([], 9)).toBe(undefined);
  });
});

describe("checkpointsToPrune", () => {
  const list = [at("a", 0), at("b", 10), at("c", 20), at("d", 30), at("e", 40)];
  it("deletes the oldest that may go", () => {
    expect(checkpointsToPrune(list, 100, 5, 3)).toEqual(["b", "c"]);
  });
  it("deletes nothing when all fit", () => {
    expect(checkpointsToPrune(list, 100, 5, 5)).toEqual([]);
  });
  it("always keeps the first and the last", () => {
    expect(checkpointsToPrune(list, 100, 5, 0)).toEqual(["b", "c", "d"]);
  });
  it("keeps young ones beyond the count", () => {
    expect(checkpointsToPrune(list, 50, 25, 1)).toEqual(["b", "c"]);
  });
  it("does not keep one of exactly the age", () => {
    expect(checkpointsToPrune(list, 50, 20, 2)).toEqual(["b", "c", "d"]);
  });
  it("keeps pinned ones, which take room", () => {
    const pinned = [at("a", 0), at("b", 10, true), at("c", 20), at("d", 30), at("e", 40)];
    expect(checkpointsToPrune(pinned, 100, 5, 4)).toEqual(["c"]);
  });
  it("deletes nothing from a short list", () => {
    expect(checkpointsToPrune([at("a", 0), at("b", 1)], 100, 5, 0)).toEqual([]);
  });
});
