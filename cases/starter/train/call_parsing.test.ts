import { describe, expect, it } from "vitest";
import {
  calledName,
  finalAnswer,
  isActionLine,
  readArguments,
  readSteps,
  readValue,
  splitArguments,
} from "./call_parsing.ts";

describe("calledName", () => {
  it("returns the name", () => {
    expect(calledName('read_file(path="a")')).toBe("read_file");
  });
  it("ignores white space around it", () => {
    expect(calledName("  list (x)")).toBe("list");
  });
  it("is empty without a bracket", () => {
    expect(calledName("read_file")).toBe("");
  });
  it("is empty for other characters", () => {
    expect(calledName("read-file(x)")).toBe("");
    expect(calledName("(x)")).toBe("");
  });
  it("takes the first bracket", () => {
    expect(calledName("f(g(x))")).toBe("f");
  });
});

describe("isActionLine", () => {
  it("accepts an action", () => {
    expect(isActionLine("Action: read_file")).toBe(true);
  });
  it("refuses an action without a name", () => {
    expect(isActionLine("Action: ")).toBe(false);
    expect(isActionLine("Action:")).toBe(false);
  });
  it("refuses more words", () => {
    expect(isActionLine("Action: read the file")).toBe(false);
  });
  it("refuses text in front", () => {
    expect(isActionLine("My Action: x")).toBe(false);
  });
  it("refuses other labels", () => {
    expect(isActionLine("Thought: x")).toBe(false);
    expect(isActionLine("action: x")).toBe(false);
  });
});

describe("finalAnswer", () => {
  it("returns the answer", () => {
    expect(finalAnswer("Thought: x\nFinal Answer: 42")).toBe("42");
  });
  it("takes following lines", () => {
    expect(finalAnswer("Final Answer:\n\nline 1\nline 2\n")).toBe("line 1\nline 2");
  });
  it("takes the last one", () => {
    expect(finalAnswer("Final Answer: a\nFinal Answer: b")).toBe("b");
  });
  it("is undefined without the label", () => {
    expect(finalAnswer("The answer is 42")).toBe(undefined);
  });
  it("needs the label at the start of a line", () => {
    expect(finalAnswer("My Final Answer: 42")).toBe(undefined);
  });
  it("can be empty", () => {
    expect(finalAnswer("Final Answer:")).toBe("");
  });
});

describe("readArguments", () => {
  it("reads arguments", () => {
    expect(readArguments('path="a.ts", mode="w"')).toEqual({ path: "a.ts", mode: "w" });
  });
  it("keeps commas and spaces in values", () => {
    expect(readArguments('text="a, b = c"')).toEqual({ text: "a, b = c" });
  });
  it("reads escapes", () => {
    expect(readArguments('t="say \\"hi\\" \\\\ \\n"')).toEqual({ t: 'say "hi" \\ \\n' });
  });
  it("reads empty values and line breaks", () => {
    expect(readArguments('a="" b="x\ny"')).toEqual({ a: "", b: "x\ny" });
  });
  it("lets the last of equal names win", () => {
    expect(readArguments('a="1" a="2"')).toEqual({ a: "2" });
  });
  it("is empty without arguments", () => {
    expect(Object.keys(readArguments("path: a")).length).toBe(0);
  });
});

describe("readSteps", () => {
  it("reads a call", () => {
    expect(
      readSteps("Action: read\npath: a.ts\nlimit: 5"),
    ).toEqual([{ tool: "read", args: { path: "a.ts", limit: "5" } }]);
  });
  it("reads several calls", () => {
    expect(
      readSteps("Action: a\nAction: b\nx: 1"),
    ).toEqual([{ tool: "a", args: {} }, { tool: "b", args: { x: "1" } }]);
  });
  it("ends a call at another line", () => {
    expect(readSteps("Action: a\n\nx: 1")).toEqual([{ tool: "a", args: {} }]);
  });
  it("ignores lines outside of calls", () => {
    expect(
      readSteps("Thought: hm\nI will act\nAction: a\nx:  1  "),
    ).toEqual([{ tool: "a", args: { x: "1" } }]);
  });
  it("keeps colons in values", () => {
    expect(
      readSteps("Action: get\nurl: http://a:1"),
    ).toEqual([{ tool: "get", args: { url: "http://a:1" } }]);
  });
  it("is empty without calls", () => {
    expect(readSteps("just text")).toEqual([]);
  });
});

describe("splitArguments", () => {
  it("splits at commas", () => {
    expect(splitArguments("a, b ,c")).toEqual(["a", "b", "c"]);
  });
  it("keeps brackets together", () => {
    expect(splitArguments("a, f(b, c), [1, {d, e}]")).toEqual(["a", "f(b, c)", "[1, {d, e}]"]);
  });
  it("keeps quotes together", () => {
    expect(splitArguments('"x,y", z')).toEqual(['"x,y"', "z"]);
  });
  it("knows escaped quotes and brackets in quotes", () => {
    expect(splitArguments('"a\\",(", b')).toEqual(['"a\\",("', "b"]);
  });
  it("keeps empty parts", () => {
    expect(splitArguments("a,,b")).toEqual(["a", "", "b"]);
  });
  it("is empty for blank text", () => {
    expect(splitArguments("  ")).toEqual([]);
    expect(splitArguments("")).toEqual([]);
  });
});

describe("readValue", () => {
  it("reads booleans", () => {
    expect(readValue("true")).toBe(true);
    expect(readValue("false")).toBe(false);
  });
  it("reads null", () => {
    expect(readValue("null")).toBe(null);
  });
  it("reads numbers", () => {
    expect(readValue("42")).toBe(42);
    expect(readValue("-1.5")).toBe(-1.5);
  });
  it("ignores white space around them", () => {
    expect(readValue(" 7 ")).toBe(7);
    expect(readValue(" true\n")).toBe(true);
  });
  it("keeps other text as it is", () => {
    expect(readValue(" some text ")).toBe(" some text ");
    expect(readValue("1.2.3")).toBe("1.2.3");
    expect(readValue("True")).toBe("True");
    expect(readValue("")).toBe("");
  });
});
