import { describe, expect, it } from "vitest";
import {
  countTask,
  joinedQueues,
  lastTwo,
  numberedTasks,
  withFirst,
  withoutFirst,
} from "./queue_basics.ts";

describe("withFirst", () => {
  it("puts a task first", () => {
    expect(withFirst(["b", "c"], "a")).toEqual(["a", "b", "c"]);
  });
  it("puts a task in an empty queue", () => {
    expect(withFirst([], "a")).toEqual(["a"]);
  });
  it("does not change the queue given", () => {
    const queue = ["b"];
    expect(withFirst(queue, "a")).toEqual(["a", "b"]);
    expect(queue).toEqual(["b"]);
  });
  it("can put a task twice", () => {
    expect(withFirst(["a"], "a")).toEqual(["a", "a"]);
  });
  it("keeps the order of the others", () => {
    expect(withFirst(["z", "y"], "x")).toEqual(["x", "z", "y"]);
  });
});

describe("withoutFirst", () => {
  it("removes the first task", () => {
    expect(withoutFirst(["a", "b", "c"])).toEqual(["b", "c"]);
  });
  it("empties a queue of one", () => {
    expect(withoutFirst(["a"])).toEqual([]);
  });
  it("keeps an empty queue empty", () => {
    expect(withoutFirst([])).toEqual([]);
  });
  it("removes one of equal tasks", () => {
    expect(withoutFirst(["a", "a"])).toEqual(["a"]);
  });
  it("does not change the queue given", () => {
    const queue = ["a", "b"];
    expect(withoutFirst(queue)).toEqual(["b"]);
    expect(queue.length).toBe(2);
  });
});

describe("lastTwo", () => {
  it("returns the last two of three", () => {
    expect(lastTwo(["a", "b", "c"])).toEqual(["b", "c"]);
  });
  it("returns both of two", () => {
    expect(lastTwo(["a", "b"])).toEqual(["a", "b"]);
  });
  it("returns the only one", () => {
    expect(lastTwo(["a"])).toEqual(["a"]);
  });
  it("returns nothing for an empty queue", () => {
    expect(lastTwo([])).toEqual([]);
  });
  it("returns the last two of five", () => {
    expect(lastTwo(["a", "b", "c", "d", "e"])).toEqual(["d", "e"]);
  });
});

describe("joinedQueues", () => {
  it("joins two queues", () => {
    expect(joinedQueues(["a"], ["b", "c"])).toEqual(["a", "b", "c"]);
  });
  it("joins with an empty first queue", () => {
    expect(joinedQueues([], ["b"])).toEqual(["b"]);
  });
  it("joins with an empty second queue", () => {
    expect(joinedQueues(["a"], [])).toEqual(["a"]);
  });
  it("joins two empty queues", () => {
    expect(joinedQueues([], [])).toEqual([]);
  });
  it("keeps repeats", () => {
    expect(joinedQueues(["a", "b"], ["b", "a"])).toEqual(["a", "b", "b", "a"]);
  });
});

describe("numberedTasks", () => {
  it("numbers two tasks", () => {
    expect(numberedTasks(["a", "b"])).toEqual(["1. a", "2. b"]);
  });
  it("numbers one task", () => {
    expect(numberedTasks(["read the file"])).toEqual(["1. read the file"]);
  });
  it("numbers nothing", () => {
    expect(numberedTasks([])).toEqual([]);
  });
  it("numbers an empty task", () => {
    expect(numberedTasks(["", "x"])).toEqual(["1. ", "2. x"]);
  });
  it("reaches two digits", () => {
    expect(numberedTasks(new Array(10).fill("t")).at(-1)).toBe("10. t");
  });
});

describe("countTask", () => {
  it("counts one", () => {
    expect(countTask(["a", "b"], "a")).toBe(1);
  });
  it("counts repeats", () => {
    expect(countTask(["a", "b", "a"], "a")).toBe(2);
  });
  it("returns 0 for a missing task", () => {
    expect(countTask(["a", "b"], "z")).toBe(0);
  });
  it("returns 0 for an empty queue", () => {
    expect(countTask([], "a")).toBe(0);
  });
  it("counts whole tasks only", () => {
    expect(countTask(["ab", "a", "ba"], "a")).toBe(1);
  });
});
