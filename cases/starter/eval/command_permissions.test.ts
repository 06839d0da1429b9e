import { describe, expect, it } from "vitest";
import {
  allowAlso,
  decide,
  isReadOnly,
  matchesRule,
  normalizeCommand,
  parseRules,
  redirectsToFile,
} from "./command_permissions.ts";

describe("normalizeCommand", () => {
  it("trims both ends", () => {
    expect(normalizeCommand("  ls -l ")).toBe("ls -l");
  });
  it("makes several spaces one", () => {
    expect(normalizeCommand("git    status")).toBe("git status");
  });
  it("replaces tabs and line breaks", () => {
    expect(normalizeCommand("a\tb\n\nc")).toBe("a b c");
  });
  it("returns a normal command as it is", () => {
    expect(normalizeCommand("npm run build")).toBe("npm run build");
  });
  it("is empty for blank text", () => {
    expect(normalizeCommand(" \n ")).toBe("");
  });
});

describe("isReadOnly", () => {
  it("accepts a reading program", () => {
    expect(isReadOnly("cat package.json")).toBe(true);
  });
  it("accepts a program without arguments", () => {
    expect(isReadOnly("ls")).toBe(true);
  });
  it("refuses other programs", () => {
    expect(isReadOnly("rm -rf dist")).toBe(false);
  });
  it("compares the whole word", () => {
    expect(isReadOnly("catalog show")).toBe(false);
  });
  it("looks at the first word only", () => {
    expect(isReadOnly("sudo cat secret")).toBe(false);
    expect(isReadOnly("")).toBe(false);
  });
});

describe("allowAlso", () => {
  it("appends the rule", () => {
    const rules = allowAlso({ allow: ["ls"], deny: ["rm"] }, "git status");
    expect(rules).toEqual({ allow: ["ls", "git status"], deny: ["rm"] });
  });
  it("does not repeat a rule", () => {
    const rules = { allow: ["ls", "pwd"], deny: [] };
    expect(allowAlso(rules, "ls")).toEqual({ allow: ["ls", "pwd"], deny: [] });
    expect(allowAlso(rules, "ls")).not.toBe(rules);
  });
  it("starts a list", () => {
    expect(allowAlso({ allow: [], deny: [] }, "ls")).toEqual({ allow: ["ls"], deny: [] });
  });
  it("keeps a rule that is denied as well", () => {
    expect(allowAlso({ allow: [], deny: ["x"] }, "x")).toEqual({ allow: ["x"], deny: ["x"] });
  });
  it("does not change the given rules", () => {
    const rules = { allow: ["ls"], deny: [] };
    expect(allowAlso(rules, "pwd").allow).toEqual(["ls", "pwd"]);
    expect(rules).toEqual({ allow: ["ls"], deny: [] });
  });
});

describe("matchesRule", () => {
  it("matches the command itself", () => {
    expect(matchesRule("git status", "git status")).toBe(true);
    expect(matchesRule("git status -s", "git status")).toBe(false);
  });
  it("matches anything behind the prefix of a star", () => {
    expect(matchesRule("npm run test --ci", "npm run *")).toBe(true);
  });
  it("matches the prefix of a star alone", () => {
    expect(matchesRule("npm run", "npm run *")).toBe(true);
  });
  it("matches whole words only", () => {
    expect(matchesRule("npm runner", "npm run *")).toBe(false);
  });
  it("matches everything with a star alone", () => {
    expect(matchesRule("rm -rf /", "*")).toBe(true);
  });
  it("takes a star elsewhere literally", () => {
    expect(matchesRule("ls a.ts", "ls *.ts")).toBe(false);
    expect(matchesRule("ls *.ts", "ls *.ts")).toBe(true);
  });
});

describe("decide", () => {
  const rules = { allow: ["git", "npm test", "git push origin"], deny: ["git push", "rm"] };
  it("allows what an allowed prefix covers", () => {
    expect(decide("git status", rules)).toBe("allow");
    expect(decide("npm test", rules)).toBe("allow");
  });
  it("denies what a denied prefix covers", () => {
    expect(decide("rm -rf dist", rules)).toBe("deny");
  });
  it("asks about anything else", () => {
    expect(decide("curl x", rules)).toBe("ask");
    expect(decide("npm install", rules)).toBe("ask");
  });
  it("lets the longer prefix decide", () => {
    expect(decide("git push --force", rules)).toBe("deny");
    expect(decide("git push origin main", rules)).toBe("allow");
  });
  it("denies when the same prefix is in both lists", () => {
    expect(decide("make all", { allow: ["make"], deny: ["make"] })).toBe("deny");
  });
  it("covers whole words only", () => {
    expect(decide("rmdir x", rules)).toBe("ask");
    expect(decide("github", rules)).toBe("ask");
  });
});

describe("redirectsToFile", () => {
  it("finds a redirection", () => {
    expect(redirectsToFile("echo x > out.txt")).toBe(true);
    expect(redirectsToFile("echo x >>out.txt")).toBe(true);
  });
  it("is false without one", () => {
    expect(redirectsToFile("cat < in.txt | wc")).toBe(false);
  });
  it("ignores quotes", () => {
    expect(redirectsToFile(`echo "a > b" '->'`)).toBe(false);
  });
  it("finds one behind quotes", () => {
    expect(redirectsToFile(`echo "it's" > out`)).toBe(true);
  });
  it("ignores copies of a stream", () => {
    expect(redirectsToFile("npm test 2>&1")).toBe(false);
  });
  it("ignores the null device", () => {
    expect(redirectsToFile("make 2> /dev/null")).toBe(false);
    expect(redirectsToFile("make >>/dev/null 2>&1")).toBe(false);
    expect(redirectsToFile("make >/dev/null > log")).toBe(true);
  });
});

describe("parseRules", () => {
  it("reads both kinds", () => {
    expect(parseRules("allow git status\ndeny rm\nallow ls")).toEqual({
      allow: ["git status", "ls"],
      deny: ["rm"],
    });
  });
  it("accepts any case and whitespace", () => {
    expect(parseRules("  ALLOW \t npm run *  \nDeny\tsudo")).toEqual({
      allow: ["npm run *"],
      deny: ["sudo"],
    });
  });
  it("skips blank lines and comments", () => {
    expect(parseRules("# rules\n\n  # more\nallow ls\n")).toEqual({ allow: ["ls"], deny: [] });
  });
  it("keeps a repeated rule once", () => {
    expect(parseRules("allow b\nallow a\nallow b")).toEqual({ allow: ["b", "a"], deny: [] });
  });
  it("refuses other words and names the line", () => {
    expect(() => parseRules("allow ls\n\npermit x")).toThrow(/^line 3:/);
    expect(() => parseRules("allowed x")).toThrow(/^line 1:/);
  });
  it("refuses a rule without a command", () => {
    expect(() => parseRules("# a\ndeny  ")).toThrow(/^line 2:/);
  });
  it("refuses a command in both lists", () => {
    expect(() => parseRules("allow rm\ndeny rm")).toThrow(/^line 2:/);
  });
  it("is empty for an empty text", () => {
    expect(parseRules("")).toEqual({ allow: [], deny: [] });
  });
});
