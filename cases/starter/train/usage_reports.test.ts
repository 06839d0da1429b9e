import { describe, expect, it } from "vitest";
import {
  budgetStatus,
  changeText,
  costByDay,
  dearestRequest,
  ranking,
  splitCost,
  tokensOf,
} from "./usage_reports.ts";

const ada = { user: "ada", day: "2024-05-02", tokens: 100, cost: 7 };
const bob = { user: "bob", day: "2024-05-01", tokens: 300, cost: 9 };
const late = { user: "ada", day: "2024-05-02", tokens: 200, cost: 1 };

describe("tokensOf", () => {
  it("adds the requests of a user", () => {
    expect(tokensOf([ada, bob, late], "ada")).toBe(300);
  });
  it("takes one request", () => {
    expect(tokensOf([ada, bob], "bob")).toBe(300);
    expect(tokensOf([ada, bob], "ada")).toBe(100);
  });
  it("is 0 for other users", () => {
    expect(tokensOf([ada, bob], "eve")).toBe(0);
  });
  it("is 0 without requests", () => {
    expect(tokensOf([], "ada")).toBe(0);
  });
  it("tells upper from lower case", () => {
    expect(tokensOf([ada], "Ada")).toBe(0);
  });
});

describe("dearestRequest", () => {
  it("finds the highest cost", () => {
    expect(dearestRequest([ada, bob, late])).toBe(bob);
  });
  it("finds it at the start", () => {
    expect(dearestRequest([bob, ada])).toBe(bob);
  });
  it("takes the first of equal ones", () => {
    expect(dearestRequest([ada, { ...ada, user: "eve" }])?.user).toBe("ada");
  });
  it("is undefined without requests", () => {
    expect(dearestRequest([])).toBe(undefined);
  });
  it("finds a request without cost", () => {
    expect(dearestRequest([{ ...ada, cost: 0 }])?.cost).toBe(0);
  });
});

describe("costByDay", () => {
  it("adds the costs of a day", () => {
    expect(costByDay([ada, late])).toEqual([["2024-05-02", 8]]);
  });
  it("sorts the days", () => {
    expect(costByDay([ada, bob, late])).toEqual([["2024-05-01", 9], ["2024-05-02", 8]]);
  });
  it("is empty without requests", () => {
    expect(costByDay([])).toEqual([]);
  });
  it("keeps a day without cost", () => {
    expect(costByDay([{ ...bob, cost: 0 }])).toEqual([["2024-05-01", 0]]);
  });
  it("sorts over years", () => {
    expect(
      costByDay([ada, { ...bob, day: "2023-12-31" }]).map(([day]) => day),
    ).toEqual(["2023-12-31", "2024-05-02"]);
  });
});

describe("changeText", () => {
  it("writes a rise", () => {
    expect(changeText(100, 150)).toBe("+50%");
  });
  it("writes a fall", () => {
    expect(changeText(100, 80)).toBe("-20%");
  });
  it("writes no change without a sign", () => {
    expect(changeText(100, 100)).toBe("0%");
    expect(changeText(1000, 999)).toBe("0%");
    expect(changeText(1000, 1001)).toBe("0%");
  });
  it("says that it is new", () => {
    expect(changeText(0, 5)).toBe("new");
    expect(changeText(0, 0)).toBe("new");
  });
  it("rounds", () => {
    expect(changeText(3, 4)).toBe("+33%");
    expect(changeText(3, 1)).toBe("-67%");
  });
});

describe("budgetStatus", () => {
  it("knows an exceeded budget", () => {
    expect(budgetStatus(101, 100)).toBe("over budget");
  });
  it("knows a budget nearly used up", () => {
    expect(budgetStatus(100, 100)).toBe("nearly used up");
    expect(budgetStatus(90, 100)).toBe("nearly used up");
  });
  it("knows a budget on track", () => {
    expect(budgetStatus(89, 100)).toBe("on track");
    expect(budgetStatus(50, 100)).toBe("on track");
  });
  it("knows that plenty is left", () => {
    expect(budgetStatus(49, 100)).toBe("plenty left");
    expect(budgetStatus(0, 100)).toBe("plenty left");
  });
  it("looks at the share", () => {
    expect(budgetStatus(30, 40)).toBe("on track");
  });
});

describe("splitCost", () => {
  it("gives left cents to the first", () => {
    expect(splitCost(100, [1, 1, 1])).toEqual([34, 33, 33]);
  });
  it("divides evenly", () => {
    expect(splitCost(90, [1, 2])).toEqual([30, 60]);
  });
  it("gives left cents to the largest lost part", () => {
    expect(splitCost(10, [1, 1, 4])).toEqual([2, 2, 6]);
    expect(splitCost(10, [5, 1, 1])).toEqual([7, 2, 1]);
  });
  it("gives nothing for a weight of 0", () => {
    expect(splitCost(5, [0, 1])).toEqual([0, 5]);
  });
  it("gives everything to one", () => {
    expect(splitCost(7, [3])).toEqual([7]);
  });
  it("divides nothing", () => {
    expect(splitCost(0, [1, 2])).toEqual([0, 0]);
  });
});

describe("ranking", () => {
  it("puts most tokens first", () => {
    expect(ranking([{ ...ada, tokens: 5 }, bob], 9)).toBe("1. bob: 300\n2. ada: 5");
  });
  it("adds the tokens of a user and shares ranks", () => {
    expect(
      ranking([late, bob, ada, { ...bob, user: "eve", tokens: 1 }], 9),
    ).toBe("1. ada: 300\n1. bob: 300\n3. eve: 1");
  });
  it("cuts at the limit", () => {
    expect(ranking([ada, bob], 1)).toBe("1. bob: 300");
  });
  it("sorts equal ones by name", () => {
    expect(ranking([{ ...bob, user: "zoe" }, bob], 9)).toBe("1. bob: 300\n1. zoe: 300");
  });
  it("is empty without requests", () => {
    expect(ranking([], 5)).toBe("");
  });
});
