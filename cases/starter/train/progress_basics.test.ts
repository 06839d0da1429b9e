import { describe, expect, it } from "vitest";
import {
  isFinished,
  percentDone,
  progressBar,
  progressText,
  statusWord,
  withDots,
} from "./progress_basics.ts";

describe("isFinished", () => {
  it("returns true when all is done", () => {
    expect(isFinished(5, 5)).toBe(true);
  });
  it("returns true when more is done", () => {
    expect(isFinished(6, 5)).toBe(true);
  });
  it("returns false when one is missing", () => {
    expect(isFinished(4, 5)).toBe(false);
  });
  it("returns false when nothing is done", () => {
    expect(isFinished(0, 3)).toBe(false);
  });
  it("returns true when there is nothing to do", () => {
    expect(isFinished(0, 0)).toBe(true);
  });
});

describe("progressText", () => {
  it("says how far it is", () => {
    expect(progressText(3, 8)).toBe("3 of 8");
  });
  it("says that nothing is done", () => {
    expect(progressText(0, 5)).toBe("0 of 5");
  });
  it("says that all is done", () => {
    expect(progressText(5, 5)).toBe("5 of 5");
  });
  it("keeps the order", () => {
    expect(progressText(8, 3)).toBe("8 of 3");
  });
  it("writes large numbers", () => {
    expect(progressText(120, 1500)).toBe("120 of 1500");
  });
});

describe("percentDone", () => {
  it("returns a half as 50", () => {
    expect(percentDone(4, 8)).toBe(50);
  });
  it("returns all as 100", () => {
    expect(percentDone(7, 7)).toBe(100);
  });
  it("returns nothing as 0", () => {
    expect(percentDone(0, 7)).toBe(0);
  });
  it("rounds up", () => {
    expect(percentDone(2, 3)).toBe(67);
  });
  it("rounds down", () => {
    expect(percentDone(1, 3)).toBe(33);
  });
});

describe("progressBar", () => {
  it("shows both parts", () => {
    expect(progressBar(2, 3)).toBe("##...");
  });
  it("shows a full bar", () => {
    expect(progressBar(4, 0)).toBe("####");
  });
  it("shows an empty bar", () => {
    expect(progressBar(0, 4)).toBe("....");
  });
  it("shows one of each", () => {
    expect(progressBar(1, 1)).toBe("#.");
  });
  it("shows nothing for no width", () => {
    expect(progressBar(0, 0)).toBe("");
  });
});

describe("statusWord", () => {
  it("says done at 0", () => {
    expect(statusWord(0)).toBe("done");
  });
  it("says running at 1", () => {
    expect(statusWord(1)).toBe("running");
  });
  it("says running at a large number", () => {
    expect(statusWord(250)).toBe("running");
  });
  it("says running at a part", () => {
    expect(statusWord(0.5)).toBe("running");
  });
  it("says done after the last one", () => {
    expect(statusWord(3 - 3)).toBe("done");
  });
});

describe("withDots", () => {
  it("adds dots to a word", () => {
    expect(withDots("Loading")).toBe("Loading...");
  });
  it("adds dots to a sentence", () => {
    expect(withDots("Reading the file")).toBe("Reading the file...");
  });
  it("adds dots to an empty text", () => {
    expect(withDots("")).toBe("...");
  });
  it("adds dots to dots", () => {
    expect(withDots(".")).toBe("....");
  });
  it("keeps spaces at the end", () => {
    expect(withDots("a ")).toBe("a ...");
  });
});
