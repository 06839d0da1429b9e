import { describe, expect, it } from "vitest";
import {
  hasEnded,
  nextState,
  runActions,
  stateTrail,
  summary,
  timeInState,
} from "./task_states.ts";

import { type Action, type State, type Visit } from "./task_states.ts";

describe("hasEnded", () => {
  it("is true for done and failed", () => {
    expect(hasEnded("done")).toBe(true);
    expect(hasEnded("failed")).toBe(true);
  });
  it("is false for queued", () => {
    expect(hasEnded("queued")).toBe(false);
  });
  it("is false for running", () => {
    expect(hasEnded("running")).toBe(false);
  });
  it("is false for paused", () => {
    expect(hasEnded("paused")).toBe(false);
  });
  it("selects the tasks that have ended", () => {
    expect(
      (["done", "paused", "failed"] as State[]).filter((state) => hasEnded(state)),
    ).toEqual(["done", "failed"]);
  });
});

describe("nextState", () => {
  it("starts a queued task", () => {
    expect(nextState("queued", "start")).toBe("running");
  });
  it("pauses and resumes", () => {
    expect(nextState("running", "pause")).toBe("paused");
    expect(nextState("paused", "resume")).toBe("running");
  });
  it("ends a running task", () => {
    expect(nextState("running", "finish")).toBe("done");
    expect(nextState("running", "fail")).toBe("failed");
  });
  it("fails a paused task", () => {
    expect(nextState("paused", "fail")).toBe("failed");
  });
  it("retries a failed task", () => {
    expect(nextState("failed", "retry")).toBe("queued");
  });
  it("is null for other actions", () => {
    expect(nextState("queued", "finish")).toBe(null);
    expect(nextState("done", "retry")).toBe(null);
    expect(nextState("paused", "finish")).toBe(null);
    expect(nextState("failed", "start")).toBe(null);
  });
});

describe("runActions", () => {
  const step = (state: State, action: Action): State | null => {
    const steps: { [key: string]: State } = {
      "queued start": "running",
      "running pause": "paused",
      "running finish": "done",
    };
    return steps[`${state} ${action}`] ?? null;
  };
  it("follows the actions", () => {
    expect(runActions(["start", "finish"], step)).toBe("done");
  });
  it("stays queued without actions", () => {
    expect(runActions([], step)).toBe("queued");
  });
  it("stops in between", () => {
    expect(runActions(["start", "pause"], step)).toBe("paused");
  });
  it("refuses an impossible first action", () => {
    expect(() => runActions(["pause"], step)).toThrow(new Error("cannot pause a queued task"));
  });
  it("refuses an impossible later action", () => {
    expect(
      () => runActions(["start", "finish", "start"], step),
    ).toThrow("cannot start a done task");
  });
  it("uses the steps given", () => {
    expect(runActions(["fail", "fail"], () => "failed")).toBe("failed");
  });
});

describe("stateTrail", () => {
  const visits = (...states: State[]): Visit[] => states.map((state, at) => ({ state, at }));
  it("joins the states", () => {
    expect(stateTrail(visits("queued", "running", "done"))).toBe("queued > running > done");
  });
  it("keeps repeats", () => {
    expect(stateTrail(visits("running", "paused", "running"))).toBe("running > paused > running");
  });
  it("writes a single state alone", () => {
    expect(stateTrail(visits("failed"))).toBe("failed");
  });
  it("is empty without visits", () => {
    expect(stateTrail([])).toBe("");
  });
  it("keeps the order of the list", () => {
    expect(
      stateTrail([{ state: "done", at: 9 }, { state: "queued", at: 1 }]),
    ).toBe("done > queued");
  });
});

describe("timeInState", () => {
  const visits: Visit[] = [
    { state: "queued", at: 100 },
    { state: "running", at: 150 },
    { state: "paused", at: 250 },
    { state: "running", at: 300 },
  ];
  it("measures until the next visit", () => {
    expect(timeInState(visits, "queued", 400)).toBe(50);
  });
  it("adds several visits, the last until now", () => {
    expect(timeInState(visits, "running", 400)).toBe(200);
  });
  it("is 0 for a state that was not entered", () => {
    expect(timeInState(visits, "done", 400)).toBe(0);
  });
  it("is 0 without visits", () => {
    expect(timeInState([], "running", 400)).toBe(0);
  });
  it("measures a single visit until now", () => {
    expect(timeInState([{ state: "running", at: 10 }], "running", 35)).toBe(25);
  });
});

describe("summary", () => {
  it("says that all are done", () => {
    expect(summary(["done", "done"])).toBe("all done");
  });
  it("counts each group", () => {
    expect(
      summary(["done", "failed", "queued", "running", "paused"]),
    ).toBe("1 done, 1 failed, 3 open");
  });
  it("leaves out counts of 0", () => {
    expect(summary(["failed", "done", "failed"])).toBe("1 done, 2 failed");
    expect(summary(["queued"])).toBe("1 open");
  });
  it("says that there are no tasks", () => {
    expect(summary([])).toBe("no tasks");
  });
  it("counts failed tasks alone", () => {
    expect(summary(["failed"])).toBe("1 failed");
  });
});
