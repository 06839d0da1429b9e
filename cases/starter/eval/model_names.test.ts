import { describe, expect, it } from "vitest";
import {
  displayName,
  dropDate,
  findModel,
  isLocalProvider,
  splitModelName,
} from "./model_names.ts";

describe("splitModelName", () => {
  it("splits all three parts", () => {
    expect(splitModelName("openai/gpt-4.1:free")).toEqual({
      provider: "openai",
      model: "gpt-4.1",
      variant: "free",
    });
  });
  it("leaves the provider empty without a slash", () => {
    expect(splitModelName("qwen:7b")).toEqual({ provider: "", model: "qwen", variant: "7b" });
  });
  it("leaves the variant empty without a colon", () => {
    expect(splitModelName("a/b")).toEqual({ provider: "a", model: "b", variant: "" });
  });
  it("keeps further slashes in the model", () => {
    expect(splitModelName("hub/org/m:free")).toEqual({
      provider: "hub",
      model: "org/m",
      variant: "free",
    });
  });
  it("takes the last colon", () => {
    expect(splitModelName("x/a:b:c")).toEqual({ provider: "x", model: "a:b", variant: "c" });
  });
  it("leaves a colon in the provider alone", () => {
    expect(splitModelName("host:80/m")).toEqual({ provider: "host:80", model: "m", variant: "" });
  });
});

describe("dropDate", () => {
  it("drops eight digits", () => {
    expect(dropDate("opus-20250514")).toBe("opus");
  });
  it("drops eight digits after an at sign", () => {
    expect(dropDate("sonnet-4@20250514")).toBe("sonnet-4");
  });
  it("drops a date with dashes", () => {
    expect(dropDate("gpt-4o-2024-08-06")).toBe("gpt-4o");
  });
  it("keeps a name without a date", () => {
    expect(dropDate("gpt-4.1-mini")).toBe("gpt-4.1-mini");
  });
  it("keeps a date that is not at the end", () => {
    expect(dropDate("opus-20250514-beta")).toBe("opus-20250514-beta");
  });
  it("keeps other numbers of digits", () => {
    expect(dropDate("m-2025051")).toBe("m-2025051");
  });
});

describe("isLocalProvider", () => {
  it("accepts ollama", () => {
    expect(isLocalProvider("ollama")).toBe(true);
  });
  it("accepts the others in any case", () => {
    expect(isLocalProvider("LMStudio")).toBe(true);
    expect(isLocalProvider("LlamaCpp")).toBe(true);
  });
  it("refuses a hosted provider", () => {
    expect(isLocalProvider("openai")).toBe(false);
  });
  it("refuses a longer name", () => {
    expect(isLocalProvider("ollama-cloud")).toBe(false);
  });
  it("refuses an empty name", () => {
    expect(isLocalProvider("")).toBe(false);
  });
});

describe("displayName", () => {
  it("writes known abbreviations in capitals", () => {
    expect(displayName("gpt-4.1-mini")).toBe("GPT 4.1 Mini");
  });
  it("starts words with a capital", () => {
    expect(displayName("claude-sonnet_4")).toBe("Claude Sonnet 4");
  });
  it("writes sizes with a capital letter", () => {
    expect(displayName("llama-3-70b-128k")).toBe("Llama 3 70B 128K");
  });
  it("writes sizes with a fraction", () => {
    expect(displayName("qwen-1.5b")).toBe("Qwen 1.5B");
  });
  it("leaves out empty parts", () => {
    expect(displayName("-a--b_")).toBe("A B");
  });
  it("keeps the rest of a word", () => {
    expect(displayName("deepSeek-v3x")).toBe("DeepSeek V3x");
  });
  it("is empty for an empty name", () => {
    expect(displayName("")).toBe("");
  });
});

describe("findModel", () => {
  const known = [
    "openai/gpt-4.1",
    "openai/gpt-4.1-mini",
    "Anthropic/Opus",
    "mirror/opus-fast",
    "gpt-4",
  ];
  it("prefers an equal name", () => {
    expect(findModel("gpt-4", known)).toBe("gpt-4");
  });
  it("ignores case and white space around the query", () => {
    expect(findModel(" anthropic/OPUS\n", known)).toBe("Anthropic/Opus");
  });
  it("prefers an equal part after the slash", () => {
    expect(findModel("gpt-4.1", known)).toBe("openai/gpt-4.1");
    expect(findModel("opus", known)).toBe("Anthropic/Opus");
  });
  it("finds a name that contains the query", () => {
    expect(findModel("mini", known)).toBe("openai/gpt-4.1-mini");
  });
  it("lists several candidates in an error", () => {
    expect(() => findModel("openai", known)).toThrow("openai/gpt-4.1, openai/gpt-4.1-mini");
  });
  it("is undefined without a match", () => {
    expect(findModel("llama", known)).toBe(undefined);
  });
  it("is undefined for an empty query", () => {
    expect(findModel("  ", ["a"])).toBe(undefined);
  });
});
