import { describe, expect, it } from "vitest";
import {
  applyCarriageReturns,
  colorize,
  hasColors,
  padColored,
  stripColors,
  truncateColored,
  visibleWidth,
} from "./ansi_text.ts";

const RED = "\x1b[31m";
const BOLD_BLUE = "\x1b[1;34m";
const RESET = "\x1b[0m";

describe("stripColors", () => {
  it("removes a colour and its reset", () => {
    expect(stripColors(`${RED}error${RESET}`)).toBe("error");
  });
  it("removes sequences of several numbers", () => {
    expect(stripColors(`a${BOLD_BLUE}b`)).toBe("ab");
  });
  it("removes a sequence without numbers", () => {
    expect(stripColors("a\x1b[mb")).toBe("ab");
  });
  it("keeps a text without sequences, and brackets", () => {
    expect(stripColors("list[0m] [31m")).toBe("list[0m] [31m");
  });
  it("leaves nothing of nothing but sequences", () => {
    expect(stripColors(RED + RESET)).toBe("");
  });
});

describe("colorize", () => {
  it("puts the text between sequences", () => {
    expect(colorize("error", 31)).toBe(`${RED}error${RESET}`);
  });
  it("uses the code", () => {
    expect(colorize("ok", 92)).toBe(`\x1b[92mok${RESET}`);
  });
  it("keeps spaces and line breaks", () => {
    expect(colorize(" a\nb ", 1)).toBe(`\x1b[1m a\nb ${RESET}`);
  });
  it("accepts code 0", () => {
    expect(colorize("x", 0)).toBe(`${RESET}x${RESET}`);
  });
  it("leaves an empty text empty", () => {
    expect(colorize("", 31)).toBe("");
  });
});

describe("hasColors", () => {
  it("finds a sequence", () => {
    expect(hasColors(`${RED}x`)).toBe(true);
  });
  it("finds a sequence in the middle", () => {
    expect(hasColors(`a ${BOLD_BLUE}b`)).toBe(true);
  });
  it("is false for plain text", () => {
    expect(hasColors("plain [31m text")).toBe(false);
  });
  it("is false for the empty text", () => {
    expect(hasColors("")).toBe(false);
  });
  it("is false for other sequences", () => {
    expect(hasColors("\x1b[2K\x1b[1A")).toBe(false);
  });
});

describe("visibleWidth", () => {
  it("counts plain characters", () => {
    expect(visibleWidth("hello")).toBe(5);
  });
  it("does not count colour sequences", () => {
    expect(visibleWidth(`${RED}ab${RESET}c`)).toBe(3);
  });
  it("counts East Asian characters twice", () => {
    expect(visibleWidth("日本 ok")).toBe(7);
    expect(visibleWidth("かナ한")).toBe(6);
  });
  it("counts emoji twice", () => {
    expect(visibleWidth("🚀!")).toBe(3);
  });
  it("does not count combining marks and joiners", () => {
    expect(visibleWidth("e\u0301")).toBe(1);
    expect(visibleWidth("a\u200db")).toBe(2);
  });
  it("is 0 for the empty text", () => {
    expect(visibleWidth("")).toBe(0);
  });
});

describe("padColored", () => {
  it("fills behind the text", () => {
    expect(padColored("ab", 5)).toBe("ab   ");
  });
  it("fills before the text", () => {
    expect(padColored("ab", 5, "right")).toBe("   ab");
  });
  it("fills both sides, the odd space behind", () => {
    expect(padColored("ab", 5, "center")).toBe(" ab  ");
  });
  it("does not count colour sequences", () => {
    expect(padColored(`${RED}ab${RESET}`, 3)).toBe(`${RED}ab${RESET} `);
  });
  it("returns a long text as it is", () => {
    expect(padColored("abcdef", 3, "right")).toBe("abcdef");
    expect(padColored("abc", 3, "center")).toBe("abc");
  });
});

describe("truncateColored", () => {
  it("cuts plain text", () => {
    expect(truncateColored("abcdef", 3)).toBe("abc");
  });
  it("returns a text that is not longer as it is", () => {
    expect(truncateColored(`${RED}abc${RESET}`, 3)).toBe(`${RED}abc${RESET}`);
    expect(truncateColored(`abc${RED}`, 5)).toBe(`abc${RED}`);
  });
  it("keeps sequences and appends a reset", () => {
    expect(truncateColored(`${RED}abcdef${RESET}`, 3)).toBe(`${RED}abc${RESET}`);
  });
  it("appends no reset behind a reset", () => {
    expect(truncateColored(`${RED}a${RESET}bcdef`, 3)).toBe(`${RED}a${RESET}bc`);
  });
  it("drops sequences behind the last kept character", () => {
    expect(truncateColored(`abc${RED}def${RESET}`, 3)).toBe("abc");
    expect(truncateColored(`${RED}abc${RESET}def`, 3)).toBe(`${RED}abc${RESET}`);
  });
  it("looks at the last of several sequences", () => {
    expect(truncateColored(`${RESET}${RED}abc`, 1)).toBe(`${RESET}${RED}a${RESET}`);
  });
  it("leaves nothing for width 0", () => {
    expect(truncateColored(`${RED}abc`, 0)).toBe("");
  });
});

describe("applyCarriageReturns", () => {
  it("returns a text without carriage returns as it is", () => {
    expect(applyCarriageReturns("one\ntwo")).toBe("one\ntwo");
  });
  it("shows the last state of a progress line", () => {
    expect(applyCarriageReturns("10%\r50%\r99%")).toBe("99%");
  });
  it("keeps the rest of a longer text", () => {
    expect(applyCarriageReturns("loading\rok")).toBe("okading");
  });
  it("works for each line", () => {
    expect(applyCarriageReturns("a\rb\nc\nd\re")).toBe("b\nc\ne");
  });
  it("ignores a carriage return at the end of a line", () => {
    expect(applyCarriageReturns("one\r\ntwo\r")).toBe("one\ntwo");
  });
});
