import { describe, expect, it } from "vitest";
import {
  binaryText,
  columnName,
  decodeRuns,
  encodeRuns,
  fromRoman,
  passesCheck,
  toRoman,
} from "./compact_codes.ts";

describe("encodeRuns", () => {
  it("shortens a run", () => {
    expect(encodeRuns("aaab")).toBe("3ab");
  });
  it("keeps single characters", () => {
    expect(encodeRuns("abc")).toBe("abc");
  });
  it("shortens several runs", () => {
    expect(encodeRuns("aabbba")).toBe("2a3ba");
  });
  it("shortens line breaks and emoji", () => {
    expect(encodeRuns("\n\n")).toBe("2\n");
    expect(encodeRuns("😀😀😀")).toBe("3😀");
  });
  it("keeps an empty text", () => {
    expect(encodeRuns("")).toBe("");
  });
});

describe("decodeRuns", () => {
  it("expands a run", () => {
    expect(decodeRuns("3ab")).toBe("aaab");
  });
  it("keeps single characters", () => {
    expect(decodeRuns("abc")).toBe("abc");
  });
  it("expands several runs", () => {
    expect(decodeRuns("2a3ba")).toBe("aabbba");
  });
  it("reads numbers of several digits", () => {
    expect(decodeRuns("12.")).toBe("............");
  });
  it("keeps an empty text", () => {
    expect(decodeRuns("")).toBe("");
  });
});

describe("binaryText", () => {
  it("writes binary digits", () => {
    expect(binaryText(5, 3)).toBe("101");
  });
  it("pads with zeros", () => {
    expect(binaryText(5, 8)).toBe("00000101");
  });
  it("keeps longer numbers", () => {
    expect(binaryText(255, 4)).toBe("11111111");
  });
  it("writes zero", () => {
    expect(binaryText(0, 4)).toBe("0000");
  });
  it("writes one", () => {
    expect(binaryText(1, 1)).toBe("1");
  });
});

describe("toRoman", () => {
  it("adds letters", () => {
    expect(toRoman(3)).toBe("III");
    expect(toRoman(8)).toBe("VIII");
  });
  it("uses subtractive forms", () => {
    expect(toRoman(4)).toBe("IV");
    expect(toRoman(9)).toBe("IX");
    expect(toRoman(49)).toBe("XLIX");
  });
  it("writes a year", () => {
    expect(toRoman(1994)).toBe("MCMXCIV");
  });
  it("writes another year", () => {
    expect(toRoman(2024)).toBe("MMXXIV");
  });
  it("writes the ends", () => {
    expect(toRoman(1)).toBe("I");
    expect(toRoman(3999)).toBe("MMMCMXCIX");
  });
  it("writes hundreds", () => {
    expect(toRoman(444)).toBe("CDXLIV");
    expect(toRoman(650)).toBe("DCL");
  });
});

describe("fromRoman", () => {
  it("adds letters", () => {
    expect(fromRoman("VIII")).toBe(8);
  });
  it("subtracts smaller letters in front", () => {
    expect(fromRoman("XIV")).toBe(14);
    expect(fromRoman("IX")).toBe(9);
  });
  it("reads a year", () => {
    expect(fromRoman("MCMXCIV")).toBe(1994);
  });
  it("reads single letters", () => {
    expect(fromRoman("M")).toBe(1000);
    expect(fromRoman("I")).toBe(1);
    expect(fromRoman("D")).toBe(500);
  });
  it("is 0 for an empty text", () => {
    expect(fromRoman("")).toBe(0);
  });
  it("reads hundreds", () => {
    expect(fromRoman("CDXLIV")).toBe(444);
  });
});

describe("columnName", () => {
  it("names the first columns", () => {
    expect(columnName(1)).toBe("A");
    expect(columnName(2)).toBe("B");
  });
  it("names the last single letter", () => {
    expect(columnName(26)).toBe("Z");
  });
  it("goes on with two letters", () => {
    expect(columnName(27)).toBe("AA");
    expect(columnName(28)).toBe("AB");
    expect(columnName(52)).toBe("AZ");
    expect(columnName(53)).toBe("BA");
  });
  it("goes on with three letters", () => {
    expect(columnName(702)).toBe("ZZ");
    expect(columnName(703)).toBe("AAA");
  });
  it("is empty for 0", () => {
    expect(columnName(0)).toBe("");
  });
});

describe("passesCheck", () => {
  it("accepts a right number", () => {
    expect(passesCheck("79927398713")).toBe(true);
  });
  it("refuses a wrong last digit", () => {
    expect(passesCheck("79927398710")).toBe(false);
    expect(passesCheck("79927398714")).toBe(false);
  });
  it("ignores spaces and dashes", () => {
    expect(passesCheck("4539 1488-0343 6467")).toBe(true);
  });
  it("refuses a number with two digits exchanged", () => {
    expect(passesCheck("4539 1488 0343 4667")).toBe(false);
  });
  it("refuses letters", () => {
    expect(passesCheck("7992739871a")).toBe(false);
    expect(passesCheck("a18")).toBe(false);
  });
  it("refuses fewer than two digits", () => {
    expect(passesCheck("0")).toBe(false);
    expect(passesCheck("")).toBe(false);
    expect(passesCheck("18")).toBe(true);
  });
});
