import { describe, expect, it } from "vitest";
import {
  collapseRepeats,
  countBySource,
  type Entry,
  errorMessages,
  formatEntry,
  parseEntry,
  rankOf,
} from "./log_lines.ts";

const entry = (level: Entry["level"], source: string, message: string): Entry => ({
  time: "10:00",
  level,
  source,
  message,
});

describe("rankOf", () => {
  it("ranks DEBUG lowest", () => {
    expect(rankOf("DEBUG")).toBe(0);
  });
  it("ranks INFO second", () => {
    expect(rankOf("INFO")).toBe(1);
  });
  it("ranks WARN third", () => {
    expect(rankOf("WARN")).toBe(2);
  });
  it("ranks ERROR highest", () => {
    expect(rankOf("ERROR")).toBe(3);
  });
  it("orders levels by their rank", () => {
    expect(rankOf("ERROR") > rankOf("WARN") && rankOf("INFO") > rankOf("DEBUG")).toBe(true);
  });
});

describe("parseEntry", () => {
  it("reads the four parts", () => {
    expect(parseEntry("2024-05-01T10:00:00Z WARN api: slow answer")).toEqual({
      time: "2024-05-01T10:00:00Z",
      level: "WARN",
      source: "api",
      message: "slow answer",
    });
  });
  it("keeps colons in the message", () => {
    expect(parseEntry("10:00 ERROR fs: a: b")?.message).toBe("a: b");
  });
  it("allows an empty message", () => {
    expect(parseEntry("10:00 INFO ui: ")?.message).toBe("");
  });
  it("refuses an unknown level", () => {
    expect(parseEntry("10:00 TRACE api: x")).toBe(undefined);
  });
  it("refuses a level in lower case", () => {
    expect(parseEntry("10:00 info api: x")).toBe(undefined);
  });
  it("refuses a line without a source", () => {
    expect(parseEntry("10:00 INFO hello")).toBe(undefined);
  });
});

describe("formatEntry", () => {
  it("writes the parts in order", () => {
    expect(formatEntry(entry("INFO", "api", "ready"))).toBe("10:00 INFO api: ready");
  });
  it("writes an error", () => {
    expect(formatEntry(entry("ERROR", "fs", "no such file"))).toBe("10:00 ERROR fs: no such file");
  });
  it("ends in a space for an empty message", () => {
    expect(formatEntry(entry("WARN", "ui", ""))).toBe("10:00 WARN ui: ");
  });
  it("keeps colons in the message", () => {
    expect(formatEntry(entry("DEBUG", "x", "a: b"))).toBe("10:00 DEBUG x: a: b");
  });
  it("writes the time as given", () => {
    expect(formatEntry({ time: "t1", level: "INFO", source: "s", message: "m" })).toBe(
      "t1 INFO s: m",
    );
  });
});

describe("errorMessages", () => {
  it("lists messages of errors", () => {
    expect(errorMessages([entry("ERROR", "a", "x"), entry("INFO", "a", "y")])).toEqual(["x"]);
  });
  it("keeps the order", () => {
    expect(errorMessages([entry("ERROR", "b", "2"), entry("ERROR", "a", "1")])).toEqual(["2", "1"]);
  });
  it("leaves out warnings", () => {
    expect(errorMessages([entry("WARN", "a", "x"), entry("DEBUG", "a", "y")])).toEqual([]);
  });
  it("keeps repeated messages", () => {
    expect(errorMessages([entry("ERROR", "a", "x"), entry("ERROR", "b", "x")])).toEqual(["x", "x"]);
  });
  it("is empty without entries", () => {
    expect(errorMessages([])).toEqual([]);
  });
});

describe("countBySource", () => {
  it("counts each source", () => {
    const entries = [
      entry("INFO", "api", "1"),
      entry("WARN", "fs", "2"),
      entry("INFO", "api", "3"),
    ];
    expect(countBySource(entries)).toEqual({ api: 2, fs: 1 });
  });
  it("counts one entry", () => {
    expect(countBySource([entry("INFO", "ui", "x")])).toEqual({ ui: 1 });
  });
  it("is empty without entries", () => {
    expect(countBySource([])).toEqual({});
  });
  it("tells upper from lower case", () => {
    expect(countBySource([entry("INFO", "Api", ""), entry("INFO", "api", "")])).toEqual({
      Api: 1,
      api: 1,
    });
  });
  it("counts equal entries separately", () => {
    const same = entry("INFO", "ui", "x");
    expect(countBySource([same, same, same])).toEqual({ ui: 3 });
  });
});

describe("collapseRepeats", () => {
  it("joins a run of equal lines", () => {
    expect(collapseRepeats(["a", "a", "a", "b"])).toEqual(["a (x3)", "b"]);
  });
  it("does not join equal lines that are apart", () => {
    expect(collapseRepeats(["a", "b", "a"])).toEqual(["a", "b", "a"]);
  });
  it("drops empty lines before joining", () => {
    expect(collapseRepeats(["a", "", "a", ""])).toEqual(["a (x2)"]);
  });
  it("joins each run for itself", () => {
    expect(collapseRepeats(["a", "a", "b", "b", "b"])).toEqual(["a (x2)", "b (x3)"]);
  });
  it("is empty without lines", () => {
    expect(collapseRepeats([])).toEqual([]);
  });
  it("takes a line with a count as any other line", () => {
    expect(collapseRepeats(["a (x2)", "a", "a"])).toEqual(["a (x2)", "a (x2)"]);
  });
});
