import { describe, expect, it } from "vitest";
import {
  allNeeds,
  assignJobs,
  dependentsOf,
  endTimes,
  readySteps,
  stepOrder,
} from "./task_planning.ts";

describe("readySteps", () => {
  it("finds steps that need nothing", () => {
    expect(readySteps({ a: [], b: ["a"], c: [] }, [])).toEqual(["a", "c"]);
  });
  it("finds steps whose needs are finished", () => {
    expect(readySteps({ a: [], b: ["a"], c: ["a", "b"] }, ["a"])).toEqual(["b"]);
  });
  it("waits for all needs", () => {
    expect(readySteps({ a: [], b: [], c: ["a", "b"] }, ["b"])).toEqual(["a"]);
  });
  it("finds nothing when all is finished", () => {
    expect(readySteps({ a: [], b: ["a"] }, ["a", "b"])).toEqual([]);
  });
  it("finds nothing in a circle", () => {
    expect(readySteps({ a: ["b"], b: ["a"] }, [])).toEqual([]);
  });
});

describe("dependentsOf", () => {
  it("finds direct dependents", () => {
    expect(dependentsOf({ a: [], b: ["a"], c: ["a", "b"] }, "a")).toEqual(["b", "c"]);
  });
  it("does not find indirect ones", () => {
    expect(dependentsOf({ a: [], b: ["a"], c: ["b"] }, "a")).toEqual(["b"]);
  });
  it("finds nothing for a last step", () => {
    expect(dependentsOf({ a: [], b: ["a"] }, "b")).toEqual([]);
  });
  it("finds nothing for an unknown step", () => {
    expect(dependentsOf({ a: [] }, "z")).toEqual([]);
  });
  it("keeps the order of the keys", () => {
    expect(dependentsOf({ z: ["m"], m: [], a: ["m"] }, "m")).toEqual(["z", "a"]);
  });
});

describe("stepOrder", () => {
  it("keeps an order that is right", () => {
    expect(stepOrder({ a: [], b: ["a"], c: ["b"] })).toEqual(["a", "b", "c"]);
  });
  it("puts needs first", () => {
    expect(stepOrder({ c: ["b"], b: ["a"], a: [] })).toEqual(["a", "b", "c"]);
  });
  it("takes the first key that is possible", () => {
    expect(stepOrder({ d: ["a"], b: [], a: [], c: [] })).toEqual(["b", "a", "d", "c"]);
  });
  it("refuses a circle", () => {
    expect(() => stepOrder({ x: [], a: ["b"], b: ["a"] })).toThrow(new Error("circle: a, b"));
  });
  it("refuses a step that needs itself", () => {
    expect(() => stepOrder({ a: ["a"] })).toThrow("circle: a");
  });
  it("is empty without steps", () => {
    expect(stepOrder({})).toEqual([]);
  });
});

describe("allNeeds", () => {
  it("finds direct and indirect needs", () => {
    expect(allNeeds({ a: [], b: ["a"], c: ["b"] }, "c")).toEqual(["a", "b"]);
  });
  it("sorts by name", () => {
    expect(allNeeds({ z: [], m: [], a: ["z", "m"] }, "a")).toEqual(["m", "z"]);
  });
  it("finds each step once", () => {
    expect(
      allNeeds({ a: [], b: ["a"], c: ["a"], d: ["b", "c", "a"] }, "d"),
    ).toEqual(["a", "b", "c"]);
  });
  it("finds nothing for a first step", () => {
    expect(allNeeds({ a: [], b: ["a"] }, "a")).toEqual([]);
  });
  it("stops in a circle", () => {
    expect(allNeeds({ a: ["b"], b: ["c"], c: ["a"] }, "a")).toEqual(["b", "c"]);
  });
});

describe("endTimes", () => {
  it("adds times one after another", () => {
    expect(endTimes({ a: [], b: ["a"] }, { a: 2, b: 3 })).toEqual({ a: 2, b: 5 });
  });
  it("runs steps at once", () => {
    expect(endTimes({ a: [], b: [] }, { a: 2, b: 3 })).toEqual({ a: 2, b: 3 });
  });
  it("waits for the last of the needs", () => {
    expect(
      endTimes({ a: [], b: [], c: ["a", "b"] }, { a: 2, b: 7, c: 1 }),
    ).toEqual({ a: 2, b: 7, c: 8 });
  });
  it("takes any order of keys", () => {
    expect(
      endTimes({ c: ["b"], b: ["a"], a: [] }, { a: 1, b: 1, c: 1 }),
    ).toEqual({ a: 1, b: 2, c: 3 });
  });
  it("keeps steps without time", () => {
    expect(endTimes({ a: [], b: ["a"] }, { a: 0, b: 0 })).toEqual({ a: 0, b: 0 });
  });
});

describe("assignJobs", () => {
  const jobs = (...minutes: number[]) => minutes.map((m, index) => ({ name: `j${index}`, minutes: m }));
  it("takes turns with equal jobs", () => {
    expect(assignJobs(jobs(1, 1, 1), 2)).toEqual([["j0", "j2"], ["j1"]]);
  });
  it("gives jobs to the one with least work", () => {
    expect(assignJobs(jobs(5, 1, 1, 1), 2)).toEqual([["j0"], ["j1", "j2", "j3"]]);
  });
  it("gives all jobs to a single worker", () => {
    expect(assignJobs(jobs(3, 2), 1)).toEqual([["j0", "j1"]]);
  });
  it("leaves workers without jobs", () => {
    expect(assignJobs(jobs(3), 3)).toEqual([["j0"], [], []]);
  });
  it("keeps the order of the jobs", () => {
    expect(assignJobs(jobs(1, 9, 1), 2)).toEqual([["j0", "j2"], ["j1"]]);
  });
  it("gives nothing for no jobs", () => {
    expect(assignJobs([], 2)).toEqual([[], []]);
  });
});
