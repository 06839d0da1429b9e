import { describe, expect, it } from "vitest";
import {
  gradient,
  hexByte,
  isHexColour,
  longForm,
  mixColours,
  parseColour,
  textColourOn,
} from "./colour_codes.ts";

const black = { red: 0, green: 0, blue: 0 };
const white = { red: 255, green: 255, blue: 255 };

describe("hexByte", () => {
  it("puts a zero before one digit", () => {
    expect(hexByte(10)).toBe("0a");
  });
  it("writes the largest byte", () => {
    expect(hexByte(255)).toBe("ff");
  });
  it("writes zero as two digits", () => {
    expect(hexByte(0)).toBe("00");
  });
  it("writes sixteen", () => {
    expect(hexByte(16)).toBe("10");
  });
  it("writes two digits", () => {
    expect(hexByte(171)).toBe("ab");
  });
});

describe("isHexColour", () => {
  it("accepts six digits", () => {
    expect(isHexColour("#ff8000")).toBe(true);
  });
  it("accepts three digits", () => {
    expect(isHexColour("#f80")).toBe(true);
  });
  it("accepts capital letters", () => {
    expect(isHexColour("#FF8000")).toBe(true);
  });
  it("refuses other lengths", () => {
    expect(isHexColour("#ff80")).toBe(false);
    expect(isHexColour("#ff80000")).toBe(false);
  });
  it("refuses other letters", () => {
    expect(isHexColour("#ggg")).toBe(false);
  });
  it("refuses digits without the sign", () => {
    expect(isHexColour("ff8000")).toBe(false);
  });
});

describe("longForm", () => {
  it("doubles each digit", () => {
    expect(longForm("#f80")).toBe("#ff8800");
  });
  it("keeps six digits", () => {
    expect(longForm("#ff8000")).toBe("#ff8000");
  });
  it("keeps the letter case", () => {
    expect(longForm("#FaB")).toBe("#FFaaBB");
  });
  it("keeps other text", () => {
    expect(longForm("red")).toBe("red");
    expect(longForm("#xyz")).toBe("#xyz");
  });
  it("doubles numbers", () => {
    expect(longForm("#123")).toBe("#112233");
  });
});

describe("parseColour", () => {
  it("reads the parts", () => {
    expect(parseColour("#ff8000")).toEqual({ red: 255, green: 128, blue: 0 });
  });
  it("reads capital letters", () => {
    expect(parseColour("#0A0B0C")).toEqual({ red: 10, green: 11, blue: 12 });
  });
  it("reads black", () => {
    expect(parseColour("#000000")).toEqual({ red: 0, green: 0, blue: 0 });
  });
  it("refuses three digits", () => {
    expect(parseColour("#f80")).toBe(undefined);
  });
  it("refuses other text", () => {
    expect(parseColour("ff8000")).toBe(undefined);
    expect(parseColour("#ff80zz")).toBe(undefined);
  });
});

describe("mixColours", () => {
  it("mixes half and half", () => {
    expect(
      mixColours(black, { red: 200, green: 100, blue: 50 }, 0.5),
    ).toEqual({ red: 100, green: 50, blue: 25 });
  });
  it("keeps the first for 0", () => {
    expect(mixColours(white, black, 0)).toEqual({ red: 255, green: 255, blue: 255 });
  });
  it("gives the second for 1", () => {
    expect(
      mixColours(white, { red: 1, green: 2, blue: 3 }, 1),
    ).toEqual({ red: 1, green: 2, blue: 3 });
  });
  it("rounds", () => {
    expect(mixColours(black, white, 0.25)).toEqual({ red: 64, green: 64, blue: 64 });
  });
  it("does not change the colours given", () => {
    const a = { red: 0, green: 0, blue: 0 };
    expect(mixColours(a, white, 0.5).red).toBe(128);
    expect(a.red).toBe(0);
  });
});

describe("textColourOn", () => {
  it("is black on white", () => {
    expect(textColourOn(white)).toBe("black");
  });
  it("is white on black", () => {
    expect(textColourOn(black)).toBe("white");
  });
  it("is black on green", () => {
    expect(textColourOn({ red: 0, green: 255, blue: 0 })).toBe("black");
  });
  it("is white on blue and red", () => {
    expect(textColourOn({ red: 0, green: 0, blue: 255 })).toBe("white");
    expect(textColourOn({ red: 255, green: 0, blue: 0 })).toBe("white");
  });
  it("is black from a brightness of 128 on", () => {
    expect(textColourOn({ red: 128, green: 128, blue: 128 })).toBe("black");
    expect(textColourOn({ red: 127, green: 127, blue: 127 })).toBe("white");
  });
});

describe("gradient", () => {
  it("goes from the first to the last", () => {
    expect(gradient(black, white, 3)).toEqual([black, { red: 128, green: 128, blue: 128 }, white]);
  });
  it("gives both ends for two", () => {
    expect(gradient(white, black, 2)).toEqual([white, black]);
  });
  it("gives the first for one", () => {
    expect(gradient(white, black, 1)).toEqual([white]);
  });
  it("gives nothing for zero and less", () => {
    expect(gradient(white, black, 0)).toEqual([]);
    expect(gradient(white, black, -1)).toEqual([]);
  });
  it("changes each part in its own direction", () => {
    const colours = gradient({ red: 0, green: 9, blue: 4 }, { red: 9, green: 0, blue: 4 }, 4);
    expect(colours.map(({ red, green }) => [red, green])).toEqual([[0, 9], [3, 6], [6, 3], [9, 0]]);
    expect(colours.map(({ blue }) => blue)).toEqual([4, 4, 4, 4]);
  });
});
