import { describe, expect, it } from "vitest";
import { isEscaped, singleQuoted, toAscii, toOneLine, unescapeText } from "./string_escape.ts";

describe("singleQuoted", () => {
  it("puts plain text in quotes", () => {
    expect(singleQuoted("plain text")).toBe("'plain text'");
  });
  it("escapes single quotes", () => {
    expect(singleQuoted("it's 'it'")).toBe("'it\\'s \\'it\\''");
  });
  it("escapes backslashes", () => {
    expect(singleQuoted("C:\\a")).toBe("'C:\\\\a'");
  });
  it("keeps double quotes", () => {
    expect(singleQuoted('say "hi"')).toBe("'say \"hi\"'");
  });
  it("writes an empty text as two quotes", () => {
    expect(singleQuoted("")).toBe("''");
  });
});

describe("toOneLine", () => {
  it("writes a newline as an escape", () => {
    expect(toOneLine("a\nb")).toBe("a\\nb");
  });
  it("writes tabs and carriage returns as escapes", () => {
    expect(toOneLine("a\tb\r\n")).toBe("a\\tb\\r\\n");
  });
  it("doubles backslashes", () => {
    expect(toOneLine("C:\\new")).toBe("C:\\\\new");
  });
  it("keeps an escape that is already text apart from a newline", () => {
    expect(toOneLine("\\n\n")).toBe("\\\\n\\n");
  });
  it("leaves other text unchanged", () => {
    expect(toOneLine('it\'s "fine"')).toBe('it\'s "fine"');
  });
});

describe("unescapeText", () => {
  it("reads the simple escapes", () => {
    expect(unescapeText("a\\nb\\tc\\rd")).toBe("a\nb\tc\rd");
  });
  it("reads a doubled backslash before a letter as one backslash", () => {
    expect(unescapeText("C:\\\\new")).toBe("C:\\new");
  });
  it("reads hexadecimal codes", () => {
    expect(unescapeText("\\x41\\u00e9\\u00E9")).toBe("Aéé");
  });
  it("keeps an incomplete code", () => {
    expect(unescapeText("\\x4 \\u12")).toBe("\\x4 \\u12");
  });
  it("keeps an unknown escape", () => {
    expect(unescapeText("\\q\\n")).toBe("\\q\n");
  });
  it("keeps a backslash at the end", () => {
    expect(unescapeText("end\\")).toBe("end\\");
  });
  it("does not read its own output again", () => {
    expect(unescapeText("\\\\\\n")).toBe("\\\n");
  });
});

describe("isEscaped", () => {
  it("sees one backslash", () => {
    expect(isEscaped('\\"', 1)).toBe(true);
  });
  it("sees two backslashes as one escaped backslash", () => {
    expect(isEscaped('\\\\"', 2)).toBe(false);
  });
  it("sees three backslashes", () => {
    expect(isEscaped('a\\\\\\"', 4)).toBe(true);
  });
  it("is false for the first character", () => {
    expect(isEscaped('"abc', 0)).toBe(false);
  });
  it("ignores backslashes further away", () => {
    expect(isEscaped('\\a"', 2)).toBe(false);
  });
});

describe("toAscii", () => {
  it("escapes an accented letter", () => {
    expect(toAscii("né")).toBe("n\\u00e9");
  });
  it("escapes each code unit of an emoji", () => {
    expect(toAscii("😀")).toBe("\\ud83d\\ude00");
  });
  it("leaves ASCII unchanged", () => {
    expect(toAscii("a\n~\u007f")).toBe("a\n~\u007f");
  });
  it("escapes the first code unit above ASCII", () => {
    expect(toAscii("\u0080")).toBe("\\u0080");
  });
  it("gives an empty text for an empty text", () => {
    expect(toAscii("")).toBe("");
  });
});
