import { describe, expect, it } from "vitest";
import {
  collectText,
  eventData,
  isEndOfStream,
  LineBuffer,
  mergeToolDeltas,
} from "./stream_chunks.ts";

describe("eventData", () => {
  it("returns the text after the colon", () => {
    expect(eventData('data: {"a":1}')).toBe('{"a":1}');
  });
  it("does not need a space after the colon", () => {
    expect(eventData("data:x")).toBe("x");
  });
  it("drops only one space", () => {
    expect(eventData("data:  x ")).toBe(" x ");
  });
  it("returns empty data", () => {
    expect(eventData("data:")).toBe("");
  });
  it("is undefined for a comment", () => {
    expect(eventData(": keep-alive data: x")).toBe(undefined);
  });
  it("is undefined for other fields", () => {
    expect(eventData("event: data")).toBe(undefined);
  });
});

describe("isEndOfStream", () => {
  it("accepts the mark", () => {
    expect(isEndOfStream("[DONE]")).toBe(true);
  });
  it("accepts white space around it", () => {
    expect(isEndOfStream(" [DONE]\r")).toBe(true);
  });
  it("refuses other data", () => {
    expect(isEndOfStream("{}")).toBe(false);
  });
  it("refuses the mark inside other data", () => {
    expect(isEndOfStream('{"text":"[DONE]"}')).toBe(false);
  });
  it("refuses lower case", () => {
    expect(isEndOfStream("[done]")).toBe(false);
  });
  it("refuses an empty text", () => {
    expect(isEndOfStream("")).toBe(false);
  });
});

describe("LineBuffer.push", () => {
  it("returns the complete lines", () => {
    expect(new LineBuffer().push("a\nb\n")).toEqual(["a", "b"]);
  });
  it("keeps an incomplete line for the next piece", () => {
    const buffer = new LineBuffer();
    expect(buffer.push("a\nb")).toEqual(["a"]);
    expect(buffer.push("c\n")).toEqual(["bc"]);
  });
  it("returns nothing while no line is complete", () => {
    const buffer = new LineBuffer();
    expect(buffer.push("a")).toEqual([]);
    expect(buffer.push("b")).toEqual([]);
    expect(buffer.push("\n")).toEqual(["ab"]);
  });
  it("returns empty lines", () => {
    expect(new LineBuffer().push("a\n\n")).toEqual(["a", ""]);
  });
  it("drops carriage returns at line ends only", () => {
    expect(new LineBuffer().push("a\rb\r\n")).toEqual(["a\rb"]);
  });
  it("joins a line end that arrives in two pieces", () => {
    const buffer = new LineBuffer();
    expect(buffer.push("a\r")).toEqual([]);
    expect(buffer.push("\nb\n")).toEqual(["a", "b"]);
  });
});

describe("mergeToolDeltas", () => {
  it("joins the arguments of a call", () => {
    expect(
      mergeToolDeltas([
        { index: 0, id: "c1", name: "read", arguments: '{"pa' },
        { index: 0, arguments: 'th":1}' },
      ]),
    ).toEqual([{ id: "c1", name: "read", arguments: '{"path":1}' }]);
  });
  it("keeps calls apart that arrive mixed", () => {
    expect(
      mergeToolDeltas([
        { index: 1, id: "b", name: "two" },
        { index: 0, id: "a", name: "one" },
        { index: 1, arguments: "[2]" },
        { index: 0, arguments: "[1]" },
      ]),
    ).toEqual([
      { id: "a", name: "one", arguments: "[1]" },
      { id: "b", name: "two", arguments: "[2]" },
    ]);
  });
  it("fills in a missing id and missing arguments", () => {
    expect(mergeToolDeltas([{ index: 3, name: "list" }])).toEqual([
      { id: "call_3", name: "list", arguments: "{}" },
    ]);
  });
  it("takes the first id and name that are not empty", () => {
    expect(
      mergeToolDeltas([
        { index: 0, id: "", name: "" },
        { index: 0, id: "x", name: "run" },
        { index: 0, id: "y", name: "other", arguments: " " },
      ]),
    ).toEqual([{ id: "x", name: "run", arguments: "{}" }]);
  });
  it("leaves out calls without a name", () => {
    expect(mergeToolDeltas([{ index: 0, id: "a", arguments: "{}" }])).toEqual([]);
  });
  it("sorts indexes as numbers", () => {
    expect(
      mergeToolDeltas([
        { index: 10, name: "b" },
        { index: 9, name: "a" },
      ]).map(({ name }) => name),
    ).toEqual(["a", "b"]);
  });
});

describe("collectText", () => {
  async function* stream(...pieces: string[]): AsyncGenerator<string> {
    for (const piece of pieces) {
      yield piece;
    }
  }
  it("joins the pieces in order", async () => {
    expect(await collectText(stream("Hel", "lo", "!"), 100)).toBe("Hello!");
  });
  it("cuts the text at the limit", async () => {
    expect(await collectText(stream("abc", "def"), 4)).toBe("abcd");
  });
  it("is empty for an empty stream", async () => {
    expect(await collectText(stream(), 10)).toBe("");
  });
  it("keeps a text of exactly the limit", async () => {
    expect(await collectText(stream("ab", "cd"), 4)).toBe("abcd");
  });
  it("stops reading at the limit", async () => {
    async function* endless(): AsyncGenerator<string> {
      yield "abc";
      throw new Error("read too far");
    }
    expect(await collectText(endless(), 3)).toBe("abc");
  });
});
