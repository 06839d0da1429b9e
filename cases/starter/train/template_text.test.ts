import { describe, expect, it } from "vitest";
import {
  asPlaceholder,
  fill,
  hasPlaceholder,
  placeholderNames,
  resolveConditions,
} from "./template_text.ts";

describe("hasPlaceholder", () => {
  it("finds a placeholder inside text", () => {
    expect(hasPlaceholder("Open {{path}} now")).toBe(true);
  });
  it("accepts digits and underscores in the name", () => {
    expect(hasPlaceholder("{{file_2}}")).toBe(true);
  });
  it("refuses single braces", () => {
    expect(hasPlaceholder("{path}")).toBe(false);
  });
  it("refuses an empty name", () => {
    expect(hasPlaceholder("{{}}")).toBe(false);
  });
  it("refuses spaces inside the braces", () => {
    expect(hasPlaceholder("{{ path }}")).toBe(false);
  });
  it("refuses plain text", () => {
    expect(hasPlaceholder("nothing here")).toBe(false);
  });
});

describe("fill", () => {
  it("inserts a value", () => {
    expect(fill("Hi {{who}}!", { who: "Ann" })).toBe("Hi Ann!");
  });
  it("allows spaces inside the braces", () => {
    expect(fill("{{ a }}-{{a}}", { a: "x" })).toBe("x-x");
  });
  it("keeps a placeholder without a value", () => {
    expect(fill("{{a}} {{b}}", { a: "1" })).toBe("1 {{b}}");
  });
  it("inserts dollar signs literally", () => {
    expect(fill("pay {{sum}}", { sum: "$& $1" })).toBe("pay $& $1");
  });
  it("does not fill placeholders inside values", () => {
    expect(fill("{{a}}", { a: "{{b}}", b: "no" })).toBe("{{b}}");
  });
  it("does not take inherited properties for values", () => {
    expect(fill("{{toString}} {{a}}", { a: "1" })).toBe("{{toString}} 1");
  });
  it("inserts an empty value", () => {
    expect(fill("[{{a}}]", { a: "" })).toBe("[]");
  });
});

describe("placeholderNames", () => {
  it("lists names in order of first use", () => {
    expect(placeholderNames("{{b}} {{a}} {{b}}")).toEqual(["b", "a"]);
  });
  it("finds names that touch", () => {
    expect(placeholderNames("{{a}}{{b}}")).toEqual(["a", "b"]);
  });
  it("is empty without placeholders", () => {
    expect(placeholderNames("no {names} here")).toEqual([]);
  });
  it("ignores names with spaces or dashes", () => {
    expect(placeholderNames("{{a b}} {{a-b}} {{ok}}")).toEqual(["ok"]);
  });
  it("tells upper from lower case", () => {
    expect(placeholderNames("{{A}}{{a}}")).toEqual(["A", "a"]);
  });
});

describe("asPlaceholder", () => {
  it("puts the name in double braces", () => {
    expect(asPlaceholder("path")).toBe("{{path}}");
  });
  it("drops white space around the name", () => {
    expect(asPlaceholder(" path\n")).toBe("{{path}}");
  });
  it("keeps underscores and digits", () => {
    expect(asPlaceholder("file_2")).toBe("{{file_2}}");
  });
  it("keeps white space inside the name", () => {
    expect(asPlaceholder("a b")).toBe("{{a b}}");
  });
  it("keeps upper case", () => {
    expect(asPlaceholder("URL")).toBe("{{URL}}");
  });
});

describe("resolveConditions", () => {
  const lines = (...parts: string[]) => parts.join("\n");
  it("keeps a block whose flag is set", () => {
    expect(resolveConditions(lines("a", "#if x", "b", "#end", "c"), new Set(["x"]))).toBe(
      "a\nb\nc",
    );
  });
  it("drops a block whose flag is not set", () => {
    expect(resolveConditions(lines("a", "#if x", "b", "#end", "c"), new Set())).toBe("a\nc");
  });
  it("takes the other half when the flag is not set", () => {
    const template = lines("#if x", "yes", "#else", "no", "#end");
    expect(resolveConditions(template, new Set(["y"]))).toBe("no");
    expect(resolveConditions(template, new Set(["x"]))).toBe("yes");
  });
  it("drops an inner block with its outer half", () => {
    const template = lines("#if x", "#if y", "both", "#else", "only x", "#end", "#end", "end");
    expect(resolveConditions(template, new Set(["y"]))).toBe("end");
    expect(resolveConditions(template, new Set(["x"]))).toBe("only x\nend");
    expect(resolveConditions(template, new Set(["x", "y"]))).toBe("both\nend");
  });
  it("keeps lines that only look like conditions", () => {
    expect(resolveConditions(lines(" #if x", "#endless"), new Set())).toBe(" #if x\n#endless");
  });
  it("refuses an end outside a block", () => {
    expect(() => resolveConditions(lines("a", "#end"), new Set())).toThrow(SyntaxError);
  });
  it("refuses an else outside a block", () => {
    expect(() => resolveConditions("#else", new Set())).toThrow(SyntaxError);
  });
  it("refuses a block without an end", () => {
    expect(() => resolveConditions(lines("#if x", "a"), new Set(["x"]))).toThrow(SyntaxError);
  });
});
