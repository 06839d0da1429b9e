import { describe, expect, it } from "vitest";
import { columnIndex, csvField, isBlankRow, parseCsvLine, rowToRecord } from "./csv_line.ts";

describe("parseCsvLine", () => {
  it("splits at commas", () => {
    expect(parseCsvLine("a,b,c")).toEqual(["a", "b", "c"]);
  });
  it("reads quoted fields", () => {
    expect(parseCsvLine('a,"b,""c""",')).toEqual(["a", 'b,"c"', ""]);
  });
  it("keeps white space", () => {
    expect(parseCsvLine(" a , b")).toEqual([" a ", " b"]);
  });
  it("keeps empty fields", () => {
    expect(parseCsvLine(',,""')).toEqual(["", "", ""]);
  });
  it("reads an empty line as one empty field", () => {
    expect(parseCsvLine("")).toEqual([""]);
  });
  it("takes a quote inside an unquoted field as text", () => {
    expect(parseCsvLine('5" pipe,x')).toEqual(['5" pipe', "x"]);
  });
  it("refuses a quote that is not closed", () => {
    expect(() => parseCsvLine('a,"b')).toThrow(SyntaxError);
  });
  it("refuses text after a closing quote", () => {
    expect(() => parseCsvLine('"a"b,c')).toThrow(SyntaxError);
  });
});

describe("csvField", () => {
  it("leaves a plain value unchanged", () => {
    expect(csvField("gpt 4.1 'x'")).toBe("gpt 4.1 'x'");
  });
  it("quotes a value with a comma", () => {
    expect(csvField("a,b")).toBe('"a,b"');
  });
  it("doubles quotes", () => {
    expect(csvField('say "hi"')).toBe('"say ""hi"""');
  });
  it("quotes a value with a newline", () => {
    expect(csvField("a\nb")).toBe('"a\nb"');
  });
  it("quotes a value with a carriage return", () => {
    expect(csvField("a\rb")).toBe('"a\rb"');
  });
});

describe("columnIndex", () => {
  it("finds a column", () => {
    expect(columnIndex(["id", "tokens", "cost"], "cost")).toBe(2);
  });
  it("ignores case", () => {
    expect(columnIndex(["ID", "Tokens"], "tOKENS")).toBe(1);
  });
  it("ignores white space around names", () => {
    expect(columnIndex(["id", " cost "], "cost ")).toBe(1);
  });
  it("is -1 when there is none", () => {
    expect(columnIndex(["id", "cost"], "price")).toBe(-1);
  });
  it("takes the first match", () => {
    expect(columnIndex(["x", "a", "A"], "A")).toBe(1);
  });
});

describe("rowToRecord", () => {
  it("names the fields", () => {
    expect(rowToRecord(["id", "cost"], ["7", "0.1"])).toEqual({ id: "7", cost: "0.1" });
  });
  it("fills missing fields with empty text", () => {
    expect(rowToRecord(["a", "b"], ["1"])).toEqual({ a: "1", b: "" });
  });
  it("drops surplus fields", () => {
    expect(rowToRecord(["a"], ["1", "2"])).toEqual({ a: "1" });
  });
  it("takes the first of columns with the same name", () => {
    expect(rowToRecord(["a", "a"], ["1", "2"])).toEqual({ a: "1" });
  });
  it("is empty without columns", () => {
    expect(rowToRecord([], ["1"])).toEqual({});
  });
});

describe("isBlankRow", () => {
  it("accepts empty fields", () => {
    expect(isBlankRow(["", ""])).toBe(true);
  });
  it("accepts white space", () => {
    expect(isBlankRow([" ", "\t"])).toBe(true);
  });
  it("accepts a row without fields", () => {
    expect(isBlankRow([])).toBe(true);
  });
  it("refuses a row with one value", () => {
    expect(isBlankRow(["", "x", ""])).toBe(false);
  });
  it("refuses a zero", () => {
    expect(isBlankRow(["0"])).toBe(false);
  });
});
